/* SPDX-License-Identifier: MIT */
#include "kernel/defaults.h"

#include "graph/plan.h"
#include "kernel/candidates.h"
#include "kernel/flat.h"
#include "kernel/gemm.h"

/* What an H200 chose, as a rule: the largest tile that still gives every processor several groups, narrow tiles with deep
 * steps elsewhere. Its processors are many, so a block that holds all output channels in one tile pays where these are
 * few and the map is large; elsewhere the depthwise convolution goes first, by itself. */
typedef struct wish {
    bd_kernel_family family;
    uint32_t rows, columns, depth;
} wish;

enum { BLOCK_GROUPS = 192, SEVERAL_GROUPS = 264, MANY_GROUPS = 400 };

static wish matrix_wish(const bd_graph *graph, uint32_t node) {
    uint32_t channels = bd_shape_c4(&graph->nodes[node].shape) * 4;
    uint32_t depth = (uint32_t)bd_gemm_depth(graph, node);
    uint32_t usual = depth % 32 ? 16 : 32;
    if (channels <= 32) {
        uint32_t columns = channels <= 16 ? 16 : 32;
        bool block =
            bd_gemm_inner(graph, node) != BD_NO_NODE && bd_gemm_tiles(graph, node, 64, columns) >= BLOCK_GROUPS;
        return (wish){block ? BD_KERNEL_FAMILY_BLOCK : BD_KERNEL_FAMILY_GEMM, 64, columns,
                      block             ? usual
                      : depth % 64 == 0 ? 64
                                        : depth};
    }
    if (bd_gemm_tiles(graph, node, 128, 64) >= MANY_GROUPS) {
        return (wish){BD_KERNEL_FAMILY_GEMM, 128, 64, usual};
    }
    if (bd_gemm_tiles(graph, node, 64, 64) >= SEVERAL_GROUPS) {
        return (wish){BD_KERNEL_FAMILY_GEMM, 64, 64, usual};
    }
    return (wish){BD_KERNEL_FAMILY_GEMM, 64, 32, depth % 64 == 0 ? 64 : depth};
}

static uint32_t apart(uint32_t a, uint32_t b) {
    return a > b ? a - b : b - a;
}

/* How far a candidate is from it; what the device has no room for is not among them. */
static uint32_t distance(const wish *w, const bd_kernel_choice *c) {
    return (c->family != w->family) * 4096u + apart(c->rows, w->rows) * 4 + apart(c->columns, w->columns) * 4 +
           apart(c->depth, w->depth) + (c->threads > c->subgroup * c->active || c->direct) * 8u + c->active;
}

bool bd_kernel_probed_default(const bd_vk *vk, const bd_graph *graph, uint32_t node, bd_precision precision,
                              bd_kernel_choice *choice) {
    bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    bd_precision stored = bd_kernel_stored_as(precision);
    uint32_t count = bd_kernel_candidates(vk, graph, node, stored, found, BD_COUNT(found));
    uint32_t least = UINT32_MAX;
    const bd_kernel_choice *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].family == BD_KERNEL_FAMILY_FLAT && bd_flat_is_short(graph, node)) {
            best = &found[i];
        } else if (found[i].matrix[0] && found[i].split == 1 && !found[i].width &&
                   found[i].family != BD_KERNEL_FAMILY_EXPAND) { /* no card has timed it */
            const wish w = matrix_wish(graph, node);
            if (distance(&w, &found[i]) < least) {
                best = &found[i];
                least = distance(&w, best);
            }
        }
    }
    if (best) {
        *choice = *best;
    }
    return best != NULL;
}

void bd_kernel_defaults(const bd_vk *vk, const bd_graph *graph, bd_precision precision, bool fused,
                        bd_kernel_choice *choices) {
    for (uint32_t n = 0; n < graph->count; n++) {
        bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
        uint32_t count = bd_kernel_candidates(vk, graph, n, precision, found, BD_COUNT(found));
        choices[n] = (bd_kernel_choice){.split = 1, .precision = bd_kernel_stored_as(precision)};
        for (uint32_t i = 0; i < count; i++) {
            if (fused || bd_kernel_absorbs(graph, n, &found[i]) == BD_NO_NODE) {
                choices[n] = found[i];
                break;
            }
        }
    }
}
