/* SPDX-License-Identifier: MIT
 * Metadata for tests, and what is kept of it. Everything asserts. */
#ifndef SUPPORT_METADATA_H
#define SUPPORT_METADATA_H

#include "image/image.h"
#include "support/pictures.h"

enum { SAMPLE_EXIF = 57, SAMPLE_WIDTH_AT = 18, SAMPLE_ORIENTATION_AT = 30, SAMPLE_MAKER_AT = 50 };

/* EXIF says a width of 4000, orientation 6 and a maker, "MadeUp"; XMP the first two, and a title. */
extern const uint8_t sample_exif[SAMPLE_EXIF];
extern const char sample_xmp[];
/* Both, and a "Comment" and an "Author". */
extern const bd_metadata sample_metadata;

/* A log's warnings. */
typedef struct said {
    int lines;
    char last[400];
} said;
void keep_said(void *user, bd_log_level level, const char *message);

bool contains(const void *data, size_t size, const char *word);
/* Where the bytes are that have to be there. */
size_t find_bytes(bytes file, const void *word, size_t size);

/* Writes an image, metadata and what is said on success only; that this build or system lacks the library is the only
 * failure. more: further parameters. */
bool read_with_metadata(bytes file, const bd_image_read_params *more, bd_image *image, bd_metadata *metadata,
                        said *kept);
bytes written_with_metadata(const bd_image *image, bd_image_file file, said *kept);
/* Both blocks are there, with this orientation; width 0: of no new size. */
void check_sample_blocks(const bd_metadata *metadata, uint32_t width, int orientation);

/* Reads a file of any form, up to three frames of an animation. */
bd_result read_frames(bytes file, const bd_allocator *hooks);
/* Reads it with bytes changed between two places, and cut off there: exact copies show a sanitizer what is read outside. */
void read_mutations(bytes file, size_t from, size_t to);
/* Reads it with memory that runs out at any request. */
void read_without_memory(bytes file);

#endif
