/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_state.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    return strcmp(((const bd_torch_tensor *)a)->name, ((const bd_torch_tensor *)b)->name);
}

bd_result bd_torch_state_sort(bd_torch_state *state, const char *file, bd_error *error) {
    qsort(state->items, state->count, sizeof *state->items, compare_names);
    for (size_t i = 1; i < state->count; i++) {
        if (!compare_names(&state->items[i - 1], &state->items[i])) {
            return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: two parameters are called '%.120s'", file,
                           state->items[i].name);
        }
    }
    return BD_OK;
}

bd_torch_tensor *bd_torch_state_find(const bd_torch_state *state, const char *name) {
    const bd_torch_tensor wanted = {.name = name};
    return bsearch(&wanted, state->items, state->count, sizeof *state->items, compare_names);
}

bool bd_torch_tensor_fits(const bd_torch_tensor *tensor, int64_t offset, int64_t elements) {
    int64_t last = offset;
    for (uint32_t d = 0; d < tensor->rank; d++) {
        if (!tensor->dims[d]) {
            return offset <= elements;
        }
        int64_t steps = tensor->dims[d] - 1;
        if (last >= elements || (steps && tensor->strides[d] > (elements - last) / steps)) {
            return false;
        }
        last += steps * tensor->strides[d];
    }
    return last < elements;
}

bd_result bd_torch_fail_order(const char *file, bd_error *error) {
    return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: was saved on a big-endian machine; load and torch.save it again on a little-endian one", file);
}
