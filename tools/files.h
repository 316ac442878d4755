/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_FILES_H
#define BACKDROP_CLI_FILES_H

#include "cli.h"

/* Reads a picture; "-" is standard input. What cli_is_stream is read whole. */
bool cli_read_image(cli *run, const char *path, bd_image *image);
/* The same for what will show in a file: 16 bits are kept where its form holds them. metadata: NULL: it is not wanted. */
bool cli_read_shown(cli *run, const char *path, bd_image_file file, bd_image *image, bd_metadata *metadata);
/* Its parameters, and what options say of every picture. */
bool cli_reading(cli *run, bd_image_file file, bd_metadata *metadata, bd_image_read_params *params);
/* The same with parameters of the caller's, but for --strict. */
bool cli_read_picture(cli *run, const char *path, const bd_image_read_params *params, bd_image *image);
/* cli_failed of a picture that could not be read: what this build has no decoder of is no fault of the device. */
bool cli_failed_to_read(cli *run);
/* Whether an input can be read once only: "-", or what names a pipe or a device. */
bool cli_is_stream(const char *path);
/* All of one; *data is free()'s. */
bool cli_read_stream(cli *run, const char *path, uint8_t **data, size_t *bytes);
/* Fails where a file's name says that it is something else than what the option, by its member of run->options, writes.
 * NULL passes. */
bool cli_check_extension(cli *run, const char *const *option);
/* Fails where it would take more than one file, or a file and --json. */
bool cli_check_standard_output(cli *run);
/* Without -o: standard output, unless that is a terminal or taken by --json, which fails. */
bool cli_choose_output(cli *run);
/* Fails early where writing could only fail at the end: a missing folder, a terminal. NULL passes. */
bool cli_check_output(cli *run, const char *path);
/* Writes all or nothing: to a temporary that is renamed; "-" is standard output. */
bool cli_write_data(cli *run, const char *path, const void *data, size_t bytes);
/* Whether a path has one of some endings, with a space between, in any case. */
bool cli_has_ending(const char *path, const char *endings);
/* What the library says of the form of a file that it may write. */
bd_image_form cli_form(bd_image_file file);
/* Fails where files of a form hold no picture of such sides. */
bool cli_form_holds(cli *run, const char *path, bd_image_file file, uint32_t width, uint32_t height);
/* The first of its endings. */
void cli_form_ending(bd_image_file file, char ending[8]);
/* A matte's: of the verb matte by --format, else by the extension of an option's file, which is checked; PNG for "-" and
 * where no file is named. Fails where this build cannot. */
bool cli_matte_file(cli *run, const char *const *option, bd_image_file *file);
/* By --format, else by the path's extension; PNG for "-". Fails where this build cannot, or --lossless asks too much. */
bool cli_image_file(cli *run, const char *path, bd_image_file *file);
/* palette may be NULL, else (palette_count, 3) RGB. A form without alpha gets transparency over white, and the first
 * time a note on stderr. */
bool cli_write_image(cli *run, const char *path, bd_image_file file, bd_image *image, const uint8_t *palette,
                     uint32_t palette_count);
/* A picture that was made of a photo, with the photo's metadata. */
bool cli_write_photo(cli *run, const char *path, bd_image_file file, bd_image *image, const bd_metadata *metadata);
/* A note, the first time that half transparency is to go into a GIF, which holds none. */
void cli_note_hard_edges(cli *run, bd_image_file file, const bd_image *image);
/* What options say of every picture that is written; the rest is the caller's. */
bool cli_writing(cli *run, bd_image_write_params *params);
/* data (h, w, c) as NumPy's format 1.0, float32. */
bool cli_write_npy(cli *run, const char *path, const float *data, uint32_t h, uint32_t w, uint32_t c);

#endif
