/* SPDX-License-Identifier: MIT
 * The tile of a group in include/gemm.glsl. */
#ifndef BD_PUSH_GEMM_H
#define BD_PUSH_GEMM_H

#define BD_GEMM_ROWS 64
#define BD_GEMM_C4 16

#endif
