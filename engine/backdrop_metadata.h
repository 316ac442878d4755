/* SPDX-License-Identifier: MIT
 *
 * What picture files say besides pixels and colours. A part of backdrop.h. */
#ifndef BACKDROP_METADATA_H
#define BACKDROP_METADATA_H

#include "backdrop_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both UTF-8. Keys are those of PNG, such as "Author"; "Comment" is a JPEG's, too. */
typedef struct bd_metadata_text {
    const char *key, *value;
} bd_metadata_text;

/* The metadata of a picture. One that the library filled in owns its memory and is released with bd_metadata_finish; a
 * caller may fill one in by hand around memory of its own (owner NULL).
 *
 * Reading  bd_image_read_params.metadata: the struct, with struct_size set, is written on success only and describes the
 *          image as it was read: where that was turned upright, no orientation is left to be applied. With
 *          ignore_orientation EXIF stays as it is in the file; of AVIF, HEIC and JPEG XL, whose own word counts, it
 *          repeats that at best. Of JPEG, PNG, WebP, TIFF, AVIF, HEIC, JPEG XL, JPEG 2000 and GIF. What is damaged, or goes
 *          beyond some megabytes, is left out with one warning; so is the extended part of a JPEG's XMP.
 * Writing  bd_image_write_params.metadata: sizes in EXIF and XMP become those of the image written, and thumbnails, which
 *          show the old picture, are left out; all else stays byte for byte, a maker's notes and their offsets, too; in a
 *          TIFF, where EXIF's entries stand among the picture's tags, each value does, at another place. The caller's
 *          blocks stay as they are. What is not written to a form of files is left out with a warning: JPEG and PNG hold all,
 *          TIFF all but texts that it has no tag for, WebP and AVIF EXIF and XMP, GIF XMP and texts.
 * Old picture  goes as thumbnails do, wherever it is known to stand: in EXIF previews and layers of all directories, and
 *          blocks of XMP, IPTC and Photoshop besides those of the file; in XMP thumbnails under any prefix, and the
 *          pictures, depth and sound of Google's namespaces; IPTC's previews and embedded objects; texts whose keys begin
 *          with "Thumb::". Bytes of EXIF that nothing points to become zero or are cut off, unless there is a maker's note
 *          or the like, which may point to them. What is within a maker's note stays.
 * Animations  as single pictures: what bd_animation_open is asked for comes with the first frame, and what
 *          bd_animation_writer_create is given is read when the first one is added; both structs stay until then. */
typedef struct bd_metadata {
    size_t struct_size;
    const void *owner;   /* the library's; NULL when the caller owns the blocks */
    const uint8_t *exif; /* a TIFF structure (EXIF 2.32, 4.5.2), without the "Exif\0\0" of files; NULL: none */
    size_t exif_bytes;
    const uint8_t *xmp; /* a packet in UTF-8, which no NUL ends; NULL: none */
    size_t xmp_bytes;
    const uint8_t *iptc; /* data sets of IIM 4.2; NULL: none */
    size_t iptc_bytes;
    double density[2]; /* pixels an inch, of columns and rows; 0: not known */
    const bd_metadata_text *texts;
    size_t text_count;
} bd_metadata;

/* Releases what the library owns, and zeroes the struct but for struct_size. NULL and zeroed structs are fine. */
BD_API void bd_metadata_finish(bd_metadata *metadata);

#ifdef __cplusplus
}
#endif

#endif
