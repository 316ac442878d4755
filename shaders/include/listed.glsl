// SPDX-License-Identifier: MIT
// Whether a tile is listed; see push/closed_form.h. The shader declares `ring` and reads flags at binding 0.
#ifndef BD_LISTED_GLSL
#define BD_LISTED_GLSL

bool bd_listed(int x, int y) {
    uint any = 0u;
    const int reach = ring ? 1 : 0;
    for (int v = max(y - reach, 0); v <= min(y + reach, push.dst_h - 1); v++) {
        for (int u = max(x - reach, 0); u <= min(x + reach, push.dst_w - 1); u++) {
            any |= flags(v * push.dst_w + u);
        }
    }
    return any != 0u;
}

#endif
