/* SPDX-License-Identifier: MIT
 * From what the network is unsure about to a matte at the photo's own size, and the subject's colours under it.
 *
 * Everything but the first and the last step runs on grids of at most BD_MATTE_GRID nodes a side, whatever the photo's
 * size; those two take the photo in bands of rows that the device can bind. */
#ifndef BD_MATTE_H
#define BD_MATTE_H

#include "vk/vk.h"
#include "kernel/kernel.h"

enum { BD_MATTE_GRID = 1024 };

/* Buffers of the session that only mattes use. */
typedef enum bd_matte_buffer {
    BD_MATTE_COARSE,     /* the caller's probabilities as a plane */
    BD_MATTE_TRIMAP,     /* (h, ceil(w / 4) * 4) u8 of the photo's size */
    BD_MATTE_PLANE,      /* probabilities on the first grid, or at the network's size */
    BD_MATTE_GRID1,      /* grid of twice the spacing: colours */
    BD_MATTE_GRID2,      /* the finer grid: colours and the value */
    BD_MATTE_VALUES,     /* a grid with the value that is filtered next */
    BD_MATTE_SUMS,       /* four planes of sums */
    BD_MATTE_LINES,      /* a, b */
    BD_MATTE_SCRATCH,    /* between the two passes of a box filter */
    BD_MATTE_DOUBT,      /* local doubt of the coarse mask, on the first grid */
    BD_MATTE_GRID3,      /* the grid of the closed form: colours and the solution */
    BD_MATTE_PRODUCTS,   /* of its tiles */
    BD_MATTE_TILES,      /* its small things; see closed_form.c */
    BD_MATTE_OWN,        /* (h, w) pixels: the photo's own background, blurred */
    BD_MATTE_FOREGROUND, /* (h, w) pixels: the photo with the subject's colours */
    BD_MATTE_STATISTICS, /* sums over columns, of the photo and then of the background */
    BD_MATTE_MAP,        /* their sums, and the map of colours made of them */
    BD_MATTE_LIGHT,      /* a grid of the background's light past the subject */
    BD_MATTE_LIGHT_ROWS, /* between the two passes of its box filters */
    BD_MATTE_RELIT,      /* (h, w) pixels: the subject in that light */
    BD_MATTE_COMPONENTS, /* see push/components.h */
    BD_MATTE_EDGES,      /* a plane of the photo's size, in turns with session->mask */
    BD_MATTE_BUFFERS,
    /* The blur and the foreground are found when the filters are done with theirs. */
    BD_MATTE_BLUR_A = BD_MATTE_SUMS, /* a band's grid, taken in turns */
    BD_MATTE_BLUR_B = BD_MATTE_LINES,
    BD_MATTE_LEVELS = BD_MATTE_SCRATCH, /* the foreground's pyramid */
    BD_MATTE_PAIRS_A = BD_MATTE_SUMS,   /* F and B, taken in turns */
    BD_MATTE_PAIRS_B = BD_MATTE_LINES
} bd_matte_buffer;

enum { BD_MATTE_MAX_LEVELS = 24 };

typedef struct bd_matte_size {
    uint32_t w, h;
} bd_matte_size;

typedef struct bd_matte_plan {
    bd_matte_params params;
    bd_matte_size photo;
    bd_matte_size resized;  /* the photo as the network sees it; the binary mask's size */
    bd_matte_size grids[3]; /* the coarser first; the closed form's */
    uint32_t blocks[3];     /* pixels a side of a node */
    float cell_px;          /* spacing of what is known about the mask */
    uint32_t steps;         /* of the closed form */
    float start_level;      /* stretched from the probabilities before the first pass */
    float *coarse;          /* the caller's probabilities as a plane, ours to free */
    uint8_t *trimap;        /* (h, ceil(w / 4) * 4), zero past w, ours to free */
    bd_foreground foreground;
    uint32_t level_count; /* of the foreground's pyramid; 0: colours stay as they are */
    uint32_t first_level;
    bd_matte_size levels[BD_MATTE_MAX_LEVELS];
    VkDeviceSize level_offsets[BD_MATTE_MAX_LEVELS];
} bd_matte_plan;

struct bd_session;

/* Checks params (NULL: all default) and works out sizes. resized is used when the network gives the mask. */
bd_result bd_matte_plan_init(struct bd_session *session, const bd_matte_params *params, bd_matte_size photo,
                             bd_matte_size resized, bd_foreground foreground, bd_matte_plan *plan, bd_error *error);
void bd_matte_plan_finish(struct bd_session *session, bd_matte_plan *plan);

/* Does the matte need the network? */
bool bd_matte_needs_network(const bd_matte_params *params);

/* Makes room; before the commands are begun. */
bd_result bd_matte_reserve(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

enum { BD_MATTE_PICTURES = 2 };

/* The caller's probabilities and trimap as more pictures of the frame, where the plan has any, and their pixels in the
 * same order. */
void bd_matte_add_pictures(struct bd_session *session, const bd_matte_plan *plan);
void bd_matte_pictures(const bd_matte_plan *plan, bd_image pictures[BD_MATTE_PICTURES]);

/* Records into session->after: logits (or what the plan brings) and session->photo become session->mask, a plane of the
 * photo's size. */
bd_result bd_matte_record(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

/* closed_form.c: BD_MATTE_VALUES and BD_MATTE_PLANE, on the third grid, become BD_MATTE_GRID3. */
VkDeviceSize bd_closed_form_bytes(const bd_matte_plan *plan, bd_matte_buffer buffer);
uint32_t bd_closed_form_steps(const struct bd_session *session, const bd_matte_params *params);
bd_result bd_closed_form_record(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

/* Records: BD_MATTE_PLANE, pinned by a trimap on the first grid, gets what colours say in place of one half. */
bd_result bd_closed_form_record_prior(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

/* trimap.c. Records: what the trimap knows of a plane of `size` nodes, block x block pixels each, becomes 0 or 1, the
 * rest is clamped to low .. 1 - low. Nothing where the plan has no trimap. */
bd_result bd_trimap_record_pin(struct bd_session *session, const bd_matte_plan *plan, const bd_vk_buffer *plane,
                               bd_matte_size size, uint32_t block, float low, bd_error *error);
/* Nothing else is known. */
bool bd_trimap_alone(const bd_matte_params *params);
bd_result bd_trimap_check(const bd_matte_params *params, bd_matte_size photo, bd_error *error);
/* Makes plan->trimap. */
bd_result bd_trimap_copy(const struct bd_session *session, bd_matte_plan *plan, bd_error *error);
VkDeviceSize bd_trimap_bytes(bd_matte_size size);

/* fusion.c: records, from the pyramid's finest level, F and B on it into one of the two buffers of pairs, which *pairs
 * says. */
bd_result bd_fusion_record(struct bd_session *session, const bd_matte_plan *plan, bd_matte_buffer *pairs,
                           bd_error *error);

/* Records: session->photo and session->mask become BD_MATTE_FOREGROUND. */
bd_result bd_matte_record_foreground(struct bd_session *session, const bd_matte_plan *plan, bd_error *error);

static inline VkDeviceSize bd_plane_bytes(bd_matte_size size) {
    return (VkDeviceSize)((size.w + 3) / 4) * 16 * size.h;
}

#endif
