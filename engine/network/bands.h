/* SPDX-License-Identifier: MIT
 * Nodes whose tensors are larger than what the device binds at once, or dispatches: in bands of output rows. */
#ifndef BD_BANDS_H
#define BD_BANDS_H

#include "graph/plan.h"
#include "kernel/kernel.h"

typedef struct bd_bands {
    const bd_vk *vk;
    const bd_graph *graph;
    const bd_kernel_choice *choices; /* one per node */
    bool half;                       /* tensors of 16 bits, but for those of bd_plan_is_f32 */
    uint64_t most_bytes;             /* of a binding; 0: what the device can bind */
    bd_graph band;                   /* the graph with the rows of one band */
} bd_bands;

/* The members above must be set. */
bd_result bd_bands_init(bd_bands *bands, bd_error *error);
void bd_bands_finish(bd_bands *bands); /* safe on a zeroed one */

/* How many bands a node's part takes, *rows to each but the last. 1 too where nothing can be split. */
uint32_t bd_bands_of(bd_bands *bands, uint32_t node, uint32_t part, uint32_t *rows);

/* As bd_kernel_node, for one band. */
bd_result bd_bands_describe(bd_bands *bands, uint32_t node, uint32_t part, uint32_t band, bd_vk_dispatch *dispatch,
                            bd_kernel_operands *operands, bd_error *error);

/* Narrows bindings of whole tensors to those rows that the band reads and writes. */
void bd_bands_narrow(bd_bands *bands, uint32_t node, uint32_t part, uint32_t band, const bd_kernel_operands *operands,
                     bd_vk_dispatch *dispatch);

#endif
