/* SPDX-License-Identifier: MIT
 * Rewrites of a graph, one file each, run by bd_graph_lower. Every pass keeps the graph valid: topological order,
 * shapes inferred, and the same function up to rounding. A pass that appends nodes or leaves some unreached ends with
 * bd_pass_compact, so indices do not outlive a pass. All of them, for users outside of the layer. */
#ifndef BD_PASSES_H
#define BD_PASSES_H

#include "graph/change_size.h"
#include "graph/infer.h"
#include "graph/lower.h"
#include "graph/pass_activate.h"
#include "graph/pass_atrous.h"
#include "graph/pass_compact.h"
#include "graph/pass_fold.h"
#include "graph/pass_fuse.h"
#include "graph/pass_pool.h"
#include "graph/pass_preprocess.h"
#include "graph/pass_tail.h"
#include "graph/pass_unstuff.h"

#endif
