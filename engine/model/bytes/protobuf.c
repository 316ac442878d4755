/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "model/bytes/protobuf.h"

bool bd_pb_take_varint(bd_pb *from, uint64_t *value) {
    *value = 0;
    for (uint32_t shift = 0; shift < 64 && from->at < from->end; shift += 7) {
        uint8_t byte = *from->at++;
        if (shift == 63 && byte > 1) {
            return false;
        }
        *value |= (uint64_t)(byte & 0x7fu) << shift;
        if (!(byte & 0x80u)) {
            return true;
        }
    }
    return false;
}

static bool take_fixed(bd_pb *from, uint32_t bytes, uint64_t *value) {
    if (bd_pb_size(*from) < bytes) {
        return false;
    }
    *value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        *value |= (uint64_t)from->at[i] << (8 * i);
    }
    from->at += bytes;
    return true;
}

static bool take_bytes(bd_pb *from, bd_pb *bytes) {
    uint64_t length;
    if (!bd_pb_take_varint(from, &length) || length > bd_pb_size(*from)) {
        return false;
    }
    bytes->at = from->at;
    bytes->end = from->at + length;
    from->at += length;
    return true;
}

bd_pb_step bd_pb_next(bd_pb *message, bd_pb_field *field) {
    uint64_t tag;
    if (message->at == message->end) {
        return BD_PB_END;
    }
    if (!bd_pb_take_varint(message, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3) {
        return BD_PB_BROKEN;
    }
    field->number = (uint32_t)(tag >> 3);
    field->wire = (bd_pb_wire)(tag & 7);
    field->value = 0;
    field->bytes = (bd_pb){message->at, message->at};
    bool whole = false;
    switch (field->wire) {
    case BD_PB_VARINT: whole = bd_pb_take_varint(message, &field->value); break;
    case BD_PB_FIXED64: whole = take_fixed(message, 8, &field->value); break;
    case BD_PB_FIXED32: whole = take_fixed(message, 4, &field->value); break;
    case BD_PB_BYTES: whole = take_bytes(message, &field->bytes); break;
    }
    return whole ? BD_PB_FIELD : BD_PB_BROKEN;
}

bool bd_pb_equals(bd_pb text, const char *expected) {
    size_t length = strlen(expected);
    return bd_pb_size(text) == length && (!length || !memcmp(text.at, expected, length));
}

bool bd_pb_contains(bd_pb text, const char *part) {
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= bd_pb_size(text); i++) {
        if (!memcmp(text.at + i, part, length)) {
            return true;
        }
    }
    return false;
}

int bd_pb_compare(bd_pb a, bd_pb b) {
    size_t bytes_a = bd_pb_size(a), bytes_b = bd_pb_size(b), common = BD_MIN(bytes_a, bytes_b);
    int order = common ? memcmp(a.at, b.at, common) : 0;
    return order ? order : (bytes_a > bytes_b) - (bytes_a < bytes_b);
}

float bd_pb_float(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}
