/* SPDX-License-Identifier: MIT
 * The engine's handle from inside. */
#ifndef BD_ENGINE_H
#define BD_ENGINE_H

#include <stdatomic.h>

#include "network/device_weights.h"
#include "network/tuning.h"

struct bd_engine {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_vk vk;
    bd_mutex tuning_lock; /* held while the next one is looked at, trials included: one at a time */
    bd_tuning tuning;
    bd_weights_store weights;
    atomic_uint users; /* the caller, and each session and tuner on it: bd_engine_destroy takes one away */
};

/* host NULL: a device of our own. */
bd_result bd_engine_make(const bd_engine_params *params, const bd_vulkan_import *host, bd_engine **engine,
                         bd_error *error);
/* One user more. */
void bd_engine_keep(bd_engine *engine);

#endif
