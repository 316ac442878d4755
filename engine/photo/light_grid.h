/* SPDX-License-Identifier: MIT
 * Grids that light is looked at on. */
#ifndef BD_LIGHT_GRID_H
#define BD_LIGHT_GRID_H

#include "photo/slots.h"

/* Pixels between nodes: a power of two of at most 64, so that bands, which begin at multiples of 64 rows, begin with a
 * node. So few that a side has at most that many nodes; more where that many pixels between them are wanted. */
uint32_t bd_light_step(bd_size picture, uint32_t most_nodes, float wanted);
bd_size bd_in_steps(bd_size size, uint32_t step);

#endif
