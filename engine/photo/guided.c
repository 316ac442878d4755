/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "photo/matte_plan.h"
#include "photo/recorder.h"
#include "api/session.h"
#include "photo/components.h"

/* ---- plan -------------------------------------------------------------------------------------------------------- */

/* Found by trial on alphamatting.com's photos and on portraits over known backgrounds: three guided filters of falling
 * radius, each followed by levels. Where the coarse mask is in doubt over more than an edge's width, levels would turn
 * a guess into a decision: there they fade out. */
typedef struct pass {
    float radius; /* in cells */
    float eps, level;
    int grid;
} pass;
static const pass passes[] = {{2.0f, 1e-5f, 0.2f, 0}, {0.8f, 1e-5f, 0.1f, 1}, {0.45f, 1e-5f, 0.06f, 1}};
#define DOUBT_RADIUS 2.0f
#define DOUBT_KNEE 0.3f
#define DOUBT_SLOPE 3.0f
#define RAMP_CELLS 1.3f
#define COARSE_LEVEL 0.2f
#define TRIMAP_LOW (1.0f / 1024.0f) /* what is not known is told from what is */
enum { TRIMAP_CELLS = 64, NODES_PER_CELL = 8, MAX_LEVEL_NODES = 1 << 20 };

bool bd_matte_needs_network(const bd_matte_params *params) {
    return !params || (!params->coarse && !params->trimap);
}

static bd_result check_params(bd_session *session, bd_matte_size photo, bd_matte_params *own, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 14 };
    if ((unsigned)own->mode > BD_MATTE_BEST) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no such kind of matte: %d", (int)own->mode);
    }
    if (own->coarse && (!own->coarse_width || !own->coarse_height || own->coarse_width > LONGEST_SIDE ||
                        own->coarse_height > LONGEST_SIDE)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "probabilities of %ux%u: a side has 1 to %d", own->coarse_width,
                       own->coarse_height, (int)LONGEST_SIDE);
    }
    if (bd_matte_needs_network(own) && !session->has_network) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a session without a model needs probabilities or a trimap");
    }
    uint32_t any = 0;
    for (uint32_t i = 0; i < BD_COUNT(own->classes.words); i++) {
        any |= own->classes.words[i];
    }
    if (!any) {
        own->classes.words[session->person / 32] = 1u << session->person % 32;
    }
    bd_result result = bd_trimap_check(own, photo, error);
    return result ? result : bd_shape_check(own, photo, error);
}

/* The width of the map's ramps from 0 to 1, in its own pixels: a straight ramp of width T adds up to 1 under its slope
 * and to 1 / T under the slope's square. Sharp edges weigh more than the soft ones of hair. */
static float ramp_width(const bd_matte_params *p) {
    double slopes = 0.0, squares = 0.0;
    for (uint32_t y = 0; y + 1 < p->coarse_height; y++) {
        const float *row = p->coarse + (size_t)y * p->coarse_width;
        for (uint32_t x = 0; x + 1 < p->coarse_width; x++) {
            double right = (double)row[x + 1] - (double)row[x];
            double below = (double)row[x + p->coarse_width] - (double)row[x];
            double square = right * right + below * below;
            slopes += sqrt(square);
            squares += square;
        }
    }
    return squares > 0.0 && slopes <= 2.0 * p->coarse_width * p->coarse_height ? (float)(slopes / squares) : 1.0f;
}

/* How far apart the nodes of the probabilities are, in photo pixels. A map finer than any network's may be an enlarged
 * coarse one: then the width of its ramps tells. Interpolated between nodes probabilities ramp over two cells, logits
 * over one: the levels before the first pass make them alike. */
static void plan_coarse(const bd_matte_params *p, bd_matte_plan *plan) {
    float pitch = fmaxf((float)plan->photo.w / (float)BD_MAX(p->coarse_width - 1, 1u),
                        (float)plan->photo.h / (float)BD_MAX(p->coarse_height - 1, 1u));
    float longest = (float)BD_MAX(plan->photo.w, plan->photo.h), width = ramp_width(p) * pitch;
    bool enlarged = pitch < longest / 200.0f;
    plan->cell_px = enlarged ? fminf(fmaxf(RAMP_CELLS * width, pitch), longest / 32.0f) : pitch;
    plan->start_level = enlarged ? 0.0f : COARSE_LEVEL;
}

static float network_cell(const bd_session *session, bd_matte_size photo, bd_matte_size resized) {
    const int32_t *input = session->network.preprocess.shape.dims;
    const int32_t *logits = session->network.logits_shape.dims;
    float step = (float)(input[2] - 1) / (float)BD_MAX(logits[2] - 1, 1);
    return step * (float)BD_MAX(photo.w, photo.h) / (float)BD_MAX(resized.w, resized.h);
}

static bd_result copy_coarse(const bd_session *session, bd_matte_plan *plan, bd_error *error) {
    const bd_matte_params *p = &plan->params;
    size_t pitch = (size_t)(p->coarse_width + 3) / 4 * 4;
    plan->coarse = bd_alloc_array(session->allocator, pitch * p->coarse_height, sizeof *plan->coarse);
    if (!plan->coarse) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    for (size_t y = 0; y < p->coarse_height; y++) {
        for (size_t x = 0; x < pitch; x++) {
            float v = x < p->coarse_width ? p->coarse[y * p->coarse_width + x] : 0.0f;
            plan->coarse[y * pitch + x] = v > 0.0f ? fminf(v, 1.0f) : 0.0f; /* what is no number becomes 0 */
        }
    }
    return BD_OK;
}

static bd_matte_size halved(bd_matte_size size, uint32_t shift) {
    return (bd_matte_size){(size.w + (1u << shift) - 1) >> shift, (size.h + (1u << shift) - 1) >> shift};
}

static void plan_levels(bd_matte_plan *plan) {
    VkDeviceSize offset = 0;
    for (uint32_t shift = 0; plan->level_count < BD_MATTE_MAX_LEVELS; shift++) {
        bd_matte_size size = halved(plan->photo, shift);
        if ((uint64_t)size.w * size.h > MAX_LEVEL_NODES) {
            plan->first_level = shift + 1;
            continue;
        }
        plan->levels[plan->level_count] = size;
        plan->level_offsets[plan->level_count++] = offset;
        offset += ((VkDeviceSize)size.w * size.h * 16 + BD_PLAN_ALIGN - 1) / BD_PLAN_ALIGN * BD_PLAN_ALIGN;
        if (plan->foreground == BD_FOREGROUND_BLUR || (size.w == 1 && size.h == 1)) {
            break;
        }
    }
}

bd_result bd_matte_plan_init(bd_session *session, const bd_matte_params *params, bd_matte_size photo,
                             bd_matte_size resized, bd_foreground foreground, bd_matte_plan *plan, bd_error *error) {
    *plan = (bd_matte_plan){.photo = photo, .resized = resized, .foreground = foreground};
    bd_copy_params(&plan->params, params, sizeof plan->params);
    bd_matte_params *own = &plan->params;
    bd_result result = check_params(session, photo, own, error);
    if (result) {
        return result;
    }
    if (own->coarse) {
        bd_fit_resized(photo.w, photo.h, BD_MAX(513u, BD_MAX(own->coarse_width, own->coarse_height)), &plan->resized.w,
                       &plan->resized.h);
        if (own->coarse_width == photo.w && own->coarse_height == photo.h) {
            plan->resized = photo; /* a finished matte stays as it is */
        }
        plan_coarse(own, plan);
        result = copy_coarse(session, plan, error);
    } else if (own->trimap) {
        bd_fit_resized(photo.w, photo.h, 513, &plan->resized.w, &plan->resized.h);
        plan->cell_px = (float)BD_MAX(photo.w, photo.h) / (float)TRIMAP_CELLS;
    } else {
        plan->cell_px = network_cell(session, photo, resized);
    }
    if (!result && own->trimap) {
        result = bd_trimap_copy(session, plan, error);
    }
    plan->steps = bd_closed_form_steps(session, own);
    uint32_t longest = BD_MAX(photo.w, photo.h);
    uint32_t block = (uint32_t)(plan->cell_px / NODES_PER_CELL + 0.5f);
    block = BD_MAX(BD_MAX(block, (longest + BD_MATTE_GRID - 1) / BD_MATTE_GRID), 1u);
    uint32_t finest = (longest + BD_MATTE_GRID - 1) / BD_MATTE_GRID;
    for (int g = 0; g < 3; g++) {
        uint32_t b = g == 2 ? finest : g ? block : block * 2;
        plan->blocks[g] = b;
        plan->grids[g] = (bd_matte_size){(photo.w + b - 1) / b, (photo.h + b - 1) / b};
    }
    if (foreground != BD_FOREGROUND_OFF) {
        plan_levels(plan);
    }
    return result;
}

void bd_matte_plan_finish(bd_session *session, bd_matte_plan *plan) {
    bd_free(session->allocator, plan->coarse);
    bd_free(session->allocator, plan->trimap);
    plan->coarse = NULL;
    plan->trimap = NULL;
}

static VkDeviceSize grid_bytes(bd_matte_size size) {
    return (VkDeviceSize)size.w * size.h * 16;
}

/* A plane is a picture of as many words in one row. */
static uint32_t coarse_words(const bd_matte_plan *plan) {
    const bd_matte_params *p = &plan->params;
    return plan->coarse ? (uint32_t)(bd_plane_bytes((bd_matte_size){p->coarse_width, p->coarse_height}) / 4) : 0;
}

void bd_matte_add_pictures(bd_session *session, const bd_matte_plan *plan) {
    if (plan->coarse) {
        bd_frame_add_picture(session, &session->matte[BD_MATTE_COARSE], coarse_words(plan), 1, false);
    }
    if (plan->trimap) {
        bd_frame_add_picture(session, &session->matte[BD_MATTE_TRIMAP], (plan->photo.w + 3) / 4, plan->photo.h, false);
    }
}

void bd_matte_pictures(const bd_matte_plan *plan, bd_image pictures[BD_MATTE_PICTURES]) {
    uint32_t words = coarse_words(plan), count = 0, rows = plan->photo.h, columns = (plan->photo.w + 3) / 4;
    if (plan->coarse) {
        pictures[count++] = (bd_image){
            .width = words, .height = 1, .stride_bytes = (size_t)words * 4, .pixels = (uint8_t *)(void *)plan->coarse};
    }
    if (plan->trimap) {
        pictures[count] =
            (bd_image){.width = columns, .height = rows, .stride_bytes = (size_t)columns * 4, .pixels = plan->trimap};
    }
}

bd_result bd_matte_reserve(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    const bd_matte_params *p = &plan->params;
    bool filtered = p->mode == BD_MATTE_REFINE || p->mode == BD_MATTE_BEST;
    VkDeviceSize grid1 = filtered ? grid_bytes(plan->grids[0]) : 0, grid2 = filtered ? grid_bytes(plan->grids[1]) : 0;
    bd_matte_size plane = filtered ? plan->grids[0] : plan->resized;
    bool best = p->mode == BD_MATTE_BEST;
    VkDeviceSize grid3 = best ? grid_bytes(plan->grids[2]) : 0;
    VkDeviceSize largest = BD_MAX(grid2, grid3), states = best ? bd_closed_form_bytes(plan, BD_MATTE_SUMS) : 0;
    if (best) {
        plane = plan->grids[2];
    }
    VkDeviceSize finest = plan->level_count ? grid_bytes(plan->levels[0]) : 0;
    uint32_t last = plan->level_count ? plan->level_count - 1 : 0;
    const struct {
        bd_matte_buffer buffer;
        VkDeviceSize bytes;
    } wanted[] = {
        {BD_MATTE_COARSE, plan->coarse ? bd_plane_bytes((bd_matte_size){p->coarse_width, p->coarse_height}) : 0},
        {BD_MATTE_TRIMAP, plan->trimap ? bd_trimap_bytes(plan->photo) : 0},
        {BD_MATTE_PLANE, bd_plane_bytes(plane)},
        {BD_MATTE_GRID1, grid1},
        {BD_MATTE_GRID2, grid2},
        {BD_MATTE_VALUES, largest},
        {BD_MATTE_SUMS, BD_MAX(4 * largest, states)},
        {BD_MATTE_LINES, largest},
        {BD_MATTE_SCRATCH, largest},
        {BD_MATTE_GRID3, grid3},
        {BD_MATTE_PRODUCTS, best ? bd_closed_form_bytes(plan, BD_MATTE_PRODUCTS) : 0},
        {BD_MATTE_TILES, best || plan->trimap ? bd_closed_form_bytes(plan, BD_MATTE_TILES) : 0},
        {BD_MATTE_DOUBT, grid1},
        {BD_MATTE_LEVELS, plan->level_count ? plan->level_offsets[last] + grid_bytes(plan->levels[last]) : 0},
        {BD_MATTE_PAIRS_A, 2 * finest},
        {BD_MATTE_PAIRS_B, 2 * finest},
        {BD_MATTE_FOREGROUND, plan->level_count ? bd_pixels_bytes(session, plan->photo.w, plan->photo.h) : 0},
    };
    bd_result result = bd_frame_reserve(session, &session->mask, bd_plane_bytes(plan->photo), error);
    for (uint32_t i = 0; i < BD_COUNT(wanted) && !result; i++) {
        if (wanted[i].bytes) {
            result = bd_frame_reserve(session, &session->matte[wanted[i].buffer], wanted[i].bytes, error);
        }
    }
    return result ? result : bd_shape_reserve(session, plan, plane, error);
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

typedef struct axes {
    float scale_x, bias_x, scale_y, bias_y;
} axes;

/* Pixel or node i of a row of blocks `from` pixels wide, seen on nodes `to` pixels wide. */
static axes between_grids(uint32_t from, uint32_t to) {
    float scale = (float)from / (float)to, bias = 0.5f * scale - 0.5f;
    return (axes){scale, bias, scale, bias};
}

/* Nodes of blocks of `block` photo pixels, seen on a map whose corners' middles are the photo's. */
static axes on_coarse(const bd_matte_plan *plan, bd_matte_size size, float block_x, float block_y) {
    const bd_matte_params *p = &plan->params;
    float kx = size.w > 1 ? (float)(p->coarse_width - 1) / (float)(plan->photo.w - 1) : 0.0f;
    float ky = size.h > 1 ? (float)(p->coarse_height - 1) / (float)(plan->photo.h - 1) : 0.0f;
    return (axes){block_x * kx, (0.5f * block_x - 0.5f) * kx, block_y * ky, (0.5f * block_y - 0.5f) * ky};
}

static bd_result sample(bd_session *session, const bd_vk_buffer *src, bd_matte_size src_size, const bd_vk_buffer *dst,
                        bd_matte_size size, axes at, bool nearest, bool threshold, bd_error *error) {
    uint32_t band = bd_band(session, size.w, size.h, 1);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < size.h && !result; y += band) {
        bd_matte_size part = {size.w, BD_MIN(band, size.h - y)};
        const bd_push_plane push = {.src_w = (int32_t)src_size.w,
                                    .src_h = (int32_t)src_size.h,
                                    .dst_w = (int32_t)part.w,
                                    .dst_h = (int32_t)part.h,
                                    .first = (int32_t)y,
                                    .scale_x = at.scale_x,
                                    .bias_x = at.bias_x,
                                    .scale_y = at.scale_y,
                                    .bias_y = at.bias_y};
        bd_vk_dispatch dispatch;
        bd_kernel_plane(session->vk, BD_KERNEL_PLANE_SAMPLE, &push, nearest, threshold, &dispatch);
        bd_bind(&dispatch, 0, src, 0, bd_plane_bytes(src_size));
        bd_bind(&dispatch, 4, dst, bd_plane_bytes((bd_matte_size){size.w, y}), bd_plane_bytes(part));
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

/* Probabilities on a grid of blocks of the photo (or at the network's size: fractional blocks), from the network's
 * logits or from the caller's map. */
static bd_result record_plane(bd_session *session, const bd_matte_plan *plan, bd_matte_size size, float block_x,
                              float block_y, bool hard, bd_error *error) {
    const bd_matte_params *p = &plan->params;
    if (plan->coarse) {
        const bd_matte_size coarse = {p->coarse_width, p->coarse_height};
        return sample(session, bd_held(session, BD_MATTE_COARSE), coarse, bd_held(session, BD_MATTE_PLANE), size,
                      on_coarse(plan, plan->photo, block_x, block_y), false, hard, error);
    }
    bd_axis_map x = bd_session_axis_map(session, 2, plan->resized.w, (double)plan->photo.w / block_x);
    bd_axis_map y = bd_session_axis_map(session, 1, plan->resized.h, (double)plan->photo.h / block_y);
    bd_vk_dispatch dispatch;
    bd_kernel_mask(session->vk, &session->network.logits_shape, &p->classes, hard, size.w, size.h, x, y, &dispatch);
    dispatch.bindings[0] = bd_session_logits(session);
    bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_PLANE), 0, bd_plane_bytes(size));
    return bd_run(session, &dispatch, error);
}

/* The same on a grid, without the parts that go and with what the trimap knows: there it is 0 or 1, and only there. */
static bd_result record_grid_plane(bd_session *session, const bd_matte_plan *plan, int grid, bool prior,
                                   bd_error *error) {
    bool open = bd_trimap_alone(&plan->params);
    float block = (float)plan->blocks[grid], low = open ? 0.5f : TRIMAP_LOW;
    bd_vk_buffer *plane = bd_held(session, BD_MATTE_PLANE);
    bd_result result = BD_OK;
    if (open) {
        bd_vk_commands_fill(&session->after, plane, bd_plane_bytes(plan->grids[grid]), 0);
        bd_vk_commands_barrier(&session->after);
    } else {
        result = record_plane(session, plan, plan->grids[grid], block, block, false, error);
        result =
            result ? result : bd_shape_record_parts(session, plan, plane, plan->grids[grid], plan->blocks[grid], error);
    }
    if (!result) {
        result = bd_trimap_record_pin(session, plan, plane, plan->grids[grid], plan->blocks[grid], low, error);
    }
    return !result && open && prior ? bd_closed_form_record_prior(session, plan, error) : result;
}

/* The tutorial's ways: argmax or probability at the size that the network saw, enlarged. */
static bd_result record_plain(bd_session *session, const bd_matte_plan *plan, bool hard, bd_error *error) {
    float block_x = (float)plan->photo.w / (float)plan->resized.w;
    float block_y = (float)plan->photo.h / (float)plan->resized.h;
    bd_result result = record_plane(session, plan, plan->resized, block_x, block_y, hard, error);
    result = result ? result
                    : bd_shape_record_parts(session, plan, bd_held(session, BD_MATTE_PLANE), plan->resized, 0, error);
    if (result) {
        return result;
    }
    axes at = {1.0f / block_x, 0.5f / block_x - 0.5f, 1.0f / block_y, 0.5f / block_y - 0.5f};
    return sample(session, bd_held(session, BD_MATTE_PLANE), plan->resized, &session->mask, plan->photo, at, hard,
                  false, error);
}

static bd_result record_guided(bd_session *session, bd_kernel kernel, const bd_push_guided *push, bool flag,
                               bd_matte_buffer src, VkDeviceSize src_bytes, bd_matte_buffer second,
                               VkDeviceSize second_bytes, bd_matte_buffer dst, VkDeviceSize dst_bytes,
                               bd_error *error) {
    bd_vk_dispatch dispatch;
    bd_kernel_guided(session->vk, kernel, push, flag, &dispatch);
    bd_bind(&dispatch, 0, bd_held(session, src), 0, src_bytes);
    if (second_bytes) {
        bd_bind(&dispatch, 1, bd_held(session, second), 0, second_bytes);
    }
    bd_bind(&dispatch, 4, bd_held(session, dst), 0, dst_bytes);
    return bd_run(session, &dispatch, error);
}

static const bd_matte_buffer grid_buffers[] = {BD_MATTE_GRID1, BD_MATTE_GRID2, BD_MATTE_GRID3};

static bd_result record_reduce(bd_session *session, const bd_matte_plan *plan, int grid, bd_error *error) {
    uint32_t block = plan->blocks[grid], w = plan->photo.w;
    uint32_t band = bd_band(session, w, plan->photo.h, block);
    bd_matte_size size = plan->grids[grid];
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        uint32_t rows = BD_MIN(band, plan->photo.h - y);
        const bd_push_guided push = {.src_w = (int32_t)w,
                                     .src_h = (int32_t)rows,
                                     .dst_w = (int32_t)size.w,
                                     .dst_h = (int32_t)((rows + block - 1) / block),
                                     .block = (int32_t)block,
                                     .first = (int32_t)(y / block)};
        bd_vk_dispatch dispatch;
        bd_kernel_guided(session->vk, BD_KERNEL_GUIDED_REDUCE, &push, false, &dispatch);
        bd_bind(&dispatch, 0, &session->photo, (VkDeviceSize)y * w * 4, (VkDeviceSize)rows * w * 4);
        bd_bind(&dispatch, 4, bd_held(session, grid_buffers[grid]), 0, grid_bytes(size));
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

static uint32_t radius_on(const bd_matte_plan *plan, float cells, int grid) {
    float nodes = cells * plan->cell_px / (float)plan->blocks[grid];
    uint32_t least = grid == 1 ? 2 : 1;
    return BD_MIN(BD_MAX((uint32_t)(nodes + 0.5f), least), 64u);
}

/* Values on a grid -> BD_MATTE_LINES: the filter's lines, levels folded in. */
static bd_result record_lines(bd_session *session, const bd_matte_plan *plan, const pass *with, bd_matte_buffer values,
                              bd_error *error) {
    bd_matte_size size = plan->grids[with->grid], doubt = plan->grids[0];
    axes at = between_grids(plan->blocks[with->grid], plan->blocks[0]);
    VkDeviceSize bytes = grid_bytes(size);
    const bd_push_guided push = {.src_w = (int32_t)doubt.w,
                                 .src_h = (int32_t)doubt.h,
                                 .dst_w = (int32_t)size.w,
                                 .dst_h = (int32_t)size.h,
                                 .radius = (int32_t)radius_on(plan, with->radius, with->grid),
                                 .eps = with->eps,
                                 .scale_x = at.scale_x,
                                 .bias_x = at.bias_x,
                                 .scale_y = at.scale_y,
                                 .bias_y = at.bias_y,
                                 .level = with->level,
                                 .knee = DOUBT_KNEE,
                                 .slope = DOUBT_SLOPE};
    bd_result result = record_guided(session, BD_KERNEL_GUIDED_ROWS, &push, false, values, bytes, 0, 0, BD_MATTE_SUMS,
                                     4 * bytes, error);
    if (!result) {
        result = record_guided(session, BD_KERNEL_GUIDED_SOLVE, &push, false, BD_MATTE_SUMS, 4 * bytes, 0, 0,
                               BD_MATTE_LINES, bytes, error);
    }
    if (!result) {
        result = record_guided(session, BD_KERNEL_BOX_ROWS, &push, false, BD_MATTE_LINES, bytes, 0, 0, BD_MATTE_SCRATCH,
                               bytes, error);
    }
    if (!result) {
        result = record_guided(session, BD_KERNEL_BOX_COLUMNS, &push, true, BD_MATTE_SCRATCH, bytes, BD_MATTE_DOUBT,
                               grid_bytes(doubt), BD_MATTE_LINES, bytes, error);
    }
    return result;
}

/* Probabilities on the first grid, and how doubtful they are around each node. */
static bd_result record_start(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    bd_matte_size size = plan->grids[0];
    VkDeviceSize bytes = grid_bytes(size);
    bd_result result = record_grid_plane(session, plan, 0, true, error);
    const bd_push_guided push = {.dst_w = (int32_t)size.w,
                                 .dst_h = (int32_t)size.h,
                                 .radius = (int32_t)radius_on(plan, DOUBT_RADIUS, 0),
                                 .level = plan->start_level};
    if (!result) {
        result = record_guided(session, BD_KERNEL_GUIDED_START, &push, false, BD_MATTE_GRID1, bytes, BD_MATTE_PLANE,
                               bd_plane_bytes(size), BD_MATTE_VALUES, bytes, error);
    }
    if (!result) {
        result = record_guided(session, BD_KERNEL_BOX_ROWS, &push, true, BD_MATTE_VALUES, bytes, 0, 0, BD_MATTE_SCRATCH,
                               bytes, error);
    }
    if (!result) {
        result = record_guided(session, BD_KERNEL_BOX_COLUMNS, &push, false, BD_MATTE_SCRATCH, bytes, BD_MATTE_VALUES,
                               bytes, BD_MATTE_DOUBT, bytes, error);
    }
    return result;
}

/* The lines of one grid give the values of the next pass's. */
static bd_result record_join(bd_session *session, const bd_matte_plan *plan, int from, int to, bd_error *error) {
    axes at = between_grids(plan->blocks[to], plan->blocks[from]);
    const bd_push_guided push = {.src_w = (int32_t)plan->grids[from].w,
                                 .src_h = (int32_t)plan->grids[from].h,
                                 .dst_w = (int32_t)plan->grids[to].w,
                                 .dst_h = (int32_t)plan->grids[to].h,
                                 .scale_x = at.scale_x,
                                 .bias_x = at.bias_x,
                                 .scale_y = at.scale_y,
                                 .bias_y = at.bias_y};
    VkDeviceSize bytes = grid_bytes(plan->grids[to]);
    return record_guided(session, BD_KERNEL_GUIDED_JOIN, &push, false, BD_MATTE_LINES, grid_bytes(plan->grids[from]),
                         grid_buffers[to], bytes, BD_MATTE_VALUES, bytes, error);
}

static bd_result record_apply(bd_session *session, const bd_matte_plan *plan, int grid, bd_error *error) {
    uint32_t w = plan->photo.w, band = bd_band(session, w, plan->photo.h, 1);
    axes at = between_grids(1, plan->blocks[grid]);
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        bd_matte_size part = {w, BD_MIN(band, plan->photo.h - y)};
        const bd_push_guided push = {.src_w = (int32_t)plan->grids[grid].w,
                                     .src_h = (int32_t)plan->grids[grid].h,
                                     .dst_w = (int32_t)part.w,
                                     .dst_h = (int32_t)part.h,
                                     .first = (int32_t)y,
                                     .scale_x = at.scale_x,
                                     .bias_x = at.bias_x,
                                     .scale_y = at.scale_y,
                                     .bias_y = at.bias_y};
        bd_vk_dispatch dispatch;
        bd_kernel_guided(session->vk, BD_KERNEL_GUIDED_APPLY, &push, plan->blocks[grid] >= 4, &dispatch);
        bd_bind(&dispatch, 0, bd_held(session, BD_MATTE_LINES), 0, grid_bytes(plan->grids[grid]));
        bd_bind(&dispatch, 1, &session->photo, (VkDeviceSize)y * w * 4, (VkDeviceSize)part.h * w * 4);
        bd_bind(&dispatch, 4, &session->mask, bd_plane_bytes((bd_matte_size){w, y}), bd_plane_bytes(part));
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

/* The lines of a grid become those of the closed-form solution on the third. */
static bd_result record_best(bd_session *session, const bd_matte_plan *plan, int from, bd_error *error) {
    static const pass last = {0.0f, 1e-5f, 0.0f, 2};
    bd_result result = record_reduce(session, plan, 2, error);
    if (!result) {
        result = record_join(session, plan, from, 2, error);
    }
    if (!result) {
        result = record_grid_plane(session, plan, 2, false, error);
    }
    if (!result) {
        result = bd_closed_form_record(session, plan, error);
    }
    if (!result) {
        result = record_lines(session, plan, &last, BD_MATTE_GRID3, error);
    }
    bd_vk_commands_stamp(&session->after, "matte: closed form");
    return result;
}

static bd_result record_refine(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    bd_result result = record_reduce(session, plan, 0, error);
    if (!result) {
        result = record_reduce(session, plan, 1, error);
    }
    bd_vk_commands_stamp(&session->after, "matte: reduce");
    if (!result) {
        result = record_start(session, plan, error);
    }
    for (uint32_t i = 0; i < BD_COUNT(passes) && !result; i++) {
        if (i > 0) {
            result = record_join(session, plan, passes[i - 1].grid, passes[i].grid, error);
        }
        if (!result) {
            result = record_lines(session, plan, &passes[i], BD_MATTE_VALUES, error);
        }
    }
    bd_vk_commands_stamp(&session->after, "matte: filter");
    int grid = passes[BD_COUNT(passes) - 1].grid;
    if (!result && plan->params.mode == BD_MATTE_BEST) {
        result = record_best(session, plan, grid, error);
        grid = 2;
    }
    if (!result) {
        result = record_apply(session, plan, grid, error);
    }
    if (!result) {
        result = bd_trimap_record_pin(session, plan, &session->mask, plan->photo, 1, 0.0f, error);
    }
    bd_vk_commands_stamp(&session->after, "matte: apply");
    return result;
}

bd_result bd_matte_record(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    bd_result result;
    if (plan->params.mode == BD_MATTE_HARD || plan->params.mode == BD_MATTE_SOFT) {
        result = record_plain(session, plan, plan->params.mode == BD_MATTE_HARD, error);
        bd_vk_commands_stamp(&session->after, "matte");
    } else {
        result = record_refine(session, plan, error);
    }
    return result ? result : bd_shape_record_edges(session, plan, error);
}

/* ---- foreground -------------------------------------------------------------------------------------------------- */

static bd_result record_pyramid(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    uint32_t w = plan->photo.w, shift = plan->first_level;
    uint32_t band = bd_band(session, w, plan->photo.h, 1u << BD_MIN(shift, 6u));
    bd_vk_buffer *levels = bd_held(session, BD_MATTE_LEVELS);
    bd_vk_dispatch dispatch;
    bd_result result = BD_OK;
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        uint32_t rows = BD_MIN(band, plan->photo.h - y);
        const bd_push_foreground push = {.src_w = (int32_t)w,
                                         .src_h = (int32_t)rows,
                                         .dst_w = (int32_t)plan->levels[0].w,
                                         .dst_h = (int32_t)((rows + (1u << shift) - 1) >> shift),
                                         .first = (int32_t)(y >> shift),
                                         .shift = (int32_t)shift};
        bd_kernel_foreground(session->vk, BD_KERNEL_FOREGROUND_PICK, &push, false, &dispatch);
        bd_deepen(session, &dispatch);
        bd_bind(&dispatch, 0, bd_session_pixels(session), bd_pixels_bytes(session, w, y),
                bd_pixels_bytes(session, w, rows));
        bd_bind(&dispatch, 1, &session->mask, bd_plane_bytes((bd_matte_size){w, y}),
                bd_plane_bytes((bd_matte_size){w, rows}));
        bd_bind(&dispatch, 4, levels, 0, grid_bytes(plan->levels[0]));
        result = bd_run(session, &dispatch, error);
    }
    for (uint32_t l = 1; l < plan->level_count && !result; l++) {
        const bd_push_foreground push = {.src_w = (int32_t)plan->levels[l - 1].w,
                                         .src_h = (int32_t)plan->levels[l - 1].h,
                                         .dst_w = (int32_t)plan->levels[l].w,
                                         .dst_h = (int32_t)plan->levels[l].h};
        bd_kernel_foreground(session->vk, BD_KERNEL_FOREGROUND_HALF, &push, false, &dispatch);
        bd_bind(&dispatch, 0, levels, plan->level_offsets[l - 1], grid_bytes(plan->levels[l - 1]));
        bd_bind(&dispatch, 4, levels, plan->level_offsets[l], grid_bytes(plan->levels[l]));
        result = bd_run(session, &dispatch, error);
    }
    return result;
}

/* From the coarsest level to the finest; returns in *pairs the buffer that holds the result. */
static bd_result record_steps(bd_session *session, const bd_matte_plan *plan, bd_matte_buffer *pairs, bd_error *error) {
    enum { SMALL = 32, STEPS_SMALL = 10, STEPS = 6 };
    bd_result result = BD_OK;
    bd_matte_size from = plan->levels[plan->level_count - 1];
    bool fresh = true;
    *pairs = BD_MATTE_PAIRS_A;
    for (uint32_t l = plan->level_count; l-- > 0 && !result;) {
        bd_matte_size size = plan->levels[l];
        int steps = BD_MAX(size.w, size.h) <= SMALL ? STEPS_SMALL : STEPS;
        for (int i = 0; i < steps && !result; i++) {
            bd_matte_buffer to = *pairs == BD_MATTE_PAIRS_A ? BD_MATTE_PAIRS_B : BD_MATTE_PAIRS_A;
            const bd_push_foreground push = {.src_w = (int32_t)from.w,
                                             .src_h = (int32_t)from.h,
                                             .dst_w = (int32_t)size.w,
                                             .dst_h = (int32_t)size.h,
                                             .shift = !fresh && i == 0};
            bd_vk_dispatch dispatch;
            bd_kernel_foreground(session->vk, BD_KERNEL_FOREGROUND_STEP, &push, fresh, &dispatch);
            bd_bind(&dispatch, 0, bd_held(session, *pairs), 0, 2 * grid_bytes(from));
            bd_bind(&dispatch, 1, bd_held(session, BD_MATTE_LEVELS), plan->level_offsets[l], grid_bytes(size));
            bd_bind(&dispatch, 4, bd_held(session, to), 0, 2 * grid_bytes(size));
            result = bd_run(session, &dispatch, error);
            *pairs = to;
            from = size;
            fresh = false;
        }
    }
    return result;
}

bd_result bd_matte_record_foreground(bd_session *session, const bd_matte_plan *plan, bd_error *error) {
    bd_matte_buffer pairs = BD_MATTE_PAIRS_A;
    bd_result result = record_pyramid(session, plan, error);
    if (!result) {
        result = plan->foreground == BD_FOREGROUND_BLUR ? bd_fusion_record(session, plan, &pairs, error)
                                                        : record_steps(session, plan, &pairs, error);
    }
    uint32_t w = plan->photo.w, band = bd_band(session, w, plan->photo.h, 1);
    for (uint32_t y = 0; y < plan->photo.h && !result; y += band) {
        bd_matte_size part = {w, BD_MIN(band, plan->photo.h - y)};
        const bd_push_foreground push = {.src_w = (int32_t)plan->levels[0].w,
                                         .src_h = (int32_t)plan->levels[0].h,
                                         .dst_w = (int32_t)part.w,
                                         .dst_h = (int32_t)part.h,
                                         .first = (int32_t)y,
                                         .shift = (int32_t)plan->first_level};
        VkDeviceSize at = bd_pixels_bytes(session, w, y), bytes = bd_pixels_bytes(session, w, part.h);
        bd_vk_dispatch dispatch;
        bd_kernel_foreground(session->vk, BD_KERNEL_FOREGROUND_APPLY, &push, false, &dispatch);
        bd_deepen(session, &dispatch);
        bd_bind(&dispatch, 0, bd_held(session, pairs), 0, 2 * grid_bytes(plan->levels[0]));
        bd_bind(&dispatch, 1, bd_session_pixels(session), at, bytes);
        bd_bind(&dispatch, 2, &session->mask, bd_plane_bytes((bd_matte_size){w, y}), bd_plane_bytes(part));
        bd_bind(&dispatch, 4, bd_held(session, BD_MATTE_FOREGROUND), at, bytes);
        result = bd_run(session, &dispatch, error);
    }
    bd_vk_commands_stamp(&session->after, "foreground");
    return result;
}
