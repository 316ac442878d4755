/* SPDX-License-Identifier: MIT
 * Parameters of any age. */
#ifndef BD_PARAMS_H
#define BD_PARAMS_H

#include "backdrop.h"

/* Reads a parameter struct of any age: copies the smaller of struct_size and size over zeros. NULL yields zeros. */
void bd_copy_params(void *to, const void *from, size_t size);

#endif
