/* SPDX-License-Identifier: MIT
 * Which column of the table of kernels (shaders/variants.txt) serves a device. */
#ifndef BD_KERNEL_COLUMN_H
#define BD_KERNEL_COLUMN_H

#include "kernels.h"
#include "vk/context.h"

/* Whether a device can run a column's shaders. */
bool bd_column_runs(const bd_vk_traits *traits, bd_column column);

/* Says in a device's description which column it is given (a bd_vk_complete_fn). */
void bd_column_describe(const bd_vk_traits *traits, bd_device_info *info);

/* Opens the device that params ask for, with the column that they name or its own. After a failure, vk is finished. */
bd_result bd_column_open(bd_vk *vk, const bd_engine_params *params, bd_error *error);
/* The same on a host's device. */
bd_result bd_column_import(bd_vk *vk, const bd_engine_params *params, const bd_vulkan_import *host, bd_error *error);
/* Finds out what bd_column_open would enable on a host's physical device: vk->enabled. Nothing is made; vk is to be
 * finished unless this fails. */
bd_result bd_column_want(bd_vk *vk, const bd_vulkan_import *host, bd_error *error);

#endif
