/* SPDX-License-Identifier: MIT
 * What tells one thing from all others, also from those that come to lie where it lay: its address stays taken as long as
 * somebody remembers it. */
#ifndef BD_IDENTITY_H
#define BD_IDENTITY_H

#include "backdrop.h"

typedef struct bd_identity bd_identity;

/* One user; NULL when memory is short. The hooks are copied. */
bd_identity *bd_identity_make(const bd_allocator *allocator);
/* One user more, and one less. Any thread; NULL is fine. */
void bd_identity_keep(bd_identity *identity);
void bd_identity_drop(bd_identity *identity);

#endif
