/* SPDX-License-Identifier: MIT
 * What Vulkan answers, in words. */
#ifndef BD_VK_VK_CHECK_H
#define BD_VK_VK_CHECK_H

#include "vk/context.h"

/* BD_OK or the bd_result that fits, with "what: VK_ERROR_..." as message. Device loss becomes sticky. */
bd_result bd_vk_check(bd_vk *vk, VkResult result, const char *what, bd_error *error);
void bd_vk_log(const bd_vk *vk, bd_log_level level, const char *format, ...) BD_PRINTF(3, 4);

#endif
