/* SPDX-License-Identifier: MIT */
#include "viewer_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const VkImageSubresourceLayers top = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1};
static const VkImageSubresourceRange whole = {
    .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = VK_REMAINING_MIP_LEVELS, .layerCount = 1};

static void must(VkResult result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "viewer: %s: VkResult %d\n", what, (int)result);
        exit(1);
    }
}

void host_fail(const char *message) {
    fprintf(stderr, "viewer: %s\n", message);
    exit(1);
}

/* ---- the device -------------------------------------------------------------------------------------------------- */

static void find_device(host *h) {
    VkPhysicalDevice devices[16];
    uint32_t count = 16;
    must(vkEnumeratePhysicalDevices(h->instance, &count, devices), "vkEnumeratePhysicalDevices");
    for (uint32_t d = 0; d < count; d++) {
        VkQueueFamilyProperties families[16];
        uint32_t family_count = 16;
        vkGetPhysicalDeviceQueueFamilyProperties(devices[d], &family_count, families);
        for (uint32_t f = 0; f < family_count; f++) {
            const VkQueueFlags both = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
            VkBool32 presents = VK_FALSE;
            must(vkGetPhysicalDeviceSurfaceSupportKHR(devices[d], f, h->surface, &presents), "surface support");
            if (presents && (families[f].queueFlags & both) == both) {
                h->physical = devices[d];
                h->family = f;
                return;
            }
        }
    }
    host_fail("no Vulkan device that draws, computes and presents to this window");
}

bd_engine *host_open(host *h, GLFWwindow *window) {
    h->window = window;
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo instance = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    instance.ppEnabledExtensionNames = glfwGetRequiredInstanceExtensions(&instance.enabledExtensionCount);
    must(vkCreateInstance(&instance, NULL, &h->instance), "vkCreateInstance");
    must(glfwCreateWindowSurface(h->instance, h->window, NULL, &h->surface), "glfwCreateWindowSurface");
    find_device(h);
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(h->physical, &properties);
    h->longest_side = properties.limits.maxImageDimension2D;

    /* What the library would like to have is enabled with the device, and the swapchain beside it. */
    bd_error error;
    bd_vulkan_wanted wanted = {.struct_size = sizeof wanted};
    bd_vulkan_import import = {.struct_size = sizeof import,
                               .instance = h->instance,
                               .get_instance_proc_addr = vkGetInstanceProcAddr,
                               .physical_device = h->physical,
                               .api_version = application.apiVersion,
                               .queue_family = h->family};
    if (bd_vulkan_get_wanted(&import, &wanted, &error)) {
        host_fail(error.message);
    }
    const char *extensions[sizeof wanted.extensions / sizeof *wanted.extensions + 1];
    memcpy(extensions, wanted.extensions, sizeof wanted.extensions);
    extensions[wanted.extension_count] = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = h->family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo device = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                       .pNext = &wanted.features,
                                       .queueCreateInfoCount = 1,
                                       .pQueueCreateInfos = &queue,
                                       .enabledExtensionCount = wanted.extension_count + 1,
                                       .ppEnabledExtensionNames = extensions};
    must(vkCreateDevice(h->physical, &device, NULL, &h->device), "vkCreateDevice");
    vkGetDeviceQueue(h->device, h->family, 0, &h->queue);
    import.device = h->device;
    import.features = &wanted.features;
    import.extensions = extensions;
    import.extension_count = wanted.extension_count + 1;
    bd_engine *engine;
    if (bd_engine_import(NULL, &import, &engine, &error)) {
        host_fail(error.message);
    }

    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = h->family};
    must(vkCreateCommandPool(h->device, &pool, NULL, &h->pool), "vkCreateCommandPool");
    const VkCommandBufferAllocateInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = h->pool, .commandBufferCount = 1};
    must(vkAllocateCommandBuffers(h->device, &commands, &h->commands), "vkAllocateCommandBuffers");
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    must(vkCreateFence(h->device, &fence, NULL, &h->done), "vkCreateFence");
    return engine;
}

static void begin(host *h) {
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                           .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    must(vkBeginCommandBuffer(h->commands, &info), "vkBeginCommandBuffer");
}

/* Submits the commands and waits until they are done. */
static void finish(host *h, const VkSemaphore *wait, const VkSemaphore *signal) {
    must(vkEndCommandBuffer(h->commands), "vkEndCommandBuffer");
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .waitSemaphoreCount = wait ? 1 : 0,
                               .pWaitSemaphores = wait,
                               .pWaitDstStageMask = &stage,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &h->commands,
                               .signalSemaphoreCount = signal ? 1 : 0,
                               .pSignalSemaphores = signal};
    must(vkQueueSubmit(h->queue, 1, &info, h->done), "vkQueueSubmit");
    must(vkWaitForFences(h->device, 1, &h->done, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    must(vkResetFences(h->device, 1, &h->done), "vkResetFences");
}

/* What was written before is seen by all that comes after, the host included; the image changes its layout. */
static void settle(host *h, VkImage image, VkImageLayout from, VkImageLayout to) {
    const VkImageMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                          .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                                          .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
                                          .oldLayout = from,
                                          .newLayout = to,
                                          .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                          .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                          .image = image,
                                          .subresourceRange = whole};
    const VkMemoryBarrier to_host = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    vkCmdPipelineBarrier(h->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_host, 0, NULL, 1,
                         &barrier);
}

static void written(host *h, const picture *p) {
    settle(h, p->image, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL);
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

static VkDeviceMemory allocate(const host *h, VkMemoryRequirements needs, VkMemoryPropertyFlags wanted) {
    VkPhysicalDeviceMemoryProperties memory;
    vkGetPhysicalDeviceMemoryProperties(h->physical, &memory);
    uint32_t type = 0;
    while (type + 1 < memory.memoryTypeCount &&
           (!(needs.memoryTypeBits >> type & 1) || (memory.memoryTypes[type].propertyFlags & wanted) != wanted)) {
        type++;
    }
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
    VkDeviceMemory made;
    must(vkAllocateMemory(h->device, &info, NULL, &made), "vkAllocateMemory");
    return made;
}

void picture_drop(host *h, picture *p) {
    vkDestroyImage(h->device, p->image, NULL);
    vkFreeMemory(h->device, p->memory, NULL);
    *p = (picture){0};
}

void picture_make(host *h, picture *p, VkFormat format, uint32_t width, uint32_t height, bool levels) {
    picture_drop(h, p);
    *p = (picture){.width = width, .height = height, .levels = 1, .format = format, .opaque = true};
    for (uint32_t side = width > height ? width : height; levels && side > 1; side /= 2) {
        p->levels++;
    }
    const VkImageCreateInfo image = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                     .imageType = VK_IMAGE_TYPE_2D,
                                     .format = format,
                                     .extent = {width, height, 1},
                                     .mipLevels = p->levels,
                                     .arrayLayers = 1,
                                     .samples = VK_SAMPLE_COUNT_1_BIT,
                                     .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT};
    must(vkCreateImage(h->device, &image, NULL, &p->image), "vkCreateImage");
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(h->device, p->image, &needs);
    p->memory = allocate(h, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    must(vkBindImageMemory(h->device, p->image, p->memory, 0), "vkBindImageMemory");
    begin(h);
    settle(h, p->image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
    finish(h, NULL, NULL);
}

static void drop_stage(host *h) {
    vkDestroyBuffer(h->device, h->stage, NULL);
    vkFreeMemory(h->device, h->stage_memory, NULL);
}

uint8_t *host_stage(host *h, VkDeviceSize bytes) {
    if (bytes > h->stage_bytes) {
        drop_stage(h);
        const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                         .size = bytes,
                                         .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
        must(vkCreateBuffer(h->device, &info, NULL, &h->stage), "vkCreateBuffer");
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(h->device, h->stage, &needs);
        h->stage_memory =
            allocate(h, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
        must(vkBindBufferMemory(h->device, h->stage, h->stage_memory, 0), "vkBindBufferMemory");
        void *mapped;
        must(vkMapMemory(h->device, h->stage_memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
        h->staged = mapped;
        h->stage_bytes = bytes;
    }
    return h->staged;
}

/* The far corner of a level. */
static VkOffset3D corner(const picture *p, uint32_t level) {
    const uint32_t width = p->width >> level, height = p->height >> level;
    return (VkOffset3D){(int32_t)(width ? width : 1), (int32_t)(height ? height : 1), 1};
}

static void record_levels(host *h, const picture *p) {
    for (uint32_t level = 1; level < p->levels; level++) {
        VkImageBlit half = {.srcSubresource = top, .dstSubresource = top};
        half.srcSubresource.mipLevel = level - 1;
        half.srcOffsets[1] = corner(p, level - 1);
        half.dstSubresource.mipLevel = level;
        half.dstOffsets[1] = corner(p, level);
        vkCmdBlitImage(h->commands, p->image, VK_IMAGE_LAYOUT_GENERAL, p->image, VK_IMAGE_LAYOUT_GENERAL, 1, &half,
                       VK_FILTER_LINEAR);
        written(h, p);
    }
}

void picture_make_levels(host *h, const picture *p) {
    begin(h);
    record_levels(h, p);
    finish(h, NULL, NULL);
}

void picture_upload(host *h, const picture *p) {
    const VkBufferImageCopy region = {.imageSubresource = top, .imageExtent = {p->width, p->height, 1}};
    begin(h);
    vkCmdCopyBufferToImage(h->commands, h->stage, p->image, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
    written(h, p);
    record_levels(h, p);
    finish(h, NULL, NULL);
}

bd_image picture_download(host *h, const picture *p) {
    const bool grey = p->format == VK_FORMAT_R8_UNORM;
    const size_t stride = (size_t)p->width * (grey ? 1 : 4);
    const VkBufferImageCopy region = {.imageSubresource = top, .imageExtent = {p->width, p->height, 1}};
    uint8_t *pixels = host_stage(h, stride * p->height);
    begin(h);
    vkCmdCopyImageToBuffer(h->commands, p->image, VK_IMAGE_LAYOUT_GENERAL, h->stage, 1, &region);
    written(h, p);
    finish(h, NULL, NULL);
    return (bd_image){.width = p->width,
                      .height = p->height,
                      .format = grey ? BD_FORMAT_GRAY8 : BD_FORMAT_RGBA8,
                      .has_alpha = !p->opaque,
                      .stride_bytes = (ptrdiff_t)stride,
                      .pixels = pixels};
}

/* ---- the window -------------------------------------------------------------------------------------------------- */

static void drop_swapchain(host *h) {
    must(vkDeviceWaitIdle(h->device), "vkDeviceWaitIdle");
    for (uint32_t i = 0; i < h->image_count; i++) {
        vkDestroySemaphore(h->device, h->drawn[i], NULL);
    }
    vkDestroySemaphore(h->device, h->acquired, NULL);
    vkDestroySwapchainKHR(h->device, h->swapchain, NULL);
    h->image_count = 0;
    h->acquired = VK_NULL_HANDLE;
    h->swapchain = VK_NULL_HANDLE;
}

/* Of the window's size, with the panes. False: it has none, while it is minimised. */
static bool make_swapchain(host *h) {
    drop_swapchain(h);
    VkSurfaceCapabilitiesKHR can;
    must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(h->physical, h->surface, &can), "surface capabilities");
    h->extent = can.currentExtent;
    if (h->extent.width == UINT32_MAX) { /* the swapchain decides, as on Wayland */
        int width, height;
        glfwGetFramebufferSize(h->window, &width, &height);
        h->extent = (VkExtent2D){(uint32_t)width, (uint32_t)height};
    }
    if (!h->extent.width || !h->extent.height) {
        return false;
    }
    VkSurfaceFormatKHR formats[64];
    uint32_t count = 64;
    must(vkGetPhysicalDeviceSurfaceFormatsKHR(h->physical, h->surface, &count, formats), "surface formats");
    h->format = formats[0];
    for (uint32_t i = 0; i < count; i++) { /* numbers are shown as they are */
        if (formats[i].format == VK_FORMAT_B8G8R8A8_UNORM || formats[i].format == VK_FORMAT_R8G8B8A8_UNORM) {
            h->format = formats[i];
            break;
        }
    }
    const uint32_t images = can.minImageCount + 1;
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = h->surface,
        .minImageCount = can.maxImageCount && images > can.maxImageCount ? can.maxImageCount : images,
        .imageFormat = h->format.format,
        .imageColorSpace = h->format.colorSpace,
        .imageExtent = h->extent,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .preTransform = can.currentTransform,
        .compositeAlpha = can.supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
        .clipped = VK_TRUE};
    must(vkCreateSwapchainKHR(h->device, &info, NULL, &h->swapchain), "vkCreateSwapchainKHR");
    must(vkGetSwapchainImagesKHR(h->device, h->swapchain, &h->image_count, NULL), "vkGetSwapchainImagesKHR");
    if (h->image_count > HOST_MOST_IMAGES) {
        host_fail("the swapchain has too many images");
    }
    must(vkGetSwapchainImagesKHR(h->device, h->swapchain, &h->image_count, h->images), "vkGetSwapchainImagesKHR");
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    must(vkCreateSemaphore(h->device, &semaphore, NULL, &h->acquired), "vkCreateSemaphore");
    for (uint32_t i = 0; i < h->image_count; i++) {
        must(vkCreateSemaphore(h->device, &semaphore, NULL, &h->drawn[i]), "vkCreateSemaphore");
    }
    for (int i = 0; i < 2; i++) {
        picture_make(h, &h->panes[i], h->format.format, h->extent.width, h->extent.height, false);
    }
    h->resized = false;
    return true;
}

/* The picture, as large as fits, in the middle of a pane: scaled from the smallest level that is at least as large. */
static void scale(host *h, const picture *from, const picture *pane) {
    const VkClearColorValue around = {.float32 = {0.15f, 0.15f, 0.15f, 1}};
    begin(h);
    vkCmdClearColorImage(h->commands, pane->image, VK_IMAGE_LAYOUT_GENERAL, &around, 1, &whole);
    written(h, pane);
    if (from->image) {
        const double wide = (double)pane->width / from->width, high = (double)pane->height / from->height;
        const double factor = wide < high ? wide : high;
        int32_t width = (int32_t)(from->width * factor + 0.5), height = (int32_t)(from->height * factor + 0.5);
        width = width ? width : 1;
        height = height ? height : 1;
        const int32_t left = ((int32_t)pane->width - width) / 2, above = ((int32_t)pane->height - height) / 2;
        VkImageBlit blit = {.srcSubresource = top,
                            .dstSubresource = top,
                            .dstOffsets = {{left, above, 0}, {left + width, above + height, 1}}};
        uint32_t level = 0;
        while (level + 1 < from->levels && corner(from, level + 1).x >= width && corner(from, level + 1).y >= height) {
            level++;
        }
        blit.srcSubresource.mipLevel = level;
        blit.srcOffsets[1] = corner(from, level);
        vkCmdBlitImage(h->commands, from->image, VK_IMAGE_LAYOUT_GENERAL, pane->image, VK_IMAGE_LAYOUT_GENERAL, 1,
                       &blit, VK_FILTER_LINEAR);
        written(h, pane);
    }
    finish(h, NULL, NULL);
}

/* A part of a pane, from one column up to another. */
static void show_columns(host *h, const picture *pane, VkImage image, uint32_t from, uint32_t to) {
    const VkImageCopy copy = {.srcSubresource = top,
                              .srcOffset = {(int32_t)from, 0, 0},
                              .dstSubresource = top,
                              .dstOffset = {(int32_t)from, 0, 0},
                              .extent = {to - from, h->extent.height, 1}};
    if (to > from) {
        vkCmdCopyImage(h->commands, pane->image, VK_IMAGE_LAYOUT_GENERAL, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                       1, &copy);
    }
}

bool host_show(host *h, const picture *left, const picture *right, bool changed, double split) {
    const bool renew = h->resized || !h->swapchain;
    if (renew && !make_swapchain(h)) {
        return false; /* minimised */
    }
    if (renew || changed) {
        scale(h, left, &h->panes[0]);
        scale(h, right, &h->panes[1]);
    }
    uint32_t at;
    VkResult got = vkAcquireNextImageKHR(h->device, h->swapchain, UINT64_MAX, h->acquired, VK_NULL_HANDLE, &at);
    if (got == VK_ERROR_OUT_OF_DATE_KHR) {
        h->resized = true;
        return true;
    }
    must(got, "vkAcquireNextImageKHR");
    const VkImage image = h->images[at];
    const uint32_t line = (uint32_t)(split * h->extent.width + 0.5);
    const VkClearColorValue white = {.float32 = {1, 1, 1, 1}}; /* what shows of it is the line, two pixels wide */
    begin(h);
    settle(h, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdClearColorImage(h->commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &white, 1, &whole);
    settle(h, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    show_columns(h, &h->panes[0], image, 0, line > 0 ? line - 1 : 0);
    show_columns(h, &h->panes[1], image, line + 1, h->extent.width);
    settle(h, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    finish(h, &h->acquired, &h->drawn[at]);
    const VkPresentInfoKHR present = {.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
                                      .waitSemaphoreCount = 1,
                                      .pWaitSemaphores = &h->drawn[at],
                                      .swapchainCount = 1,
                                      .pSwapchains = &h->swapchain,
                                      .pImageIndices = &at};
    VkResult shown = vkQueuePresentKHR(h->queue, &present);
    h->resized =
        h->resized || got == VK_SUBOPTIMAL_KHR || shown == VK_SUBOPTIMAL_KHR || shown == VK_ERROR_OUT_OF_DATE_KHR;
    must(shown == VK_ERROR_OUT_OF_DATE_KHR ? VK_SUBOPTIMAL_KHR : shown, "vkQueuePresentKHR");
    return h->resized;
}

void host_close(host *h) {
    drop_swapchain(h);
    picture_drop(h, &h->panes[0]);
    picture_drop(h, &h->panes[1]);
    drop_stage(h);
    vkDestroyFence(h->device, h->done, NULL);
    vkDestroyCommandPool(h->device, h->pool, NULL);
    vkDestroyDevice(h->device, NULL);
    vkDestroySurfaceKHR(h->instance, h->surface, NULL);
    vkDestroyInstance(h->instance, NULL);
}
