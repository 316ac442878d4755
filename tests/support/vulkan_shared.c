/* SPDX-License-Identifier: MIT */
#include "support/vulkan_shared.h"

#include <string.h>

#include "push/picture_convert.h"

static size_t texel_bytes(VkFormat format) {
    switch ((int)format) {
    case VK_FORMAT_R8_UNORM: return 1;
    case VK_FORMAT_R16_UNORM: return 2;
    case VK_FORMAT_R16G16B16A16_UNORM:
    case VK_FORMAT_R16G16B16A16_SFLOAT: return 8;
    default: return 4;
    }
}

size_t shared_bytes(const shared *s) {
    return texel_bytes(s->image.format) * s->image.width * s->image.height;
}

shared shared_make(vulkan_host *host, VkFormat format, uint32_t w, uint32_t h) {
    const VkImageUsageFlags usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    shared s = {.image = {.struct_size = sizeof s.image, .format = format, .width = w, .height = h, .usage = usage}};
    const VkImageCreateInfo info = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                    .imageType = VK_IMAGE_TYPE_2D,
                                    .format = format,
                                    .extent = {w, h, 1},
                                    .mipLevels = 1,
                                    .arrayLayers = 1,
                                    .samples = VK_SAMPLE_COUNT_1_BIT,
                                    .tiling = VK_IMAGE_TILING_OPTIMAL,
                                    .usage = usage};
    assert_int_equal(host->vkCreateImage(host->device, &info, NULL, &s.image.image), VK_SUCCESS);
    VkMemoryRequirements needs;
    host->vkGetImageMemoryRequirements(host->device, s.image.image, &needs);
    uint32_t type = 0;
    while (!(needs.memoryTypeBits >> type & 1)) {
        type++;
    }
    const VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
    assert_int_equal(host->vkAllocateMemory(host->device, &memory, NULL, &s.memory), VK_SUCCESS);
    assert_int_equal(host->vkBindImageMemory(host->device, s.image.image, s.memory, 0), VK_SUCCESS);
    s.buffer = vulkan_buffer_make(host, shared_bytes(&s));
    return s;
}

void shared_drop(vulkan_host *host, shared *s) {
    host->vkDestroyImage(host->device, s->image.image, NULL);
    host->vkFreeMemory(host->device, s->memory, NULL);
    vulkan_buffer_drop(host, &s->buffer);
}

static void record_change(vulkan_host *host, const shared *s, VkImageLayout from, VkImageLayout to,
                          uint32_t from_family, uint32_t to_family) {
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = from_family,
        .dstQueueFamilyIndex = to_family,
        .image = s->image.image,
        .subresourceRange = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = 1, .layerCount = 1}};
    host->vkCmdPipelineBarrier(host->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                               0, 0, NULL, 0, NULL, 1, &barrier);
}

static void record_layout(vulkan_host *host, const shared *s, VkImageLayout from, VkImageLayout to) {
    record_change(host, s, from, to, VK_QUEUE_FAMILY_IGNORED, VK_QUEUE_FAMILY_IGNORED);
}

/* To whom and from whom the library has images that others own. */
static bool is_of_others(const vulkan_host *host, const shared *s, uint32_t family) {
    return s->image.exclusive && family != host->family;
}

static VkBufferImageCopy whole(const shared *s) {
    return (VkBufferImageCopy){.imageSubresource = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1},
                               .imageExtent = {s->image.width, s->image.height, 1}};
}

/* Fills an image with pixels and leaves it in `layout`. */
void shared_write(vulkan_host *host, shared *s, const void *pixels, VkImageLayout layout) {
    const VkBufferImageCopy region = whole(s);
    memcpy(s->buffer.mapped, pixels, shared_bytes(s));
    vulkan_host_begin(host);
    record_layout(host, s, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    host->vkCmdCopyBufferToImage(host->commands, s->buffer.buffer, s->image.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                                 1, &region);
    record_layout(host, s, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, layout);
    if (is_of_others(host, s, s->image.family_in)) {
        record_change(host, s, layout, layout, host->family, s->image.family_in);
    }
    vulkan_host_run(host);
    s->image.layout_in = layout;
}

/* What the image holds, in the buffer; layout: that it is in. */
const void *shared_read(vulkan_host *host, shared *s, VkImageLayout layout) {
    const VkBufferImageCopy region = whole(s);
    vulkan_host_begin(host);
    if (is_of_others(host, s, s->image.family_out)) {
        record_change(host, s, layout, layout, s->image.family_out, host->family);
    }
    record_layout(host, s, layout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    host->vkCmdCopyImageToBuffer(host->commands, s->image.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, s->buffer.buffer,
                                 1, &region);
    record_layout(host, s, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, layout);
    vulkan_host_run(host);
    return s->buffer.mapped;
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

const VkFormat shared_formats[SHARED_FORMATS] = {VK_FORMAT_R8G8B8A8_UNORM,     VK_FORMAT_R8G8B8A8_SRGB,
                                                 VK_FORMAT_B8G8R8A8_UNORM,     VK_FORMAT_B8G8R8A8_SRGB,
                                                 VK_FORMAT_R16G16B16A16_UNORM, VK_FORMAT_R16G16B16A16_SFLOAT};

uint32_t shared_form(VkFormat format) {
    switch ((int)format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
    case VK_FORMAT_B8G8R8A8_SRGB: return BD_FORM_BGRA8;
    case VK_FORMAT_R16G16B16A16_UNORM: return BD_FORM_RGBA16;
    case VK_FORMAT_R16G16B16A16_SFLOAT: return BD_FORM_RGBA16F;
    default: return BD_FORM_RGBA8;
    }
}

bd_image shared_noise(uint32_t w, uint32_t h, bool deep, bool alpha, uint32_t seed) {
    size_t channel = deep ? 2 : 1;
    bd_image image = test_new_picture(w * (uint32_t)channel, h);
    image.width = w;
    image.format = deep ? BD_FORMAT_RGBA16 : BD_FORMAT_RGBA8;
    image.has_alpha = alpha;
    for (size_t i = 0; i < (size_t)w * h * 4 * channel; i++) {
        seed = seed * 1664525u + 1013904223u;
        image.pixels[i] = i / channel % 4 == 3 && !alpha ? 255 : (uint8_t)(seed >> 24);
    }
    return image;
}

VkFormat shared_plain_format(const bd_image *image) {
    return image->format == BD_FORMAT_RGBA16 ? VK_FORMAT_R16G16B16A16_UNORM : VK_FORMAT_R8G8B8A8_UNORM;
}

shared shared_of(vulkan_host *host, const bd_image *image, VkImageLayout layout) {
    shared s = shared_make(host, shared_plain_format(image), image->width, image->height);
    s.image.opaque = !image->has_alpha;
    shared_write(host, &s, image->pixels, layout);
    return s;
}

/* ---- the host's engine ------------------------------------------------------------------------------------------- */

void shared_require(bd_result result, const bd_error *error) {
    if (result) {
        fail_msg("%s", error->message);
    }
}

static float coarse[SHARED_W * SHARED_H];
const bd_matte_params shared_given = {.struct_size = sizeof shared_given,
                                      .mode = BD_MATTE_REFINE,
                                      .coarse = coarse,
                                      .coarse_width = SHARED_W,
                                      .coarse_height = SHARED_H};

int shared_open(void **state) {
    static shared_fixture f;
    for (size_t i = 0; i < SHARED_W * SHARED_H; i++) {
        coarse[i] = (float)(i % SHARED_W) / (SHARED_W - 1);
    }
    bd_error error;
    vulkan_host_open(&f.host, VULKAN_HOST_WANTED, VK_API_VERSION_1_3);
    shared_require(bd_engine_import(NULL, &f.host.import, &f.engine, &error), &error);
    f.session = test_session_create(f.engine, NULL, NULL);
    *state = &f;
    return 0;
}

void shared_replace(bd_session *session, const shared *photo, const shared *background, const bd_replace_params *params,
                    const shared *result, const shared *alpha) {
    bd_error error;
    shared_require(bd_session_replace_images(session, &photo->image, background ? &background->image : NULL, params,
                                             &result->image, alpha ? &alpha->image : NULL, NULL, 0, NULL, 0, &error),
                   &error);
}

void shared_close(void **state) {
    shared_fixture *f = *state;
    bd_session_destroy(f->session);
    bd_engine_destroy(f->engine);
    vulkan_host_close(&f->host);
}
