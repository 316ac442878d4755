/* SPDX-License-Identifier: MIT */
#include "vk/loader.h"

#include <string.h>

#include "platform/dynamic_library.h"

/* The names of the system's loader, the first that is there is taken; what to do where none is. */
#if defined(_WIN32)
static const char *const names[] = {"vulkan-1.dll"};
#define ADVICE "install a graphics driver"
#elif defined(__APPLE__)
static const char *const names[] = {"libvulkan.1.dylib", "libMoltenVK.dylib"};
#define ADVICE "install MoltenVK"
#else
static const char *const names[] = {"libvulkan.so.1", "libvulkan.so"};
#define ADVICE "install libvulkan1 and a driver, such as mesa-vulkan-drivers"
#endif

bd_result bd_vk_api_enter(bd_vk *vk, void *get_instance_proc_addr, bd_error *error) {
    void *entry = get_instance_proc_addr;
    if (!entry) {
        for (size_t i = 0; i < BD_COUNT(names) && !vk->library; i++) {
            vk->library = bd_dynamic_library_open(names[i]);
        }
        if (!vk->library) {
            return bd_fail(error, BD_ERR_NO_VULKAN, "no Vulkan loader (%s): " ADVICE, names[0]);
        }
        entry = bd_dynamic_library_find(vk->library, "vkGetInstanceProcAddr");
        if (!entry) {
            return bd_fail(error, BD_ERR_NO_VULKAN, "the Vulkan loader has no vkGetInstanceProcAddr");
        }
    }
    /* ISO C has no cast from an object to a function pointer. */
    memcpy(&vk->api.vkGetInstanceProcAddr, &entry, sizeof entry);
    return BD_OK;
}

bd_result bd_vk_api_load(bd_vk *vk, void *get_instance_proc_addr, bd_error *error) {
    bd_result result = bd_vk_api_enter(vk, get_instance_proc_addr, error);
    if (result) {
        return result;
    }
#define X(function)                                                                                                    \
    vk->api.function = (PFN_##function)vk->api.vkGetInstanceProcAddr(NULL, #function);                                 \
    if (!vk->api.function) {                                                                                           \
        return bd_fail(error, BD_ERR_NO_VULKAN, "the Vulkan loader lacks " #function);                                 \
    }
    BD_VK_GLOBAL_FUNCTIONS(X)
#undef X
    return BD_OK;
}

bd_result bd_vk_api_load_instance(bd_vk *vk, bd_error *error) {
#define X(function)                                                                                                    \
    vk->api.function = (PFN_##function)vk->api.vkGetInstanceProcAddr(vk->instance, #function);                         \
    if (!vk->api.function) {                                                                                           \
        return bd_fail(error, BD_ERR_NO_VULKAN, "the Vulkan instance lacks " #function);                               \
    }
    BD_VK_INSTANCE_FUNCTIONS(X)
#undef X
    if (vk->validation) {
        vk->api.vkCreateDebugUtilsMessengerEXT = (PFN_vkCreateDebugUtilsMessengerEXT)vk->api.vkGetInstanceProcAddr(
            vk->instance, "vkCreateDebugUtilsMessengerEXT");
        vk->api.vkDestroyDebugUtilsMessengerEXT = (PFN_vkDestroyDebugUtilsMessengerEXT)vk->api.vkGetInstanceProcAddr(
            vk->instance, "vkDestroyDebugUtilsMessengerEXT");
        if (!vk->api.vkCreateDebugUtilsMessengerEXT || !vk->api.vkDestroyDebugUtilsMessengerEXT) {
            return bd_fail(error, BD_ERR_UNSUPPORTED, "the Vulkan instance lacks VK_EXT_debug_utils");
        }
    }
    return BD_OK;
}

bd_result bd_vk_api_load_device(bd_vk *vk, bd_error *error) {
#define X(function)                                                                                                    \
    vk->api.function = (PFN_##function)vk->api.vkGetDeviceProcAddr(vk->device, #function);                             \
    if (!vk->api.function) {                                                                                           \
        vk->api.vkQueueSubmit = NULL; /* the table is not whole */                                                     \
        return bd_fail(error, BD_ERR_DEVICE, "%s lacks " #function, vk->info.name);                                    \
    }
    BD_VK_DEVICE_FUNCTIONS(X)
#undef X
    if (vk->addresses) {
        vk->api.vkGetBufferDeviceAddress =
            (PFN_vkGetBufferDeviceAddress)vk->api.vkGetDeviceProcAddr(vk->device, "vkGetBufferDeviceAddress");
        vk->addresses = vk->api.vkGetBufferDeviceAddress != NULL;
    }
    return BD_OK;
}
