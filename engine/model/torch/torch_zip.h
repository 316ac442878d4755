/* SPDX-License-Identifier: MIT
 * The directory of a ZIP archive (APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3), as far as torch.save uses the format:
 * entries are stored, so that they are used where the file is mapped. libzip copies and
 * decompresses, and does not say where in the file an entry lies. */
#ifndef BD_TORCH_ZIP_H
#define BD_TORCH_ZIP_H

#include "base/base.h"

typedef struct bd_torch_entry {
    const char *name; /* in the file, not terminated */
    size_t name_bytes;
    const uint8_t *data; /* in the file; NULL: compressed or encrypted */
    size_t bytes;
    size_t first, end; /* in the file, with its header */
} bd_torch_entry;

typedef struct bd_torch_zip {
    const char *file;
    bd_torch_entry *entries; /* sorted by name, in pool */
    size_t count;
} bd_torch_zip;

/* Reads the directory of the archive in data[0..bytes): every entry that is stored lies inside, no two overlap, no two
 * have one name. Nothing is decompressed, now or later. */
bd_result bd_torch_zip_read(bd_torch_zip *zip, const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                            bd_error *error);
/* The entry called folder/name, or name where folder_bytes is 0; NULL when there is none. */
const bd_torch_entry *bd_torch_zip_find(const bd_torch_zip *zip, const char *folder, size_t folder_bytes,
                                        const char *name, size_t name_bytes);

#endif
