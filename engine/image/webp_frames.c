/* SPDX-License-Identifier: MIT
 * Animated WebP in, by libwebpdemux, which puts the frames together. It allocates past the caller's hooks. */
#include "image/webp_frames.h"

#include <string.h>

#include <webp/demux.h>

#include "image/color.h"
#include "image/pixels.h"
#include "image/webp.h"

typedef struct webp_frames {
    const bd_image_source *source;
    WebPAnimDecoder *decoder;
    uint32_t width, height;
    int shown_ms; /* until when the frames before are shown */
} webp_frames;

static bool count_frames(const bd_image_source *source, bd_animation_info *info) {
    const WebPData data = {source->data, source->bytes};
    WebPDemuxer *file = WebPDemux(&data);
    if (!file) {
        return false;
    }
    const bool animated = WebPDemuxGetI(file, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG;
    info->width = WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH);
    info->height = WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT);
    info->play_count = WebPDemuxGetI(file, WEBP_FF_LOOP_COUNT);
    info->frame_count = WebPDemuxGetI(file, WEBP_FF_FRAME_COUNT);
    WebPDemuxDelete(file);
    return animated && info->frame_count > 1;
}

static bd_result describe(const bd_image_source *source, int *orientation, bd_error *error) {
    const WebPData data = {source->data, source->bytes};
    WebPDemuxer *file = WebPDemux(&data);
    *orientation = 1;
    bd_result result = file ? bd_webp_read_metadata(source, file, orientation, error) : BD_OK;
    WebPDemuxDelete(file);
    return result;
}

static bd_result open_frames(const bd_image_source *source, void **state, bd_error *error) {
    bd_animation_info info = {0};
    webp_frames *frames = bd_alloc_zero(source->allocator, sizeof *frames);
    *state = frames;
    if (!frames) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    }
    frames->source = source;
    const bool animated = count_frames(source, &info);
    bd_result result = bd_image_check_size(source, info.width, info.height, error);
    if (result) {
        return result;
    }
    WebPAnimDecoderOptions options;
    const WebPData data = {source->data, source->bytes};
    if (animated && WebPAnimDecoderOptionsInit(&options)) {
        options.color_mode = MODE_RGBA;
        frames->decoder = WebPAnimDecoderNew(&data, &options);
    }
    frames->width = info.width;
    frames->height = info.height;
    return frames->decoder ? BD_OK
                           : bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: WebP: broken, or out of memory", source->name);
}

static bd_result take_profile(const webp_frames *frames, bd_image *frame, bd_error *error) {
    WebPChunkIterator found;
    bd_result result = BD_OK;
    if (WebPDemuxGetChunk(WebPAnimDecoderGetDemuxer(frames->decoder), "ICCP", 1, &found)) {
        result = bd_image_take_profile(frames->source, found.chunk.bytes, found.chunk.size, false, frame, error);
        WebPDemuxReleaseChunkIterator(&found);
    }
    return result;
}

static bd_result next_frame(void *state, bd_image *frame, bd_delay *delay, bd_error *error) {
    webp_frames *frames = state;
    uint8_t *pixels;
    int shown_ms;
    if (!WebPAnimDecoderGetNext(frames->decoder, &pixels, &shown_ms)) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: WebP: a frame is broken", frames->source->name);
    }
    bd_image shown;
    bd_result result = bd_image_create(frames->source->allocator, frames->source->name, frames->width, frames->height,
                                       BD_FORMAT_RGBA8, &shown, error);
    if (result) {
        return result;
    }
    memcpy(shown.pixels, pixels, (size_t)frames->width * frames->height * 4);
    bd_image_find_alpha(&shown);
    result = take_profile(frames, &shown, error);
    if (result) {
        bd_image_finish(&shown);
        return result;
    }
    *delay = (bd_delay){(uint32_t)BD_MAX(shown_ms - frames->shown_ms, 0), 1000};
    frames->shown_ms = shown_ms;
    *frame = shown;
    return BD_OK;
}

static void close_frames(void *state) {
    webp_frames *frames = state;
    if (frames) {
        WebPAnimDecoderDelete(frames->decoder);
        bd_free(frames->source->allocator, frames);
    }
}

const bd_frames_reader bd_webp_reader = {count_frames, describe, open_frames, next_frame, close_frames};
