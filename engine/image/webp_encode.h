/* SPDX-License-Identifier: MIT */
#ifndef BD_WEBP_ENCODE_H
#define BD_WEBP_ENCODE_H

#include "image/encoder.h"

struct WebPMux;

/* Gives a file's container the profile of an image, which may be NULL, and the encoder's metadata. Returns libwebpmux's
 * code. */
int bd_webp_put_chunks(const bd_encoder *to, const bd_image *image, struct WebPMux *mux);
/* An image of 8 bits; grey becomes RGB. */
void bd_webp_encode(bd_encoder *to);

#endif
