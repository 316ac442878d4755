/* SPDX-License-Identifier: MIT
 * Images of a host, as it shares them with the library, and an engine on its device. */
#ifndef BD_TEST_VULKAN_SHARED_H
#define BD_TEST_VULKAN_SHARED_H

#include "support/vulkan_host.h"

typedef struct shared {
    bd_vulkan_image image;
    VkDeviceMemory memory;
    vulkan_buffer buffer; /* what the host copies to and from it */
} shared;

shared shared_make(vulkan_host *host, VkFormat format, uint32_t w, uint32_t h);
void shared_drop(vulkan_host *host, shared *s);
size_t shared_bytes(const shared *s);
/* Fills an image with pixels and leaves it in a layout, as image.layout_in says then. */
void shared_write(vulkan_host *host, shared *s, const void *pixels, VkImageLayout layout);
/* What an image in that layout holds, in its buffer. */
const void *shared_read(vulkan_host *host, shared *s, VkImageLayout layout);

/* Formats of pictures, and their pixels' forms (push/picture_convert.h). */
enum { SHARED_FORMATS = 6 };
extern const VkFormat shared_formats[SHARED_FORMATS];
uint32_t shared_form(VkFormat format);

/* A picture of random bytes, alphas among them or all full; its pixels are the caller's to free. */
bd_image shared_noise(uint32_t w, uint32_t h, bool deep, bool alpha, uint32_t seed);
/* One as an image, in the format that copies it as it is. */
VkFormat shared_plain_format(const bd_image *image);
shared shared_of(vulkan_host *host, const bd_image *image, VkImageLayout layout);

/* A matte for photos of SHARED_W x SHARED_H that needs no network. */
enum { SHARED_W = 91, SHARED_H = 60 };
extern const bd_matte_params shared_given;

/* A group's set-up, and its last test: what fails in a group's teardown is not counted. */
typedef struct shared_fixture {
    vulkan_host host;
    bd_engine *engine;
    bd_session *session; /* without a network */
} shared_fixture;
int shared_open(void **state);
void shared_close(void **state);
/* Fails the test. */
void shared_require(bd_result result, const bd_error *error);
void shared_replace(bd_session *session, const shared *photo, const shared *background, const bd_replace_params *params,
                    const shared *result, const shared *alpha);

#endif
