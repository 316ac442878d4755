/* SPDX-License-Identifier: MIT
 * WebP out, by libwebp, which allocates by itself, past the caller's hooks. */
#include "image/webp_encode.h"

#include <webp/encode.h>
#include <webp/mux.h>

#include "image/pixels.h"
#include "image/rows.h"

enum {
    QUALITY = 90,
    EFFORT = 1 /* without a loss, 0 to 9: the default, 6, takes twice the time for 1 % */
};

static void fail_at(bd_encoder *to, WebPEncodingError code) {
    switch (code) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BAD_WRITE:
        to->result = bd_fail(to->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", to->name);
        break;
    default:
        to->result = bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: WebP: libwebp's error %d", to->name, (int)code);
        break;
    }
}

static int put(const uint8_t *data, size_t bytes, const WebPPicture *picture) {
    bd_encoder *to = picture->custom_ptr;
    to->out_of_memory |= !bd_encoder_put(to, data, bytes);
    return !to->out_of_memory;
}

/* Words of alpha, red, green and blue, from the highest byte on. */
static void fill(const bd_encoder *to, WebPPicture *picture) {
    const bd_image *image = to->image;
    const bool opaque = bd_image_is_opaque(image);
    for (uint32_t y = 0; y < image->height; y++) {
        uint32_t *words = picture->argb + (size_t)y * (size_t)picture->argb_stride;
        uint8_t *bytes = (uint8_t *)words;
        if (!bd_format_is_rgba(image->format)) {
            const uint8_t *gray = bd_encoder_row(to, y);
            for (uint32_t x = 0; x < image->width; x++) {
                words[x] = 0xff000000u | gray[x] * 0x10101u;
            }
            continue;
        }
        bd_row_load(image, y, opaque, false, bytes);
        for (size_t x = 0; x < image->width; x++) {
            const uint8_t *rgba = bytes + x * 4;
            words[x] = (uint32_t)rgba[3] << 24 | (uint32_t)rgba[0] << 16 | (uint32_t)rgba[1] << 8 | rgba[2];
        }
    }
}

static void encode_picture(bd_encoder *to, WebPPicture *picture) {
    WebPConfig config;
    if (!WebPConfigInit(&config)) {
        to->result = bd_fail(to->error, BD_ERR_UNSUPPORTED,
                             "%s: WebP needs another libwebp than this build was made for", to->name);
        return;
    }
    config.quality = (float)(to->params.quality ? to->params.quality : QUALITY);
    if (to->params.lossless) {
        (void)WebPConfigLosslessPreset(&config, EFFORT);
        config.exact = 1; /* colours stay under alpha 0, too */
    }
    picture->use_argb = 1;
    picture->width = (int)to->image->width;
    picture->height = (int)to->image->height;
    picture->writer = put;
    picture->custom_ptr = to;
    if (!WebPPictureAlloc(picture)) {
        fail_at(to, VP8_ENC_ERROR_OUT_OF_MEMORY);
    } else {
        fill(to, picture);
        if (!WebPEncode(&config, picture)) {
            /* libwebp does not always say that the writer failed. */
            fail_at(to, to->out_of_memory ? VP8_ENC_ERROR_BAD_WRITE : picture->error_code);
        }
    }
}

static void set_chunk(WebPMux *mux, const char *name, const void *data, size_t bytes, WebPMuxError *code) {
    const WebPData chunk = {data, bytes};
    if (*code == WEBP_MUX_OK && data) {
        *code = WebPMuxSetChunk(mux, name, &chunk, 0);
    }
}

int bd_webp_put_chunks(const bd_encoder *to, const bd_image *image, WebPMux *mux) {
    WebPMuxError code = WEBP_MUX_OK;
    set_chunk(mux, "ICCP", image ? image->profile : NULL, image ? image->profile_bytes : 0, &code);
    set_chunk(mux, "EXIF", to->metadata.exif, to->metadata.exif_bytes, &code);
    set_chunk(mux, "XMP ", to->metadata.xmp, to->metadata.xmp_bytes, &code);
    return code;
}

/* Puts the bare bitstream into a container with what else is to be said. */
static void add_chunks(bd_encoder *to, const bd_image *profile) {
    const WebPData bitstream = {to->data, to->used};
    WebPData whole = {NULL, 0};
    WebPMux *mux = WebPMuxNew();
    WebPMuxError code = mux ? WebPMuxSetImage(mux, &bitstream, 0) : WEBP_MUX_MEMORY_ERROR;
    if (code == WEBP_MUX_OK) {
        code = (WebPMuxError)bd_webp_put_chunks(to, profile, mux);
    }
    if (code == WEBP_MUX_OK) {
        code = WebPMuxAssemble(mux, &whole);
    }
    WebPMuxDelete(mux);
    if (code == WEBP_MUX_OK) {
        to->used = 0;
        code = bd_encoder_put(to, whole.bytes, whole.size) ? WEBP_MUX_OK : WEBP_MUX_MEMORY_ERROR;
    }
    WebPDataClear(&whole);
    if (code == WEBP_MUX_MEMORY_ERROR) {
        fail_at(to, VP8_ENC_ERROR_OUT_OF_MEMORY);
    } else if (code != WEBP_MUX_OK) {
        to->result =
            bd_fail(to->error, BD_ERR_INVALID_ARGUMENT, "%s: WebP: libwebpmux's error %d", to->name, (int)code);
    }
}

void bd_webp_encode(bd_encoder *to) {
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) {
        to->result = bd_fail(to->error, BD_ERR_UNSUPPORTED,
                             "%s: WebP needs another libwebp than this build was made for", to->name);
        return;
    }
    encode_picture(to, &picture);
    WebPPictureFree(&picture);
    const bd_image *profile = to->image->profile && bd_format_is_rgba(to->image->format) ? to->image : NULL;
    if (!to->result && (profile || to->metadata.exif || to->metadata.xmp)) {
        add_chunks(to, profile);
    }
}
