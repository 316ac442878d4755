/* SPDX-License-Identifier: MIT
 * Shapes of what is computed element by element. */
#ifndef BD_INFER_ELEMENTS_H
#define BD_INFER_ELEMENTS_H

#include "graph/infer_context.h"

bd_result bd_infer_same(const bd_inference *of);
bd_result bd_infer_float(const bd_inference *of);
bd_result bd_infer_binary(const bd_inference *of);
bd_result bd_infer_add(const bd_inference *of);
bd_result bd_infer_requantise(const bd_inference *of);
bd_result bd_infer_add_n(const bd_inference *of);

#endif
