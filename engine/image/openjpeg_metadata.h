/* SPDX-License-Identifier: MIT
 * Metadata in the boxes of a JPEG 2000 file. */
#ifndef BD_OPENJPEG_METADATA_H
#define BD_OPENJPEG_METADATA_H

#include "image/image_source.h"

/* Keeps the metadata of a file whose pixels were read. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_openjpeg_read_metadata(const bd_image_source *source, bd_error *error);

#endif
