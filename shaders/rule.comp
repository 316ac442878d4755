// SPDX-License-Identifier: MIT
// Which nodes are a body: one group takes the whole grid, a phase after the other. See push/rule.h.
#version 450
#include "include/tensor.glsl"
#include "push/rule.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool locates = false;
BD_READ_F32(BD_BIND_SRC, odds)
layout(set = 0, binding = BD_BIND_DST, std430) coherent buffer bd_state_block { uint state[]; };

shared uint strong; // a part is kept for one of its nodes
shared uint largest, winner;

#define BD_NODES (push.w * push.h)
#define BD_EACH_NODE(i) for (int i = int(gl_LocalInvocationIndex); i < BD_NODES; i += int(gl_WorkGroupSize.x))

// One group has it all: what the others of the group wrote is all that counts.
void bd_sync() {
    groupMemoryBarrier();
    barrier();
}

uint bd_label(int node) {
    return state[BD_RULE_LABELS(BD_NODES) + node];
}

bool bd_is_marked(int node, uint mark) {
    return (state[BD_RULE_MARKS(BD_NODES) + node] & mark) != 0u;
}

float bd_value(int node) {
    return uintBitsToFloat(state[BD_RULE_VALUES(BD_NODES) + node]);
}

void bd_set_value(int node, float value) {
    state[BD_RULE_VALUES(BD_NODES) + node] = floatBitsToUint(value);
}

// The node `by` away, -1 beyond the grid.
int bd_next(int node, ivec2 by) {
    const ivec2 at = ivec2(node % push.w, node / push.w) + by;
    return at.x < 0 || at.y < 0 || at.x >= push.w || at.y >= push.h ? -1 : at.y * push.w + at.x;
}

// ---- parts ----------------------------------------------------------------------------------------------------------

// Labels only ever fall and point inside the part: a stale one is an ancestor all the same.
uint bd_root(uint node) {
    uint above = bd_label(int(node));
    while (above != node) {
        node = above;
        above = bd_label(int(node));
    }
    return node;
}

// The greater root is hung below the smaller one; what it hung below until then, if another invocation was faster, is
// joined in its place.
void bd_join(uint a, uint b) {
    for (;;) {
        a = bd_root(a);
        b = bd_root(b);
        if (a == b) {
            return;
        }
        const uint high = max(a, b), low = min(a, b);
        const uint before = atomicMin(state[BD_RULE_LABELS(BD_NODES) + int(high)], low);
        if (before == high) {
            return;
        }
        a = before;
        b = low;
    }
}

void bd_begin_node(int node, bool inside) {
    state[BD_RULE_LABELS(BD_NODES) + node] = inside ? uint(node) : BD_RULE_NONE;
    state[BD_RULE_SUMS(BD_NODES) + node] = 0u;
    state[BD_RULE_RINGS(BD_NODES) + node] = 0u;
}

// Labels become the first node of each part.
void bd_find_parts() {
    bd_sync();
    BD_EACH_NODE(i) {
        for (int k = 0; k < 4 && bd_label(i) != BD_RULE_NONE; k++) {
            const int next = bd_next(i, k < 3 ? ivec2(k - 1, -1) : ivec2(-1, 0));
            if (next >= 0 && bd_label(next) != BD_RULE_NONE) {
                bd_join(uint(i), uint(next));
            }
        }
    }
    bd_sync();
    BD_EACH_NODE(i) {
        if (bd_label(i) != BD_RULE_NONE) {
            state[BD_RULE_LABELS(BD_NODES) + i] = bd_root(uint(i));
        }
    }
    bd_sync();
}

// ---- hysteresis -----------------------------------------------------------------------------------------------------

// Floats in the order of unsigned numbers.
uint bd_ordered(float value) {
    const uint bits = floatBitsToUint(value);
    return (bits >> 31) != 0u ? ~bits : bits | 0x80000000u;
}

// Marks the parts of r > BD_RULE_LOW that are kept.
void bd_hold(uint mark) {
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        if (root != BD_RULE_NONE && bd_value(i) > BD_RULE_HIGH) {
            state[BD_RULE_SUMS(BD_NODES) + int(root)] = 1u;
            strong = 1u;
        }
    }
    bd_sync();
    const bool none = strong == 0u;
    BD_EACH_NODE(i) {
        if (none && bd_label(i) != BD_RULE_NONE) {
            atomicMax(largest, bd_ordered(bd_value(i)));
        }
    }
    bd_sync();
    BD_EACH_NODE(i) {
        if (none && bd_label(i) != BD_RULE_NONE && bd_ordered(bd_value(i)) == largest) {
            atomicMin(winner, bd_label(i));
        }
    }
    bd_sync();
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        const bool kept =
            root != BD_RULE_NONE && (none ? root == winner : state[BD_RULE_SUMS(BD_NODES) + int(root)] != 0u);
        state[BD_RULE_MARKS(BD_NODES) + i] |= kept ? mark : 0u;
    }
    bd_sync();
}

// ---- what is worn or held -------------------------------------------------------------------------------------------

const ivec2 bd_around[8] = ivec2[](ivec2(-1, -1), ivec2(0, -1), ivec2(1, -1), ivec2(-1, 0), ivec2(1, 0), ivec2(-1, 1),
                                   ivec2(0, 1), ivec2(1, 1));

// A node beside parts counts in the ring of each of them once.
void bd_count_ring(int node) {
    uint seen[8];
    const uint count = bd_is_marked(node, BD_RULE_KEEP) ? 0x10001u : 1u;
    for (int k = 0; k < 8; k++) {
        const int next = bd_next(node, bd_around[k]);
        const uint root = next < 0 ? BD_RULE_NONE : bd_label(next);
        bool fresh = root != BD_RULE_NONE;
        for (int j = 0; j < k; j++) {
            fresh = fresh && seen[j] != root;
        }
        seen[k] = root;
        if (fresh) {
            atomicAdd(state[BD_RULE_RINGS(BD_NODES) + int(root)], count);
        }
    }
}

void bd_wear() {
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        if (root == BD_RULE_NONE) {
            bd_count_ring(i);
            continue;
        }
        const float share = 1.0 / (1.0 + exp(-odds(i).x));
        const int more = int(share * float(BD_RULE_ONE) + 0.5) - BD_RULE_LEAST;
        atomicAdd(state[BD_RULE_SUMS(BD_NODES) + int(root)], uint(more));
    }
    bd_sync();
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        if (root != BD_RULE_NONE) {
            const uint ring = state[BD_RULE_RINGS(BD_NODES) + int(root)];
            if (2u * (ring >> 16) > (ring & 0xffffu) && int(state[BD_RULE_SUMS(BD_NODES) + int(root)]) >= 0) {
                bd_set_value(i, max(odds(i).x, odds(i).y));
            }
        }
    }
    bd_sync();
}

// ---- the box --------------------------------------------------------------------------------------------------------

bool bd_is_edge(int node) {
    bool edge = false;
    for (int k = 0; k < 8; k++) {
        const int next = bd_around[k].x * bd_around[k].y == 0 ? bd_next(node, bd_around[k]) : -1;
        edge = edge || (next >= 0 && bd_label(next) == BD_RULE_NONE);
    }
    return edge;
}

void bd_locate() {
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        if (root != BD_RULE_NONE) {
            atomicAdd(state[BD_RULE_SUMS(BD_NODES) + int(root)], 1u);
        }
    }
    bd_sync();
    BD_EACH_NODE(i) {
        if (bd_label(i) == uint(i)) {
            atomicMax(largest, state[BD_RULE_SUMS(BD_NODES) + i]);
        }
    }
    bd_sync();
    BD_EACH_NODE(i) {
        const uint root = bd_label(i);
        if (root != BD_RULE_NONE &&
            BD_RULE_BOX_SHARE * state[BD_RULE_SUMS(BD_NODES) + int(root)] >= largest) {
            const uint x = uint(i % push.w), y = uint(i / push.w);
            atomicMin(state[BD_BOX_LEFT], x);
            atomicMin(state[BD_BOX_TOP], y);
            atomicMax(state[BD_BOX_RIGHT], x);
            atomicMax(state[BD_BOX_BOTTOM], y);
            atomicAdd(state[BD_BOX_AREA], 1u);
            atomicAdd(state[BD_BOX_EDGE], bd_is_edge(i) ? 1u : 0u);
        }
    }
}

// ---- all of it ------------------------------------------------------------------------------------------------------

#define BD_PHASE_KEEP 0
#define BD_PHASE_WEAR 1
#define BD_PHASE_KEEP2 2
#define BD_PHASE_LOCATE 3

bool bd_belongs(int node, int phase) {
    return phase == BD_PHASE_WEAR ? odds(node).y > 0.0 && !bd_is_marked(node, BD_RULE_KEEP)
                                  : bd_value(node) > (phase == BD_PHASE_LOCATE ? BD_RULE_BOX_LEVEL : BD_RULE_LOW);
}

// The phases differ in what belongs to parts and in what becomes of them. One loop, since compilers take long over what is
// inlined several times.
void main() {
    BD_EACH_NODE(i) {
        bd_set_value(i, odds(i).x);
        state[BD_RULE_MARKS(BD_NODES) + i] = 0u;
    }
    bd_sync();
    for (int phase = BD_PHASE_KEEP; phase <= (locates ? BD_PHASE_LOCATE : BD_PHASE_KEEP2); phase++) {
        if (gl_LocalInvocationIndex == 0u) {
            strong = 0u;
            largest = 0u;
            winner = BD_RULE_NONE;
            state[BD_BOX_LEFT] = BD_RULE_NONE;
            state[BD_BOX_TOP] = BD_RULE_NONE;
            state[BD_BOX_RIGHT] = 0u;
            state[BD_BOX_BOTTOM] = 0u;
            state[BD_BOX_AREA] = 0u;
            state[BD_BOX_EDGE] = 0u;
        }
        BD_EACH_NODE(i) { bd_begin_node(i, bd_belongs(i, phase)); }
        bd_find_parts();
        if (phase == BD_PHASE_WEAR) {
            bd_wear();
        } else if (phase == BD_PHASE_LOCATE) {
            bd_locate();
        } else {
            bd_hold(phase == BD_PHASE_KEEP ? BD_RULE_KEEP : BD_RULE_KEEP2);
        }
    }
    BD_EACH_NODE(i) {
        if (bd_value(i) > BD_RULE_LOW && !bd_is_marked(i, BD_RULE_KEEP2)) {
            state[BD_RULE_MARKS(BD_NODES) + i] |= BD_RULE_LOOSE;
        }
    }
}
