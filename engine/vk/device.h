/* SPDX-License-Identifier: MIT
 * Finding a device, and opening it. */
#ifndef BD_VK_DEVICE_H
#define BD_VK_DEVICE_H

#include "vk/context.h"

/* Adds to a device's description what a layer above knows of it; its traits are zero where it is not usable. */
typedef void (*bd_vk_complete_fn)(const bd_vk_traits *traits, bd_device_info *info);
/* Describes the devices: *count, room in infos, becomes how many there are. */
bd_result bd_vk_enumerate(const bd_engine_params *params, bd_vk_complete_fn complete, bd_device_info *infos,
                          uint32_t *count, bd_error *error);

/* Picks the device that params ask for and tells its properties; bd_vk_features_want says what is wanted of it. */
bd_result bd_vk_find(bd_vk *vk, const bd_engine_params *params, bd_error *error);
/* Tells the properties of a device of vk->instance, vk->version being the instance's. */
void bd_vk_adopt(bd_vk *vk, VkPhysicalDevice device, uint32_t index);
/* Opens the device with what vk->enabled says, or takes a host's, and makes what all objects on it need. After a failure
 * of this or the first, vk is finished. */
bd_result bd_vk_start(bd_vk *vk, const bd_engine_params *params, bd_error *error);
void bd_vk_finish(bd_vk *vk); /* NULL-safe on a zeroed or half-made bd_vk */

#endif
