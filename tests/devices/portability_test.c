/* SPDX-License-Identifier: MIT
 * What a loader and a device of MoltenVK's kind are told. The driver's lists of extensions are added to on the way, what
 * is enabled is looked at, and taken out again before the driver sees it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/kernel_fixture.h"

#define SUBSET "VK_KHR_portability_subset"

/* What the driver says besides, and what it was asked for. */
static struct { bool enumeration, subset; } lie;
static struct {
    bool flag, enumeration, subset;
    uint32_t instance_extensions, device_extensions;
} told;

static struct {
    PFN_vkGetInstanceProcAddr instance_proc;
    PFN_vkEnumerateInstanceExtensionProperties of_instance;
    PFN_vkEnumerateDeviceExtensionProperties of_device;
    PFN_vkCreateInstance create_instance;
    PFN_vkCreateDevice create_device;
} real;

enum { MOST = 1024 };

/* The list of `count` extensions without `name`, and with it at the end where it is to be there. */
static VkResult answer(VkResult result, VkExtensionProperties *all, uint32_t count, const char *name, bool with,
                       uint32_t *room, VkExtensionProperties *list) {
    assert_int_equal(result, VK_SUCCESS);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(all[i].extensionName, name) != 0) {
            all[kept++] = all[i];
        }
    }
    if (with) {
        all[kept] = (VkExtensionProperties){.specVersion = 1};
        (void)snprintf(all[kept++].extensionName, sizeof all->extensionName, "%s", name);
    }
    if (list) {
        assert_true(*room >= kept);
        memcpy(list, all, kept * sizeof *all);
    }
    *room = kept;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL of_instance(const char *layer, uint32_t *room, VkExtensionProperties *list) {
    static VkExtensionProperties all[MOST];
    uint32_t count = MOST - 1;
    VkResult result = real.of_instance(layer, &count, all);
    return answer(result, all, count, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME, lie.enumeration, room, list);
}

static VKAPI_ATTR VkResult VKAPI_CALL of_device(VkPhysicalDevice device, const char *layer, uint32_t *room,
                                                VkExtensionProperties *list) {
    static VkExtensionProperties all[MOST];
    uint32_t count = MOST - 1;
    VkResult result = real.of_device(device, layer, &count, all);
    return answer(result, all, count, SUBSET, lie.subset, room, list);
}

/* The names without `name`; whether it was among them. */
static bool take_out(const char *const *names, uint32_t *count, const char *name, const char **left) {
    uint32_t kept = 0;
    assert_true(*count <= 16);
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(names[i], name) != 0) {
            left[kept++] = names[i];
        }
    }
    bool found = kept < *count;
    *count = kept;
    return found;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *given,
                                                      const VkAllocationCallbacks *callbacks, VkInstance *instance) {
    VkInstanceCreateInfo info = *given;
    const char *left[16];
    told.instance_extensions = info.enabledExtensionCount;
    told.flag = info.flags & VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    told.enumeration = take_out(info.ppEnabledExtensionNames, &info.enabledExtensionCount,
                                VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME, left);
    info.ppEnabledExtensionNames = left;
    info.flags = 0;
    return real.create_instance(&info, callbacks, instance);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *given,
                                                    const VkAllocationCallbacks *callbacks, VkDevice *device) {
    VkDeviceCreateInfo info = *given;
    const char *left[16];
    told.device_extensions = info.enabledExtensionCount;
    told.subset = take_out(info.ppEnabledExtensionNames, &info.enabledExtensionCount, SUBSET, left);
    info.ppEnabledExtensionNames = left;
    return real.create_device(physical, &info, callbacks, device);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance instance, const char *name) {
    PFN_vkVoidFunction found = real.instance_proc(instance, name);
#define TAKE(function, member, own)                                                                                    \
    if (!strcmp(name, #function)) {                                                                                    \
        real.member = (PFN_##function)found;                                                                           \
        return (PFN_vkVoidFunction)(own);                                                                              \
    }
    TAKE(vkEnumerateInstanceExtensionProperties, of_instance, of_instance)
    TAKE(vkEnumerateDeviceExtensionProperties, of_device, of_device)
    TAKE(vkCreateInstance, create_instance, create_instance)
    TAKE(vkCreateDevice, create_device, create_device)
#undef TAKE
    return found;
}

static void open_engine(bool validation) {
    PFN_vkGetInstanceProcAddr own = instance_proc;
    bd_engine_params params = {
        .struct_size = sizeof params, .device = getenv("BACKDROP_DEVICE"), .validation = validation};
    memcpy(&params.get_instance_proc_addr, &own, sizeof own);
    memset(&told, 0, sizeof told);
    bd_engine *engine = NULL;
    bd_error error;
    bd_result result = bd_engine_create(&params, &engine, &error);
    if (result == BD_ERR_UNSUPPORTED && validation) {
        skip(); /* no layer */
    }
    if (result) {
        fail_msg("%s", error.message);
    }
    bd_engine_destroy(engine);
}

static void test_other(void **state) {
    (void)state;
    lie.enumeration = lie.subset = false;
    open_engine(false);
    assert_false(told.flag);
    assert_int_equal(told.instance_extensions, 0);
    assert_false(told.subset);
}

static void test_portable(void **state) {
    (void)state;
    lie.enumeration = lie.subset = false;
    open_engine(false);
    uint32_t plain = told.device_extensions;
    lie.enumeration = lie.subset = true;
    open_engine(false);
    assert_true(told.flag);
    assert_true(told.enumeration);
    assert_int_equal(told.instance_extensions, 1);
    assert_true(told.subset);
    assert_int_equal(told.device_extensions, plain + 1);
}

/* A loader may know of such devices where the device is none. */
static void test_loader_only(void **state) {
    (void)state;
    lie.enumeration = true;
    lie.subset = false;
    open_engine(false);
    assert_true(told.flag);
    assert_false(told.subset);
}

static void test_validated(void **state) {
    (void)state;
    lie.enumeration = lie.subset = true;
    open_engine(true);
    assert_true(told.flag);
    assert_true(told.enumeration);
    assert_int_equal(told.instance_extensions, 2); /* with the messenger's */
}

static void test_list(void **state) {
    (void)state;
    PFN_vkGetInstanceProcAddr own = instance_proc;
    bd_engine_params params = {.struct_size = sizeof params};
    memcpy(&params.get_instance_proc_addr, &own, sizeof own);
    lie.enumeration = true;
    told.flag = told.enumeration = false;
    uint32_t count = 0;
    bd_error error;
    assert_int_equal(bd_devices(&params, NULL, &count, &error), BD_OK);
    assert_true(told.flag);
    assert_true(told.enumeration);
}

int main(void) {
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    bd_error error;
    uint32_t count = 0;
    if (!library || bd_devices(NULL, NULL, &count, &error)) {
        printf("skipped: no Vulkan device\n");
        return 77;
    }
    void *entry = dlsym(library, "vkGetInstanceProcAddr");
    memcpy(&real.instance_proc, &entry, sizeof entry);
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_other), cmocka_unit_test(test_portable),
                                              cmocka_unit_test(test_loader_only), cmocka_unit_test(test_validated),
                                              cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
