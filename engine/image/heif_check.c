/* SPDX-License-Identifier: MIT */
#include "image/heif_check.h"

#include "image/heif_boxes.h"
#include "image/heif_streams.h"

enum {
    DEPTH_MOST = 5,    /* the same of an overlay of a grid of tiles with alpha takes four */
    TIMES_MOST = 8,    /* its pixels may be decoded so often: a grid, its tiles, and both again for alpha take four */
    SMALL = 4000000,   /* pixels that may be decoded so often in any case */
    SPARE = 1 << 20,   /* pixels: what tiles of a small picture may have beyond its edges */
    ITEM_LEAST = 16384 /* pixels that a decoder's start is worth */
};

typedef struct walk {
    bd_heif_boxes boxes;
    uint64_t limit; /* of pixels; 0: not known yet */
} walk;

static bool has_canvas(uint32_t type) {
    return type == BD_BOX('g', 'r', 'i', 'd') || type == BD_BOX('i', 'o', 'v', 'l');
}

static bool is_made_of_others(uint32_t type) {
    return has_canvas(type) || type == BD_BOX('i', 'd', 'e', 'n');
}

/* An old libheif stops the process at what it does not know, and starts threads for a grid in each thread of a grid. */
static bool may_be_made_of(uint32_t type, uint32_t below) {
    const bool coded = below == BD_BOX('h', 'v', 'c', '1') || below == BD_BOX('a', 'v', '0', '1') ||
                       below == BD_BOX('v', 'v', 'c', '1');
    return type == BD_BOX('g', 'r', 'i', 'd') ? !is_made_of_others(below)
                                              : !is_made_of_others(type) || is_made_of_others(below) || coded;
}

/* Of a grid's or an overlay's own data (23008-12, 6.6.2). */
static bool read_canvas(walk *w, const bd_heif_item *of, bd_cursor data, uint64_t *pixels) {
    const bool grid = of->type == BD_BOX('g', 'r', 'i', 'd');
    (void)bd_cursor_number(&data, 1);
    const size_t bytes = bd_cursor_number(&data, 1) & 1 ? 4 : 2;
    if (grid) {
        const uint64_t rows = bd_cursor_number(&data, 1) + 1, columns = bd_cursor_number(&data, 1) + 1;
        if (of->sources != rows * columns) {
            return bd_heif_fail(&w->boxes, BD_ERR_FILE_CORRUPT, "broken: a grid has not the tiles that it says");
        }
    } else {
        (void)bd_cursor_number(&data, 8); /* the background's colour */
    }
    const uint64_t width = bd_cursor_number(&data, bytes), height = bd_cursor_number(&data, bytes);
    if (data.ended) {
        return bd_heif_fail(&w->boxes, BD_ERR_FILE_CORRUPT, "broken: a grid or an overlay without a size");
    }
    w->boxes.result = bd_image_check_size(w->boxes.source, (int64_t)width, (int64_t)height, w->boxes.error);
    *pixels = width * height;
    return !w->boxes.result;
}

/* Of a coded item: as its stream has it, too. */
static uint64_t count_coded(const walk *w, const bd_heif_item *of, bd_cursor data) {
    bd_stream_size size = {0};
    size_t at = 0;
    if (of->type == BD_BOX('h', 'v', 'c', '1')) {
        const bd_cursor *config = bd_heif_property(&w->boxes, of, BD_BOX('h', 'v', 'c', 'C'), &at);
        if (config) {
            bd_hevc_config_size(*config, &size);
        }
        bd_hevc_units_size(data, &size);
    } else if (of->type == BD_BOX('a', 'v', '0', '1')) {
        const bd_cursor *config = bd_heif_property(&w->boxes, of, BD_BOX('a', 'v', '1', 'C'), &at);
        if (config && config->bytes > 4) {
            bd_av1_units_size((bd_cursor){config->data + 4, config->bytes - 4, false}, &size);
        }
        bd_av1_units_size(data, &size);
    }
    const uint64_t pixels = (uint64_t)size.width * size.height, frames = BD_MAX(size.frames, (uint64_t)1);
    return pixels > UINT64_MAX / frames ? UINT64_MAX : pixels * frames;
}

static uint64_t count_said(const walk *w, const bd_heif_item *of) {
    uint64_t most = 0;
    size_t at = 0;
    for (const bd_cursor *p; (p = bd_heif_property(&w->boxes, of, BD_BOX('i', 's', 'p', 'e'), &at)) != NULL;) {
        bd_cursor from = *p;
        (void)bd_cursor_number(&from, 4);
        const uint64_t width = bd_cursor_number(&from, 4), pixels = width * bd_cursor_number(&from, 4);
        most = BD_MAX(most, pixels);
    }
    return most;
}

/* Of the item alone. */
static bool count_own(walk *w, const bd_heif_item *of, uint64_t *pixels) {
    bd_cursor data;
    uint8_t *made;
    bool counted = true;
    *pixels = 0;
    if (of->type == BD_BOX('i', 'd', 'e', 'n')) {
        return true;
    }
    if (!bd_heif_item_bytes(&w->boxes, of, &data, &made)) {
        bd_free(w->boxes.source->allocator, made);
        return false;
    }
    if (has_canvas(of->type)) {
        counted = read_canvas(w, of, data, pixels);
    } else {
        const uint64_t coded = count_coded(w, of, data), said = count_said(w, of);
        *pixels = BD_MAX(BD_MAX(coded, said), (uint64_t)ITEM_LEAST);
    }
    bd_free(w->boxes.source->allocator, made);
    return counted;
}

static bool check_limit(walk *w, uint64_t pixels) {
    return pixels <= w->limit ||
           bd_heif_fail(&w->boxes, BD_ERR_IMAGE_TOO_LARGE, "much more is to be decoded than it has pixels");
}

/* Adds up what is decoded for an item; w->limit follows from the first one. */
static bool visit(walk *w, bd_heif_item *of, uint32_t depth) {
    if (of->open) {
        return bd_heif_fail(&w->boxes, BD_ERR_FILE_CORRUPT, "broken: a picture that is made of itself");
    }
    if (depth + of->depth > DEPTH_MOST) {
        return bd_heif_fail(&w->boxes, BD_ERR_FILE_CORRUPT, "broken: pictures made of pictures, too many deep");
    }
    if (of->done) {
        return true;
    }
    of->open = true;
    if (!count_own(w, of, &of->pixels)) {
        return false;
    }
    if (!w->limit) {
        const uint64_t said = has_canvas(of->type) ? of->pixels : count_said(w, of);
        const uint64_t picture = BD_MIN(BD_MAX(said, (uint64_t)SMALL), w->boxes.source->max_pixels);
        w->limit = BD_MIN(picture, (uint64_t)1 << 50) * TIMES_MOST + SPARE;
    }
    if (!check_limit(w, of->pixels)) {
        return false;
    }
    for (size_t i = of->edge; i; i = w->boxes.edges[i - 1].next) {
        const bd_heif_edge *edge = &w->boxes.edges[i - 1];
        bd_heif_item *below = &w->boxes.items[edge->to];
        if (!visit(w, below, depth + 1)) {
            return false;
        }
        if (!edge->alpha && !may_be_made_of(of->type, below->type)) {
            return bd_heif_fail(&w->boxes, BD_ERR_UNSUPPORTED, "made of pictures of a kind that cannot be read");
        }
        of->depth = BD_MAX(of->depth, below->depth + 1);
        of->pixels += below->pixels;
        if (!check_limit(w, of->pixels)) {
            return false;
        }
    }
    of->open = false;
    of->done = true;
    return true;
}

bd_result bd_heif_check(const bd_image_source *source, const char *form, bd_error *error) {
    walk w = {.boxes = {.source = source, .form = form, .error = error}};
    if (bd_heif_boxes_read(&w.boxes) && w.boxes.primary) { /* without one libheif says so */
        (void)visit(&w, w.boxes.primary, 0);
    }
    if (w.boxes.has_tracks) {
        bd_image_warn(source, "%s: %s: an animation, of which only a still picture is taken", source->name, form);
    }
    bd_heif_boxes_finish(&w.boxes);
    return w.boxes.result;
}
