/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "files.h"
#include "frames.h"
#include "progress.h"

static bool open_source(cli *run, const char *path, const bd_image_read_params *params, cli_frames *frames) {
    size_t bytes = 0;
    if (!cli_is_dash(path)) {
        return !bd_animation_open(path, params, &frames->source, &run->error) || cli_failed_to_read(run);
    }
    return cli_read_stdin(run, &frames->data, &bytes) &&
           (!bd_animation_decode(frames->data, bytes, "standard input", params, &frames->source, &run->error) ||
            cli_failed_to_read(run));
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
    if (from->classic || from->crop || from->matte_out || !cli_form(file).frames) {
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

bool cli_frames_add(cli *run, cli_frames *frames, bd_image_file file, const bd_image *image,
                    const bd_metadata *metadata) {
    const double started = cli_now_ms();
    bd_image_write_params params = {.struct_size = sizeof params, .file = file, .metadata = metadata};
    if (!cli_writing(run, &params)) {
        return false;
    }
    cli_note_hard_edges(run, file, image);
    bool done = (frames->writer ||
                 !bd_animation_writer_create(&params, frames->info.play_count, &frames->writer, &run->error)) &&
                !bd_animation_writer_add(frames->writer, image, frames->delay, &run->error);
    cli_add_timing(run, "encode", started);
    return done || cli_failed(run);
}

bool cli_frames_write(cli *run, cli_frames *frames, const char *path) {
    void *data;
    size_t bytes;
    cli_progress_stage(run, "writing");
    if (bd_animation_writer_finish(frames->writer, &data, &bytes, &run->error)) {
        return cli_failed(run);
    }
    const bool done = cli_write_data(run, path, data, bytes);
    bd_release(NULL, data);
    return done;
}

void cli_frames_close(cli_frames *frames) {
    bd_animation_close(frames->source);
    bd_animation_writer_destroy(frames->writer);
    free(frames->data);
    *frames = (cli_frames){.source = NULL};
}
