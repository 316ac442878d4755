/* SPDX-License-Identifier: MIT
 * The options that say what the matte is, and the files that take the network's place. */
#include <string.h>

#include "files.h"
#include "key.h"
#include "mask.h"
#include "progress.h"
#include "values.h"

/* Options of the library's parameters do, and those that are read here. */
static bool shapes_matte(size_t member) {
    size_t first = offsetof(cli_options, matte_params), bytes = sizeof(bd_matte_params);
    return (member >= first && member < first + bytes) || member == offsetof(cli_options, keep) ||
           member == offsetof(cli_options, islands) || member == offsetof(cli_options, shrink) ||
           member == offsetof(cli_options, grow) || member == offsetof(cli_options, levels) ||
           member == offsetof(cli_options, threshold);
}

const char *cli_matte_shaping(const cli *run) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (run->given[rows[i].member] && shapes_matte(rows[i].member)) {
            return rows[i].name;
        }
    }
    return NULL;
}

/* What only concerns the network's answer is not taken where something else takes its place. */
static bool parse_rule(cli *run, bd_matte_params *params) {
    const cli_options *from = &run->options;
    const char *ruled = cli_value_given(run, &from->matte_params.rule)    ? "rule"
                        : cli_value_given(run, &from->matte_params.bias)  ? "bias"
                        : cli_value_given(run, &from->matte_params.looks) ? "looks"
                                                                          : NULL;
    params->biased = cli_value_given(run, &from->matte_params.bias);
    const char *instead = from->coarse                   ? "coarse"
                          : from->matte_in               ? "matte-in"
                          : from->trimap                 ? "trimap"
                          : from->key && !from->key_with ? "key"
                                                         : NULL;
    if (instead && ruled) {
        return cli_fail(run, CLI_USAGE, "--%s takes the network's place; --%s does not go with it", instead, ruled);
    }
    if (params->rule == BD_RULE_OFF && (params->biased || params->looks)) {
        return cli_fail(run, CLI_USAGE, "--%s is part of the rule; --rule off does not go with it",
                        params->biased ? "bias" : "looks");
    }
    return true;
}

static bool parse_parts(cli *run, bd_matte_params *params) {
    const cli_options *from = &run->options;
    uint32_t point[2] = {0};
    if (!cli_value_part(run, &from->keep, &params->keep, point)) {
        return false;
    }
    params->keep_x = point[0];
    params->keep_y = point[1];
    if (from->islands && params->keep != BD_KEEP_ALL) {
        return cli_fail(run, CLI_USAGE, "--keep %s leaves one part; --islands does not go with it", from->keep);
    }
    float percent = 0.0f;
    if (!cli_value_number(run, &from->islands, &percent)) {
        return false;
    }
    params->island_share = from->islands ? percent > 0.0f ? percent / 100.0f : -1.0f : 0.0f;
    return true;
}

static bool parse_levels(cli *run, bd_matte_params *params) {
    const cli_options *from = &run->options;
    float levels[2] = {0.0f, 0.0f};
    if (from->levels && from->threshold) {
        return cli_fail(run, CLI_USAGE,
                        "--threshold leaves nothing between black and white; --levels does not go with it");
    }
    if (!cli_value_levels(run, &from->levels, levels) || !cli_value_number(run, &from->threshold, levels)) {
        return false;
    }
    levels[1] = from->threshold ? levels[0] : levels[1];
    params->level_low = levels[0] / 100.0f;
    params->level_high = levels[1] / 100.0f;
    return true;
}

static bool parse_edges(cli *run, bd_matte_params *params) {
    const cli_options *from = &run->options;
    float shrink = 0.0f;
    if (from->shrink && from->grow) {
        return cli_fail(run, CLI_USAGE, "--shrink and --grow undo each other; give one");
    }
    if (!cli_value_number(run, &from->shrink, &shrink) || !cli_value_number(run, &from->grow, &params->grow_px)) {
        return false;
    }
    params->grow_px -= shrink;
    return true;
}

bool cli_matte_parse(cli *run, cli_matte *matte) {
    const cli_options *from = &run->options;
    *matte = (cli_matte){.params = from->matte_params};
    matte->params.struct_size = sizeof matte->params;
    if (from->coarse && from->matte_in) {
        return cli_fail(run, CLI_USAGE, "--coarse and --matte-in both take the network's place; give one");
    }
    if (from->matte_in && from->matte) {
        return cli_fail(run, CLI_USAGE, "--matte-in is used as it is; --matte does not go with it");
    }
    if (from->trimap && from->matte_in) {
        return cli_fail(run, CLI_USAGE, "--matte-in is used as it is; --trimap does not go with it");
    }
    if (from->trimap && (from->keep || from->islands || from->matte_params.fill_holes)) {
        return cli_fail(run, CLI_USAGE, "--trimap says itself which parts are foreground; --%s does not go with it",
                        cli_matte_shaping(run));
    }
    long depth;
    if (!cli_value_integer(run, &from->depth, &depth)) {
        return false;
    }
    matte->params.wide = depth == 16;
    unsigned mode = from->trimap ? BD_MATTE_BEST : BD_MATTE_REFINE;
    if (!cli_value_choice(run, &from->matte, &mode)) {
        return false;
    }
    matte->params.mode = (bd_matte_mode)mode;
    if (from->trimap && matte->params.mode != BD_MATTE_REFINE && matte->params.mode != BD_MATTE_BEST) {
        return cli_fail(run, CLI_USAGE, "--trimap is for --matte refine or best, not %s", from->matte);
    }
    if (run->given[offsetof(cli_options, matte_params.guide_blur)] &&
        (from->matte_in || from->key || (mode != BD_MATTE_REFINE && mode != BD_MATTE_BEST))) {
        return cli_fail(run, CLI_USAGE, "--guide-blur is for --matte refine or best");
    }
    return parse_rule(run, &matte->params) && parse_parts(run, &matte->params) && parse_levels(run, &matte->params) &&
           parse_edges(run, &matte->params) && cli_key_parse(run, &matte->params);
}

bool cli_matte_needs_network(const cli *run) {
    const cli_options *from = &run->options;
    return !from->coarse && !from->trimap && !from->matte_in && (!from->key || from->key_with);
}

bool cli_matte_looks_closer(const cli *run) {
    const cli_options *from = &run->options;
    bool best = from->matte && !strcmp(from->matte, "best") && !from->classic && cli_matte_needs_network(run);
    return best && from->matte_params.rule == BD_RULE_ON && from->matte_params.looks != 1;
}

static void use_plane(cli_matte *matte) {
    matte->params.coarse = matte->plane.values;
    matte->params.coarse_width = matte->plane.w;
    matte->params.coarse_height = matte->plane.h;
}

/* Of a photo that its EXIF turns. */
static const char *turned(const bd_image *photo, uint32_t w, uint32_t h) {
    return w == photo->height && h == photo->width ? ", upright" : "";
}

/* What a trimap knows, by numbers of pixels; 0, 1 and 2 are a usual form, too. */
typedef struct trimap_survey {
    size_t black, white, unknown;
    uint16_t most;   /* of all */
    bool of_numbers; /* 0, 1 and 2 alone, of 8 bits or of 16 */
} trimap_survey;

static uint16_t level_at(const bd_image *trimap, size_t x, size_t y) {
    uint16_t level;
    memcpy(&level, trimap->pixels + y * trimap->stride_bytes + 2 * x, sizeof level);
    return level;
}

static trimap_survey survey_trimap(const bd_image *trimap) {
    trimap_survey s = {0};
    bool words = true, bytes = true;
    for (size_t y = 0; y < trimap->height; y++) {
        for (size_t x = 0; x < trimap->width; x++) {
            const uint16_t level = level_at(trimap, x, y);
            s.black += level == 0;
            s.white += level == UINT16_MAX;
            s.unknown += level > 0 && level < UINT16_MAX;
            s.most = level > s.most ? level : s.most;
            words = words && level <= 2;
            bytes = bytes && level <= 2 * 257 && level % 257 == 0;
        }
    }
    s.of_numbers = (words && s.most == 2) || (bytes && s.most == 2 * 257);
    return s;
}

/* Where only one of the two is known the other is nowhere, unless --coarse says so. */
static bool check_trimap(cli *run, const trimap_survey *s) {
    const char *path = run->options.trimap;
    if (s->of_numbers) {
        if (!run->options.quiet) {
            cli_note(run, "%s has only 0, 1 and 2, which are taken for background, unknown and foreground", path);
        }
        return true;
    }
    if (!s->unknown || run->options.coarse || (s->black && s->white)) {
        return true;
    }
    return cli_fail(run, CLI_USAGE,
                    "%s: it has no %s; in a trimap black is background, white is foreground, and grey is unknown", path,
                    s->black   ? "white"
                    : s->white ? "black"
                               : "black and no white");
}

/* 16 bits become one of three values: what is not quite black or white is unknown. */
static bool read_trimap(cli *run, const bd_image *photo, cli_matte *matte) {
    const bd_image_read_params params = {.struct_size = sizeof params, .gray16 = true};
    bd_image *trimap = &matte->trimap;
    if (!cli_read_picture(run, run->options.trimap, &params, trimap)) {
        return false;
    }
    if (trimap->width != photo->width || trimap->height != photo->height) {
        return cli_fail(run, CLI_USAGE, "%s: %ux%u; a trimap has the photo's size, %ux%u%s", run->options.trimap,
                        trimap->width, trimap->height, photo->width, photo->height,
                        turned(photo, trimap->width, trimap->height));
    }
    const trimap_survey s = survey_trimap(trimap);
    if (!check_trimap(run, &s)) {
        return false;
    }
    const uint16_t white = s.of_numbers ? s.most : UINT16_MAX;
    for (size_t y = 0; y < trimap->height; y++) {
        for (size_t x = 0; x < trimap->width; x++) {
            const uint16_t level = level_at(trimap, x, y);
            trimap->pixels[y * trimap->stride_bytes + x] = level == 0 ? 0 : level == white ? 255 : 128;
        }
    }
    trimap->format = BD_FORMAT_GRAY8;
    matte->params.trimap = trimap;
    return true;
}

bool cli_matte_open(cli *run, const bd_image *photo, cli_matte *matte) {
    if (run->options.trimap && !read_trimap(run, photo, matte)) {
        return false;
    }
    const char *path = run->options.coarse ? run->options.coarse : run->options.matte_in;
    if (!path) {
        return true;
    }
    if (!cli_read_plane(run, path, &matte->plane)) {
        return false;
    }
    if (run->options.matte_in) {
        if (matte->plane.w != photo->width || matte->plane.h != photo->height) {
            return cli_fail(run, CLI_USAGE, "%s: %ux%u; a matte has the photo's size, %ux%u%s%s", path, matte->plane.w,
                            matte->plane.h, photo->width, photo->height, turned(photo, matte->plane.w, matte->plane.h),
                            matte->plane.labels ? "; segment --labels needs --photo-size for that" : "");
        }
        matte->params.mode = BD_MATTE_SOFT; /* at the photo's size: as it is */
    }
    use_plane(matte);
    return true;
}

bool cli_matte_take(cli *run, const bd_image *alpha, bool wide, cli_matte *matte) {
    bool done = cli_plane_take(run, run->options.matte_out, alpha, &matte->plane);
    matte->params = (bd_matte_params){.struct_size = sizeof matte->params, .mode = BD_MATTE_SOFT, .wide = wide};
    use_plane(matte);
    return done;
}

void cli_matte_narrow(bd_image *alpha) {
    for (size_t y = 0; y < alpha->height; y++) {
        uint8_t *row = alpha->pixels + y * alpha->stride_bytes;
        for (size_t x = 0; x < alpha->width; x++) {
            uint16_t level;
            memcpy(&level, row + 2 * x, sizeof level);
            row[x] = (uint8_t)((level * 255u + 32767u) / 65535u);
        }
    }
    alpha->format = BD_FORMAT_GRAY8;
}

void cli_matte_close(cli_matte *matte) {
    cli_plane_finish(&matte->plane);
    bd_image_finish(&matte->trimap);
}
