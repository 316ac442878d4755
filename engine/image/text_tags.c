/* SPDX-License-Identifier: MIT */
#include "image/text_tags.h"

#include <string.h>

/* Title is TIFF's DocumentName. */
static const bd_text_tag tags[] = {
    {"Title", 0x010d},  {"Description", 0x010e}, {"Comment", 0x010e}, {"Software", 0x0131}, {"Creation Time", 0x0132},
    {"Author", 0x013b}, {"Artist", 0x013b},      {"Make", 0x010f},    {"Model", 0x0110},    {"Copyright", 0x8298}};

const bd_text_tag *bd_text_tags(size_t *count) {
    *count = BD_COUNT(tags);
    return tags;
}

bool bd_text_in_entry(const bd_metadata_text *text, const bd_ifd_entry *entry) {
    const size_t bytes = strlen(text->value);
    bool tagged = false;
    for (size_t t = 0; t < BD_COUNT(tags); t++) {
        tagged |= tags[t].tag == entry->tag && !strcmp(tags[t].key, text->key);
    }
    return tagged && entry->value && entry->bytes >= bytes && !memcmp(entry->value, text->value, bytes) &&
           (entry->bytes == bytes || !entry->value[bytes]);
}

bool bd_text_in_exif(const bd_metadata_text *text, const bd_metadata *metadata) {
    bd_ifd_file file;
    const uint64_t first = bd_ifd_open(metadata->exif, metadata->exif_bytes, &file);
    const uint32_t count = first ? bd_ifd_count(&file, first) : 0;
    bool has = false;
    for (uint32_t i = 0; i < count && !has; i++) {
        const bd_ifd_entry entry = bd_ifd_entry_at(&file, first, i);
        has = bd_text_in_entry(text, &entry);
    }
    return has;
}
