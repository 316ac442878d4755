/* SPDX-License-Identifier: MIT
 * Protobuf's wire format, read in place: nothing is copied or allocated, every length is checked against what is there.
 * Source: protobuf.dev/programming-guides/encoding. Groups, which no schema uses any more, count as broken. */
#ifndef BD_PROTOBUF_H
#define BD_PROTOBUF_H

#include "base/base.h"

/* The bytes of a message, or what of them is not read yet. */
typedef struct bd_pb {
    const uint8_t *at, *end;
} bd_pb;

typedef enum bd_pb_type { BD_PB_VARINT = 0, BD_PB_FIXED64 = 1, BD_PB_BYTES = 2, BD_PB_FIXED32 = 5 } bd_pb_type;

typedef struct bd_pb_field {
    uint32_t number;
    bd_pb_type type;
    uint64_t value; /* of the numbers, as stored: 64-bit two's complement or the bits of a float */
    bd_pb bytes;    /* strings, bytes, messages, packed numbers */
} bd_pb_field;

typedef enum bd_pb_step { BD_PB_END, BD_PB_FIELD, BD_PB_BROKEN } bd_pb_step;

/* Reads the next field and moves message behind it. Nothing of *field is to be used unless BD_PB_FIELD is returned. */
bd_pb_step bd_pb_next(bd_pb *message, bd_pb_field *field);
/* A number of a packed list; false when it is cut short or longer than 64 bits. */
bool bd_pb_varint(bd_pb *message, uint64_t *value);
bool bd_pb_fixed32(bd_pb *message, uint32_t *value);

bd_pb bd_pb_bytes(const uint8_t *data, size_t bytes);
size_t bd_pb_left(const bd_pb *message);
bool bd_pb_equals(const bd_pb *bytes, const char *text);

#endif
