/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "model/protobuf.h"

bd_pb bd_pb_bytes(const uint8_t *data, size_t bytes) {
    return (bd_pb){data, data + bytes};
}

size_t bd_pb_left(const bd_pb *message) {
    return (size_t)(message->end - message->at);
}

bool bd_pb_equals(const bd_pb *bytes, const char *text) {
    size_t length = strlen(text);
    return bd_pb_left(bytes) == length && !memcmp(bytes->at, text, length);
}

bool bd_pb_varint(bd_pb *message, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && message->at < message->end; shift += 7) {
        uint64_t byte = *message->at++;
        *value |= (byte & 0x7fu) << shift;
        if (byte < 0x80) {
            return shift < 63 || byte < 2;
        }
    }
    return false;
}

static bool little_endian(bd_pb *message, uint32_t bytes, uint64_t *value) {
    *value = 0;
    if (bd_pb_left(message) < bytes) {
        return false;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        *value |= (uint64_t)message->at[i] << (8 * i);
    }
    message->at += bytes;
    return true;
}

bool bd_pb_fixed32(bd_pb *message, uint32_t *value) {
    uint64_t wide;
    bool read = little_endian(message, 4, &wide);
    *value = (uint32_t)wide;
    return read;
}

bd_pb_step bd_pb_next(bd_pb *message, bd_pb_field *field) {
    uint64_t tag, length;
    *field = (bd_pb_field){0};
    if (message->at == message->end) {
        return BD_PB_END;
    }
    if (!bd_pb_varint(message, &tag) || tag > UINT32_MAX || tag < 8) {
        return BD_PB_BROKEN;
    }
    bool read = false;
    field->number = (uint32_t)tag >> 3;
    switch (tag & 7) {
    case BD_PB_VARINT:
        field->type = BD_PB_VARINT;
        read = bd_pb_varint(message, &field->value);
        break;
    case BD_PB_FIXED64:
        field->type = BD_PB_FIXED64;
        read = little_endian(message, 8, &field->value);
        break;
    case BD_PB_FIXED32:
        field->type = BD_PB_FIXED32;
        read = little_endian(message, 4, &field->value);
        break;
    case BD_PB_BYTES:
        field->type = BD_PB_BYTES;
        read = bd_pb_varint(message, &length) && length <= bd_pb_left(message);
        if (read) {
            field->bytes = bd_pb_bytes(message->at, (size_t)length);
            message->at += length;
        }
        break;
    default: break;
    }
    return read ? BD_PB_FIELD : BD_PB_BROKEN;
}
