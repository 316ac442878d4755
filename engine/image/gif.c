/* SPDX-License-Identifier: MIT
 * GIF in, by giflib. What is left of a frame before the next is drawn, and that nothing is where nothing was drawn, as
 * browsers have it. */
#include "image/gif.h"

#include <string.h>

#include <gif_lib.h>

#include "image/canvas.h"
#include "image/gif_blocks.h"

typedef struct gif_frames {
    const bd_image_source *source;
    size_t at;
    GifFileType *gif;
    bd_canvas canvas;
    uint8_t *indices, *row; /* of the canvas's width and the widest frame's */
    uint32_t room;          /* pixels of these */
    GraphicsControlBlock control;
    uint32_t left; /* frames to be read */
    bd_gif_end end;
} gif_frames;

static int read_bytes(GifFileType *gif, GifByteType *to, int bytes) {
    gif_frames *frames = gif->UserData;
    size_t count = BD_MIN((size_t)bytes, frames->source->bytes - frames->at);
    memcpy(to, frames->source->data + frames->at, count);
    frames->at += count;
    return (int)count;
}

static bd_result broken(const gif_frames *frames, int code, bd_error *error) {
    const char *name = frames->source->name, *why = GifErrorString(code);
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", name);
    }
    if (code == D_GIF_ERR_EOF_TOO_SOON || code == D_GIF_ERR_READ_FAILED) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: GIF: the file is truncated", name);
    }
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: GIF: %s", name, why ? why : "broken");
}

static bd_result open_frames(const bd_image_source *source, void **state, bd_error *error) {
    gif_frames *frames = bd_alloc_zero(source->allocator, sizeof *frames);
    *state = frames;
    if (!frames) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    }
    frames->source = source;
    bd_animation_info info = {0};
    frames->end = bd_gif_walk_through(source, &info);
    frames->left = info.frame_count;
    frames->control.TransparentColor = NO_TRANSPARENT_COLOR;
    int code = 0;
    frames->gif = DGifOpen(frames, read_bytes, &code);
    if (!frames->gif) {
        return broken(frames, code, error);
    }
    bd_result result = bd_image_check_size(source, frames->gif->SWidth, frames->gif->SHeight, error);
    return result ? result
                  : bd_canvas_init(&frames->canvas, source, (uint32_t)frames->gif->SWidth,
                                   (uint32_t)frames->gif->SHeight, error);
}

/* What precedes a frame. Comes to the frame's descriptor. */
static bd_result find_frame(gif_frames *frames, bd_error *error) {
    GifFileType *gif = frames->gif;
    for (;;) {
        GifRecordType kind;
        if (DGifGetRecordType(gif, &kind) == GIF_ERROR) {
            return broken(frames, gif->Error, error);
        }
        if (kind == IMAGE_DESC_RECORD_TYPE) {
            return DGifGetImageDesc(gif) == GIF_ERROR ? broken(frames, gif->Error, error) : BD_OK;
        }
        if (kind != EXTENSION_RECORD_TYPE) {
            return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: GIF: a picture is missing", frames->source->name);
        }
        int code;
        GifByteType *block;
        int done = DGifGetExtension(gif, &code, &block);
        if (done != GIF_ERROR && code == GRAPHICS_EXT_FUNC_CODE && block) {
            (void)DGifExtensionToGCB(block[0], block + 1, &frames->control); /* one of another length says nothing */
        }
        while (done != GIF_ERROR && block) {
            done = DGifGetExtensionNext(gif, &block);
        }
        if (done == GIF_ERROR) {
            return broken(frames, gif->Error, error);
        }
    }
}

static bd_result make_rows(gif_frames *frames, uint32_t width, bd_error *error) {
    if (width <= frames->room) {
        return BD_OK;
    }
    bd_free(frames->source->allocator, frames->indices);
    bd_free(frames->source->allocator, frames->row);
    frames->indices = bd_alloc(frames->source->allocator, width);
    frames->row = bd_alloc(frames->source->allocator, (size_t)width * 4);
    frames->room = frames->indices && frames->row ? width : 0;
    return frames->room ? BD_OK : bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", frames->source->name);
}

/* Indices to RGBA; those without a colour are transparent, too. */
static void color_row(const gif_frames *frames, const ColorMapObject *colors, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        const int index = frames->indices[x];
        uint8_t *to = frames->row + (size_t)x * 4;
        if (index == frames->control.TransparentColor || index >= colors->ColorCount) {
            memset(to, 0, 4);
        } else {
            const GifColorType *color = &colors->Colors[index];
            to[0] = color->Red;
            to[1] = color->Green;
            to[2] = color->Blue;
            to[3] = 255;
        }
    }
}

/* The place of the row that comes as the nth of an interlaced picture (GIF89a, appendix E). */
static uint32_t interlaced(uint32_t n, uint32_t height) {
    static const uint32_t first[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; pass++) {
        const uint32_t rows = height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;
        if (n < rows) {
            return first[pass] + n * step[pass];
        }
        n -= rows;
    }
    return 0;
}

/* What lies outside of the canvas is decoded for nothing: there must not be much of it. */
static bd_result check_frame_size(const gif_frames *frames, const GifImageDesc *at, bd_error *error) {
    const uint64_t canvas = (uint64_t)frames->canvas.width * frames->canvas.height, spare = (uint64_t)1 << 20;
    bd_result result = bd_image_check_size(frames->source, at->Width, at->Height, error);
    if (!result && (uint64_t)at->Width * (uint64_t)at->Height > 4 * canvas + spare) {
        result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: GIF: a frame of %dx%d pixels in a picture of %ux%u",
                         frames->source->name, at->Width, at->Height, (unsigned)frames->canvas.width,
                         (unsigned)frames->canvas.height);
    }
    return result;
}

static bd_result draw_frame(gif_frames *frames, bd_error *error) {
    GifFileType *gif = frames->gif;
    const GifImageDesc *at = &gif->Image;
    const ColorMapObject *colors = at->ColorMap ? at->ColorMap : gif->SColorMap;
    bd_result result = check_frame_size(frames, at, error);
    if (!result && !colors) {
        result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: GIF: a frame without colours", frames->source->name);
    }
    if (!result) {
        result = make_rows(frames, (uint32_t)at->Width, error);
    }
    if (!result) {
        const int disposal = frames->control.DisposalMode;
        const bd_rectangle place = {(uint32_t)at->Left, (uint32_t)at->Top, (uint32_t)at->Width, (uint32_t)at->Height};
        result = bd_canvas_begin(&frames->canvas, frames->source, place,
                                 disposal == DISPOSE_BACKGROUND ? BD_DISPOSAL_CLEAR
                                 : disposal == DISPOSE_PREVIOUS ? BD_DISPOSAL_PREVIOUS
                                                                : BD_DISPOSAL_KEEP,
                                 error);
    }
    const uint32_t width = (uint32_t)at->Width, height = (uint32_t)at->Height;
    for (uint32_t n = 0; n < height && !result; n++) {
        if (DGifGetLine(gif, frames->indices, at->Width) == GIF_ERROR) {
            return broken(frames, gif->Error, error);
        }
        color_row(frames, colors, width);
        bd_canvas_draw(&frames->canvas, (uint32_t)at->Left,
                       (uint32_t)at->Top + (at->Interlace ? interlaced(n, height) : n), frames->row, width, true);
    }
    return result;
}

static bd_result next_frame(void *state, bd_image *frame, bd_delay *delay, bd_error *error) {
    gif_frames *frames = state;
    frames->control = (GraphicsControlBlock){.TransparentColor = NO_TRANSPARENT_COLOR};
    bd_result result = find_frame(frames, error);
    if (!result) {
        result = draw_frame(frames, error);
    }
    if (!result) {
        result = bd_canvas_show(&frames->canvas, frames->source, frame, error);
    }
    frames->left -= frames->left > 0;
    if (!result && !frames->left && frames->end != BD_GIF_ENDED) {
        result = frames->end == BD_GIF_CUT_OFF ? broken(frames, D_GIF_ERR_EOF_TOO_SOON, error)
                                               : bd_image_miss_end(frames->source, "GIF", error);
        if (result) {
            bd_image_finish(frame);
        }
    }
    if (!result) {
        *delay = (bd_delay){(uint32_t)frames->control.DelayTime, 100};
    }
    return result;
}

static void close_frames(void *state) {
    gif_frames *frames = state;
    if (!frames) {
        return;
    }
    if (frames->gif) {
        (void)DGifCloseFile(frames->gif, NULL); /* of what was read nothing is left to fail */
    }
    bd_canvas_finish(&frames->canvas);
    bd_free(frames->source->allocator, frames->indices);
    bd_free(frames->source->allocator, frames->row);
    bd_free(frames->source->allocator, frames);
}

const bd_frames_reader bd_gif_reader = {bd_gif_count, bd_gif_describe, open_frames, next_frame, close_frames};

bd_result bd_gif_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    void *state;
    bd_delay delay;
    bd_image first = {0};
    int orientation;
    bd_result result = open_frames(source, &state, error);
    if (!result) {
        ((gif_frames *)state)->left = 1;
        result = next_frame(state, &first, &delay, error);
    }
    close_frames(state);
    if (!result) {
        result = bd_gif_describe(source, &orientation, error);
    }
    if (result) {
        bd_image_finish(&first);
        return result;
    }
    *image = first;
    return BD_OK;
}
