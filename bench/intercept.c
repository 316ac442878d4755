/* SPDX-License-Identifier: MIT */
#include "intercept.h"

#include <dlfcn.h>
#include <string.h>

static struct {
    PFN_vkGetInstanceProcAddr get;
    PFN_vkGetDeviceProcAddr get_of_device;
    intercept_instance of_instance;
    intercept_device of_device;
} real;

PFN_vkVoidFunction intercept_find(VkDevice device, const char *name) {
    return real.get_of_device(device, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_device(VkDevice device, const char *name) {
    return real.of_device(device, name, real.get_of_device(device, name));
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get(VkInstance instance, const char *name) {
    PFN_vkVoidFunction found = real.get(instance, name);
    if (found && !strcmp(name, "vkGetDeviceProcAddr")) {
        real.get_of_device = (PFN_vkGetDeviceProcAddr)found;
        return (PFN_vkVoidFunction)get_of_device;
    }
    return real.of_instance ? real.of_instance(name, found) : found;
}

void *intercept_entry(intercept_instance of_instance, intercept_device of_device) {
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    void *entry = library ? dlsym(library, "vkGetInstanceProcAddr") : NULL;
    PFN_vkGetInstanceProcAddr own = get;
    void *address = NULL;
    if (entry) {
        real.of_instance = of_instance;
        real.of_device = of_device;
        memcpy(&real.get, &entry, sizeof entry); /* ISO C has no such cast */
        memcpy(&address, &own, sizeof address);
    }
    return address;
}
