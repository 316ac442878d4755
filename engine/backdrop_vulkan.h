/* SPDX-License-Identifier: MIT
 *
 * A host's Vulkan device, shared with the library. The only public header with Vulkan types; backdrop.h does not include
 * it. Needs Vulkan headers of version 1.3 or later; no function of Vulkan is linked.
 *
 *   bd_vulkan_get_wanted   which extensions and features are worth enabling when the host makes its device
 *   bd_engine_import       an engine on the host's device, which the host keeps
 *   bd_engine_vulkan       the other way round: the device of an engine, for the host to use
 *   bd_session_replace_images  photo, background, result and matte are images on the device
 *   bd_engine_import_memory, bd_engine_export_memory  images in memory from elsewhere, or for elsewhere
 *
 * Required of a device: Vulkan 1.1 and a queue of a family with VK_QUEUE_COMPUTE_BIT. No extension and no feature is
 * required; each that is missing costs speed at most. One rule besides: where vulkanMemoryModel is enabled,
 * vulkanMemoryModelDeviceScope must be, too.
 *
 * Worth enabling, where the device has it (bd_vulkan_get_wanted tells):
 *
 *   shaderFloat16                      (Vulkan 1.2)  networks in half precision
 *   vulkanMemoryModel, ...DeviceScope  (Vulkan 1.2)  with either of the next two
 *   VK_KHR_cooperative_matrix          cooperativeMatrix: matrix units
 *   VK_NV_cooperative_matrix           cooperativeMatrix: the same on older drivers
 *   VK_EXT_subgroup_size_control       subgroupSizeControl, computeFullSubgroups: subgroups that fit matrix units
 *   bufferDeviceAddress, shaderInt64   (Vulkan 1.2)  kernels for software devices with subgroups of 8
 *   VK_KHR_portability_subset          Vulkan demands it where a device has it
 *   VK_KHR_external_memory_fd          memory by file descriptor, in and out
 *   VK_EXT_external_memory_dma_buf     memory of other drivers, too
 *   VK_EXT_external_memory_host        memory of the host's own
 *   timelineSemaphore                  (Vulkan 1.2)  not used by the library itself, but bd_vulkan_sync may name them
 *
 * Extensions of Vulkan 1.2 and 1.3 that a host enables on an older device in their own name (VK_KHR_shader_float16_int8
 * and the like) are not looked for: below Vulkan 1.2 only what every 1.1 device has is used. */
#ifndef BACKDROP_VULKAN_H
#define BACKDROP_VULKAN_H

#include <vulkan/vulkan_core.h>

#include "backdrop_engine.h"
#include "backdrop_session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A device and a queue of it. */
typedef struct bd_vulkan_import {
    size_t struct_size;
    VkInstance instance;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr; /* NULL: of the system's Vulkan loader */
    VkPhysicalDevice physical_device;
    VkDevice device;
    uint32_t api_version; /* VkApplicationInfo.apiVersion of the instance. The lowest of this, the loader's version and
                             the device's decides what is used */
    const char *const *extensions; /* (extension_count) of the device, as enabled */
    uint32_t extension_count;
    const VkPhysicalDeviceFeatures2 *features; /* as enabled, with its chain: VkPhysicalDeviceVulkan12Features and
                                                  ...13Features or the structs of single features. What is not in it
                                                  counts as off, and NULL as all off */
    uint32_t queue_family, queue_index;
    VkDeviceQueueCreateFlags queue_flags; /* of VkDeviceQueueCreateInfo: with the wrong ones there is no such queue */
    /* Held around everything that is done to the queue, which is vkQueueSubmit alone. Both or neither; NULL: nobody else
     * uses the queue while a call of the library runs. Called from the thread that calls the library, never nested. */
    void (*lock_queue)(void *user, uint32_t family, uint32_t index);
    void (*unlock_queue)(void *user, uint32_t family, uint32_t index);
    void *lock_user;
} bd_vulkan_import;

/* An engine on a host's device.
 *
 * params   NULL: all default. device, validation and get_instance_proc_addr must be zero: the import says which device
 *          it is, and validation is a matter of the instance.
 * host     borrowed until return, but for instance, device, queue and the three of the lock, which are used until
 *          bd_engine_destroy, and until all sessions on the engine are destroyed.
 * Keeps    nothing that was imported is destroyed, and neither vkDeviceWaitIdle nor vkQueueWaitIdle is called: the
 *          library waits for fences of its own. All objects that it made are gone when the engine is.
 * Threads  as any engine's. Several engines, each in its own thread, may share a device, and with lock_queue a queue.
 * Errors   BD_ERR_INVALID_ARGUMENT (the message says which member), BD_ERR_NO_VULKAN, BD_ERR_NO_DEVICE for a device
 *          that lacks what is required, BD_ERR_DEVICE, BD_ERR_OUT_OF_MEMORY.
 */
BD_API BD_CHECK bd_result bd_engine_import(const bd_engine_params *params, const bd_vulkan_import *host,
                                           bd_engine **engine, bd_error *error);

/* What is worth enabling on a device, in a form that VkDeviceCreateInfo takes:
 *
 *     bd_vulkan_wanted wanted = {.struct_size = sizeof wanted};
 *     ... bd_vulkan_get_wanted(&host, &wanted, &error) ...
 *     const VkDeviceCreateInfo info = {.pNext = &wanted.features, .enabledExtensionCount = wanted.extension_count,
 *                                      .ppEnabledExtensionNames = wanted.extensions, ...};
 *
 * and then host.features = &wanted.features, host.extensions = wanted.extensions. A host that enables features of its own
 * adds them to the structs or to the chain; one whose chain has VkPhysicalDeviceVulkan12Features or ...13Features, which
 * Vulkan does not allow beside the structs below, sets the members of the same names there.
 *
 * The chain points into the struct, which must therefore stay where it is. */
typedef struct bd_vulkan_wanted {
    size_t struct_size;
    uint32_t queue_family; /* with VK_QUEUE_COMPUTE_BIT, without graphics where there is one; any other that computes
                              serves as well */
    uint32_t extension_count;
    const char *extensions[8];          /* of the device; static strings */
    VkPhysicalDeviceFeatures2 features; /* shaderInt64; pNext leads through those below of which something is on */
    VkPhysicalDeviceShaderFloat16Int8Features float16;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceBufferDeviceAddressFeatures buffer_address;
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroup_size;
    VkPhysicalDeviceCooperativeMatrixFeaturesNV matrix_nv;
    struct {
        void *words[4];
    } matrix_khr; /* VkPhysicalDeviceCooperativeMatrixFeaturesKHR, which headers before 1.3.255 lack */
} bd_vulkan_wanted;

/* host    instance, get_instance_proc_addr, physical_device and api_version are looked at, and nothing else.
 * wanted  written on success only.
 * Errors  as bd_engine_import; BD_ERR_NO_DEVICE where the device lacks what is required.
 */
BD_API BD_CHECK bd_result bd_vulkan_get_wanted(const bd_vulkan_import *host, bd_vulkan_wanted *wanted, bd_error *error);

/* The handles that an engine works with, its own or imported, for hosts that would rather use the library's device than
 * bring one. extensions and features are those that are enabled and of use to the library; of a device that
 * bd_engine_create made they are all. The lock is that of the import, or NULL: then the queue may be used only while no
 * call of the library runs on this engine.
 *
 * All of it belongs to the engine or to whoever it was imported from, and is valid until bd_engine_destroy. A host's
 * objects on the device must be gone by then. Errors: BD_ERR_INVALID_ARGUMENT for a struct_size of 0. */
BD_API bd_result bd_engine_vulkan(const bd_engine *engine, bd_vulkan_import *handles);

/* ---- images ------------------------------------------------------------------------------------------------------ */

/* A two-dimensional image of the engine's device: one sample, of which the first level and layer are used. Or pixels in a
 * buffer of that device, rows one after the other: then image is VK_NULL_HANDLE, and usage and layouts do not count. The
 * same part of a buffer may be photo and result.
 *
 * Formats of photo, background and result (each its own):
 *
 *   VK_FORMAT_R8G8B8A8_UNORM, _SRGB      as BD_FORMAT_RGBA8: the bytes are sRGB's numbers whatever a view makes of them
 *   VK_FORMAT_B8G8R8A8_UNORM, _SRGB      the same, blue first
 *   VK_FORMAT_R16G16B16A16_UNORM         as BD_FORMAT_RGBA16: sRGB's numbers in 16 bits
 *   VK_FORMAT_R16G16B16A16_SFLOAT        linear light with sRGB's primaries, of which 0..1 counts: lights brighter than
 *                                        white are cut off
 *
 * Work is done on sRGB's numbers with straight alpha: in 16 bits where the photo or the background that shows has 16 bits
 * or floats, else in 8, as with bd_session_replace. The result is converted to its own format, 8 bits rounded to nearest.
 * The first two and the third are copied as they are where the work has their depth; all else takes a pass over the
 * pixels more.
 *
 * Alpha is straight, or with premultiplied colours were multiplied by it: sRGB's numbers in integer formats, light in
 * floats. Premultiplied colours of 8 bits are divided on the way in, so dark ones of faint pixels are coarse.
 *
 * Formats of the matte: VK_FORMAT_R8_UNORM, VK_FORMAT_R16_UNORM. */
typedef struct bd_vulkan_image {
    size_t struct_size;
    VkImage image;
    VkFormat format;
    uint32_t width, height;
    VkImageUsageFlags usage; /* as the image was made: photo and background need VK_IMAGE_USAGE_TRANSFER_SRC_BIT, result
                                and matte VK_IMAGE_USAGE_TRANSFER_DST_BIT */
    VkImageLayout layout_in; /* when the waits are over. UNDEFINED: what it holds is dropped; not for what is read */
    VkImageLayout layout_out; /* when the signals come; UNDEFINED: as layout_in, and GENERAL where that is undefined */
    /* With exclusive, queue families that own the image before and after. Another family than the engine's must have
     * released it to that, in a barrier from layout_in to layout_in, and acquires it from layout_out to layout_out.
     * Without, no ownership changes: images of VK_SHARING_MODE_CONCURRENT, and those of the engine's family. */
    bool exclusive;
    uint32_t family_in, family_out;
    bool premultiplied;
    bool opaque;     /* of photo and background: alpha is not looked at, and counts as 1 everywhere, as of frames whose
                    fourth byte is anything (RGBX). A pass over the pixels more, where there is none for the format */
    VkBuffer buffer; /* where image is VK_NULL_HANDLE: made with VK_BUFFER_USAGE_TRANSFER_SRC_BIT for photo and
                        background, VK_BUFFER_USAGE_TRANSFER_DST_BIT for result and matte */
    VkDeviceSize offset;    /* in the buffer, of the first row's bytes */
    VkDeviceSize row_bytes; /* from a row of the buffer to the next; 0: rows without gaps. Gaps stay as they are */
    void *owner;            /* of what bd_engine_import_memory and bd_engine_export_memory made; NULL: the host's own */
} bd_vulkan_image;

/* ---- memory from elsewhere --------------------------------------------------------------------------------------- */

typedef enum bd_vulkan_memory_kind {
    BD_VULKAN_MEMORY_HOST = 0,   /* the host's own; needs VK_EXT_external_memory_host */
    BD_VULKAN_MEMORY_FD = 1,     /* of a Vulkan device, of the same driver and GPU; VK_KHR_external_memory_fd */
    BD_VULKAN_MEMORY_DMA_BUF = 2 /* of any driver, rows one after the other; VK_EXT_external_memory_dma_buf, too */
} bd_vulkan_memory_kind;

/* Memory that is shared with another API, device or process. Zero is the default of all that is not named. */
typedef struct bd_vulkan_memory {
    size_t struct_size;
    bd_vulkan_memory_kind kind;
    void *pointer;        /* HOST: a multiple of VkPhysicalDeviceExternalMemoryHostPropertiesEXT's
                             minImportedHostPointerAlignment, a page mostly, and so is bytes */
    int fd;               /* FD, DMA_BUF */
    uint64_t bytes;       /* of all of the memory. FD: as it was allocated */
    uint32_t memory_type; /* FD: the index that it was allocated with */
    bool dedicated;       /* FD: it was allocated for this image or buffer alone (VkMemoryDedicatedAllocateInfo) */
    bool optimal;         /* FD: of a VkImage with VK_IMAGE_TILING_OPTIMAL; false: rows one after the other */
} bd_vulkan_memory;

/* An image in memory that is there already. The memory is not copied, nor counted in budgets and estimates: it stays the
 * host's, and its contents change when those change.
 *
 * memory  borrowed until return. HOST: the pointer must stay mapped until bd_vulkan_image_finish. fd: the library's after
 *         success, and not to be used or closed any more; after a failure still the caller's.
 * image   struct_size, format, width, height; offset and row_bytes in the memory; premultiplied and opaque; of optimal
 *         images usage, as the image was made (0: both transfers), with one level, layer and sample, no flags, exclusive.
 *         The rest is written, on success only: buffer, or image with layout_in and layout_out VK_IMAGE_LAYOUT_GENERAL
 *         and, but for HOST, ownership that comes from and goes back to VK_QUEUE_FAMILY_EXTERNAL. All of it may be changed
 *         before the image is used: layout_in to UNDEFINED for a result that nobody wrote before, the families to
 *         VK_QUEUE_FAMILY_FOREIGN_EXT for other drivers where VK_EXT_queue_family_foreign is enabled.
 * Host    what the host wrote before bd_session_replace_images is seen; results are seen after bd_session_wait_images.
 *         Others have to order their work with the engine's device by semaphores, or by waiting for each.
 * Errors  BD_ERR_UNSUPPORTED for what the device cannot, or has not enabled; BD_ERR_INVALID_ARGUMENT for memory that is
 *         too small or not aligned, and for descriptors that are not what they are said to be as far as drivers tell;
 *         BD_ERR_DEVICE, BD_ERR_OUT_OF_MEMORY, BD_ERR_OUT_OF_DEVICE_MEMORY. */
BD_API BD_CHECK bd_result bd_engine_import_memory(bd_engine *engine, const bd_vulkan_memory *memory,
                                                  bd_vulkan_image *image, bd_error *error);

/* The other way round: new memory on the engine's device, and a descriptor of it, for another API to import. OpenGL has
 * GL_EXT_memory_object_fd for it.
 *
 * memory  kind FD or DMA_BUF, and optimal, are read; fd, bytes, memory_type and dedicated are written. The descriptor is
 *         the caller's to close or hand on; memory stays while it or the image is there.
 * image   as for bd_engine_import_memory. row_bytes and offset must be 0 where the memory is optimal. What the memory
 *         holds is undefined. Errors: as there. */
BD_API BD_CHECK bd_result bd_engine_export_memory(bd_engine *engine, bd_vulkan_memory *memory, bd_vulkan_image *image,
                                                  bd_error *error);

/* Releases what these two made, and makes the struct all zero but for its size. Not while the device works with it. Takes
 * NULL, zeroed structs and images without an owner. The engine may be destroyed before. */
BD_API void bd_vulkan_image_finish(bd_vulkan_image *image);

/* ---- replacing --------------------------------------------------------------------------------------------------- */

/* A semaphore of the engine's device, and the value that is waited for or signalled; 0: it is a binary one. */
typedef struct bd_vulkan_sync {
    VkSemaphore semaphore;
    uint64_t value;
} bd_vulkan_sync;

/* Replaces the background of a photo, on the device alone: bd_session_replace with images. For the same pixels the result
 * is the same, bit by bit.
 *
 * photo        read. Not the result's image.
 * background   of any size for BD_BACKGROUND_PICTURE, or NULL after bd_session_set_background; else NULL. Read.
 * params       as for bd_session_replace; classic is not supported. With want_alpha, bd_session_take_alpha gives the matte
 *              after bd_session_wait_images, in the host's memory. What the parameters borrow (coarse, trimap) is read
 *              before this returns. Colours are sRGB's: images have no profiles.
 * result       of the photo's size; written whole.
 * alpha        NULL, or the finished matte's image, of the photo's size; written whole.
 * waits        (wait_count, at most 16) are waited for, on the device, before an image is touched: at
 *              VK_PIPELINE_STAGE_TRANSFER_BIT, which is where images are read, written and change their layout.
 * signals      (signal_count, at most 16) are signalled when all images have been written and are in layout_out; what was
 *              written is visible to whatever waits for them.
 * Returns      when the device has been given the work. Until it is done (signals, or bd_session_wait_images) images,
 *              their memory and the semaphores must stay. The images may be used by commands that are submitted later to
 *              the same queue even without semaphores.
 * Calls        bd_session_params.in_flight photos may be on their way, host photos that were begun among them; the next
 *              call waits for the oldest first, and so does one that needs more memory than those before. A semaphore
 *              that is waited for must therefore not depend on what the host does after such a call. Other functions of
 *              the session wait for all images first.
 * Allocates    nothing once in_flight photos of a size and set of parameters were given; two small command buffers are
 *              recorded each time. Four sizes or sets of parameters may take turns, more are recorded anew.
 * Errors       as bd_session_replace. BD_ERR_INVALID_ARGUMENT for images that cannot be used, in words. What only the
 *              device can find (no foreground at BD_KEEP_POINT's pixel, no key, a lost device) is told by
 *              bd_session_wait_images; the result is then written all the same, if at all.
 */
BD_API BD_CHECK bd_result bd_session_replace_images(bd_session *session, const bd_vulkan_image *photo,
                                                    const bd_vulkan_image *background, const bd_replace_params *params,
                                                    const bd_vulkan_image *result, const bd_vulkan_image *alpha,
                                                    const bd_vulkan_sync *waits, uint32_t wait_count,
                                                    const bd_vulkan_sync *signals, uint32_t signal_count,
                                                    bd_error *error);

/* Waits for all photos that were given as images; what bd_session_seen, _key and _timings tell is then of the last one. Of
 * those behind a photo that the host has begun and has yet to end, the work alone is waited for, and the first call after
 * that end tells the rest. Errors: the first failure of such a photo since the last call. */
BD_API BD_CHECK bd_result bd_session_wait_images(bd_session *session, bd_error *error);

#ifdef __cplusplus
}
#endif

#endif
