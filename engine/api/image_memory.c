/* SPDX-License-Identifier: MIT
 * Images in memory from elsewhere, or for elsewhere. */
#include <stddef.h>

#include "api/engine.h"
#include "api/image_format.h"
#include "backdrop_vulkan.h"
#include "vk/external_memory.h"

typedef struct owner {
    bd_engine *engine; /* kept */
    bd_vk_external made;
} owner;

/* Structs of any age that have an owner. */
static bool has_owner(const bd_vulkan_image *image) {
    return image && image->struct_size >= offsetof(bd_vulkan_image, owner) + sizeof image->owner;
}

/* What the caller says of the image, checked; image is a copy. */
static bd_result read_shape(const bd_vulkan_image *given, bool optimal, bd_vulkan_image *image,
                            bd_vk_external_shape *shape, bd_error *error) {
    bd_result result = BD_PARAMS_READ(image, given, bd_vulkan_image, error);
    const bd_image_format *format = NULL;
    if (!result && !has_owner(given)) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the image's struct has no room for an owner");
    }
    if (!result) {
        const bool matte = bd_image_format_find(image->format, true) != NULL;
        result = bd_image_format_check(image, matte, "image", &format, error);
    }
    if (!result && optimal && (image->offset || image->row_bytes)) {
        result = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "an optimal image has neither offset nor row_bytes");
    }
    if (result) {
        return result;
    }
    const VkDeviceSize row = (VkDeviceSize)image->width * format->bytes;
    const VkDeviceSize before = (image->row_bytes ? image->row_bytes : row) * (image->height - 1);
    image->usage = image->usage ? image->usage : VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    *shape = (bd_vk_external_shape){.format = image->format,
                                    .width = image->width,
                                    .height = image->height,
                                    .usage = image->usage,
                                    .bytes = image->offset + before + row};
    return BD_OK;
}

static void give_image(owner *of, bd_vulkan_memory_kind kind, bd_vulkan_image *image, bd_vulkan_image *to) {
    image->image = of->made.image;
    image->buffer = of->made.buffer;
    image->owner = of;
    image->layout_in = image->layout_out = VK_IMAGE_LAYOUT_GENERAL;
    image->exclusive = kind != BD_VULKAN_MEMORY_HOST; /* the CPU owns nothing */
    image->family_in = image->family_out = VK_QUEUE_FAMILY_EXTERNAL;
    bd_info_give(to, image, sizeof *image);
}

static bd_result make(bd_engine *engine, bd_vulkan_memory *memory, bool is_export, bd_vulkan_image *image,
                      bd_error *error) {
    bd_vulkan_image copy;
    bd_vk_external_shape shape;
    bd_result result = read_shape(image, memory->optimal, &copy, &shape, error);
    if (result) {
        return result;
    }
    owner *of = bd_alloc_zero(engine->allocator, sizeof *of);
    if (!of) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "out of memory");
    }
    result = is_export ? bd_vk_external_export(&engine->vk, memory, &shape, &of->made, error)
                       : bd_vk_external_import(&engine->vk, memory, &shape, &of->made, error);
    if (result) {
        bd_free(engine->allocator, of);
        return result;
    }
    of->engine = engine;
    bd_engine_keep(engine);
    give_image(of, memory->kind, &copy, image);
    return BD_OK;
}

bd_result bd_engine_import_memory(bd_engine *engine, const bd_vulkan_memory *memory, bd_vulkan_image *image,
                                  bd_error *error) {
    bd_vulkan_memory copy;
    bd_result result = BD_PARAMS_READ(&copy, memory, bd_vulkan_memory, error);
    return result ? result : make(engine, &copy, false, image, error);
}

bd_result bd_engine_export_memory(bd_engine *engine, bd_vulkan_memory *memory, bd_vulkan_image *image,
                                  bd_error *error) {
    bd_vulkan_memory copy;
    bd_result result = BD_PARAMS_READ(&copy, memory, bd_vulkan_memory, error);
    if (!result) {
        result = make(engine, &copy, true, image, error);
    }
    if (!result) {
        bd_info_give(memory, &copy, sizeof copy);
    }
    return result;
}

void bd_vulkan_image_finish(bd_vulkan_image *image) {
    if (!has_owner(image) || !image->owner) {
        return;
    }
    owner *of = image->owner;
    bd_engine *engine = of->engine;
    bd_vk_external_finish(&engine->vk, &of->made);
    bd_free(engine->allocator, of);
    bd_engine_destroy(engine);
    const bd_vulkan_image none = {.image = VK_NULL_HANDLE};
    bd_info_give(image, &none, sizeof none);
}
