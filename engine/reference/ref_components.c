/* SPDX-License-Identifier: MIT
 * What becomes of a matte's shape: connected components, what is nearest to them, and windows along lines. */
#include "reference/ref_components.h"

static bool any_inside(const float *plane, int32_t w, int32_t h, int32_t block, int32_t x, int32_t y, float level,
                       bool background) {
    for (int32_t v = y * block; v < BD_MIN((y + 1) * block, h); v++) {
        for (int32_t u = x * block; u < BD_MIN((x + 1) * block, w); u++) {
            if ((plane[(size_t)v * (size_t)w + (size_t)u] >= level) != background) {
                return true;
            }
        }
    }
    return false;
}

/* Gives the component of a node its label; stack has room for every node. */
static uint32_t flood(uint32_t *labels, int32_t w, int32_t h, uint32_t node, bool background, uint32_t *stack) {
    uint32_t count = 1, area = 0, width = (uint32_t)w;
    bool edge = false;
    stack[0] = node;
    labels[node] = node;
    while (count) {
        uint32_t at = stack[--count];
        int32_t x = (int32_t)(at % width), y = (int32_t)(at / width);
        edge |= !x || !y || x == w - 1 || y == h - 1;
        area++;
        for (int i = 0; i < 9; i++) {
            int32_t dx = i % 3 - 1, dy = i / 3 - 1;
            if (x + dx < 0 || x + dx >= w || y + dy < 0 || y + dy >= h || (background && dx && dy)) {
                continue;
            }
            uint32_t next = (uint32_t)(y + dy) * width + (uint32_t)(x + dx);
            if (labels[next] == UINT32_MAX - 1) {
                labels[next] = node;
                stack[count++] = next;
            }
        }
    }
    return background ? edge : area;
}

void bd_ref_components(const float *plane, int32_t w, int32_t h, int32_t block, float level, bool background,
                       uint32_t *labels, uint32_t *areas, uint32_t *room) {
    int32_t gw = (w + block - 1) / block, gh = (h + block - 1) / block;
    uint32_t nodes = (uint32_t)gw * (uint32_t)gh;
    for (uint32_t n = 0; n < nodes; n++) {
        bool inside = any_inside(plane, w, h, block, (int32_t)n % gw, (int32_t)n / gw, level, background);
        labels[n] = inside ? UINT32_MAX - 1 : UINT32_MAX;
        areas[n] = 0;
    }
    for (uint32_t n = 0; n < nodes; n++) {
        if (labels[n] == UINT32_MAX - 1) {
            areas[n] = flood(labels, gw, gh, n, background, room);
        }
    }
}

void bd_ref_spread(const uint32_t *from, int32_t w, int32_t h, int32_t step, uint32_t *to) {
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++) {
            uint32_t best = UINT32_MAX;
            int64_t nearest = INT64_MAX;
            for (int i = 0; i < 9; i++) {
                int32_t u = x + (i % 3 - 1) * step, v = y + (i / 3 - 1) * step;
                if (u < 0 || u >= w || v < 0 || v >= h) {
                    continue;
                }
                uint32_t found = from[(size_t)v * (size_t)w + (size_t)u];
                int64_t dx = (int64_t)(found >> 1 & 0x7fff) - x, dy = (int64_t)(found >> 16) - y;
                int64_t distance = found == UINT32_MAX ? INT64_MAX : dx * dx + dy * dy;
                if (distance < nearest || (distance == nearest && found < best)) {
                    nearest = distance;
                    best = found;
                }
            }
            to[(size_t)y * (size_t)w + (size_t)x] = best;
        }
    }
}

static float clamped(const float *src, int32_t w, int32_t h, int32_t x, int32_t y) {
    return src[(size_t)BD_MIN(BD_MAX(y, 0), h - 1) * (size_t)w + (size_t)BD_MIN(BD_MAX(x, 0), w - 1)];
}

void bd_ref_plane_step(const float *src, int32_t w, int32_t h, int32_t dx, int32_t dy, int32_t step, bd_ref_step kind,
                       float amount, float *dst) {
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++, dst++) {
            float centre = src[(size_t)y * (size_t)w + (size_t)x];
            float a = clamped(src, w, h, x - dx * step, y - dy * step);
            float b = clamped(src, w, h, x + dx * step, y + dy * step);
            float other = kind == BD_REF_MEAN  ? 0.5f * (a + b)
                          : kind == BD_REF_MAX ? BD_MAX(centre, BD_MAX(a, b))
                                               : BD_MIN(centre, BD_MIN(a, b));
            *dst = centre * (1.0f - amount) + other * amount;
        }
    }
}
