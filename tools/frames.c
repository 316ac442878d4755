/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "frames.h"
#include "progress.h"

static bool open_source(cli *run, const char *path, const bd_image_read_params *params, cli_frames *frames) {
    if (!frames->data && cli_is_stream(path) && !cli_read_stream(run, path, &frames->data, &frames->bytes)) {
        return false;
    }
    bd_result result = frames->data ? bd_animation_decode(frames->data, frames->bytes, cli_input_name(path), params,
                                                          &frames->source, &run->error)
                                    : bd_animation_open(path, params, &frames->source, &run->error);
    return !result || cli_failed_to_read(run);
}

static bool read_frame(cli *run, cli_frames *frames, bd_image *image) {
    frames->read++;
    return !bd_animation_next(frames->source, image, &frames->delay, &run->error) || cli_failed_to_read(run);
}

/* Of a still picture nothing is left in frames. */
static bool open_frames(cli *run, const char *path, const bd_image_read_params *params, cli_frames *frames,
                        bd_image *image) {
    const double started = cli_now_ms();
    *frames = (cli_frames){.info = {.struct_size = sizeof frames->info}};
    cli_progress_stage(run, "reading");
    frames->path = path;
    bool done = open_source(run, path, params, frames) &&
                (!bd_animation_info_get(frames->source, &frames->info) || cli_failed(run)) &&
                read_frame(run, frames, image);
    if (!done || frames->info.frame_count == 1) {
        cli_frames_close(frames);
    }
    cli_add_timing(run, "decode", started);
    return done;
}

bool cli_read_photo(cli *run, const char *path, bd_image_file file, bd_image *image, bd_metadata *metadata,
                    cli_frames *frames) {
    const cli_options *from = &run->options;
    bd_metadata *wanted = from->strip || from->classic ? NULL : metadata;
    bd_image_read_params params;
    *metadata = (bd_metadata){.struct_size = sizeof *metadata};
    bd_image_file mattes;
    if (!cli_matte_file(run, &from->matte_out, &mattes)) {
        return false;
    }
    if (from->classic || !cli_form(file).frames || !cli_form(mattes).frames) {
        return cli_read_shown(run, path, file, image, wanted);
    }
    return cli_reading(run, file, wanted, &params) && open_frames(run, path, &params, frames, image);
}

bool cli_frames_left(const cli_frames *frames) {
    return frames->source && frames->read < frames->info.frame_count;
}

bool cli_frames_next(cli *run, cli_frames *frames, bd_image *image) {
    const double started = cli_now_ms();
    const bool done = read_frame(run, frames, image);
    cli_add_timing(run, "decode", started);
    return done;
}

bool cli_frames_again(cli *run, cli_frames *frames, const char *path, bd_image_file file, bd_image *image) {
    const double started = cli_now_ms();
    bd_image_read_params params;
    bd_animation_close(frames->source);
    frames->source = NULL;
    frames->read = 0;
    bool done = cli_reading(run, file, NULL, &params);
    params.log = NULL; /* it was said */
    done = done && open_source(run, path, &params, frames) && read_frame(run, frames, image);
    cli_add_timing(run, "decode", started);
    return done;
}

static bool add(cli *run, const cli_frames *frames, bd_image_write_params params, const bd_image *image,
                bd_animation_writer **writer) {
    const double started = cli_now_ms();
    const bool done = (*writer || !bd_animation_writer_create(&params, frames->info.play_count, writer, &run->error)) &&
                      !bd_animation_writer_add(*writer, image, frames->delay, &run->error);
    cli_add_timing(run, "encode", started);
    return done || cli_failed_to_encode(run, frames->path);
}

bool cli_frames_add(cli *run, cli_frames *frames, bd_image_file file, const bd_image *image,
                    const bd_metadata *metadata) {
    bd_image_write_params params = {.struct_size = sizeof params, .file = file, .metadata = metadata};
    if (!cli_writing(run, &params)) {
        return false;
    }
    cli_note_hard_edges(run, file, image);
    return add(run, frames, params, image, &frames->writer);
}

/* Animations have colours. */
bool cli_frames_add_matte(cli *run, cli_frames *frames, bd_image_file file, const bd_image *alpha) {
    const bd_image_write_params params = {.struct_size = sizeof params, .file = file};
    bd_image gray = {.width = alpha->width,
                     .height = alpha->height,
                     .format = BD_FORMAT_RGBX8,
                     .stride_bytes = (ptrdiff_t)alpha->width * 4,
                     .pixels = malloc((size_t)alpha->width * alpha->height * 4)};
    if (!gray.pixels) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory for a matte");
    }
    for (uint32_t y = 0; y < alpha->height; y++) {
        const uint8_t *from = alpha->pixels + (ptrdiff_t)y * alpha->stride_bytes;
        uint8_t *to = gray.pixels + (ptrdiff_t)y * gray.stride_bytes;
        for (uint32_t x = 0; x < alpha->width; x++) {
            memset(to + (size_t)x * 4, from[x], 4);
        }
    }
    const bool done = add(run, frames, params, &gray, &frames->mattes);
    free(gray.pixels);
    return done;
}

static bool finish(cli *run, bd_animation_writer *writer, const char *path) {
    void *data;
    size_t bytes;
    cli_progress_stage(run, "writing");
    run->written = path;
    if (bd_animation_writer_finish(writer, &data, &bytes, &run->error)) {
        return cli_failed_to_encode(run, path);
    }
    const bool done = cli_write_data(run, path, data, bytes);
    bd_release(NULL, data);
    return done;
}

bool cli_frames_write(cli *run, cli_frames *frames, const char *path) {
    return finish(run, frames->writer, path);
}

bool cli_frames_write_mattes(cli *run, cli_frames *frames, const char *path) {
    return finish(run, frames->mattes, path);
}

void cli_frames_close(cli_frames *frames) {
    bd_animation_close(frames->source);
    bd_animation_writer_destroy(frames->writer);
    bd_animation_writer_destroy(frames->mattes);
    free(frames->data);
    *frames = (cli_frames){.source = NULL};
}
