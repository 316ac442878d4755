/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

uint64_t bd_hash(uint64_t before, const void *data, size_t bytes) {
    const uint8_t *at = data;
    uint64_t hash = before;
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3u;
    }
    return hash;
}
