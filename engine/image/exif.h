/* SPDX-License-Identifier: MIT
 * EXIF blocks, read and changed in place, so that offsets in a maker's notes stay right (EXIF 2.32). A block may begin
 * with the "Exif\0\0" of files. */
#ifndef BD_EXIF_H
#define BD_EXIF_H

#include "base/base.h"

/* A first directory in its place? The functions below do nothing to a block without one. */
bool bd_exif_is_sound(const uint8_t *exif, size_t bytes);
/* The bytes of "Exif\0\0" at the beginning: 6 or 0. */
size_t bd_exif_prefix(const uint8_t *exif, size_t bytes);
/* 1..8, of whatever type of integer; 1 when there is none that makes sense. */
int bd_exif_orientation(const uint8_t *exif, size_t bytes);
/* Pixels an inch; false: it does not tell. */
bool bd_exif_density(const uint8_t *exif, size_t bytes, double density[2]);
/* The orientation, where there is one, becomes 1. */
void bd_exif_set_upright(uint8_t *exif, size_t bytes);
/* The colour space, where there is one, becomes sRGB. */
void bd_exif_set_srgb(uint8_t *exif, size_t bytes);
/* The size of the picture, where it is said, becomes this one, and the old picture goes, wherever it stands but in a
 * maker's note: thumbnails, what other directories and pointers to pixels lead to, and the blocks of XMP, IPTC and
 * Photoshop in EXIF. What nothing points to goes as well, unless there is a maker's note or the like, whose own pointers
 * nobody knows. It becomes zero or is cut off. Returns the bytes that are left; 0: the block is damaged. */
size_t bd_exif_fit(uint8_t *exif, size_t bytes, uint32_t width, uint32_t height);

#endif
