/* SPDX-License-Identifier: MIT */
#ifndef BACKDROP_CLI_OVERLAY_H
#define BACKDROP_CLI_OVERLAY_H

#include "backdrop.h"

/* photo (RGBA8) with the colours of labels (GRAY8, same size) over it and a legend of the classes with pixels in the
 * segmentation below. The result is in memory of calloc's: free(result->pixels); its profile is the photo's. False when
 * memory is short. */
bool cli_overlay(const bd_image *photo, const bd_image *labels, const bd_segmentation *segmentation,
                 const bd_model *model, bd_image *result);

#endif
