/* SPDX-License-Identifier: MIT
 * The engine's handle from inside. */
#ifndef BD_ENGINE_H
#define BD_ENGINE_H

#include "network/tuning.h"

struct bd_engine {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_vk vk;
    bd_tuning tuning;
};

#endif
