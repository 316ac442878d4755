/* SPDX-License-Identifier: MIT
 * A pickle machine (CPython's pickletools describes the opcodes) that builds data and runs nothing: it knows the
 * opcodes and the names that torch.save writes for a dictionary of tensors, and treats what well-known packages keep
 * beside it as opaque. It refuses any other name. There is no recursion; every opcode takes a byte at least and makes
 * one value or item at most, so memory is bounded by the pickle's size. */
#ifndef BD_TORCH_PICKLE_H
#define BD_TORCH_PICKLE_H

#include "model/torch/torch_state.h"

#define BD_PICKLE_NONE UINT32_MAX

typedef enum bd_pickle_kind {
    BD_PICKLE_NOTHING,
    BD_PICKLE_NUMBER,
    BD_PICKLE_OPAQUE, /* a number that is no integer, bytes, an object: not looked into */
    BD_PICKLE_TEXT,
    BD_PICKLE_SEQUENCE,
    BD_PICKLE_DICTIONARY,
    BD_PICKLE_NAME,
    BD_PICKLE_STORAGE,
    BD_PICKLE_TENSOR
} bd_pickle_kind;

typedef struct bd_pickle_value {
    bd_pickle_kind kind;
    uint32_t first, last; /* SEQUENCE, DICTIONARY: items; TENSOR: sizes, strides (SEQUENCE values); NAME, STORAGE: first
                             is bd_pickle_name's number */
    uint32_t count;       /* SEQUENCE; TEXT: bytes; STORAGE: the key, a TEXT value */
    int64_t number;       /* NUMBER; TEXT: where in the pickle; TENSOR: offset; STORAGE: elements */
    uint32_t storage;     /* TENSOR: a STORAGE value */
} bd_pickle_value;

typedef struct bd_pickle_item {
    uint32_t key, value, next;
} bd_pickle_item;

typedef struct bd_pickle_table { /* grows; items of one size */
    void *items;
    uint32_t count, room;
} bd_pickle_table;

typedef struct bd_pickle {
    const char *file;
    const uint8_t *data;
    size_t bytes, at;
    const bd_allocator *allocator;
    bd_pickle_table values, items, stack, marks, memo; /* value, item, uint32_t, uint32_t, uint32_t */
    bd_error *error;
} bd_pickle;

/* Runs the pickle that begins at m->at, to its end; *root is what it makes. Values of earlier pickles stay. */
bd_result bd_pickle_run(bd_pickle *m, uint32_t *root);
void bd_pickle_finish(bd_pickle *m);

static inline bd_pickle_value *bd_pickle_value_at(const bd_pickle *m, uint32_t index) {
    return (bd_pickle_value *)m->values.items + index;
}
static inline bd_pickle_item *bd_pickle_item_at(const bd_pickle *m, uint32_t index) {
    return (bd_pickle_item *)m->items.items + index;
}
/* The values of a SEQUENCE of at least `least` and at most `most`; their number, or 0. */
uint32_t bd_pickle_sequence(const bd_pickle *m, uint32_t index, uint32_t least, uint32_t most, uint32_t *out);
bool bd_pickle_is_number(const bd_pickle *m, uint32_t index); /* not negative, and no larger than a tensor can be */
bool bd_pickle_is_text(const bd_pickle *m, uint32_t index, const char *text);
/* What a STORAGE's elements are, and the bytes of one. */
uint32_t bd_pickle_storage_type(const bd_pickle *m, uint32_t storage, bd_torch_kind *kind);

#endif
