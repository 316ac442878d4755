/* SPDX-License-Identifier: MIT
 * Colours by the numbers of ITU-T H.273 (coding-independent code points). */
#ifndef BD_CICP_H
#define BD_CICP_H

#include "image/image_source.h"

typedef enum bd_cicp_transfer {
    BD_CICP_LINEAR = 8,
    BD_CICP_SRGB = 13,
    BD_CICP_PQ = 16,
    BD_CICP_HLG = 18
} bd_cicp_transfer;

/* Gives an image the profile of ColourPrimaries and TransferCharacteristics; none of sRGB and of what is not known. Of
 * PQ and HLG, whose numbers are taken as they are, the log gets a line. */
bd_result bd_image_take_cicp(const bd_image_source *source, int primaries, int transfer, bd_image *image,
                             bd_error *error);

#endif
