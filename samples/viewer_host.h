/* SPDX-License-Identifier: MIT
 * The viewer's own Vulkan: device, pictures and swapchain, as any host has them. Images are copied, scaled and cleared
 * only, so there is no shader; they stay in VK_IMAGE_LAYOUT_GENERAL, all but the swapchain's. After each piece of work the
 * host waits for it. What Vulkan refuses ends the program. */
#ifndef VIEWER_HOST_H
#define VIEWER_HOST_H

#include <vulkan/vulkan.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <backdrop.h>
#include <backdrop_vulkan.h>

enum { HOST_MOST_IMAGES = 16 };

typedef struct picture {
    VkImage image;
    VkDeviceMemory memory;
    uint32_t width, height, levels;
    VkFormat format; /* VK_FORMAT_R8G8B8A8_UNORM, of mattes VK_FORMAT_R8_UNORM, of panes the swapchain's */
    bool opaque;
} picture;

typedef struct host {
    GLFWwindow *window;
    VkInstance instance;
    VkSurfaceKHR surface;
    VkPhysicalDevice physical;
    uint32_t family, longest_side;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence done;

    VkBuffer stage; /* between the host's memory and images; grows */
    VkDeviceMemory stage_memory;
    VkDeviceSize stage_bytes;
    uint8_t *staged;

    VkSurfaceFormatKHR format;
    VkSwapchainKHR swapchain;
    VkExtent2D extent;
    uint32_t image_count;
    VkImage images[HOST_MOST_IMAGES];
    VkSemaphore acquired, drawn[HOST_MOST_IMAGES];
    picture panes[2]; /* left and right of the line, each as large as the window */
    bool resized;     /* to be set when the window is */
} host;

/* Makes a device, the first that draws, computes and presents to the window, and gives an engine on it. */
bd_engine *host_open(host *h, GLFWwindow *window);
/* After all pictures and the engine. */
void host_close(host *h);
/* Ends the program. */
void host_fail(const char *message);

/* Host memory for as many bytes, which picture_upload takes; valid until the next call. */
uint8_t *host_stage(host *h, VkDeviceSize bytes);

/* A picture in place of the one that was there, which may be zeroed. With smaller levels it looks well at any size. */
void picture_make(host *h, picture *p, VkFormat format, uint32_t width, uint32_t height, bool levels);
void picture_drop(host *h, picture *p);
/* What is staged becomes the picture, rows without gaps. */
void picture_upload(host *h, const picture *p);
/* The smaller levels follow the first. */
void picture_make_levels(host *h, const picture *p);
/* The first level, in staged memory. */
bd_image picture_download(host *h, const picture *p);

/* Shows one picture left and another right of a line, at 0..1 of the window's width; pictures without an image are not
 * shown. changed: they are not those of the last call. Returns whether the window wants another call at once. */
bool host_show(host *h, const picture *left, const picture *right, bool changed, double split);

#endif
