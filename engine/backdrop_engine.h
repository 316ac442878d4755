/* SPDX-License-Identifier: MIT
 *
 * Vulkan devices, and an engine on one of them. A part of backdrop.h. */
#ifndef BACKDROP_ENGINE_H
#define BACKDROP_ENGINE_H

#include "backdrop_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bd_engine bd_engine;

typedef enum bd_device_kind {
    BD_DEVICE_OTHER = 0,
    BD_DEVICE_INTEGRATED = 1,
    BD_DEVICE_DISCRETE = 2,
    BD_DEVICE_VIRTUAL = 3,
    BD_DEVICE_SOFTWARE = 4
} bd_device_kind;

typedef struct bd_device_info {
    size_t struct_size;
    uint32_t index; /* as the loader lists it, from 0 */
    bd_device_kind kind;
    bool usable; /* Vulkan 1.1 with a compute queue */
    int score;   /* the highest usable one is the default */
    uint32_t api_version;
    uint32_t vendor_id, device_id;
    uint64_t memory_bytes; /* largest device-local heap */
    char name[256];
    char driver[256];
    char kernel_set[32]; /* "storage", "texel" or "wide8": how kernels read tensors there */
} bd_device_info;

typedef struct bd_engine_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_log_fn log; /* may be called from any thread that calls the library, and from several at once */
    void *log_user;
    const char *device;           /* index as a number, or a part of the name (any case); NULL: the highest score */
    const char *cache_dir;        /* pipelines, and which kernels are fast; created when missing; NULL: not on disk */
    const char *kernel_set;       /* "storage", "texel", "wide8"; NULL: by device kind */
    bool validation;              /* Khronos validation with synchronisation validation; messages go to log as errors */
    void *get_instance_proc_addr; /* PFN_vkGetInstanceProcAddr; NULL: the system's Vulkan loader */
} bd_engine_params;

/* The folder that the command keeps pipelines and kernels' times in, for bd_engine_params.cache_dir:
 * $XDG_CACHE_HOME/backdrop, or else ~/.cache/backdrop; on Windows %LOCALAPPDATA%/backdrop/cache. It need not exist. False,
 * and an empty text, where there is none, or `room` bytes are too few. */
BD_API bool bd_cache_folder(char *folder, size_t room);

/* Lists the devices. On entry *count is the room in infos, the first of which has its struct_size, and on return the number
 * of devices, which may be larger. The structs lie struct_size bytes apart.
 * Errors: BD_ERR_NO_VULKAN when no loader or driver is installed. */
BD_API BD_CHECK bd_result bd_devices(const bd_engine_params *params, bd_device_info *infos, uint32_t *count,
                                     bd_error *error);

/* Opens a device. Errors: BD_ERR_NO_VULKAN, BD_ERR_NO_DEVICE (the message lists what there is), BD_ERR_DEVICE. */
BD_API BD_CHECK bd_result bd_engine_create(const bd_engine_params *params, bd_engine **engine, bd_error *error);

/* NULL is fine. Sessions and tuners on the engine keep it, and its hooks, in use: where there are any, destroying the last
 * one ends it, on whichever thread that is. Writes the pipeline cache when it has grown. */
BD_API void bd_engine_destroy(bd_engine *engine);

BD_API bd_result bd_engine_device(const bd_engine *engine, bd_device_info *info);

/* Validation messages so far (0 when validation is off). Threads: at any time, whatever others do. */
BD_API uint32_t bd_engine_validation_messages(const bd_engine *engine);

/* Names of the kernel sets, for bd_engine_params.kernel_set: index 0, 1, ...; NULL past the last one. Whether a device
 * runs one is told by bd_engine_create. */
BD_API const char *bd_kernel_set_name(uint32_t index);

#ifdef __cplusplus
}
#endif

#endif
