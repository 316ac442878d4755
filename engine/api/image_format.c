/* SPDX-License-Identifier: MIT */
#include "api/image_format.h"

#include "push/picture_convert.h"

const bd_image_format *bd_image_format_find(VkFormat format, bool matte) {
    static const bd_image_format pictures[] = {
        {VK_FORMAT_R8G8B8A8_UNORM, BD_FORMAT_RGBA8, BD_FORM_RGBA8, 4},
        {VK_FORMAT_R8G8B8A8_SRGB, BD_FORMAT_RGBA8, BD_FORM_RGBA8, 4},
        {VK_FORMAT_B8G8R8A8_UNORM, BD_FORMAT_RGBA8, BD_FORM_BGRA8, 4},
        {VK_FORMAT_B8G8R8A8_SRGB, BD_FORMAT_RGBA8, BD_FORM_BGRA8, 4},
        {VK_FORMAT_R16G16B16A16_UNORM, BD_FORMAT_RGBA16, BD_FORM_RGBA16, 8},
        {VK_FORMAT_R16G16B16A16_SFLOAT, BD_FORMAT_RGBA16, BD_FORM_RGBA16F, 8},
    };
    static const bd_image_format mattes[] = {
        {VK_FORMAT_R8_UNORM, BD_FORMAT_GRAY8, 0, 1},
        {VK_FORMAT_R16_UNORM, BD_FORMAT_GRAY16, 0, 2},
    };
    const bd_image_format *rows = matte ? mattes : pictures;
    uint32_t count = matte ? BD_COUNT(mattes) : BD_COUNT(pictures);
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].format == format) {
            return &rows[i];
        }
    }
    return NULL;
}

bd_result bd_image_format_check(const bd_vulkan_image *image, bool matte, const char *name,
                                const bd_image_format **format, bd_error *error) {
    enum { LONGEST_SIDE = 1 << 20 };
    if (!image->width || !image->height || image->width > LONGEST_SIDE || image->height > LONGEST_SIDE) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is no image of 1..%d pixels a side", name,
                       (int)LONGEST_SIDE);
    }
    *format = bd_image_format_find(image->format, matte);
    if (!*format) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "the %s's VkFormat %d is not supported", name, (int)image->format);
    }
    if (image->row_bytes > (VkDeviceSize)1 << 40 || image->offset > (VkDeviceSize)1 << 60) { /* sums stay in 64 bits */
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s's offset or row_bytes are larger than any memory", name);
    }
    if (image->row_bytes && image->row_bytes < (VkDeviceSize)image->width * (*format)->bytes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s's row_bytes are less than a row has", name);
    }
    return BD_OK;
}
