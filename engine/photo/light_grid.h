/* SPDX-License-Identifier: MIT
 * Coarse grids for harmonize and light wrap. */
#ifndef BD_LIGHT_GRID_H
#define BD_LIGHT_GRID_H

#include "photo/slots.h"

/* Pixels between nodes: the smallest power of two that gives a side at most most_nodes and is more than half of
 * `wanted`; at most 64, so that bands, which begin at multiples of 64 rows, begin with a node. */
uint32_t bd_light_spacing(bd_size picture, uint32_t most_nodes, float wanted);
bd_size bd_light_nodes(bd_size size, uint32_t spacing);

#endif
