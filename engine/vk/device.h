/* SPDX-License-Identifier: MIT
 * Finding a device, and opening it. */
#ifndef BD_VK_DEVICE_H
#define BD_VK_DEVICE_H

#include "vk/context.h"

bd_result bd_vk_enumerate(const bd_engine_params *params, bd_device_info *infos, uint32_t *count, bd_error *error);
bd_result bd_vk_init(bd_vk *vk, const bd_engine_params *params, bd_error *error);
void bd_vk_finish(bd_vk *vk); /* NULL-safe on a zeroed or half-made bd_vk */

#endif
