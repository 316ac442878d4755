/* SPDX-License-Identifier: MIT */
#include "base/identity.h"

#include <stdatomic.h>

#include "base/base.h"

struct bd_identity {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    atomic_uint users;
};

bd_identity *bd_identity_make(const bd_allocator *allocator) {
    bd_identity *made = bd_alloc_zero(allocator, sizeof *made);
    if (made) {
        made->allocator = bd_keep_allocator(&made->hooks, allocator);
        atomic_init(&made->users, 1);
    }
    return made;
}

void bd_identity_keep(bd_identity *identity) {
    if (identity) {
        atomic_fetch_add(&identity->users, 1);
    }
}

void bd_identity_drop(bd_identity *identity) {
    if (identity && atomic_fetch_sub(&identity->users, 1) == 1) {
        const bd_allocator hooks = identity->hooks;
        bd_free(identity->allocator ? &hooks : NULL, identity);
    }
}
