/* SPDX-License-Identifier: MIT
 * JPEG in, by libjpeg-turbo with its default DCT and upsampling. */
#include "image/jpeg.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image/color.h"
#include "image/jpeg_segments.h"
#include "image/metadata.h"
#include "image/orientation.h"
#include "image/pixels.h"

enum {
    STRIP_ROWS = 16,
    SCANS_MAX = 100, /* a scan costs little to store and a pass over the picture to decode */
    SCANS_USUAL = 20 /* more than encoders write */
};
/* Scans beyond the usual ones are passes over so many pixels at most, all together. */
#define WORK_MAX 4000000000u

typedef struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const bd_image_source *source;
    bd_error *error;
    bd_result result;
    bd_image image;
    uint8_t *strip;
    uint8_t *profile; /* libjpeg's malloc */
    unsigned profile_bytes;
    bd_color *inks; /* of CMYK with a profile */
    bool decoding;  /* the header has been read */
    bool ended;     /* the file, before its last marker */
    unsigned begun; /* components, as bits, of which a scan has begun */
} jpeg_reader;

static bd_result code_of(int message) {
    switch (message) {
    case JERR_OUT_OF_MEMORY: return BD_ERR_OUT_OF_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: return BD_ERR_UNSUPPORTED;
    default: return BD_ERR_FILE_CORRUPT;
    }
}

static void stop(j_common_ptr jpeg) {
    jpeg_reader *reader = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    reader->errors.format_message(jpeg, text);
    reader->result =
        bd_fail(reader->error, code_of(reader->errors.msg_code), "%s: JPEG: %s", reader->source->name, text);
    longjmp(reader->jump, 1);
}

/* libjpeg fills in what is missing from a damaged file and warns; a damaged file is an error here. */
static void warn(j_common_ptr jpeg, int level) {
    jpeg_reader *reader = jpeg->client_data;
    if (level >= 0) {
        return;
    }
    switch (jpeg->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC: stop(jpeg); break;
    case JWRN_JPEG_EOF:
        /* Of data that ends too early JWRN_HIT_MARKER tells, but for arithmetic coding, which may leave out zeros. */
        if (!reader->decoding || reader->jpeg.arith_code || reader->source->strict) {
            stop(jpeg);
        }
        reader->ended = true;
        break;
    case JWRN_BOGUS_ICC:
        bd_image_warn(reader->source, "%s: the colour profile is ignored: parts are missing", reader->source->name);
        break;
    default: break;
    }
}

static void count_scans(j_common_ptr jpeg) {
    jpeg_reader *reader = jpeg->client_data;
    for (int i = 0; i < reader->jpeg.comps_in_scan; i++) {
        reader->begun |= 1u << reader->jpeg.cur_comp_info[i]->component_index;
    }
    uint64_t pixels = (uint64_t)reader->jpeg.image_width * reader->jpeg.image_height;
    int most = (int)BD_MIN(BD_MAX(WORK_MAX / pixels, (uint64_t)SCANS_USUAL), (uint64_t)SCANS_MAX);
    if (reader->jpeg.input_scan_number > most) {
        reader->result = bd_fail(reader->error, BD_ERR_FILE_CORRUPT, "%s: JPEG: more than %d scans of %ux%u pixels",
                                 reader->source->name, most, reader->jpeg.image_width, reader->jpeg.image_height);
        longjmp(reader->jump, 1);
    }
}

/* A picture of several scans is held as coefficients, too, which may take as much as the pixels of the largest picture that
 * is allowed. */
static bd_result check_coefficients(jpeg_reader *reader) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    const bd_image_source *source = reader->source;
    uint64_t bytes = 0;
    for (int c = 0; c < jpeg->num_components && jpeg_has_multiple_scans(jpeg); c++) {
        const jpeg_component_info *component = &jpeg->comp_info[c];
        bytes += (uint64_t)component->width_in_blocks * component->height_in_blocks * DCTSIZE2 * sizeof(JCOEF);
    }
    return bytes / 4 <= source->max_pixels
               ? BD_OK
               : bd_fail(reader->error, BD_ERR_IMAGE_TOO_LARGE,
                         "%s: %ux%u pixels in several scans are too many: their coefficients take as much memory as "
                         "%llu pixels, and the limit is %llu",
                         source->name, jpeg->image_width, jpeg->image_height, (unsigned long long)(bytes / 4),
                         (unsigned long long)source->max_pixels);
}

/* Reads up to STRIP_ROWS rows to memory. */
static uint32_t read_rows(jpeg_reader *reader, uint8_t *to) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    size_t stride = (size_t)jpeg->output_width * 4;
    uint32_t wanted = BD_MIN(jpeg->output_height - jpeg->output_scanline, (uint32_t)STRIP_ROWS);
    uint32_t got = 0;
    while (got < wanted) {
        JSAMPROW rows[STRIP_ROWS];
        for (uint32_t i = got; i < wanted; i++) {
            rows[i] = to + i * stride;
        }
        got += jpeg_read_scanlines(jpeg, rows + got, wanted - got);
    }
    if (jpeg->out_color_space == JCS_CMYK) {
        bd_color_inks(reader->inks, false, to, (size_t)jpeg->output_width * got);
    }
    return got;
}

/* Whether all scans are there that the picture needs; that each is whole is known. */
static bool has_all_scans(const jpeg_reader *reader) {
    enum { COEFFICIENTS = 64 };
    const struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    for (int i = 0; i < jpeg->num_components; i++) {
        if (jpeg->progressive_mode) {
            for (int k = 0; k < COEFFICIENTS; k++) {
                if (jpeg->coef_bits[i][k]) {
                    return false;
                }
            }
        } else if (jpeg->comps_in_scan < jpeg->num_components && !(reader->begun >> i & 1u)) {
            return false;
        }
    }
    return true;
}

static void read_picture(jpeg_reader *reader, int orientation) {
    const bd_image_source *source = reader->source;
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    uint32_t width = jpeg->output_width, height = jpeg->output_height;
    bool turns = bd_orientation_turns(orientation);
    reader->result = bd_image_create(source->allocator, source->name, turns ? height : width, turns ? width : height,
                                     BD_FORMAT_RGBA8, &reader->image, reader->error);
    if (reader->result) {
        return;
    }
    if (orientation != 1) {
        reader->strip = bd_alloc(source->allocator, (size_t)width * 4 * STRIP_ROWS);
        if (!reader->strip) {
            reader->result = bd_fail(reader->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", source->name);
            return;
        }
    }
    while (jpeg->output_scanline < height) {
        uint32_t first = jpeg->output_scanline;
        if (orientation == 1) {
            read_rows(reader, reader->image.pixels + first * reader->image.stride_bytes);
        } else {
            uint32_t count = read_rows(reader, reader->strip);
            bd_image_place_rows(&reader->image, orientation, reader->strip, width, first, count);
        }
    }
    bool whole = has_all_scans(reader);
    jpeg_finish_decompress(jpeg);
    if (reader->ended) {
        reader->result =
            whole ? bd_image_miss_end(source, "JPEG", reader->error)
                  : bd_fail(reader->error, BD_ERR_FILE_CORRUPT, "%s: JPEG: the file is truncated", source->name);
    }
    if (reader->result) {
        return;
    }
    if (reader->profile && jpeg->out_color_space != JCS_CMYK) {
        reader->result = bd_image_take_profile(source, reader->profile, reader->profile_bytes,
                                               jpeg->jpeg_color_space == JCS_GRAYSCALE, &reader->image, reader->error);
    }
}

/* The parts in APP2 segments, put together. */
static void read_profile(jpeg_reader *reader, bool four) {
    const bd_image_source *source = reader->source;
    if (source->gray16 || !jpeg_read_icc_profile(&reader->jpeg, &reader->profile, &reader->profile_bytes)) {
        return;
    }
    if (four) {
        reader->result =
            bd_color_create_cmyk(source, reader->profile, reader->profile_bytes, false, &reader->inks, reader->error);
    }
}

static void read_file(jpeg_reader *reader) {
    const bd_image_source *source = reader->source;
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg_create_decompress(jpeg);
    reader->progress.progress_monitor = count_scans;
    jpeg->progress = &reader->progress;
    jpeg_mem_src(jpeg, source->data, source->bytes);
    jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    reader->result = bd_image_check_size(source, jpeg->image_width, jpeg->image_height, reader->error);
    reader->result = reader->result ? reader->result : check_coefficients(reader);
    if (reader->result) {
        return;
    }
    bool four = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = four ? JCS_CMYK : JCS_EXT_RGBA;
    read_profile(reader, four);
    if (reader->result) {
        return;
    }
    int orientation;
    reader->result = bd_jpeg_read_segments(source, &orientation, reader->error);
    if (reader->result) {
        return;
    }
    if (four) {
        bd_metadata_set_srgb(source);
    }
    reader->decoding = true;
    jpeg_start_decompress(jpeg);
    read_picture(reader, orientation);
}

bd_result bd_jpeg_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    jpeg_reader reader = {.source = source, .error = error};
    reader.jpeg.err = jpeg_std_error(&reader.errors);
    reader.jpeg.client_data = &reader;
    reader.errors.error_exit = stop;
    reader.errors.emit_message = warn;
    if (!setjmp(reader.jump)) {
        read_file(&reader);
    }
    jpeg_destroy_decompress(&reader.jpeg);
    bd_free(source->allocator, reader.strip);
    bd_color_destroy(reader.inks);
    free(reader.profile);
    if (reader.result) {
        bd_image_finish(&reader.image);
        return reader.result;
    }
    *image = reader.image;
    return BD_OK;
}
