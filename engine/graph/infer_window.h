/* SPDX-License-Identifier: MIT
 * Shapes of what looks at a map through windows, and of resized maps. */
#ifndef BD_INFER_WINDOW_H
#define BD_INFER_WINDOW_H

#include "graph/infer_context.h"

bd_result bd_infer_conv(const bd_inference *of);
bd_result bd_infer_pool(const bd_inference *of);
bd_result bd_infer_mean(const bd_inference *of);
bd_result bd_infer_resize(const bd_inference *of);
bd_result bd_infer_resize_nearest(const bd_inference *of);

#endif
