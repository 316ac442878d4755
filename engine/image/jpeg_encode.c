/* SPDX-License-Identifier: MIT
 * JPEG out, by libjpeg-turbo. */
#include "image/jpeg_encode.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image/iptc.h"
#include "image/jpeg_segments.h"
#include "image/metadata.h"
#include "image/pixels.h"

typedef struct jpeg_writer {
    bd_encoder *to;
    struct jpeg_destination_mgr destination;
    struct jpeg_error_mgr errors;
    jmp_buf jump;
} jpeg_writer;

static void stop(j_common_ptr jpeg) {
    jpeg_writer *writer = jpeg->client_data;
    bd_encoder *to = writer->to;
    char text[JMSG_LENGTH_MAX];
    writer->errors.format_message(jpeg, text);
    bool memory = to->out_of_memory || writer->errors.msg_code == JERR_OUT_OF_MEMORY;
    to->result =
        bd_fail(to->error, memory ? BD_ERR_OUT_OF_MEMORY : BD_ERR_INVALID_ARGUMENT, "%s: JPEG: %s", to->name, text);
    longjmp(writer->jump, 1);
}

static void ignore(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

static boolean make_room(j_compress_ptr jpeg) {
    jpeg_writer *writer = jpeg->client_data;
    bd_encoder *to = writer->to;
    to->used = to->room; /* libjpeg calls this when the buffer is full, whatever free_in_buffer says */
    if (!bd_encoder_grow(to, 1)) {
        to->out_of_memory = true;
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    }
    writer->destination.next_output_byte = to->data + to->used;
    writer->destination.free_in_buffer = to->room - to->used;
    return TRUE;
}

static void begin(j_compress_ptr jpeg) {
    make_room(jpeg);
}

static void end(j_compress_ptr jpeg) {
    const jpeg_writer *writer = jpeg->client_data;
    writer->to->used = writer->to->room - writer->destination.free_in_buffer;
}

typedef struct part {
    const void *data;
    size_t bytes;
} part;

/* A segment of parts one behind the other; what is too long for one is dropped. */
static void write_segment(jpeg_writer *writer, struct jpeg_compress_struct *jpeg, int marker, bd_metadata_kind kind,
                          const part *parts, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes = BD_MIN(bytes + parts[i].bytes, (size_t)BD_JPEG_SEGMENT_MOST + 1);
    }
    if (bytes > BD_JPEG_SEGMENT_MOST) {
        writer->to->dropped |= 1u << kind;
        return;
    }
    jpeg_write_m_header(jpeg, marker, (unsigned)bytes);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < parts[i].bytes; k++) {
            jpeg_write_m_byte(jpeg, ((const uint8_t *)parts[i].data)[k]);
        }
    }
}

static void write_metadata(jpeg_writer *writer, struct jpeg_compress_struct *jpeg) {
    const bd_metadata *m = &writer->to->metadata;
    if (m->exif_bytes) {
        const part parts[] = {{BD_JPEG_EXIF, sizeof BD_JPEG_EXIF}, {m->exif, m->exif_bytes}};
        write_segment(writer, jpeg, JPEG_APP0 + 1, BD_METADATA_EXIF, parts, BD_COUNT(parts));
    }
    if (m->xmp_bytes) {
        const part parts[] = {{BD_JPEG_XMP, sizeof BD_JPEG_XMP}, {m->xmp, m->xmp_bytes}};
        write_segment(writer, jpeg, JPEG_APP0 + 1, BD_METADATA_XMP, parts, BD_COUNT(parts));
    }
    if (m->iptc_bytes) {
        uint8_t header[BD_IPTC_HEADER];
        bd_iptc_begin(m->iptc_bytes, header);
        const part parts[] = {{BD_JPEG_RESOURCES, sizeof BD_JPEG_RESOURCES},
                              {header, sizeof header},
                              {m->iptc, m->iptc_bytes},
                              {"", m->iptc_bytes % 2}};
        write_segment(writer, jpeg, JPEG_APP0 + 13, BD_METADATA_IPTC, parts, BD_COUNT(parts));
    }
    for (size_t i = 0; i < m->text_count; i++) {
        const bd_metadata_text *text = &m->texts[i];
        bool comment = !strcmp(text->key, "Comment");
        const part parts[] = {
            {text->key, comment ? 0 : strlen(text->key)}, {": ", comment ? 0 : 2}, {text->value, strlen(text->value)}};
        write_segment(writer, jpeg, JPEG_COM, BD_METADATA_TEXT, parts, BD_COUNT(parts));
    }
}

/* JFIF counts whole pixels an inch. */
static void set_density(struct jpeg_compress_struct *jpeg, const double density[2]) {
    if (density[0] >= 1 && density[0] < 65535 && density[1] >= 1 && density[1] < 65535) {
        jpeg->density_unit = 1;
        jpeg->X_density = (UINT16)lround(density[0]);
        jpeg->Y_density = (UINT16)lround(density[1]);
    }
}

static void write_image(jpeg_writer *writer, struct jpeg_compress_struct *jpeg) {
    const bd_encoder *to = writer->to;
    const bd_image *image = to->image;
    int quality = to->params.quality ? to->params.quality : 92;
    jpeg_create_compress(jpeg);
    jpeg->dest = &writer->destination;
    jpeg->image_width = image->width;
    jpeg->image_height = image->height;
    const bool pixels = bd_format_is_rgba(image->format);
    jpeg->input_components = pixels ? 4 : 1;
    jpeg->in_color_space = !pixels ? JCS_GRAYSCALE : bd_encoder_is_swapped(to) ? JCS_EXT_BGRA : JCS_EXT_RGBA;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    /* jpeg_set_defaults halves chroma both ways; a high quality asks for all of it. */
    if (quality >= 90) {
        jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    }
    set_density(jpeg, to->metadata.density);
    jpeg_start_compress(jpeg, TRUE);
    write_metadata(writer, jpeg);
    if (pixels && image->profile) {
        jpeg_write_icc_profile(jpeg, image->profile, (unsigned)image->profile_bytes);
    }
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = bd_encoder_row(to, jpeg->next_scanline);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

void bd_jpeg_encode(bd_encoder *to) {
    struct jpeg_compress_struct jpeg = {0};
    jpeg_writer writer = {
        .to = to,
        .destination = {.init_destination = begin, .empty_output_buffer = make_room, .term_destination = end}};
    jpeg.err = jpeg_std_error(&writer.errors);
    jpeg.client_data = &writer;
    writer.errors.error_exit = stop;
    writer.errors.emit_message = ignore;
    if (!setjmp(writer.jump)) {
        write_image(&writer, &jpeg);
    }
    jpeg_destroy_compress(&jpeg);
}
