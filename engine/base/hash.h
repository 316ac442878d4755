/* SPDX-License-Identifier: MIT
 * FNV-1a of 64 bits (Fowler, Noll, Vo): tells whether bytes are the same ones, unless somebody means to deceive. */
#ifndef BD_HASH_H
#define BD_HASH_H

#include <stddef.h>
#include <stdint.h>

/* before: BD_HASH_BEGIN, or what bytes in front of these gave. */
#define BD_HASH_BEGIN 0xcbf29ce484222325u
uint64_t bd_hash(uint64_t before, const void *data, size_t bytes);

#endif
