/* SPDX-License-Identifier: MIT
 * Pipelines, made side by side or on first use and kept, and the layouts of what they read. */
#ifndef BD_VK_PIPELINE_H
#define BD_VK_PIPELINE_H

#include "vk/dispatch.h"

/* One set layout and one pipeline layout for each way to read; finish takes what init left half made, too. */
bd_result bd_vk_layouts_init(bd_vk *vk, bd_error *error);
void bd_vk_layouts_finish(bd_vk *vk);
/* What a shader that reads like this finds at a binding. */
VkDescriptorType bd_vk_descriptor_type(bd_read_path path, uint32_t binding);

/* Creates what dispatches need and is not there yet, on several threads. */
bd_result bd_vk_pipelines_prepare(bd_vk *vk, const bd_vk_dispatch *dispatches, uint32_t count, bd_error *error);
/* The pipeline of a shader with specialisation constants, made on first use and kept. */
bd_result bd_vk_pipeline_get(bd_vk *vk, const bd_vk_dispatch *dispatch, VkPipeline *pipeline, bd_error *error);
void bd_vk_pipelines_finish(bd_vk *vk);

#endif
