/* SPDX-License-Identifier: MIT
 * PNG's texts that have tags in TIFF and EXIF. */
#ifndef BD_TEXT_TAGS_H
#define BD_TEXT_TAGS_H

#include "image/ifd.h"

typedef struct bd_text_tag {
    const char *key;
    uint16_t tag;
} bd_text_tag;

/* Of two keys with one tag the first goes before. */
const bd_text_tag *bd_text_tags(size_t *count);
/* Is it what the entry says, one of the tag that the text has? */
bool bd_text_in_entry(const bd_metadata_text *text, const bd_ifd_entry *entry);
/* Does the first directory of the EXIF say it? */
bool bd_text_in_exif(const bd_metadata_text *text, const bd_metadata *metadata);

#endif
