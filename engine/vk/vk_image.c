/* SPDX-License-Identifier: MIT */
#include "vk/vk_image.h"

typedef struct side {
    VkPipelineStageFlags stage;
    VkAccessFlags access;
    VkImageLayout layout;
    uint32_t family;
} side;

static void change_buffer(bd_vk_commands *commands, const bd_vk_image *image, side from, side to) {
    const VkBufferMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                           .srcAccessMask = from.access,
                                           .dstAccessMask = to.access,
                                           .srcQueueFamilyIndex = from.family,
                                           .dstQueueFamilyIndex = to.family,
                                           .buffer = image->buffer,
                                           .offset = image->offset,
                                           .size = image->row_bytes * (image->height - 1) +
                                                   (VkDeviceSize)image->width * image->texel_bytes};
    commands->vk->api.vkCmdPipelineBarrier(commands->buffer, from.stage, to.stage, 0, 0, NULL, 1, &barrier, 0, NULL);
}

static void change(bd_vk_commands *commands, const bd_vk_image *image, side from, side to) {
    if (!image->image) {
        change_buffer(commands, image, from, to);
        return;
    }
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = from.access,
        .dstAccessMask = to.access,
        .oldLayout = from.layout,
        .newLayout = to.layout,
        .srcQueueFamilyIndex = from.family,
        .dstQueueFamilyIndex = to.family,
        .image = image->image,
        .subresourceRange = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = 1, .layerCount = 1}};
    commands->vk->api.vkCmdPipelineBarrier(commands->buffer, from.stage, to.stage, 0, 0, NULL, 0, NULL, 1, &barrier);
}

/* Whatever the host does with an image before and after; buffers may be what its CPU writes and reads. */
static side of_host(const bd_vk_image *image, VkImageLayout layout) {
    return (side){VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | (image->image ? 0 : VK_PIPELINE_STAGE_HOST_BIT),
                  VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT, layout, VK_QUEUE_FAMILY_IGNORED};
}

/* An owner hands an image over in a barrier of its own, which the other side repeats: the layout is the same there on both
 * sides. What is dropped need not be handed over. */
static bool is_handed_over(const bd_vk_commands *commands, uint32_t family, VkImageLayout layout) {
    return family != VK_QUEUE_FAMILY_IGNORED && family != commands->vk->queue_family &&
           layout != VK_IMAGE_LAYOUT_UNDEFINED;
}

static void enter(bd_vk_commands *commands, const bd_vk_image *image, side ours) {
    side host = of_host(image, image->layout_in);
    if (is_handed_over(commands, image->family_in, image->layout_in)) {
        side taken = host;
        host.stage = taken.stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        host.access = 0;
        host.family = image->family_in;
        taken.family = commands->vk->queue_family;
        change(commands, image, host, taken);
        host = of_host(image, image->layout_in);
    }
    change(commands, image, host, ours);
}

static void leave(bd_vk_commands *commands, const bd_vk_image *image, side ours) {
    side host = of_host(image, image->layout_out);
    change(commands, image, ours, host);
    if (is_handed_over(commands, image->family_out, image->layout_out)) {
        side given = host;
        host.stage = given.stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        given.family = commands->vk->queue_family;
        host.access = 0;
        host.family = image->family_out;
        change(commands, image, given, host);
    }
}

static VkBufferImageCopy region_of(const bd_vk_image *image, const bd_vk_binding *at, uint32_t row_texels) {
    return (VkBufferImageCopy){.bufferOffset = at->offset,
                               .bufferRowLength = row_texels,
                               .imageSubresource = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1},
                               .imageExtent = {image->width, image->height, 1}};
}

typedef struct rows {
    VkBuffer buffer;
    VkDeviceSize offset, row_bytes;
} rows;

/* Row by row where either side has gaps between them. */
static void copy_rows(bd_vk_commands *commands, const bd_vk_image *image, rows from, rows to) {
    enum { AT_ONCE = 64 };
    VkBufferCopy regions[AT_ONCE];
    const VkDeviceSize tight = (VkDeviceSize)image->width * image->texel_bytes;
    const bool whole = from.row_bytes == tight && to.row_bytes == tight;
    const uint32_t count = whole ? 1 : image->height;
    for (uint32_t first = 0; first < count; first += AT_ONCE) {
        const uint32_t some = BD_MIN(count - first, (uint32_t)AT_ONCE);
        for (uint32_t i = 0; i < some; i++) {
            regions[i] = (VkBufferCopy){.srcOffset = from.offset + (first + i) * from.row_bytes,
                                        .dstOffset = to.offset + (first + i) * to.row_bytes,
                                        .size = whole ? tight * image->height : tight};
        }
        commands->vk->api.vkCmdCopyBuffer(commands->buffer, from.buffer, to.buffer, some, regions);
    }
}

static rows rows_of(const bd_vk_image *image) {
    return (rows){image->buffer, image->offset, image->row_bytes};
}

static rows rows_at(const bd_vk_image *image, const bd_vk_binding *at, uint32_t row_texels) {
    return (rows){at->buffer->buffer, at->offset,
                  (VkDeviceSize)(row_texels ? row_texels : image->width) * image->texel_bytes};
}

void bd_vk_image_read(bd_vk_commands *commands, const bd_vk_image *image, const bd_vk_binding *to,
                      uint32_t row_texels) {
    const side ours = {VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_QUEUE_FAMILY_IGNORED};
    const VkBufferImageCopy region = region_of(image, to, row_texels);
    enter(commands, image, ours);
    if (image->image) {
        commands->vk->api.vkCmdCopyImageToBuffer(commands->buffer, image->image, ours.layout, to->buffer->buffer, 1,
                                                 &region);
    } else {
        copy_rows(commands, image, rows_of(image), rows_at(image, to, row_texels));
    }
    leave(commands, image, ours);
}

void bd_vk_image_write(bd_vk_commands *commands, const bd_vk_image *image, const bd_vk_binding *from,
                       uint32_t row_texels) {
    const side ours = {VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_QUEUE_FAMILY_IGNORED};
    const VkBufferImageCopy region = region_of(image, from, row_texels);
    enter(commands, image, ours);
    if (image->image) {
        commands->vk->api.vkCmdCopyBufferToImage(commands->buffer, from->buffer->buffer, image->image, ours.layout, 1,
                                                 &region);
    } else {
        copy_rows(commands, image, rows_at(image, from, row_texels), rows_of(image));
    }
    leave(commands, image, ours);
}
