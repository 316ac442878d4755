/* SPDX-License-Identifier: MIT
 * GIF out, by giflib: each frame whole, with colours of its own. */
#include "image/gif_encode.h"

#include <string.h>

#include <gif_lib.h>

#include "image/palette.h"

enum { SIDE_MOST = 65535, COLORS = 256 };

typedef struct gif_writer {
    bd_encoder *to;
    GifFileType *gif;
    ColorMapObject *colors;
    uint8_t *indices;
    bd_palette palette;
    bool no_room;
} gif_writer;

static int write_bytes(GifFileType *gif, const GifByteType *data, int bytes) {
    gif_writer *writer = gif->UserData;
    writer->no_room = writer->no_room || !bd_encoder_put(writer->to, data, (size_t)bytes);
    return writer->no_room ? 0 : bytes;
}

static bd_result fail(const gif_writer *writer, int code) {
    const char *why = GifErrorString(code);
    const bool memory = writer->no_room || code == E_GIF_ERR_NOT_ENOUGH_MEM;
    return memory ? bd_fail(writer->to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", writer->to->name)
                  : bd_fail(writer->to->error, BD_ERR_INVALID_ARGUMENT, "%s: GIF: %s", writer->to->name,
                            why ? why : "cannot be written");
}

/* Netscape's extension; what is played once has none. */
static bool put_repeats(GifFileType *gif, uint32_t play_count) {
    if (play_count == 1) {
        return true;
    }
    const uint32_t repeats = play_count ? BD_MIN(play_count - 1, (uint32_t)UINT16_MAX) : 0;
    const uint8_t block[3] = {1, (uint8_t)repeats, (uint8_t)(repeats >> 8)};
    return EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) != GIF_ERROR &&
           EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") != GIF_ERROR &&
           EGifPutExtensionBlock(gif, sizeof block, block) != GIF_ERROR && EGifPutExtensionTrailer(gif) != GIF_ERROR;
}

static bd_result begin(bd_encoder *to, uint32_t play_count, void **state) {
    const bd_image *first = to->image;
    gif_writer *writer = bd_alloc_zero(to->params.allocator, sizeof *writer);
    *state = writer;
    if (!writer) {
        return bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
    }
    writer->to = to;
    if (first->width > SIDE_MOST || first->height > SIDE_MOST) {
        return bd_fail(to->error, BD_ERR_IMAGE_TOO_LARGE, "%s: GIF holds %d pixels a side at most", to->name,
                       (int)SIDE_MOST);
    }
    int code = E_GIF_ERR_NOT_ENOUGH_MEM;
    writer->indices = bd_alloc_array(to->params.allocator, first->width, first->height);
    writer->colors = GifMakeMapObject(COLORS, NULL);
    if (writer->indices && writer->colors) {
        writer->gif = EGifOpen(writer, write_bytes, &code);
    }
    if (!writer->gif) {
        return fail(writer, code);
    }
    EGifSetGifVersion(writer->gif, true);
    const int width = (int)first->width, height = (int)first->height;
    return EGifPutScreenDesc(writer->gif, width, height, 8, 0, NULL) != GIF_ERROR &&
                   put_repeats(writer->gif, play_count)
               ? BD_OK
               : fail(writer, writer->gif->Error);
}

static bool put_control(const gif_writer *writer, bd_delay delay) {
    const uint64_t hundredths = ((uint64_t)delay.numerator * 100 + delay.denominator / 2) / delay.denominator;
    /* Cleared before the next frame, which may be transparent where this is not. */
    const GraphicsControlBlock control = {.DisposalMode = DISPOSE_BACKGROUND,
                                          .DelayTime = (int)BD_MIN(hundredths, (uint64_t)UINT16_MAX),
                                          .TransparentColor = (int)writer->palette.count};
    GifByteType block[4];
    EGifGCBToExtension(&control, block);
    return EGifPutExtension(writer->gif, GRAPHICS_EXT_FUNC_CODE, sizeof block, block) != GIF_ERROR;
}

static bd_result add(void *state, const bd_image *frame, bd_delay delay) {
    gif_writer *writer = state;
    GifFileType *gif = writer->gif;
    bd_result result =
        bd_palette_reduce(writer->to->params.allocator, frame, &writer->palette, writer->indices, writer->to->error);
    if (result) {
        return result;
    }
    memset(writer->colors->Colors, 0, COLORS * sizeof *writer->colors->Colors);
    for (uint32_t i = 0; i < writer->palette.count; i++) {
        const uint8_t *rgb = writer->palette.colors[i];
        writer->colors->Colors[i] = (GifColorType){rgb[0], rgb[1], rgb[2]};
    }
    bool done = put_control(writer, delay) &&
                EGifPutImageDesc(gif, 0, 0, (int)frame->width, (int)frame->height, false, writer->colors) != GIF_ERROR;
    for (uint32_t y = 0; y < frame->height && done; y++) {
        done = EGifPutLine(gif, writer->indices + (size_t)y * frame->width, (int)frame->width) != GIF_ERROR;
    }
    return done ? BD_OK : fail(writer, gif->Error);
}

static bd_result end(void *state) {
    gif_writer *writer = state;
    GifFileType *gif = writer->gif;
    int code = 0;
    writer->gif = NULL; /* closing releases it, whatever comes of it */
    return EGifCloseFile(gif, &code) != GIF_ERROR ? BD_OK : fail(writer, code);
}

static void close_writer(void *state) {
    gif_writer *writer = state;
    if (!writer) {
        return;
    }
    if (writer->gif) {
        writer->no_room = true; /* nobody wants what closing would still write */
        (void)EGifCloseFile(writer->gif, NULL);
    }
    GifFreeMapObject(writer->colors);
    bd_free(writer->to->params.allocator, writer->indices);
    bd_free(writer->to->params.allocator, writer);
}

const bd_frames_writer bd_gif_writer = {begin, add, end, close_writer};

void bd_gif_encode(bd_encoder *to) {
    bd_frames_encode(&bd_gif_writer, to);
}
