/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "geometry/fit.h"
#include "photo/band.h"
#include "photo/closed_form.h"
#include "photo/coarse.h"
#include "photo/components.h"
#include "photo/crop.h"
#include "photo/edges.h"
#include "photo/guided.h"
#include "photo/labels.h"
#include "photo/levels.h"
#include "photo/look.h"
#include "photo/matting.h"
#include "photo/rule.h"
#include "photo/noise.h"
#include "photo/trimap.h"

/* Found by trial on alphamatting.com's photos and on portraits over known backgrounds: three guided filters of falling
 * radius, each followed by levels. */
typedef struct filter {
    float radius; /* in cells */
    float eps, level;
    int guide;
} filter;
static const filter filters[] = {{2.0f, 1e-5f, 0.2f, 0}, {0.8f, 1e-5f, 0.1f, 1}, {0.45f, 1e-5f, 0.06f, 1}};
static const filter last_filter = {0.0f, 1e-5f, 0.0f, 2};
#define DOUBT_RADIUS 2.0f
#define SOLID_PX 20.0f  /* at 513 pixels: so far inside the coarse mask alpha is 1 */
#define BAND_INNER 1.5f /* of the closed form, in cells on both sides of the coarse mask's edge */
#define BAND_OUTER 2.0f
#define BAND_SHARE 0.6f   /* of the way to what the closed form says there: what both say is better than either */
#define COARSE_GAIN 1.4f  /* of the coarsest guide, over what its noise takes */
#define COARSE_BLUR 0.27f /* in cells, of the coarsest guide at least */
#define KEY_REACH 1.5f
#define TRIMAP_LOW (1.0f / 1024.0f) /* keeps unknown values apart from a trimap's 0 and 1 */
enum { MOST_NODES = 1024, TRIMAP_CELLS = 64, NODES_PER_CELL = 8, USUAL_SIDE = 513 };

/* ---- what the caller says ---------------------------------------------------------------------------------------- */

bool bd_matte_needs_network(const bd_matte_params *params) {
    return !params->coarse && !params->trimap && (!params->key || params->key_with_network);
}

static bd_result check_coarse(const bd_matte_params *params, bd_size photo, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 14 };
    const uint32_t w = params->coarse_width, h = params->coarse_height;
    if (!w || !h) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "probabilities of %ux%u", w, h);
    }
    if ((w > LONGEST_SIDE || h > LONGEST_SIDE) && (w != photo.w || h != photo.h)) {
        return bd_fail(error, BD_ERR_IMAGE_TOO_LARGE,
                       "probabilities of %ux%u for a photo of %ux%u: a side may have %d, or both the photo's length", w,
                       h, photo.w, photo.h, (int)LONGEST_SIDE);
    }
    return BD_OK;
}

bd_result bd_matte_check(const bd_matte_params *params, bd_size photo, bool has_network, bd_error *error) {
    if ((unsigned)params->mode > BD_MATTE_BEST) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such kind of matte: %d", (int)params->mode);
    }
    if ((unsigned)params->keep > BD_KEEP_POINT || (unsigned)params->rule > BD_RULE_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%d is no choice of parts, or %d no rule", (int)params->keep,
                       (int)params->rule);
    }
    if ((unsigned)params->guide_blur > BD_GUIDE_BLUR_OFF) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such way to blur a matte's guide: %d",
                       (int)params->guide_blur);
    }
    if (params->want_coarse && !(bd_matte_needs_network(params) && params->rule == BD_RULE_ON)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "coarse probabilities are given by the network with its rule");
    }
    if (bd_matte_needs_network(params) && !has_network) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT,
                       "a session without a model needs probabilities, a trimap or a key");
    }
    bd_result result = params->coarse ? check_coarse(params, photo, error) : BD_OK;
    if (!result) {
        result = bd_trimap_check(params, photo, error);
    }
    if (!result) {
        result = bd_rule_check(params, error);
    }
    if (!result) {
        result = bd_levels_check(params, error);
    }
    if (!result) {
        result = bd_key_check(params, error);
    }
    if (!result) {
        result = bd_components_check(params, photo, error);
    }
    return result ? result : bd_edges_check(params, error);
}

bd_slot bd_matte_look_add(bd_recipe *recipe, bd_matte_input *input) {
    const bd_looks *looks = input->looks;
    input->second_look = input->second_look && bd_crop_fits(looks, bd_recipe_size(recipe, input->photo));
    bd_slot small = bd_look_resize(recipe, &looks->network, input->photo);
    input->resized = bd_recipe_size(recipe, small);
    input->logits = bd_look_add(recipe, looks, input->photo, small, bd_larger_looks_are_gated(looks, input->params));
    return bd_seen_add(recipe, looks, input->logits, input->resized);
}

void bd_matte_upload(bd_recipe *recipe, const bd_matte_params *params, bd_matte_input *input) {
    if (params->coarse) {
        input->map = bd_recipe_upload(recipe, "probabilities", BD_UPLOAD_PROBABILITIES, BD_SLOT_PLANE,
                                      (bd_size){params->coarse_width, params->coarse_height});
    }
    if (params->trimap) {
        input->trimap = bd_recipe_upload(recipe, "trimap", BD_UPLOAD_BYTES, BD_SLOT_BYTES,
                                         (bd_size){params->trimap->width, params->trimap->height});
    }
}

uint32_t bd_matte_sources(const bd_matte_params *params, bd_source sources[BD_MATTE_MOST_SOURCES]) {
    uint32_t count = 0;
    if (params->coarse) {
        sources[count++] = (bd_source){.probabilities = params->coarse};
    }
    if (params->trimap) {
        sources[count++] = (bd_source){.image = params->trimap};
    }
    return count;
}

/* ---- bodies ------------------------------------------------------------------------------------------------------- */

#define PERSON_BIAS 0.5f
#define SECOND_WEIGHT 0.6f
/* The rule's probabilities are steeper than the softmax, so that its edges are known better than to a cell. */
#define RULE_CELL 0.8f
#define SECOND_CELL 0.7f
#define BEST_CELL 0.5f
enum { SECOND_NODES = 129 };

/* Measured for persons only: a lower threshold helped them, and hurt other classes. */
static float bias_of(const bd_matte_input *in) {
    bd_class_set person = {{0}};
    person.words[in->person / 32] = 1u << in->person % 32;
    bool alone = !memcmp(&person, &in->params->classes, sizeof person);
    return in->params->biased ? in->params->bias : alone ? PERSON_BIAS : 0.0f;
}

/* A second look where that shows the subject larger: log-odds of both on a finer grid. */
static bd_slot add_second_look(bd_recipe *recipe, const bd_matte_input *in, const bd_odds_of *of, const bd_crop *crop,
                               bd_slot odds, bd_size photo) {
    const bd_size finer = bd_rule_grid_of(photo, SECOND_NODES);
    bd_slot picture = bd_crop_add(recipe, in->looks, crop);
    bd_recipe_stamp(recipe, "matte: crop");
    const bd_look_gate gate = {.words = crop->words, .push = crop->push};
    bd_slot logits = bd_look_again_add(recipe, &in->looks->network, picture, &gate);
    return bd_crop_merge_add(recipe, in->looks, crop, of, odds, logits, SECOND_WEIGHT, finer);
}

/* Looks at the whole photo by larger networks, where bodies are thin: all looks then count alike. */
static bd_slot add_larger_looks(bd_recipe *recipe, const bd_matte_input *in, const bd_odds_of *of, const bd_crop *crop,
                                bd_slot odds) {
    const bd_look_gate gate = {.words = crop->words, .push = crop->push, .larger = true, .alone = !in->second_look};
    for (uint32_t i = 0; i < in->looks->size_count; i++) {
        const bd_network *network = &in->looks->sizes[i];
        bd_slot resized = bd_look_resize(recipe, network, in->photo);
        bd_slot logits = bd_look_again_add(recipe, network, resized, &gate);
        odds = bd_larger_merge_add(recipe, network, crop, of, odds, logits, 1.0f / (float)(i + 2), gate.alone);
    }
    return odds;
}

static bd_slot add_bodies(bd_recipe *recipe, const bd_matte_input *in, bd_size photo) {
    const bd_odds_of of = {.classes = in->params->classes, .background = in->background};
    const bool gated = bd_larger_looks_are_gated(in->looks, in->params);
    const uint32_t looks = bd_rule_looks(in->looks);
    const bd_size grid = bd_rule_grid(in->looks, gated ? in->looks->size_count + 1 : looks, photo);
    bd_slot odds = bd_odds_add(recipe, in->looks, in->logits, &of, photo, grid, gated ? 1 : looks);
    if (in->second_look || gated) {
        const bd_crop crop = bd_crop_of(recipe, in->looks, in->photo, bd_rule_add(recipe, odds, true), grid);
        odds = gated ? add_larger_looks(recipe, in, &of, &crop, odds) : odds;
        odds = in->second_look ? add_second_look(recipe, in, &of, &crop, odds, photo) : odds;
    }
    bd_slot words = bd_rule_add(recipe, odds, false);
    bd_slot plane = bd_rule_apply_add(recipe, words, bd_recipe_size(recipe, odds), bias_of(in));
    bd_recipe_stamp(recipe, "matte: bodies");
    return plane;
}

/* ---- grids ------------------------------------------------------------------------------------------------------- */

typedef struct matte {
    const bd_matte_input *in;
    bd_recipe *recipe;
    bd_coarse coarse;
    bd_size photo;
    float cell_px;      /* spacing of what is known about the mask */
    float start_level;  /* stretched from the probabilities before the first filter */
    bd_guide guides[3]; /* the coarser first; the closed form's */
    bd_slot colours[3];
    bd_slot noise; /* of the photo, which is taken out of what guides */
    bd_slot found;
    bool by_rule;
    bd_slot band; /* what is certain of the network's answer; BD_NO_SLOT: nothing */
} matte;

static matte plan_matte(bd_recipe *recipe, const bd_matte_input *in) {
    const bd_matte_params *params = in->params;
    matte m = {.in = in, .recipe = recipe, .photo = bd_recipe_size(recipe, in->photo)};
    bd_size resized = in->resized;
    uint32_t longest = BD_MAX(m.photo.w, m.photo.h);
    if (params->coarse) {
        uint32_t side = BD_MAX((uint32_t)USUAL_SIDE, BD_MAX(params->coarse_width, params->coarse_height));
        bd_fit_resized(m.photo.w, m.photo.h, side, &resized.w, &resized.h);
        if (params->coarse_width == m.photo.w && params->coarse_height == m.photo.h) {
            resized = m.photo; /* a finished matte stays as it is */
        }
        bd_coarse_cell(params, m.photo, &m.cell_px, &m.start_level);
    } else if (params->trimap) {
        bd_fit_resized(m.photo.w, m.photo.h, USUAL_SIDE, &resized.w, &resized.h);
        m.cell_px = (float)longest / (float)TRIMAP_CELLS;
    } else {
        m.cell_px = bd_coarse_network_cell(&in->looks->network, m.photo, resized);
        m.start_level = params->rule == BD_RULE_OFF ? 0.0f : BD_COARSE_LEVEL;
    }
    m.by_rule = bd_matte_needs_network(params) && params->rule == BD_RULE_ON;
    m.coarse = (bd_coarse){.map = m.by_rule ? add_bodies(recipe, in, m.photo) : in->map,
                           .logits = in->logits,
                           .looks = in->looks,
                           .classes = params->classes,
                           .photo = m.photo,
                           .resized = resized};
    if (m.by_rule) {
        m.found = bd_components_add(recipe, params, m.photo, m.coarse.map, 0);
    }
    uint32_t finest = (longest + MOST_NODES - 1) / MOST_NODES;
    uint32_t block = BD_MAX(BD_MAX((uint32_t)(m.cell_px / NODES_PER_CELL + 0.5f), finest), 1u);
    m.guides[0] = bd_guide_of(m.photo, block * 2);
    m.guides[1] = bd_guide_of(m.photo, block);
    m.guides[2] = bd_guide_of(m.photo, finest);
    /* Guides are no finer for it: what is filtered would grow by the square. */
    if (m.by_rule) {
        m.cell_px *= params->mode == BD_MATTE_BEST ? BEST_CELL : in->second_look ? SECOND_CELL : RULE_CELL;
    }
    return m;
}

static uint32_t radius_on(const matte *m, float cells, int guide) {
    float nodes = cells * m->cell_px / (float)m->guides[guide].block;
    uint32_t least = guide == 1 ? 2 : 1;
    return BD_MIN(BD_MAX((uint32_t)(nodes + 0.5f), least), 64u);
}

/* ---- the ways to a matte ----------------------------------------------------------------------------------------- */

/* Where they have not been dropped on the network's own grid. */
static void drop_parts(matte *m, bd_slot plane, uint32_t block) {
    if (m->by_rule) {
        return;
    }
    bd_slot found = bd_components_add(m->recipe, m->in->params, m->photo, plane, block);
    m->found = found ? found : m->found;
}

/* Probabilities on a grid, without the parts that go and with what the trimap knows: there it is 0 or 1, and only
 * there. */
static bd_slot add_plane(matte *m, int guide, const bd_closed_form *prior) {
    const bd_guide *on = &m->guides[guide];
    bool alone = bd_trimap_alone(m->in->params);
    bd_slot plane;
    if (alone) {
        plane = bd_plane_zero_add(m->recipe, "coarse mask", on->size);
    } else {
        plane = bd_coarse_add(m->recipe, &m->coarse, on->size, (float)on->block, (float)on->block, false);
        drop_parts(m, plane, on->block);
    }
    if (m->in->trimap) {
        bd_trimap_pin_add(m->recipe, m->in->trimap, plane, on->block, alone ? 0.5f : TRIMAP_LOW);
    }
    if (alone && prior) {
        bd_closed_prior_add(m->recipe, m->colours[guide], plane, prior);
    }
    return plane;
}

/* The tutorial's ways: argmax or probability at the size that the network saw, enlarged. */
static bd_slot add_plain(matte *m, bool hard) {
    const bd_size resized = m->coarse.resized;
    float block_x = (float)m->photo.w / (float)resized.w, block_y = (float)m->photo.h / (float)resized.h;
    bd_slot plane = bd_coarse_add(m->recipe, &m->coarse, resized, block_x, block_y, hard);
    drop_parts(m, plane, 0);
    const bd_axes at = {1.0f / block_x, 0.5f / block_x - 0.5f, 1.0f / block_y, 0.5f / block_y - 0.5f};
    bd_slot mask = bd_plane_sample_add(m->recipe, "matte", plane, m->photo, at, hard);
    bd_recipe_stamp(m->recipe, "matte");
    return mask;
}

static bd_slot add_filter(matte *m, const filter *with, bd_slot values, bd_slot doubt) {
    const bd_guided_filter by = {.on = m->guides[with->guide],
                                 .doubt = doubt,
                                 .doubt_on = m->guides[0],
                                 .radius = radius_on(m, with->radius, with->guide),
                                 .eps = with->eps,
                                 .level = with->level};
    return bd_guided_filter_add(m->recipe, values, &by);
}

static bd_slot add_join(matte *m, bd_slot lines, int from, int to) {
    return bd_guided_join_add(m->recipe, lines, &m->guides[from], m->colours[to], &m->guides[to]);
}

/* Nodes of a guide on the nodes of the band, whose corners lie on the middles of the photo's corner pixels. */
static bd_axes on_band(const matte *m, int guide) {
    const bd_size nodes = bd_recipe_size(m->recipe, m->band);
    float block = (float)m->guides[guide].block;
    float x = (float)(nodes.w - 1) / (float)BD_MAX(m->photo.w - 1, 1u);
    float y = (float)(nodes.h - 1) / (float)BD_MAX(m->photo.h - 1, 1u);
    return (bd_axes){block * x, (0.5f * block - 0.5f) * x, block * y, (0.5f * block - 0.5f) * y};
}

/* What lies so far inside is solid. The closed form is asked in a band along the edge only: everywhere else it closes
 * what is open, and opens what is solid. */
static void find_band(matte *m) {
    const bd_size nodes = bd_recipe_size(m->recipe, m->coarse.map);
    float pitch_px = (float)BD_MAX(m->photo.w, m->photo.h) / (float)BD_MAX(BD_MAX(nodes.w, nodes.h) - 1, 1u);
    float usual_px = (float)BD_MAX(m->photo.w, m->photo.h) / (float)USUAL_SIDE;
    bool best = m->in->params->mode == BD_MATTE_BEST;
    m->band = best ? bd_band_add(m->recipe, m->coarse.map, BAND_INNER * m->cell_px / pitch_px,
                                 BAND_OUTER * m->cell_px / pitch_px)
                   : bd_band_add(m->recipe, m->coarse.map, SOLID_PX * usual_px / pitch_px, -1.0f);
}

/* Means of blocks have the less noise the larger the blocks. The coarsest guide says where things are, not what they
 * look like: mattes gain from a blur of it whatever the noise. Only a trimap alone, whose unknown part the filter spreads
 * into from far, loses by any of it. */
static bd_slot add_colours(matte *m, int guide) {
    bd_slot colours = bd_guided_reduce_add(m->recipe, m->in->photo, &m->guides[guide]);
    float share = guide ? 1.0f / (float)m->guides[guide].block : 1.0f;
    bd_noise_blur_add(m->recipe, m->noise, colours, share, guide ? 1.0f : COARSE_GAIN,
                      guide ? 0.0f : COARSE_BLUR * m->cell_px / (float)m->guides[0].block);
    return colours;
}

/* The lines of a grid become those of the closed-form solution on the third. */
static bd_slot add_best(matte *m, bd_slot lines, int from, bd_slot doubt, const bd_closed_form *closed) {
    m->colours[2] = add_colours(m, 2);
    bd_slot values = add_join(m, lines, from, 2);
    bd_slot plane = add_plane(m, 2, NULL);
    if (m->by_rule) {
        bd_band_plane_add(m->recipe, m->band, plane, on_band(m, 2), TRIMAP_LOW);
    }
    bd_slot solution = bd_closed_form_add(m->recipe, values, plane, closed);
    bd_slot solved = add_filter(m, &last_filter, solution, doubt);
    bd_recipe_stamp(m->recipe, "matte: closed form");
    return solved;
}

static bd_slot add_refined(matte *m) {
    const bd_matte_params *params = m->in->params;
    const bd_closed_form closed = {.trimap = params->trimap != NULL || m->by_rule,
                                   .alone = bd_trimap_alone(params),
                                   .steps = m->in->closed_form_steps,
                                   .share = m->by_rule && !params->trimap ? BAND_SHARE : 0.0f};
    bool off = params->guide_blur == BD_GUIDE_BLUR_OFF;
    if (!bd_trimap_alone(params)) {
        m->noise =
            off ? bd_plane_zero_add(m->recipe, "no noise", (bd_size){1, 1}) : bd_noise_add(m->recipe, m->in->photo);
    }
    for (int g = 0; g < 2; g++) {
        m->colours[g] = add_colours(m, g);
    }
    bd_recipe_stamp(m->recipe, "matte: reduce");
    if (m->by_rule) {
        find_band(m);
    }
    bd_slot plane = add_plane(m, 0, &closed);
    const bd_guided_start start =
        bd_guided_start_add(m->recipe, m->colours[0], plane, radius_on(m, DOUBT_RADIUS, 0), m->start_level);
    bd_slot values = start.values, lines = BD_NO_SLOT;
    int guide = 0;
    for (uint32_t i = 0; i < BD_COUNT(filters); i++) {
        values = i ? add_join(m, lines, guide, filters[i].guide) : values;
        lines = add_filter(m, &filters[i], values, start.doubt);
        guide = filters[i].guide;
    }
    bd_recipe_stamp(m->recipe, "matte: filter");
    if (params->mode == BD_MATTE_BEST) {
        lines = add_best(m, lines, guide, start.doubt, &closed);
        guide = 2;
    }
    if (m->band) {
        bd_band_lines_add(m->recipe, m->band, lines, on_band(m, guide));
    }
    bd_slot mask = bd_guided_apply_add(m->recipe, lines, &m->guides[guide], m->in->photo, off ? BD_NO_SLOT : m->noise);
    if (m->in->trimap) {
        bd_trimap_pin_add(m->recipe, m->in->trimap, mask, 1, 0.0f);
    }
    bd_recipe_stamp(m->recipe, "matte: apply");
    return mask;
}

/* By the backdrop's colour. What comes after works in place: the key's own plane is kept. */
static bd_matte add_keyed(bd_recipe *recipe, const bd_matte_input *input) {
    const bd_matte_params *params = input->params;
    const bd_size photo = bd_recipe_size(recipe, input->photo);
    bd_matte made = {.keyed = bd_key_add(recipe, params, input->photo)};
    bd_slot plane = bd_plane_copy_add(recipe, "keyed", made.keyed.plane);
    if (params->key_with_network) {
        matte m = plan_matte(recipe, input);
        bd_slot coarse = add_plane(&m, 0, NULL);
        bd_key_gate_add(recipe, coarse, m.guides[0].block, radius_on(&m, KEY_REACH, 0), plane);
        made.found = m.found;
        made.coarse = m.by_rule ? m.coarse.map : BD_NO_SLOT;
    } else {
        bd_matte_params parts = *params;
        parts.island_share = parts.island_share > 0.0f ? parts.island_share : -1.0f;
        made.found = bd_components_add(recipe, &parts, photo, plane, 1);
    }
    bd_levels_add(recipe, params, plane);
    made.plane = bd_edges_add(recipe, params, plane);
    made.found = made.found ? made.found : bd_components_look_add(recipe, made.plane);
    return made;
}

bd_matte bd_matte_add(bd_recipe *recipe, const bd_matte_input *input) {
    if (input->params->key) {
        return add_keyed(recipe, input);
    }
    matte m = plan_matte(recipe, input);
    bd_matte_mode mode = input->params->mode;
    bool plain = mode == BD_MATTE_HARD || mode == BD_MATTE_SOFT;
    bd_slot mask = plain ? add_plain(&m, mode == BD_MATTE_HARD) : add_refined(&m);
    bd_levels_add(recipe, input->params, mask);
    mask = bd_edges_add(recipe, input->params, mask);
    m.found = m.found ? m.found : bd_components_look_add(recipe, mask);
    return (bd_matte){.plane = mask, .coarse = m.by_rule ? m.coarse.map : BD_NO_SLOT, .found = m.found};
}
