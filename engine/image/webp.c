/* SPDX-License-Identifier: MIT
 * WebP in, by libwebp. It decodes into the image's own memory; what else it needs it allocates by itself, past the
 * caller's hooks. */
#include "image/webp.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "image/color.h"
#include "image/exif.h"
#include "image/metadata.h"
#include "image/orientation.h"
#include "image/pixels.h"

static bd_result broken(const bd_image_source *source, VP8StatusCode status, bd_error *error) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: WebP: the file is truncated", source->name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: WebP: of a kind that cannot be read", source->name);
    default: return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: WebP: broken", source->name);
    }
}

/* The frame to where it lies on the canvas, which it fills unless the file is an animation. */
static bd_result read_frame(const bd_image_source *source, const WebPIterator *frame, bd_image *image,
                            bd_error *error) {
    const bool covers = (uint32_t)frame->width == image->width && (uint32_t)frame->height == image->height;
    const size_t bytes = (size_t)image->stride_bytes * image->height;
    const size_t at = (size_t)frame->y_offset * (size_t)image->stride_bytes +
                      (size_t)frame->x_offset * bd_format_bytes(image->format);
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: WebP needs another libwebp than this build was made for",
                       source->name);
    }
    if (!covers) {
        memset(image->pixels, 0, bytes);
    }
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->pixels + at;
    config.output.u.RGBA.stride = (int)image->stride_bytes;
    config.output.u.RGBA.size = bytes - at;
    VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? BD_OK : broken(source, status, error);
}

static bd_result read_color(const bd_image_source *source, const WebPDemuxer *demuxer, bd_image *image,
                            bd_error *error) {
    WebPChunkIterator chunk;
    bd_result result = BD_OK;
    if (WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) {
        result = bd_image_take_profile(source, chunk.chunk.bytes, chunk.chunk.size, false, image, error);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return result;
}

bd_result bd_webp_read_metadata(const bd_image_source *source, const WebPDemuxer *demuxer, int *orientation,
                                bd_error *error) {
    WebPChunkIterator chunk;
    bd_result result = BD_OK;
    *orientation = 1;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        *orientation = bd_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        result = bd_metadata_take(source, BD_METADATA_EXIF, chunk.chunk.bytes, chunk.chunk.size, error);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    if (!result && WebPDemuxGetChunk(demuxer, "XMP ", 1, &chunk)) {
        result = bd_metadata_take(source, BD_METADATA_XMP, chunk.chunk.bytes, chunk.chunk.size, error);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return result;
}

static bd_result read_picture(const bd_image_source *source, const WebPDemuxer *demuxer, bd_image *image,
                              bd_error *error) {
    const uint32_t width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    const uint32_t height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    bd_result result = bd_image_check_size(source, width, height, error);
    if (!result) {
        result = bd_image_create(source->allocator, source->name, width, height, BD_FORMAT_RGBA8, image, error);
    }
    WebPIterator frame;
    if (result || !WebPDemuxGetFrame(demuxer, 1, &frame)) {
        return result ? result : broken(source, VP8_STATUS_NOT_ENOUGH_DATA, error);
    }
    result =
        frame.complete ? read_frame(source, &frame, image, error) : broken(source, VP8_STATUS_NOT_ENOUGH_DATA, error);
    WebPDemuxReleaseIterator(&frame);
    if (!result) {
        bd_image_find_alpha(image);
    }
    if (!result && !source->gray16) {
        result = read_color(source, demuxer, image, error);
    }
    int orientation;
    if (!result) {
        result = bd_webp_read_metadata(source, demuxer, &orientation, error);
    }
    return result || source->ignore_orientation || source->gray16 ? result
                                                                  : bd_image_orient(source, orientation, image, error);
}

bd_result bd_webp_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    const WebPData data = {source->data, source->bytes};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (!demuxer || state < WEBP_DEMUX_PARSED_HEADER) {
        WebPDemuxDelete(demuxer);
        return broken(source, state == WEBP_DEMUX_PARSE_ERROR ? VP8_STATUS_BITSTREAM_ERROR : VP8_STATUS_NOT_ENOUGH_DATA,
                      error);
    }
    bd_image made = {0};
    const bool frames_missing =
        state != WEBP_DEMUX_DONE && (WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & ANIMATION_FLAG);
    bd_result result = frames_missing ? broken(source, VP8_STATUS_NOT_ENOUGH_DATA, error)
                                      : read_picture(source, demuxer, &made, error);
    WebPDemuxDelete(demuxer);
    if (!result && state != WEBP_DEMUX_DONE) {
        result = bd_image_miss_end(source, "WebP", error);
    }
    if (result) {
        bd_image_finish(&made);
        return result;
    }
    *image = made;
    return BD_OK;
}
