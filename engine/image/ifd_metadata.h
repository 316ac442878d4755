/* SPDX-License-Identifier: MIT
 * What TIFF files say of photos, as bd_metadata has it: EXIF's entries stand in the directories of the file itself. */
#ifndef BD_IFD_METADATA_H
#define BD_IFD_METADATA_H

#include "image/encoder.h"
#include "image/image_source.h"

/* Takes what the page says whose directory lies at a place of the source. BD_ERR_OUT_OF_MEMORY. */
bd_result bd_tiff_take_metadata(const bd_image_source *source, uint64_t page, bd_error *error);
/* Adds the encoder's metadata to the TIFF of one page that it holds, whose byte order is that of the EXIF. Leaves its
 * result in the encoder. */
void bd_tiff_add_metadata(bd_encoder *to);

#endif
