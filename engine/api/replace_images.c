/* SPDX-License-Identifier: MIT
 * Replaces the background of a photo whose pictures are images on the device. */
#include <string.h>

#include "api/check.h"
#include "api/image_format.h"
#include "api/replace.h"
#include "backdrop_vulkan.h"

static const char *const names[BD_IMAGE_ROLES] = {"photo", "background", "result", "matte"};

static bd_result check_buffer(const bd_vulkan_image *image, const char *name, bd_error *error) {
    return image->image ? bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has both image and buffer", name) : BD_OK;
}

static bd_result check_image(const bd_vulkan_image *image, bool read, const char *name, bd_error *error) {
    VkImageUsageFlags needed = read ? VK_IMAGE_USAGE_TRANSFER_SRC_BIT : VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    if (!image->image) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s has neither image nor buffer", name);
    }
    if (!(image->usage & needed)) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s's usage lacks VK_IMAGE_USAGE_TRANSFER_%s_BIT", name,
                       read ? "SRC" : "DST");
    }
    if (read && image->layout_in == VK_IMAGE_LAYOUT_UNDEFINED) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s's layout_in is VK_IMAGE_LAYOUT_UNDEFINED", name);
    }
    if (image->layout_out == VK_IMAGE_LAYOUT_PREINITIALIZED) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s's layout_out is VK_IMAGE_LAYOUT_PREINITIALIZED", name);
    }
    if (image->offset || image->row_bytes) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is an image: offset and row_bytes are of buffers", name);
    }
    return BD_OK;
}

/* An image of the caller's becomes one of the exchange, and what stands for it where sizes and depths are asked for. */
static bd_result take(const bd_vulkan_image *given, bd_image_role role, bool opaque, bd_exchange *exchange,
                      bd_image *stand_in, bd_error *error) {
    bd_vulkan_image image;
    bd_result code = BD_PARAMS_READ(&image, given, bd_vulkan_image, error);
    if (code) {
        return code;
    }
    const char *name = names[role];
    bool read = role < BD_IMAGE_RESULT;
    const bd_image_format *row = NULL;
    code = bd_image_format_check(&image, role == BD_IMAGE_MATTE, name, &row, error);
    if (!code) {
        code = image.buffer ? check_buffer(&image, name, error) : check_image(&image, read, name, error);
    }
    if (code) {
        return code;
    }
    const VkDeviceSize row_bytes = (VkDeviceSize)image.width * row->bytes;
    opaque = read && (opaque || image.opaque);
    VkImageLayout defined = image.layout_in ? image.layout_in : VK_IMAGE_LAYOUT_GENERAL;
    exchange->images[role] =
        (bd_shared_image){.given = true,
                          .form = {row->form, image.premultiplied && !opaque, opaque},
                          .at = {.image = image.image,
                                 .buffer = image.buffer,
                                 .offset = image.offset,
                                 .row_bytes = image.row_bytes ? image.row_bytes : row_bytes,
                                 .texel_bytes = row->bytes,
                                 .width = image.width,
                                 .height = image.height,
                                 .layout_in = image.buffer ? VK_IMAGE_LAYOUT_GENERAL : image.layout_in,
                                 .layout_out = image.layout_out ? image.layout_out : defined,
                                 .family_in = image.exclusive ? image.family_in : VK_QUEUE_FAMILY_IGNORED,
                                 .family_out = image.exclusive ? image.family_out : VK_QUEUE_FAMILY_IGNORED}};
    *stand_in = (bd_image){.width = image.width, .height = image.height, .format = row->depth, .has_alpha = !opaque};
    return BD_OK;
}

static bd_result take_syncs(const bd_vulkan_sync *given, uint32_t count, const char *name, VkSemaphore *semaphores,
                            uint64_t *values, bd_error *error) {
    if (count && !given) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%u %s are said, and none is given", count, name);
    }
    if (count > BD_VK_MOST_SYNCS) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "%s are at most %d semaphores", name, (int)BD_VK_MOST_SYNCS);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!given[i].semaphore) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "a semaphore of the %s is missing", name);
        }
        semaphores[i] = given[i].semaphore;
        values[i] = given[i].value;
    }
    return BD_OK;
}

static VkDeviceSize end_of(const bd_vk_image *image) {
    return image->offset + image->row_bytes * (image->height - 1) + (VkDeviceSize)image->width * image->texel_bytes;
}

static bool overlap(const bd_shared_image *a, const bd_shared_image *b) {
    const bd_vk_image *x = &a->at, *y = &b->at;
    return a->given && b->given && x->image == y->image && x->buffer == y->buffer &&
           (x->image || (x->offset < end_of(y) && y->offset < end_of(x)));
}

static bd_result check_together(const bd_exchange *exchange, const bd_replace_params *params, bd_error *error) {
    const bd_vk_image *photo = &exchange->images[BD_IMAGE_PHOTO].at;
    for (uint32_t role = BD_IMAGE_RESULT; role < BD_IMAGE_ROLES; role++) {
        const bd_shared_image *image = &exchange->images[role];
        if (image->given && (image->at.width != photo->width || image->at.height != photo->height)) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is not of the photo's size, %ux%u", names[role],
                           photo->width, photo->height);
        }
        if (image->given && image->at.image && image->at.image == photo->image) {
            return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "the %s is the photo's image", names[role]);
        }
    }
    if (overlap(&exchange->images[BD_IMAGE_RESULT], &exchange->images[BD_IMAGE_MATTE])) {
        return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "result and matte lie in the same place");
    }
    return params->classic ? bd_fail(error, BD_ERR_UNSUPPORTED, "the classic way does not take images")
                           : bd_check_replace_params(params, error);
}

bd_result bd_session_replace_images(bd_session *session, const bd_vulkan_image *photo,
                                    const bd_vulkan_image *background, const bd_replace_params *params,
                                    const bd_vulkan_image *result, const bd_vulkan_image *alpha,
                                    const bd_vulkan_sync *waits, uint32_t wait_count, const bd_vulkan_sync *signals,
                                    uint32_t signal_count, bd_error *error) {
    bd_exchange exchange = {.syncs = {.wait_count = wait_count, .signal_count = signal_count}};
    bd_image stand_ins[BD_IMAGE_ROLES];
    bd_replace_request ask = {.photo = &stand_ins[BD_IMAGE_PHOTO], .images = &exchange};
    bd_result code = BD_PARAMS_READ(&ask.params, params, bd_replace_params, error);
    bool pictured = ask.params.background == BD_BACKGROUND_PICTURE;
    const bd_image *kept = background ? NULL : bd_replace_background(session, NULL, &ask);
    const bd_vulkan_image *given[BD_IMAGE_ROLES] = {photo, pictured ? background : NULL, result, alpha};
    const bool needed[BD_IMAGE_ROLES] = {true, pictured && !kept, true, false};
    for (uint32_t role = 0; role < BD_IMAGE_ROLES && !code; role++) {
        if (role == BD_IMAGE_BACKGROUND && needed[role] && !given[role]) {
            code = bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no background was given, and none is kept");
        } else if (given[role] || needed[role]) {
            const bool opaque = role == BD_IMAGE_PHOTO && ask.params.ignore_alpha;
            code = take(given[role], (bd_image_role)role, opaque, &exchange, &stand_ins[role], error);
        }
    }
    if (!code) {
        code = take_syncs(waits, wait_count, "waits", exchange.syncs.waits, exchange.syncs.wait_values, error);
    }
    if (!code) {
        code =
            take_syncs(signals, signal_count, "signals", exchange.syncs.signals, exchange.syncs.signal_values, error);
    }
    if (!code) {
        code = check_together(&exchange, &ask.params, error);
    }
    uint32_t number = 0;
    if (!code) {
        code = bd_session_next_frame(session, &number, error);
    }
    if (code) {
        return code;
    }
    ask.background = kept ? kept : pictured ? &stand_ins[BD_IMAGE_BACKGROUND] : NULL;
    exchange.wide_matte = alpha && stand_ins[BD_IMAGE_MATTE].format == BD_FORMAT_GRAY16;
    code = bd_replace_start(session, &ask, number, error);
    if (!code) {
        bd_frames_begun(&session->frames);
    }
    return code;
}

bd_result bd_session_wait_images(bd_session *session, bd_error *error) {
    bd_result result = bd_session_await_images(session, error);
    if (result) {
        return result;
    }
    const bd_error late = session->late;
    session->late = (bd_error){.code = BD_OK};
    return late.code ? bd_fail(error, late.code, "%s", late.message) : BD_OK;
}
