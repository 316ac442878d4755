/* SPDX-License-Identifier: MIT
 * Structs of any age, by the struct_size that they begin with. */
#ifndef BD_PARAMS_H
#define BD_PARAMS_H

#include "backdrop.h"

/* Copies a caller's parameters over zeros; NULL yields zeros. A struct_size of 0 is BD_ERR_INVALID_ARGUMENT; members
 * that this library does not know are BD_ERR_UNSUPPORTED where they are not zero. type: for the message. */
bd_result bd_params_read(void *to, const void *from, size_t size, const char *type, bd_error *error);
#define BD_PARAMS_READ(to, from, type, error) bd_params_read(to, from, sizeof(type), #type, error)

/* Fails unless a caller's struct, which is to be filled in, says its size. */
bd_result bd_info_check(const void *to, const char *type, bd_error *error);
/* Fills in as much of it as it has room for, and zeroes the rest. from: of size bytes. */
void bd_info_give(void *to, const void *from, size_t size);
/* Both in one, for functions without words. */
bd_result bd_info_fill(void *to, const void *from, size_t size);

#endif
