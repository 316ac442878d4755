/* SPDX-License-Identifier: MIT
 * Function tables, one per bd_vk: a process may hold several, on several loaders. */
#ifndef BD_VK_LOADER_H
#define BD_VK_LOADER_H

#include "vk/context.h"

/* The entry point alone (get_instance_proc_addr NULL: that of the system's loader), or with what makes an instance. */
bd_result bd_vk_api_enter(bd_vk *vk, void *get_instance_proc_addr, bd_error *error);
bd_result bd_vk_api_load(bd_vk *vk, void *get_instance_proc_addr, bd_error *error);
bd_result bd_vk_api_load_instance(bd_vk *vk, bd_error *error);
bd_result bd_vk_api_load_device(bd_vk *vk, bd_error *error);

#endif
