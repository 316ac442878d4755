/* SPDX-License-Identifier: MIT
 * Files as memory. */
#ifndef BD_FILE_MAPPING_H
#define BD_FILE_MAPPING_H

#include "platform/file_system.h"

/* Maps a file read-only. kind says what path (UTF-8) names: what is no file, or an empty one, is not mapped, and that is
 * no failure. *data is NULL where nothing is. */
bd_failure bd_file_map(const char *path, bd_path_kind *kind, const uint8_t **data, size_t *bytes);
void bd_file_unmap(const uint8_t *data, size_t bytes); /* NULL: nothing */

#endif
