/* SPDX-License-Identifier: MIT
 * The directory of a ZIP archive (APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3), of torch.save's and of those behind
 * TensorFlow Lite models. Stored entries are used where the file is mapped. libzip copies all, and does not say where in
 * the file an entry lies. */
#ifndef BD_ZIP_H
#define BD_ZIP_H

#include "base/base.h"

typedef struct bd_zip_entry {
    const char *name; /* in the file, not terminated */
    size_t name_bytes;
    const uint8_t *data; /* in the file; NULL: compressed or encrypted */
    size_t bytes;
    const uint8_t *deflated; /* in the file; NULL: not so, or encrypted */
    size_t first, end;       /* in the file, with its header */
} bd_zip_entry;

typedef struct bd_zip {
    const char *file;
    const uint8_t *data;   /* of it */
    bd_zip_entry *entries; /* sorted by name, in pool */
    size_t count;
} bd_zip;

/* Reads the directory of the archive in data[0..bytes), or at the end of it: every entry lies inside, no two overlap, no
 * two have one name. Nothing is decompressed. */
bd_result bd_zip_read(bd_zip *zip, const uint8_t *data, size_t bytes, const char *file, bd_pool *pool, bd_error *error);
/* The entry called folder/name, or name where folder_bytes is 0; NULL when there is none. */
const bd_zip_entry *bd_zip_find(const bd_zip *zip, const char *folder, size_t folder_bytes, const char *name,
                                size_t name_bytes);
/* Whether the bytes end with an archive's directory. */
bool bd_zip_is_there(const uint8_t *data, size_t bytes);
/* An entry's bytes, in the file or decompressed into pool. Fails where they are more than most, or broken. */
bd_result bd_zip_extract(const bd_zip *zip, const bd_zip_entry *entry, size_t most, bd_pool *pool, const uint8_t **data,
                         bd_error *error);

#endif
