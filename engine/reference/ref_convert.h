/* SPDX-License-Identifier: MIT */
#ifndef BD_REF_CONVERT_H
#define BD_REF_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels of one form (push/picture_convert.h) to another. */
void bd_ref_convert(const void *src, uint32_t from, bool from_premultiplied, void *dst, uint32_t to,
                    bool to_premultiplied, size_t pixels);

#endif
