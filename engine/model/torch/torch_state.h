/* SPDX-License-Identifier: MIT
 * A state dict: tensors by name, whichever file they were read from. */
#ifndef BD_TORCH_STATE_H
#define BD_TORCH_STATE_H

#include "graph/graph.h"

/* The most of a pickle or a JSON header; those of DeepLabv3 take 100 KiB. */
#define BD_TORCH_MAX_HEADER_BYTES ((size_t)4 << 20)

#define BD_TORCH_MAX_TENSORS 65536
#define BD_TORCH_MAX_NAME 255 /* bytes */

typedef enum bd_torch_kind { BD_TORCH_F32, BD_TORCH_F16, BD_TORCH_BF16, BD_TORCH_F64, BD_TORCH_OTHER } bd_torch_kind;

typedef struct bd_torch_tensor {
    const char *name;
    bd_torch_kind kind; /* OTHER: cannot be used */
    bool used;
    uint32_t rank;
    int64_t dims[BD_MAX_RANK];
    int64_t strides[BD_MAX_RANK]; /* in elements, not negative */
    const uint8_t *data;          /* in the file, of any alignment; every element that the strides reach lies inside */
} bd_torch_tensor;

typedef struct bd_torch_state {
    bd_torch_tensor *items; /* sorted by name once bd_torch_state_sort has run, in the importer's pool */
    size_t count;
} bd_torch_state;

/* Fails when two tensors have one name. */
bd_result bd_torch_state_sort(bd_torch_state *state, const char *file, bd_error *error);
bd_torch_tensor *bd_torch_state_find(const bd_torch_state *state, const char *name);
/* Whether a tensor of these dimensions and strides, beginning at element offset, stays within elements. */
bool bd_torch_tensor_fits(const bd_torch_tensor *tensor, int64_t offset, int64_t elements);
/* The file is big-endian. */
bd_result bd_torch_fail_order(const char *file, bd_error *error);

#endif
