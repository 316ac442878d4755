/* SPDX-License-Identifier: MIT */
#include "matte_options.h"

enum { MODES = BENCH_MATTE_COUNT };
const char *const bench_matte_names[MODES] = {"hard", "soft", "refine", "best"};
static const bd_matte_mode modes[MODES] = {BD_MATTE_HARD, BD_MATTE_SOFT, BD_MATTE_REFINE, BD_MATTE_BEST};
/* Options write the numbers of words there. */
_Static_assert(sizeof(bd_keep) == sizeof(uint32_t) && sizeof(bd_rule) == sizeof(uint32_t),
               "an option's word fits no enum");

bd_matte_params bench_matte_params(const bench *b, int mode) {
    bd_matte_params params =
        mode == BENCH_MATTE_HARD ? (bd_matte_params){.island_share = -1.0f, .rule = BD_RULE_OFF} : b->a.matte;
    params.biased = params.bias < 0.0f || params.bias > 0.0f;
    params.struct_size = sizeof params;
    params.mode = modes[mode];
    params.wide = true;
    return params;
}

void bench_matte_wanted(const bench *b, bool wanted[MODES]) {
    const option_list *named = &b->a.modes;
    for (uint32_t m = 0; m < MODES; m++) {
        wanted[m] = !named->count;
    }
    for (uint32_t i = 0; i < named->count; i++) {
        wanted[named->items[i]] = true;
    }
}

bool bench_matte_takes(const bench *b, uint32_t i) {
    return i >= b->a.from && (i - b->a.from) % b->a.every == 0;
}
