/* SPDX-License-Identifier: MIT
 * Shapes of what arranges elements, or leaves some out. */
#ifndef BD_INFER_LAYOUT_H
#define BD_INFER_LAYOUT_H

#include "graph/infer_context.h"

bd_result bd_infer_shape_of(const bd_inference *of);
bd_result bd_infer_slice(const bd_inference *of);
bd_result bd_infer_pack(const bd_inference *of);
bd_result bd_infer_concat(const bd_inference *of);
bd_result bd_infer_reshape(const bd_inference *of);
bd_result bd_infer_squeeze(const bd_inference *of);
bd_result bd_infer_expand_dims(const bd_inference *of);
bd_result bd_infer_transpose(const bd_inference *of);
bd_result bd_infer_pad(const bd_inference *of);
bd_result bd_infer_space_to_batch(const bd_inference *of);
bd_result bd_infer_batch_to_space(const bd_inference *of);
bd_result bd_infer_argmax(const bd_inference *of);

#endif
