/* SPDX-License-Identifier: MIT
 * Animated PNG in (PNG 3rd edition, 4.9 and 11.3.6). Each frame is handed to libpng as a file of its own, which has the
 * chunks before the first IDAT that say how pixels are to be read. */
#include "image/apng.h"

#include <string.h>

#include <zlib.h>

#include "image/canvas.h"
#include "image/pixels.h"
#include "image/png.h"
#include "image/png_chunks.h"

enum { SIGNATURE = 8, CHUNK = 12, IHDR_BYTES = 13, CONTROL_BYTES = 26 };

typedef struct png_chunk {
    const uint8_t *type, *data;
    uint32_t bytes;
} png_chunk;

typedef struct frame_control {
    bd_rectangle place;
    uint16_t delay[2];
    uint8_t dispose, blend;
} frame_control;

typedef struct apng_frames {
    const bd_image_source *source;
    size_t at;
    bd_canvas canvas;
    uint8_t *file; /* a frame as a file: its head first, which stays */
    size_t head, used, room;
    uint32_t said, seen; /* frames, by acTL and by fcTL */
    bool begun, endless; /* no IEND */
} apng_frames;

static uint32_t big_endian(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void put_big_endian(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* The chunk at *at, and on to the next; false: there is no whole one. */
static bool next_chunk(const bd_image_source *source, size_t *at, png_chunk *found) {
    if (*at > source->bytes || source->bytes - *at < CHUNK) {
        return false;
    }
    const uint8_t *from = source->data + *at;
    *found = (png_chunk){from + 4, from + 8, big_endian(from)};
    if (found->bytes > source->bytes - *at - CHUNK) {
        return false;
    }
    *at += CHUNK + (size_t)found->bytes;
    return true;
}

static bool is_type(const png_chunk *chunk, const char *type) {
    return !memcmp(chunk->type, type, 4);
}

static bool count_frames(const bd_image_source *source, bd_animation_info *info) {
    size_t at = SIGNATURE;
    png_chunk found;
    bool animated = false, data = false, end = false;
    uint32_t said = 0;
    info->frame_count = 0;
    for (bool first = true; !end && next_chunk(source, &at, &found); first = false) {
        if (first && (!is_type(&found, "IHDR") || found.bytes != IHDR_BYTES)) {
            return false;
        }
        if (first) {
            info->width = big_endian(found.data);
            info->height = big_endian(found.data + 4);
        } else if (is_type(&found, "acTL") && found.bytes == 8 && !data) {
            animated = true;
            said = big_endian(found.data);
            info->play_count = big_endian(found.data + 4);
        } else if (is_type(&found, "fcTL")) {
            info->frame_count++;
        }
        data = data || is_type(&found, "IDAT");
        end = is_type(&found, "IEND");
    }
    /* Of a file that is cut off all frames are wanted, so that it is seen which are missing. */
    info->frame_count = end ? BD_MIN(info->frame_count, said) : said;
    return animated && info->frame_count > 1;
}

/* ---- a frame as a file ---- */

static bd_result broken(const apng_frames *frames, const char *why, bd_error *error) {
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: PNG: %s", frames->source->name, why);
}

static bd_result put(apng_frames *frames, const void *data, size_t bytes, bd_error *error) {
    if (frames->room - frames->used < bytes) {
        const size_t room = BD_MAX(frames->used + bytes, frames->room * 2);
        uint8_t *file = bd_realloc(frames->source->allocator, frames->file, room);
        if (!file) {
            return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", frames->source->name);
        }
        frames->file = file;
        frames->room = room;
    }
    memcpy(frames->file + frames->used, data, bytes);
    frames->used += bytes;
    return BD_OK;
}

static bd_result put_chunk(apng_frames *frames, const char *type, const uint8_t *data, uint32_t bytes,
                           bd_error *error) {
    uint8_t before[8], after[4];
    put_big_endian(before, bytes);
    memcpy(before + 4, type, 4);
    uLong sum = crc32(crc32(0, Z_NULL, 0), before + 4, 4);
    put_big_endian(after, (uint32_t)(bytes ? crc32(sum, data, bytes) : sum));
    bd_result result = put(frames, before, sizeof before, error);
    if (!result && bytes) {
        result = put(frames, data, bytes, error);
    }
    return result ? result : put(frames, after, sizeof after, error);
}

/* What a copy into a file of its own would hide. */
static bd_result check_sum(const apng_frames *frames, const png_chunk *chunk, bd_error *error) {
    const uint32_t sum = (uint32_t)crc32(crc32(0, Z_NULL, 0), chunk->type, 4 + chunk->bytes);
    return sum == big_endian(chunk->data + chunk->bytes) ? BD_OK : broken(frames, "CRC error in a frame", error);
}

/* All that says how pixels are to be read. */
static bd_result read_head(apng_frames *frames, bd_error *error) {
    static const char kept[][5] = {"IHDR", "PLTE", "tRNS", "iCCP", "sRGB", "gAMA", "cHRM", "cICP"};
    bd_result result = put(frames, frames->source->data, SIGNATURE, error);
    png_chunk found;
    size_t at = SIGNATURE;
    while (!result) {
        frames->at = at;
        if (!next_chunk(frames->source, &at, &found)) {
            return broken(frames, "the file is truncated", error);
        }
        if (is_type(&found, "fcTL") || is_type(&found, "IDAT")) {
            break;
        }
        if (is_type(&found, "acTL") && found.bytes == 8) {
            frames->said = big_endian(found.data);
        }
        for (size_t i = 0; i < sizeof kept / sizeof kept[0] && !result; i++) {
            if (is_type(&found, kept[i])) {
                result = put(frames, found.type - 4, CHUNK + (size_t)found.bytes, error);
            }
        }
    }
    frames->head = frames->used;
    return result;
}

static bd_result open_frames(const bd_image_source *source, void **state, bd_error *error) {
    apng_frames *frames = bd_alloc_zero(source->allocator, sizeof *frames);
    *state = frames;
    if (!frames) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
    }
    frames->source = source;
    const uint8_t *size = source->data + SIGNATURE + 8; /* count_frames saw the IHDR */
    bd_result result = bd_image_check_size(source, big_endian(size), big_endian(size + 4), error);
    if (!result) {
        result = bd_canvas_init(&frames->canvas, source, big_endian(size), big_endian(size + 4), error);
    }
    return result ? result : read_head(frames, error);
}

static bd_result read_control(const apng_frames *frames, const png_chunk *found, frame_control *read, bd_error *error) {
    if (found->bytes != CONTROL_BYTES) {
        return broken(frames, "a broken fcTL", error);
    }
    const uint8_t *from = found->data;
    *read = (frame_control){
        .place = {big_endian(from + 12), big_endian(from + 16), big_endian(from + 4), big_endian(from + 8)},
        .delay = {(uint16_t)(from[20] << 8 | from[21]), (uint16_t)(from[22] << 8 | from[23])},
        .dispose = from[24],
        .blend = from[25]};
    const bd_rectangle *place = &read->place;
    const bd_canvas *canvas = &frames->canvas;
    bool inside = place->width && place->height && place->width <= canvas->width && place->height <= canvas->height &&
                  place->x <= canvas->width - place->width && place->y <= canvas->height - place->height;
    return inside && read->dispose <= 2 && read->blend <= 1 ? BD_OK : broken(frames, "a broken fcTL", error);
}

/* The next frame's control, then all its data as one file. */
static bd_result gather(apng_frames *frames, frame_control *read, bd_error *error) {
    bd_result result = BD_OK;
    bool controlled = false, has_data = false;
    frames->used = frames->head;
    for (;;) {
        size_t at = frames->at;
        png_chunk found;
        if (!next_chunk(frames->source, &at, &found)) {
            frames->endless = has_data && frames->seen >= frames->said;
            if (!frames->endless) {
                return broken(frames, "the file is truncated", error);
            }
            break;
        }
        const bool control = is_type(&found, "fcTL"), end = is_type(&found, "IEND");
        const bool whole = is_type(&found, "IDAT"), part = is_type(&found, "fdAT");
        if ((control || end) && has_data) {
            break; /* stays for the next frame */
        }
        frames->at = at;
        if (end || (part && found.bytes < 4)) {
            return broken(frames, "a frame without pixels", error);
        }
        if (control || ((whole || part) && controlled)) {
            result = check_sum(frames, &found, error);
        }
        if (!result && control) {
            result = read_control(frames, &found, read, error);
            controlled = true;
            frames->seen++;
        } else if (!result && (whole || part) && controlled) { /* a picture before the first frame is for others */
            result = part ? put_chunk(frames, "IDAT", found.data + 4, found.bytes - 4, error)
                          : put_chunk(frames, "IDAT", found.data, found.bytes, error);
            has_data = true;
        }
        if (result) {
            return result;
        }
    }
    return put_chunk(frames, "IEND", NULL, 0, error);
}

static bd_result decode_frame(apng_frames *frames, const frame_control *read, bd_image *picture, bd_error *error) {
    uint8_t *header = frames->file + SIGNATURE + 4;
    put_big_endian(header + 4, read->place.width);
    put_big_endian(header + 8, read->place.height);
    put_big_endian(header + 4 + IHDR_BYTES, (uint32_t)crc32(crc32(0, Z_NULL, 0), header, 4 + IHDR_BYTES));
    bd_image_source own = *frames->source;
    own.data = frames->file;
    own.bytes = frames->used;
    own.metadata = NULL;
    own.ignore_orientation = true;
    own.keep_depth = own.gray16 = own.indices = false;
    return bd_png_decode(&own, picture, error);
}

static bd_result next_frame(void *state, bd_image *frame, bd_delay *delay, bd_error *error) {
    apng_frames *frames = state;
    frame_control read = {.blend = 0};
    bd_image picture = {0};
    bd_result result = gather(frames, &read, error);
    if (!result) {
        result = decode_frame(frames, &read, &picture, error);
    }
    if (!result && frames->endless) {
        result = bd_image_miss_end(frames->source, "PNG", error);
    }
    if (!result) {
        /* What the first frame would go back to is nothing. */
        const bd_disposal disposal = read.dispose == 1                     ? BD_DISPOSAL_CLEAR
                                     : read.dispose == 2 && !frames->begun ? BD_DISPOSAL_CLEAR
                                     : read.dispose == 2                   ? BD_DISPOSAL_PREVIOUS
                                                                           : BD_DISPOSAL_KEEP;
        result = bd_canvas_begin(&frames->canvas, frames->source, read.place, disposal, error);
    }
    for (uint32_t y = 0; y < read.place.height && !result; y++) {
        bd_canvas_draw(&frames->canvas, read.place.x, read.place.y + y,
                       picture.pixels + (ptrdiff_t)y * picture.stride_bytes, read.place.width, read.blend == 1);
    }
    if (!result) {
        result = bd_canvas_show(&frames->canvas, frames->source, frame, error);
    }
    if (!result) {
        result = bd_image_set_profile(frame, picture.profile, picture.profile_bytes, error);
        if (result) {
            bd_image_finish(frame);
        }
    }
    bd_image_finish(&picture);
    frames->begun = true;
    *delay = (bd_delay){read.delay[0], read.delay[1] ? read.delay[1] : 100};
    return result;
}

static void close_frames(void *state) {
    apng_frames *frames = state;
    if (frames) {
        bd_canvas_finish(&frames->canvas);
        bd_free(frames->source->allocator, frames->file);
        bd_free(frames->source->allocator, frames);
    }
}

const bd_frames_reader bd_apng_reader = {count_frames, bd_png_read_metadata, open_frames, next_frame, close_frames};
