/* SPDX-License-Identifier: MIT
 * Metadata in the boxes of a JPEG XL file. */
#ifndef BD_JXL_METADATA_H
#define BD_JXL_METADATA_H

#include "image/image_source.h"

/* Keeps the metadata of a file whose pixels were read. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_jxl_read_metadata(const bd_image_source *source, bd_error *error);

#endif
