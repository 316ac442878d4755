/* SPDX-License-Identifier: MIT
 * A device that a host made. */
#ifndef BD_VK_HOST_H
#define BD_VK_HOST_H

#include "vk/context.h"

/* Takes a host's instance and physical device and tells its properties; nothing is made. After a failure, vk is
 * finished. */
bd_result bd_vk_host_find(bd_vk *vk, const bd_engine_params *params, const bd_vulkan_import *host, bd_error *error);
/* Takes device and queue, with what was enabled on it. After a failure, vk is finished. bd_vk_start does the rest. */
bd_result bd_vk_host_take(bd_vk *vk, const bd_vulkan_import *host, bd_error *error);
/* The handles that vk works with, and what is enabled. */
void bd_vk_host_handles(const bd_vk *vk, bd_vulkan_import *handles);

#endif
