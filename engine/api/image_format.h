/* SPDX-License-Identifier: MIT
 * Formats of a host's images. */
#ifndef BD_IMAGE_FORMAT_H
#define BD_IMAGE_FORMAT_H

#include "backdrop_vulkan.h"
#include "base/base.h"

typedef struct bd_image_format {
    VkFormat format;
    bd_format depth; /* that work is done in */
    uint32_t form;   /* of a picture's pixels (push/picture_convert.h) */
    uint32_t bytes;  /* of one */
} bd_image_format;

/* NULL: it is not supported. */
const bd_image_format *bd_image_format_find(VkFormat format, bool matte);
/* Its format, and whether its size and its rows are possible. name: for the message. */
bd_result bd_image_format_check(const bd_vulkan_image *image, bool matte, const char *name,
                                const bd_image_format **format, bd_error *error);

#endif
