/* SPDX-License-Identifier: MIT
 * JPEG out, by libjpeg-turbo. */
#include "image/jpeg_encode.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */

#include <jpeglib.h>
#include <jerror.h>

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
    jpeg_start_compress(jpeg, TRUE);
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
