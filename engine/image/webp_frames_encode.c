/* SPDX-License-Identifier: MIT
 * Animated WebP out, by libwebpmux. It allocates past the caller's hooks. */
#include "image/webp_frames_encode.h"

#include <string.h>

#include <webp/encode.h>
#include <webp/mux.h>

#include "image/webp_encode.h"

typedef struct webp_writer {
    bd_encoder *to;
    WebPAnimEncoder *encoder;
    WebPConfig config;
    double shown_ms; /* until when the frames so far are shown */
    bool alpha;      /* of any of them */
} webp_writer;

static bd_result fail(const webp_writer *writer, const char *why) {
    return bd_fail(writer->to->error, BD_ERR_INVALID_ARGUMENT, "%s: WebP: %s", writer->to->name, why);
}

static bd_result no_memory(const bd_encoder *to) {
    return bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
}

static bd_result begin(bd_encoder *to, uint32_t play_count, void **state) {
    enum { QUALITY = 90 };
    webp_writer *writer = bd_alloc_zero(to->params.allocator, sizeof *writer);
    *state = writer;
    if (!writer) {
        return no_memory(to);
    }
    writer->to = to;
    const int quality = to->params.quality ? to->params.quality : QUALITY;
    WebPAnimEncoderOptions options;
    enum { LOSSLESS_LEVEL = 6 }; /* of 9, which takes several times as long for a few percent */
    if (!WebPConfigPreset(&writer->config, WEBP_PRESET_PHOTO, (float)quality) ||
        !WebPAnimEncoderOptionsInit(&options)) {
        return fail(writer, "another version of the library than it was built for");
    }
    if (to->params.lossless) {
        writer->config.exact = 1; /* under alpha 0, too */
        if (!WebPConfigLosslessPreset(&writer->config, LOSSLESS_LEVEL)) {
            return fail(writer, "its lossless way is missing");
        }
    }
    options.anim_params.bgcolor = 0;
    options.anim_params.loop_count = (int)BD_MIN(play_count, (uint32_t)UINT16_MAX);
    writer->encoder = WebPAnimEncoderNew((int)to->image->width, (int)to->image->height, &options);
    return writer->encoder ? BD_OK : no_memory(to);
}

static bd_result add(void *state, const bd_image *frame, bd_delay delay) {
    webp_writer *writer = state;
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) {
        return fail(writer, "another version of the library than it was built for");
    }
    picture.use_argb = 1;
    picture.width = (int)frame->width;
    picture.height = (int)frame->height;
    bd_result result =
        WebPPictureImportRGBA(&picture, frame->pixels, (int)frame->stride_bytes) ? BD_OK : no_memory(writer->to);
    if (!result && !WebPAnimEncoderAdd(writer->encoder, &picture, (int)(writer->shown_ms + 0.5), &writer->config)) {
        result = fail(writer, WebPAnimEncoderGetError(writer->encoder));
    }
    WebPPictureFree(&picture);
    writer->alpha = writer->alpha || frame->has_alpha;
    writer->shown_ms += 1000.0 * delay.numerator / delay.denominator;
    return result;
}

/* The file again, with a profile and metadata. */
static bool put_chunks(const bd_encoder *to, WebPData *file) {
    WebPMux *mux = WebPMuxCreate(file, 0);
    WebPData whole = {NULL, 0};
    bool done =
        mux && bd_webp_put_chunks(to, to->image, mux) == WEBP_MUX_OK && WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK;
    if (done) {
        WebPDataClear(file);
        *file = whole;
    }
    WebPMuxDelete(mux);
    return done;
}

static bd_result end(void *state) {
    webp_writer *writer = state;
    bd_encoder *to = writer->to;
    WebPData file = {NULL, 0};
    if (!WebPAnimEncoderAdd(writer->encoder, NULL, (int)(writer->shown_ms + 0.5), NULL) ||
        !WebPAnimEncoderAssemble(writer->encoder, &file)) {
        return fail(writer, WebPAnimEncoderGetError(writer->encoder));
    }
    const bool more = to->image->profile || to->metadata.exif || to->metadata.xmp;
    bool done = (!more || put_chunks(to, &file)) && bd_encoder_put(to, file.bytes, file.size);
    /* libwebpmux cuts transparent borders off the frames, and then takes none of them for transparent. */
    enum { FLAGS_AT = 20 };
    if (done && writer->alpha && to->used > FLAGS_AT && !memcmp(to->data + 12, "VP8X", 4)) {
        to->data[FLAGS_AT] |= ALPHA_FLAG;
    }
    WebPDataClear(&file);
    return done ? BD_OK : no_memory(to);
}

static void close_writer(void *state) {
    webp_writer *writer = state;
    if (writer) {
        WebPAnimEncoderDelete(writer->encoder);
        bd_free(writer->to->params.allocator, writer);
    }
}

const bd_frames_writer bd_webp_writer = {begin, add, end, close_writer};
