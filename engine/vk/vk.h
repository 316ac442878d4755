/* SPDX-License-Identifier: MIT
 * A thin layer over Vulkan 1.1: device, buffers, pipelines, recorded commands. Knows bytes and shaders, not networks.
 * All of it; files of this layer include what they need. */
#ifndef BD_VK_H
#define BD_VK_H

#include "vk/buffer.h"
#include "vk/commands.h"
#include "vk/device.h"
#include "vk/external_memory.h"
#include "vk/features.h"
#include "vk/host.h"
#include "vk/pipeline.h"
#include "vk/pipeline_cache.h"
#include "vk/submission.h"
#include "vk/transfer.h"
#include "vk/vk_check.h"
#include "vk/vk_image.h"

#endif
