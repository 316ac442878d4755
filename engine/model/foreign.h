/* SPDX-License-Identifier: MIT
 * What a file is that no importer reads: told by its bytes where they say it, so that the message can say what to do.
 */
#ifndef BD_FOREIGN_H
#define BD_FOREIGN_H

#include "base/base.h"

/* In words, with what to do about it; NULL when its bytes do not tell (nor, for checkpoints' values, its name).
 * versioned: of files that begin as ONNX does. */
const char *bd_model_name_foreign(const uint8_t *data, size_t bytes, const char *path);
const char *bd_model_name_versioned(const uint8_t *data, size_t bytes);

#endif
