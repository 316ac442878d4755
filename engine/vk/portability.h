/* SPDX-License-Identifier: MIT
 * Devices that are Vulkan but for what their own interface lacks, as MoltenVK's on Metal: they are listed and made only
 * for programs that say they know. Nothing that such devices may lack is used here. */
#ifndef BD_VK_PORTABILITY_H
#define BD_VK_PORTABILITY_H

#include "vk/context.h"

/* The extension to enable with VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR; NULL: the loader has none. */
const char *bd_vk_portability_of_instance(const bd_vk *vk);
/* The extension that must be enabled on vk->physical_device; NULL: it is no such device. */
const char *bd_vk_portability_of_device(const bd_vk *vk);

#endif
