/* SPDX-License-Identifier: MIT
 * Files. */
#ifndef BD_FILE_H
#define BD_FILE_H

#include "backdrop.h"

/* A file mapped read-only. */
typedef struct bd_mapping {
    const uint8_t *data;
    size_t bytes;
} bd_mapping;
bd_result bd_map_file(const char *path, bd_mapping *mapping, bd_error *error);
void bd_unmap_file(bd_mapping *mapping);

/* Writes path by way of a temporary in the same folder, which then takes its place. */
bd_result bd_write_file(const char *path, const void *data, size_t bytes, const bd_allocator *allocator,
                        bd_error *error);

#endif
