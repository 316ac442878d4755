/* SPDX-License-Identifier: MIT
 * Metadata on its way from a file that is read, and to one that is written. */
#ifndef BD_METADATA_H
#define BD_METADATA_H

#include "image/image_source.h"

typedef enum bd_metadata_kind {
    BD_METADATA_EXIF,
    BD_METADATA_XMP,
    BD_METADATA_IPTC,
    BD_METADATA_TEXT,
    BD_METADATA_XMP_EXTENSION, /* is never kept */
    BD_METADATA_DENSITY
} bd_metadata_kind;

enum { BD_METADATA_BYTES_MOST = 4 << 20 }; /* of all that is kept of a file */

/* What was found so far in the file that is read. */
struct bd_metadata_found {
    bd_metadata kept;
    size_t used;      /* bytes in all */
    size_t text_room; /* elements of kept.texts */
    unsigned dropped; /* 1 << bd_metadata_kind */
};

/* Of a file whose metadata is wanted; the functions below do nothing for one whose is not. */
bd_result bd_metadata_begin(bd_image_source *source, struct bd_metadata_found *found, bd_error *error);
/* Keeps a copy of a block, as bd_metadata has it, of the first of a kind. What is damaged or too large is dropped.
 * BD_ERR_OUT_OF_MEMORY. */
bd_result bd_metadata_take(const bd_image_source *source, bd_metadata_kind kind, const void *data, size_t bytes,
                           bd_error *error);
/* An EXIF block as files of boxes have it (ISO/IEC 23008-12, A.2.1; 18181-2, 9.4): four bytes, big-endian, say how many
 * more are passed over. */
bd_result bd_metadata_take_boxed_exif(const bd_image_source *source, const uint8_t *data, size_t bytes,
                                      bd_error *error);
/* How many bytes more may be kept; 0: none are wanted. */
size_t bd_metadata_room(const bd_image_source *source);
/* key: Latin-1; value: Latin-1, else UTF-8; neither needs a NUL. */
bd_result bd_metadata_take_text(const bd_image_source *source, const void *key, size_t key_bytes, const void *value,
                                size_t bytes, bool latin1, bd_error *error);
void bd_metadata_take_density(const bd_image_source *source, double x, double y);
/* Something of the kind is not kept. */
void bd_metadata_drop(const bd_image_source *source, bd_metadata_kind kind);
/* The picture's colours were not kept but became sRGB. */
void bd_metadata_set_srgb(const bd_image_source *source);
/* Of a file that was read: gives all to the caller's struct, and one warning of what was dropped. */
void bd_metadata_give(const bd_image_source *source, bd_metadata *to);

/* Is a caller's metadata in order? BD_ERR_INVALID_ARGUMENT. */
bd_result bd_metadata_check(const bd_metadata *metadata, const char *name, bd_error *error);
/* Copies the blocks for a picture that is written at this size, without what shows the old one; texts keep the given
 * strings, and a NUL follows the XMP. Kinds of which something is damaged are added to dropped. BD_ERR_OUT_OF_MEMORY.
 * Released with bd_metadata_finish in any case. */
bd_result bd_metadata_fit(const bd_allocator *allocator, const bd_metadata *given, uint32_t width, uint32_t height,
                          bd_metadata *fitted, unsigned *dropped, bd_error *error);
/* "EXIF, XMP": the kinds of dropped. */
void bd_metadata_name(unsigned dropped, char *text, size_t room);

#endif
