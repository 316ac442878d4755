/* SPDX-License-Identifier: MIT
 * Pictures in files and in memory. The only folder that knows image libraries. All of it, for users outside of the
 * layer; files of this layer include what they need. */
#ifndef BD_IMAGE_H
#define BD_IMAGE_H

#include "image/apng.h"
#include "image/apng_encode.h"
#include "image/bmp.h"
#include "image/canvas.h"
#include "image/cicp.h"
#include "image/codec.h"
#include "image/color.h"
#include "image/encoder.h"
#include "image/forms.h"
#include "image/frames.h"
#include "image/gif.h"
#include "image/gif_encode.h"
#include "image/heif.h"
#include "image/heif_encode.h"
#include "image/image_source.h"
#include "image/jpeg.h"
#include "image/jpeg_encode.h"
#include "image/jxl.h"
#include "image/openjpeg.h"
#include "image/orientation.h"
#include "image/palette.h"
#include "image/pixels.h"
#include "image/png.h"
#include "image/png_encode.h"
#include "image/pnm.h"
#include "image/psd.h"
#include "image/rows.h"
#include "image/samples.h"
#include "image/stb.h"
#include "image/tiff.h"
#include "image/tiff_encode.h"
#include "image/webp.h"
#include "image/webp_encode.h"
#include "image/webp_frames.h"
#include "image/webp_frames_encode.h"

#endif
