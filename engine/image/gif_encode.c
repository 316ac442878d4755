/* SPDX-License-Identifier: MIT
 * GIF out, by giflib: each frame whole, with colours of its own, which are sRGB's, as GIF holds no profile. */
#include "image/gif_encode.h"

#include <math.h>
#include <string.h>

#include <gif_lib.h>

#include "image/color.h"
#include "image/gif_blocks.h"
#include "image/palette.h"
#include "image/pixels.h"

enum { COLORS = 256 };

typedef struct gif_writer {
    bd_encoder *to;
    GifFileType *gif;
    ColorMapObject *colors;
    uint8_t *indices;
    bd_palette palette;
    bd_color *color; /* to sRGB; NULL: that is what frames have */
    bd_image plain;  /* the frame in sRGB, likewise */
    double owed;     /* hundredths of a second by which delays were written too short so far */
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

static bool put_block(GifFileType *gif, const char *text, size_t bytes) {
    return EGifPutExtensionBlock(gif, (int)bytes, text) != GIF_ERROR;
}

/* In blocks of up to 255 bytes, with the key before it where that says more than that it is a comment. */
static bool put_comment(GifFileType *gif, const bd_metadata_text *text) {
    enum { BLOCK = 255 };
    const char *const parts[] = {text->key, ": ", text->value};
    char block[BLOCK];
    size_t used = 0;
    bool done = EGifPutExtensionLeader(gif, COMMENT_EXT_FUNC_CODE) != GIF_ERROR;
    for (size_t i = strcmp(text->key, "Comment") ? 0 : 2; i < BD_COUNT(parts); i++) {
        for (const char *c = parts[i]; *c && done; c++) {
            block[used++] = *c;
            if (used == BLOCK) {
                done = put_block(gif, block, used);
                used = 0;
            }
        }
    }
    return done && (!used || put_block(gif, block, used)) && EGifPutExtensionTrailer(gif) != GIF_ERROR;
}

static bool put_xmp(gif_writer *writer) {
    const bd_encoder *to = writer->to;
    uint8_t end[BD_GIF_XMP_END] = {1};
    for (int i = 1; i < 256; i++) {
        end[i] = (uint8_t)(256 - i);
    }
    if (EGifPutExtensionLeader(writer->gif, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
        !put_block(writer->gif, BD_GIF_XMP, sizeof BD_GIF_XMP - 1)) {
        return false;
    }
    writer->no_room = !bd_encoder_put(writer->to, to->metadata.xmp, to->metadata.xmp_bytes) ||
                      !bd_encoder_put(writer->to, end, sizeof end);
    return !writer->no_room;
}

static bool put_metadata(gif_writer *writer) {
    const bd_metadata *m = &writer->to->metadata;
    bool done = !m->xmp_bytes || put_xmp(writer);
    for (size_t i = 0; i < m->text_count && done; i++) {
        done = put_comment(writer->gif, &m->texts[i]);
    }
    return done;
}

static bd_result begin_colors(gif_writer *writer) {
    const bd_encoder *to = writer->to;
    const bd_image *first = to->image;
    if (!first->profile || !bd_format_is_rgba(first->format)) {
        return BD_OK;
    }
    const bd_image from = {.format = BD_FORMAT_RGBA8, .profile = first->profile, .profile_bytes = first->profile_bytes};
    const bd_image srgb = {.format = BD_FORMAT_RGBA8};
    bd_result result = bd_color_create(to->params.allocator, &from, &srgb, false, &writer->color, to->error);
    return result || !writer->color ? result
                                    : bd_image_create(to->params.allocator, to->name, first->width, first->height,
                                                      BD_FORMAT_RGBA8, &writer->plain, to->error);
}

static bd_result begin(bd_encoder *to, uint32_t play_count, void **state) {
    const bd_image *first = to->image;
    gif_writer *writer = bd_alloc_zero(to->params.allocator, sizeof *writer);
    *state = writer;
    if (!writer) {
        return bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
    }
    writer->to = to;
    bd_result result = begin_colors(writer);
    if (result) {
        return result;
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
                   put_repeats(writer->gif, play_count) && put_metadata(writer)
               ? BD_OK
               : fail(writer, writer->gif->Error);
}

/* GIF counts hundredths of a second. What rounding takes from a delay the next one gets, so that the whole lasts as long.
 * Browsers show 0 and 1 as 10: such a delay is written only where it was the frame's. */
static int hundredths_of(gif_writer *writer, bd_delay delay) {
    enum { PLAYED = 2 };
    const uint64_t numerator = (uint64_t)delay.numerator * 100;
    if (numerator % delay.denominator == 0) {
        return (int)BD_MIN(numerator / delay.denominator, (uint64_t)UINT16_MAX);
    }
    const double wanted = (double)numerator / delay.denominator + writer->owed;
    const int hundredths = (int)fmin(fmax(round(wanted), PLAYED), UINT16_MAX);
    writer->owed = fmin(fmax(wanted - hundredths, -0.5), 0.5);
    return hundredths;
}

static bool put_control(gif_writer *writer, bd_delay delay) {
    /* Cleared before the next frame, which may be transparent where this is not. */
    const GraphicsControlBlock control = {.DisposalMode = DISPOSE_BACKGROUND,
                                          .DelayTime = hundredths_of(writer, delay),
                                          .TransparentColor = (int)writer->palette.count};
    GifByteType block[4];
    EGifGCBToExtension(&control, block);
    return EGifPutExtension(writer->gif, GRAPHICS_EXT_FUNC_CODE, sizeof block, block) != GIF_ERROR;
}

static bd_result add(void *state, const bd_image *frame, bd_delay delay) {
    gif_writer *writer = state;
    GifFileType *gif = writer->gif;
    if (writer->color) {
        bd_color_pixels(writer->color, frame->pixels, writer->plain.pixels, (size_t)frame->width * frame->height);
        writer->plain.has_alpha = frame->has_alpha;
        frame = &writer->plain;
    }
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
    bd_color_destroy(writer->color);
    bd_image_finish(&writer->plain);
    bd_free(writer->to->params.allocator, writer->indices);
    bd_free(writer->to->params.allocator, writer);
}

const bd_frames_writer bd_gif_writer = {begin, add, end, close_writer};

void bd_gif_encode(bd_encoder *to) {
    bd_frames_encode(&bd_gif_writer, to);
}
