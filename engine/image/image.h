/* SPDX-License-Identifier: MIT
 * Pictures in files and in memory. The only folder that knows image libraries. All of it, for users outside of the
 * layer; files of this layer include what they need. */
#ifndef BD_IMAGE_H
#define BD_IMAGE_H

#include "image/codec.h"
#include "image/color.h"
#include "image/encoder.h"
#include "image/forms.h"
#include "image/image_source.h"
#include "image/jpeg.h"
#include "image/jpeg_encode.h"
#include "image/orientation.h"
#include "image/pixels.h"
#include "image/png.h"
#include "image/png_encode.h"
#include "image/pnm.h"
#include "image/rows.h"
#include "image/stb.h"

#endif
