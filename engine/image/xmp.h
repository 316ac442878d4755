/* SPDX-License-Identifier: MIT
 * XMP packets (ISO 16684-1), changed as text: a value here and there, all else stays as it was. */
#ifndef BD_XMP_H
#define BD_XMP_H

#include "base/base.h"

/* What changes, where the packet says it. */
typedef struct bd_xmp_change {
    bool upright;           /* the orientation becomes 1 */
    bool without_extension; /* no word of a second part */
    uint32_t width, height; /* the picture's size becomes this one; 0: it stays */
    bool without_thumbnails;
} bd_xmp_change;

/* Is XML a packet? */
bool bd_xmp_is(const uint8_t *xml, size_t bytes);
/* Writes the packet as changed to memory from allocator, with a NUL behind it. Errors: BD_ERR_UNSUPPORTED without words, of a packet that is no
 * text in UTF-8 or whose elements do not end; BD_ERR_OUT_OF_MEMORY. */
bd_result bd_xmp_edit(const bd_allocator *allocator, const uint8_t *xmp, size_t bytes, const bd_xmp_change *change,
                      uint8_t **edited, size_t *edited_bytes, bd_error *error);

#endif
