/* SPDX-License-Identifier: MIT
 * Names files that no importer reads, as far as their bytes tell, so that the message can say what to do. */
#ifndef BD_FOREIGN_H
#define BD_FOREIGN_H

#include "base/base.h"

/* What the file is and what to do about it, in words; NULL when neither its bytes nor, for the values of checkpoints,
 * its name tell. versioned: only files that begin as ONNX does. */
const char *bd_model_name_foreign(const uint8_t *data, size_t bytes, const char *path);
const char *bd_model_name_versioned(const uint8_t *data, size_t bytes);

#endif
