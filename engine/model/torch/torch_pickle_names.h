/* SPDX-License-Identifier: MIT
 * The names that a pickle may ask for. */
#ifndef BD_TORCH_PICKLE_NAMES_H
#define BD_TORCH_PICKLE_NAMES_H

#include "model/torch/torch_state.h"

typedef enum bd_pickle_role {
    BD_PICKLE_ORDERED_DICT,
    BD_PICKLE_REBUILD_TENSOR,
    BD_PICKLE_REBUILD_PARAMETER,
    BD_PICKLE_STORAGE_TYPE,
    BD_PICKLE_OPTIONS,
    BD_PICKLE_ANYTHING /* whatever it makes is opaque */
} bd_pickle_role;

typedef struct bd_pickle_known {
    const char *module, *name;
    bd_pickle_role what;
    bd_torch_kind kind; /* STORAGE_TYPE */
    uint32_t bytes;     /* of an element */
} bd_pickle_known;

/* The number of a name that may be asked for; false: it may not. */
bool bd_pickle_find_name(const uint8_t *module, size_t module_bytes, const uint8_t *name, size_t name_bytes,
                         uint32_t *number);
const bd_pickle_known *bd_pickle_name(uint32_t number);

#endif
