/* SPDX-License-Identifier: MIT
 * Protocol Buffers' wire format, read where it lies: nothing is copied, nothing is allocated, no byte outside a message
 * is touched. Source: protobuf.dev/programming-guides/encoding. */
#ifndef BD_PROTOBUF_H
#define BD_PROTOBUF_H

#include "base/base.h"

/* What is left of a message, or of any field with a length. */
typedef struct bd_pb {
    const uint8_t *at, *end;
} bd_pb;

typedef enum bd_pb_wire { BD_PB_VARINT = 0, BD_PB_FIXED64 = 1, BD_PB_BYTES = 2, BD_PB_FIXED32 = 5 } bd_pb_wire;

typedef struct bd_pb_field {
    uint32_t number;
    bd_pb_wire wire;
    uint64_t value; /* of a VARINT, FIXED64 or FIXED32 */
    bd_pb bytes;    /* of BYTES: a string, a message, packed numbers */
} bd_pb_field;

typedef enum bd_pb_step { BD_PB_FIELD, BD_PB_END, BD_PB_BROKEN } bd_pb_step;

static inline size_t bd_pb_size(bd_pb pb) {
    return (size_t)(pb.end - pb.at);
}

/* Takes the next field off a message. BROKEN: truncated, a length past the message's end, a group (which proto3 does
 * not have) or the number 0; *field is then unspecified and so is what is left. */
bd_pb_step bd_pb_next(bd_pb *message, bd_pb_field *field);

/* Takes one base-128 number off the front; false when there is no whole one. */
bool bd_pb_take_varint(bd_pb *from, uint64_t *value);

bool bd_pb_equals(bd_pb text, const char *expected);
bool bd_pb_contains(bd_pb text, const char *part);
/* Orders by bytes; a text that another one begins with comes first. */
int bd_pb_compare(bd_pb a, bd_pb b);

/* A FIXED32's bits as a float. */
float bd_pb_float(uint64_t bits);

#endif
