/* SPDX-License-Identifier: MIT
 * Copies x into channels offset .. offset + write - 1 of y. The last source of a concatenation writes up to the
 * end of y's last vec4 (write > channels): what x does not have is zero.
 *
 * Bindings   0 x [rows][src_c4] vec4, 4 y [rows][dst_c4] vec4 (concat) or float [rows][dst_c4 * 4] (concat_scalar).
 * Variants   concat: offset and write must be multiples of 4, write = 4 * items. concat_scalar: any.
 * Groups     x * y >= ceil(rows * items / BD_LINEAR_GROUP), each below 65536; items per row = vec4s (concat) or
 *            channels (concat_scalar) written.
 * Reference  bd_ref_run's CONCAT. */
#ifndef BD_PUSH_CONCAT_H
#define BD_PUSH_CONCAT_H

#include "push/types.h"

BD_PUSH_BEGIN(concat)
bd_int rows;
bd_int channels; /* of x */
bd_int src_c4, dst_c4;
bd_int offset, write; /* channels of y */
BD_PUSH_END(concat, 24)

#endif
