/* SPDX-License-Identifier: MIT
 * A host with a Vulkan device of its own. It draws a figure in front of a green screen and a scene, each into a VkImage,
 * has the library put the figure into the scene, in a third VkImage, and saves that. No weights are needed: the green
 * tells what is background.
 *
 *     cc -std=c11 offscreen.c $(pkg-config --cflags --libs vulkan) -lbackdrop -o offscreen && ./offscreen out.png */
#include <stdio.h>
#include <stdlib.h>

#include <vulkan/vulkan.h>

#include <backdrop.h>
#include <backdrop_vulkan.h>

enum { WIDTH = 640, HEIGHT = 480 };

static void must(VkResult result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "%s: VkResult %d\n", what, (int)result);
        exit(1);
    }
}

static void must_bd(bd_result result, const bd_error *error) {
    if (result) {
        fprintf(stderr, "%s (%s)\n", error->message, bd_result_name(result));
        exit(1);
    }
}

/* ---- the host's Vulkan ------------------------------------------------------------------------------------------- */

typedef struct host {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    uint32_t family;
    VkQueue queue;
    VkCommandPool pool;
    VkCommandBuffer commands[2]; /* that draw, and that take the result away */
    VkSemaphore timeline;
    bd_vulkan_wanted wanted;
    VkPhysicalDeviceDynamicRenderingFeatures rendering;
    bd_vulkan_import import;
} host;

/* One that draws and computes. */
static uint32_t find_family(VkPhysicalDevice device) {
    VkQueueFamilyProperties families[16];
    uint32_t count = 16;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        const VkQueueFlags both = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
        if ((families[i].queueFlags & both) == both) {
            return i;
        }
    }
    fprintf(stderr, "no queue that draws and computes\n");
    exit(1);
}

static void open_host(host *h) {
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .apiVersion = VK_API_VERSION_1_3};
    const VkInstanceCreateInfo instance = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                           .pApplicationInfo = &application};
    must(vkCreateInstance(&instance, NULL, &h->instance), "vkCreateInstance");
    uint32_t count = 1;
    must(vkEnumeratePhysicalDevices(h->instance, &count, &h->physical), "vkEnumeratePhysicalDevices");
    h->family = find_family(h->physical);

    /* What the library would like to have is enabled with the device. */
    bd_error error;
    h->wanted.struct_size = sizeof h->wanted;
    h->import = (bd_vulkan_import){.struct_size = sizeof h->import,
                                   .instance = h->instance,
                                   .get_instance_proc_addr = vkGetInstanceProcAddr,
                                   .physical_device = h->physical,
                                   .api_version = application.apiVersion};
    must_bd(bd_vulkan_get_wanted(&h->import, &h->wanted, &error), &error);
    /* And what the host needs itself joins the chain. */
    h->rendering = (VkPhysicalDeviceDynamicRenderingFeatures){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DYNAMIC_RENDERING_FEATURES,
        .pNext = h->wanted.features.pNext,
        .dynamicRendering = VK_TRUE};
    h->wanted.features.pNext = &h->rendering;

    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = h->family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo device = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                       .pNext = &h->wanted.features,
                                       .queueCreateInfoCount = 1,
                                       .pQueueCreateInfos = &queue,
                                       .enabledExtensionCount = h->wanted.extension_count,
                                       .ppEnabledExtensionNames = h->wanted.extensions};
    must(vkCreateDevice(h->physical, &device, NULL, &h->device), "vkCreateDevice");
    vkGetDeviceQueue(h->device, h->family, 0, &h->queue);
    h->import.device = h->device;
    h->import.queue_family = h->family;
    h->import.features = &h->wanted.features;
    h->import.extensions = h->wanted.extensions;
    h->import.extension_count = h->wanted.extension_count;

    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = h->family};
    must(vkCreateCommandPool(h->device, &pool, NULL, &h->pool), "vkCreateCommandPool");
    const VkCommandBufferAllocateInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = h->pool, .commandBufferCount = 2};
    must(vkAllocateCommandBuffers(h->device, &commands, h->commands), "vkAllocateCommandBuffers");
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    must(vkCreateSemaphore(h->device, &semaphore, NULL, &h->timeline), "vkCreateSemaphore");
}

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

/* Begins commands; ends and submits them, after timeline value `after`, and lets them signal after + 1. */
static void begin(VkCommandBuffer commands) {
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    must(vkBeginCommandBuffer(commands, &info), "vkBeginCommandBuffer");
}

static void submit(const host *h, VkCommandBuffer commands, uint64_t after) {
    must(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    const uint64_t then = after + 1;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                  .waitSemaphoreValueCount = 1,
                                                  .pWaitSemaphoreValues = &after,
                                                  .signalSemaphoreValueCount = 1,
                                                  .pSignalSemaphoreValues = &then};
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = &values,
                               .waitSemaphoreCount = 1,
                               .pWaitSemaphores = &h->timeline,
                               .pWaitDstStageMask = &stage,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = &h->timeline};
    must(vkQueueSubmit(h->queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
}

static void wait(const host *h, uint64_t value) {
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &h->timeline,
                                      .pValues = &value};
    must(vkWaitSemaphores(h->device, &info, UINT64_MAX), "vkWaitSemaphores");
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

typedef struct picture {
    VkImage image;
    VkDeviceMemory memory;
    VkImageView view;
} picture;

static picture make_picture(const host *h) {
    picture p;
    const VkImageCreateInfo image = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                     .imageType = VK_IMAGE_TYPE_2D,
                                     .format = VK_FORMAT_R8G8B8A8_UNORM,
                                     .extent = {WIDTH, HEIGHT, 1},
                                     .mipLevels = 1,
                                     .arrayLayers = 1,
                                     .samples = VK_SAMPLE_COUNT_1_BIT,
                                     .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                                              VK_IMAGE_USAGE_TRANSFER_DST_BIT};
    must(vkCreateImage(h->device, &image, NULL, &p.image), "vkCreateImage");
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(h->device, p.image, &needs);
    p.memory = allocate(h, needs, 0);
    must(vkBindImageMemory(h->device, p.image, p.memory, 0), "vkBindImageMemory");
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = p.image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = image.format,
        .subresourceRange = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = 1, .layerCount = 1}};
    must(vkCreateImageView(h->device, &view, NULL, &p.view), "vkCreateImageView");
    return p;
}

static void drop_picture(const host *h, picture *p) {
    vkDestroyImageView(h->device, p->view, NULL);
    vkDestroyImage(h->device, p->image, NULL);
    vkFreeMemory(h->device, p->memory, NULL);
}

/* The image as the library is told of it. */
static bd_vulkan_image shared(const picture *p, VkImageLayout layout) {
    return (bd_vulkan_image){.struct_size = sizeof(bd_vulkan_image),
                             .image = p->image,
                             .format = VK_FORMAT_R8G8B8A8_UNORM,
                             .width = WIDTH,
                             .height = HEIGHT,
                             .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
                             .layout_in = layout,
                             .layout_out = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                             .opaque = true};
}

typedef struct box {
    int32_t x, y;
    uint32_t w, h;
    float color[4];
} box;

/* Draws boxes; a pass of rendering needs no shader for that. The image is left as a colour attachment. */
static void draw(VkCommandBuffer commands, const picture *p, const box *boxes, uint32_t count) {
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
        .newLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = p->image,
        .subresourceRange = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .levelCount = 1, .layerCount = 1}};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, 0,
                         0, NULL, 0, NULL, 1, &barrier);
    const VkRenderingAttachmentInfo attachment = {.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
                                                  .imageView = p->view,
                                                  .imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                                                  .storeOp = VK_ATTACHMENT_STORE_OP_STORE};
    const VkRenderingInfo rendering = {.sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                                       .renderArea = {.extent = {WIDTH, HEIGHT}},
                                       .layerCount = 1,
                                       .colorAttachmentCount = 1,
                                       .pColorAttachments = &attachment};
    vkCmdBeginRendering(commands, &rendering);
    for (uint32_t i = 0; i < count; i++) {
        const box *b = &boxes[i];
        const VkClearAttachment clear = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .clearValue = {.color = {.float32 = {b->color[0], b->color[1], b->color[2], b->color[3]}}}};
        const VkClearRect at = {.rect = {{b->x, b->y}, {b->w, b->h}}, .layerCount = 1};
        vkCmdClearAttachments(commands, 1, &clear, 1, &at);
    }
    vkCmdEndRendering(commands);
}

static void save(const host *h, const picture *p, uint64_t after, const char *path) {
    VkBuffer buffer;
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = (VkDeviceSize)WIDTH * HEIGHT * 4,
                                     .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    must(vkCreateBuffer(h->device, &info, NULL, &buffer), "vkCreateBuffer");
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(h->device, buffer, &needs);
    VkDeviceMemory memory =
        allocate(h, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    must(vkBindBufferMemory(h->device, buffer, memory, 0), "vkBindBufferMemory");
    const VkBufferImageCopy region = {.imageSubresource = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1},
                                      .imageExtent = {WIDTH, HEIGHT, 1}};
    const VkMemoryBarrier to_host = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    VkCommandBuffer commands = h->commands[1];
    begin(commands);
    vkCmdCopyImageToBuffer(commands, p->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer, 1, &region);
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_host, 0, NULL,
                         0, NULL);
    submit(h, commands, after);
    wait(h, after + 1);
    void *pixels;
    must(vkMapMemory(h->device, memory, 0, VK_WHOLE_SIZE, 0, &pixels), "vkMapMemory");
    const bd_image image = {.width = WIDTH, .height = HEIGHT, .stride_bytes = (size_t)WIDTH * 4, .pixels = pixels};
    bd_error error;
    must_bd(bd_image_write(path, &image, NULL, &error), &error);
    vkDestroyBuffer(h->device, buffer, NULL);
    vkFreeMemory(h->device, memory, NULL);
}

/* ---- the composite ----------------------------------------------------------------------------------------------- */

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: offscreen OUT.png\n");
        return 2;
    }
    static const box figure[] = {{0, 0, WIDTH, HEIGHT, {0.1f, 0.7f, 0.2f, 1}},
                                 {270, 60, 100, 110, {0.85f, 0.65f, 0.55f, 1}},
                                 {220, 170, 200, 310, {0.6f, 0.11f, 0.15f, 1}}};
    static const box scene[] = {{0, 0, WIDTH, 300, {0.48f, 0.71f, 0.95f, 1}},
                                {0, 300, WIDTH, 180, {0.49f, 0.45f, 0.4f, 1}},
                                {480, 40, 80, 80, {1, 0.9f, 0.5f, 1}}};
    host h = {0};
    open_host(&h);
    picture photo = make_picture(&h), background = make_picture(&h), result = make_picture(&h);

    bd_error error;
    bd_engine *engine;
    bd_session *session;
    must_bd(bd_engine_import(NULL, &h.import, &engine, &error), &error);
    must_bd(bd_session_create(engine, NULL, NULL, &session, &error), &error);

    begin(h.commands[0]);
    draw(h.commands[0], &photo, figure, 3);
    draw(h.commands[0], &background, scene, 3);
    submit(&h, h.commands[0], 0); /* the timeline says 1 when both are drawn */

    const bd_matte_params matte = {.struct_size = sizeof matte, .key = BD_KEY_AUTO};
    const bd_replace_params params = {.struct_size = sizeof params, .matte = &matte};
    const bd_vulkan_image in = shared(&photo, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    const bd_vulkan_image behind = shared(&background, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    const bd_vulkan_image out = shared(&result, VK_IMAGE_LAYOUT_UNDEFINED);
    const bd_vulkan_sync drawn = {h.timeline, 1}, done = {h.timeline, 2};
    must_bd(bd_session_replace_images(session, &in, &behind, &params, &out, NULL, &drawn, 1, &done, 1, &error), &error);
    save(&h, &result, 2, argv[1]);
    must_bd(bd_session_wait_images(session, &error), &error);

    bd_session_destroy(session);
    bd_engine_destroy(engine);
    drop_picture(&h, &photo);
    drop_picture(&h, &background);
    drop_picture(&h, &result);
    vkDestroySemaphore(h.device, h.timeline, NULL);
    vkDestroyCommandPool(h.device, h.pool, NULL);
    vkDestroyDevice(h.device, NULL); /* all of it was the host's, and still is */
    vkDestroyInstance(h.instance, NULL);
    return 0;
}
