/* SPDX-License-Identifier: MIT
 * A GPU's compiler without the GPU. RADV's null device compiles for any AMD chip that it is told, but has no memory and
 * no queue: instance, device, layouts, shader modules and pipelines are the driver's, while memory, commands, queries,
 * fences and queues are stand-ins that do nothing. What the compiler says of each pipeline is kept. */
#ifndef BD_SUPPORT_NULL_DEVICE_H
#define BD_SUPPORT_NULL_DEVICE_H

#include "vk/vk.h"

typedef struct null_pipeline {
    bd_shader_id shader; /* BD_SHADER_COUNT: none of ours */
    uint32_t constants[BD_VK_MAX_SPECIALISATIONS];
    uint32_t constant_count;
    VkResult result;
    bool counted;     /* the driver told what follows */
    uint32_t threads; /* of a workgroup */
    uint32_t wave;    /* invocations of a subgroup */
    uint32_t vgprs, sgprs, spilled_vgprs, spilled_sgprs;
    uint32_t lds_bytes, scratch_bytes, code_bytes;
    uint32_t instructions, latency, inverse_throughput, waves_per_simd;
} null_pipeline;

/* Whether the driver is there and makes a null device of that chip ("navi21"); why: what is missing, where not. Tried
 * in a process of its own, since the driver aborts when it does not know the chip. Call it before there are threads. */
bool null_device_knows(const char *family, const char **why);

/* For bd_engine_params: devices that are made from now on are of that chip. What was made before is forgotten. */
void *null_device_entry(const char *family);

/* What was made since, by index; NULL past the last one. Not while pipelines are being made. */
const null_pipeline *null_device_pipeline(uint32_t index);
/* The one of a shader with these constants; NULL: it was not made. */
const null_pipeline *null_device_find(bd_shader_id shader, const uint32_t *constants, uint32_t constant_count);

#endif
