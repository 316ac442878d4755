/* SPDX-License-Identifier: MIT
 * What a device can do beyond Vulkan 1.1, and what of it is switched on: halves, matrix units by either extension,
 * subgroups of a size that a pipeline asks for, addresses of buffers, and memory from elsewhere. The one list of it, for
 * devices of our own and for those that hosts make. */
#ifndef BD_VK_FEATURES_H
#define BD_VK_FEATURES_H

#include "vk/context.h"

/* Finds out what the device has of it, tells vk, and writes vk->enabled, to make a device with. int64, addresses:
 * whether these are wanted. */
void bd_vk_features_want(bd_vk *vk, bool int64, bool addresses);
/* The same for a device that a host made: only what it enabled is used. */
bd_result bd_vk_features_import(bd_vk *vk, const bd_vulkan_import *host, bd_error *error);
/* Whether an extension of that list is enabled. */
bool bd_vk_has_extension(const bd_vk *vk, const char *name);
/* Copies what is enabled; the chain of the copy points into it. */
void bd_vk_features_write(const bd_vk *vk, bd_vulkan_wanted *to);

#endif
