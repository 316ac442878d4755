/* SPDX-License-Identifier: MIT
 * Components of a matte, and its edges moved: see shaders/push/components.h and plane_step.h. */
#ifndef BD_REF_COMPONENTS_H
#define BD_REF_COMPONENTS_H

#include "base/base.h"

/* plane (h,w) -> of its nodes: labels (the first node of their component; UINT32_MAX outside) and, of those first
 * nodes, areas (background: 1 where the component meets the edge), else 0. room: one per node. */
void bd_ref_components(const float *plane, int32_t w, int32_t h, int32_t block, float level, bool background,
                       uint32_t *labels, uint32_t *areas, uint32_t *room);
/* One step of jump flooding between packed nearest nodes (h,w); UINT32_MAX: none is known. */
void bd_ref_spread(const uint32_t *from, int32_t w, int32_t h, int32_t step, uint32_t *to);

typedef enum bd_ref_step { BD_REF_MEAN, BD_REF_MAX, BD_REF_MIN } bd_ref_step;
/* (h,w) and itself `step` along (dx,dy) on both sides. */
void bd_ref_plane_step(const float *src, int32_t w, int32_t h, int32_t dx, int32_t dy, int32_t step, bd_ref_step kind,
                       float amount, float *dst);

#endif
