/* SPDX-License-Identifier: MIT
 * The driver's cache of pipelines, and its file on disk. */
#ifndef BD_VK_PIPELINE_CACHE_H
#define BD_VK_PIPELINE_CACHE_H

#include "vk/context.h"

/* directory NULL: nothing is kept on disk. */
bd_result bd_vk_pipeline_cache_open(bd_vk *vk, const char *directory, bd_error *error);
void bd_vk_pipeline_cache_close(bd_vk *vk); /* writes it back when it has grown */

#endif
