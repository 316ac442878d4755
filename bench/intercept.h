/* SPDX-License-Identifier: MIT
 * Stands between an engine and the Vulkan loader (bd_engine_params.get_instance_proc_addr); one device at a time. */
#ifndef BD_BENCH_INTERCEPT_H
#define BD_BENCH_INTERCEPT_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

/* What the engine gets as the function of that name; found is the real one, or NULL. */
typedef PFN_vkVoidFunction (*intercept_instance)(const char *name, PFN_vkVoidFunction found);
typedef PFN_vkVoidFunction (*intercept_device)(VkDevice device, const char *name, PFN_vkVoidFunction found);

/* For bd_engine_params; NULL: there is no loader. of_instance may be NULL: those functions stay as they are. */
void *intercept_entry(intercept_instance of_instance, intercept_device of_device);
/* The real one. */
PFN_vkVoidFunction intercept_find(VkDevice device, const char *name);

#endif
