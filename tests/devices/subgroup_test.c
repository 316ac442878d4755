/* SPDX-License-Identifier: MIT
 * Which subgroup size pipelines ask for. The driver's answers are changed on the way: a range of sizes, no control, no
 * control of compute shaders. Pipelines are made by the driver, with its own size in the place of one that it lacks. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/kernel_fixture.h"

/* ---- a driver that says otherwise -------------------------------------------------------------------------------- */

static struct {
    uint32_t reported, min, max; /* 0: the driver's own */
    bool none, not_compute, partly;
} lie;
static atomic_uint asked, full, plain, other; /* pipelines that ask for `wanted`, that full, for nothing, for more */
static uint32_t wanted;

static PFN_vkGetInstanceProcAddr real_instance_proc;
static PFN_vkGetDeviceProcAddr real_device_proc;
static PFN_vkGetPhysicalDeviceProperties2 real_properties;
static PFN_vkGetPhysicalDeviceFeatures2 real_features;
static PFN_vkCreateComputePipelines real_create;

static void *in_chain(void *next, VkStructureType type) {
    for (VkBaseOutStructure *s = next; s; s = s->pNext) {
        if (s->sType == type) {
            return s;
        }
    }
    return NULL;
}

static VKAPI_ATTR void VKAPI_CALL properties(VkPhysicalDevice device, VkPhysicalDeviceProperties2 *all) {
    real_properties(device, all);
    VkPhysicalDeviceSubgroupProperties *subgroup =
        in_chain(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES);
    VkPhysicalDeviceSubgroupSizeControlProperties *range =
        in_chain(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES);
    if (subgroup && lie.reported) {
        subgroup->subgroupSize = lie.reported;
    }
    if (range && lie.min) {
        range->minSubgroupSize = lie.min;
        range->maxSubgroupSize = lie.max;
    }
    if (range && lie.not_compute) {
        range->requiredSubgroupSizeStages &= ~(VkShaderStageFlags)VK_SHADER_STAGE_COMPUTE_BIT;
    }
}

static VKAPI_ATTR void VKAPI_CALL features(VkPhysicalDevice device, VkPhysicalDeviceFeatures2 *all) {
    real_features(device, all);
    VkPhysicalDeviceSubgroupSizeControlFeatures *size =
        in_chain(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES);
    if (size) {
        size->subgroupSizeControl = size->subgroupSizeControl && !lie.none;
        size->computeFullSubgroups = size->computeFullSubgroups && !lie.partly;
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL create(VkDevice device, VkPipelineCache cache, uint32_t count,
                                             const VkComputePipelineCreateInfo *infos,
                                             const VkAllocationCallbacks *callbacks, VkPipeline *pipelines) {
    assert_int_equal(count, 1);
    VkComputePipelineCreateInfo info = infos[0];
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo *size = info.stage.pNext;
    if (!size) {
        plain += !info.stage.flags;
        other += info.stage.flags != 0;
    } else {
        bool right = size->sType == VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO &&
                     size->requiredSubgroupSize == wanted;
        asked += right;
        other += !right;
        full += info.stage.flags == VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    }
    if (lie.min) {
        info.stage.pNext = NULL;
        info.stage.flags = 0;
    }
    return real_create(device, cache, 1, &info, callbacks, pipelines);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char *name) {
    PFN_vkVoidFunction real = real_device_proc(device, name);
    if (!strcmp(name, "vkCreateComputePipelines")) {
        real_create = (PFN_vkCreateComputePipelines)real;
        return (PFN_vkVoidFunction)create;
    }
    return real;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance instance, const char *name) {
    PFN_vkVoidFunction real = real_instance_proc(instance, name);
    if (!strcmp(name, "vkGetDeviceProcAddr")) {
        real_device_proc = (PFN_vkGetDeviceProcAddr)real;
        return (PFN_vkVoidFunction)device_proc;
    }
    if (!strcmp(name, "vkGetPhysicalDeviceProperties2")) {
        real_properties = (PFN_vkGetPhysicalDeviceProperties2)real;
        return (PFN_vkVoidFunction)properties;
    }
    if (!strcmp(name, "vkGetPhysicalDeviceFeatures2")) {
        real_features = (PFN_vkGetPhysicalDeviceFeatures2)real;
        return (PFN_vkVoidFunction)features;
    }
    return real;
}

/* ---- what is asked ----------------------------------------------------------------------------------------------- */

static void on_log(void *user, bd_log_level level, const char *message) {
    (void)user;
    if (level <= BD_LOG_WARNING) {
        fail_msg("%s", message);
    }
}

static void open_device(bd_vk *vk) {
    PFN_vkGetInstanceProcAddr entry = instance_proc;
    bd_engine_params params = {.struct_size = sizeof params,
                               .log = on_log,
                               .device = getenv("BACKDROP_DEVICE"),
                               .kernel_set = "storage",
                               .validation = true};
    memcpy(&params.get_instance_proc_addr, &entry, sizeof entry);
    bd_error error;
    if (bd_column_open(vk, &params, &error)) {
        fail_msg("%s", error.message);
    }
    asked = full = plain = other = 0;
}

/* Makes the pipelines of the first candidate with a matrix unit, or its stand-in, and of the first without. */
static void make_pipelines(bd_vk *vk) {
    check harness = {.seed = 1};
    fixture f;
    fixture_begin(&f, &harness);
    const window a = {.h = 65, .w = 65, .in = 64, .out = 64, .kernel = 1, .stride = 1, .dilation = 1, .bias = true};
    free(fixture_conv(&f, &a));
    static bd_kernel_choice found[BD_KERNEL_MOST_CANDIDATES];
    uint32_t node = f.graph.count - 1;
    uint32_t count = bd_kernel_candidates(vk, &f.graph, node, BD_PRECISION_FP16, found, BD_COUNT(found));
    bd_vk_dispatch dispatches[2];
    bool have[2] = {false};
    for (uint32_t i = 0; i < count; i++) {
        bool matrix = found[i].matrix[0] != 0;
        if (have[matrix]) {
            continue;
        }
        if (matrix) {
            assert_int_equal(found[i].subgroup, wanted);
            assert_int_equal(found[i].threads % wanted, 0);
        }
        bd_kernel_operands operands;
        bd_error error;
        assert_int_equal(bd_kernel_node(vk, &f.graph, node, 0, &found[i], &dispatches[matrix], &operands, &error),
                         BD_OK);
        have[matrix] = true;
    }
    assert_true(have[0] && have[1]);
    bd_error error;
    /* The same shader and constants without the wish are another pipeline. */
    bd_vk_dispatch careless = dispatches[1];
    careless.subgroup = 0;
    const bd_vk_dispatch list[] = {dispatches[0], dispatches[1], careless, dispatches[1]};
    if (bd_vk_pipelines_prepare(vk, list, BD_COUNT(list), &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(vk->pipeline_count, 3);
    assert_int_equal(other, 0);
    fixture_finish(&f);
}

static void expect(uint32_t size, unsigned asking, unsigned filled) {
    bd_vk vk;
    wanted = size;
    open_device(&vk);
    if (!wanted) {
        wanted = vk.subgroup_size;
    }
    assert_int_equal(vk.matrix_subgroup_size, wanted);
    make_pipelines(&vk);
    assert_int_equal(asked, asking);
    assert_int_equal(full, filled);
    assert_int_equal(plain, 3 - asking);
    bd_vk_finish(&vk);
    memset(&lie, 0, sizeof lie);
}

static void test_as_it_is(void **state) {
    (void)state;
    bd_vk vk;
    open_device(&vk);
    bool control = vk.subgroup_min != 0, filled = vk.full_subgroups;
    printf("%s: subgroups of %u, %u to %u on request\n", vk.info.name, vk.subgroup_size, vk.subgroup_min,
           vk.subgroup_max);
    /* Entries of the tests for other sizes count on it. */
    const char *bits = getenv("LP_NATIVE_VECTOR_WIDTH");
    if (bits && strstr(vk.info.name, "llvmpipe")) {
        assert_int_equal(vk.subgroup_size, strtoul(bits, NULL, 10) / 32);
    }
    bd_vk_finish(&vk);
    expect(0, control, control && filled);
    lie.partly = true;
    expect(0, control, 0);
}

static void test_none(void **state) {
    (void)state;
    lie.none = true;
    expect(0, 0, 0);
    lie.not_compute = true;
    expect(0, 0, 0);
}

/* AMD's range, Intel's, one that ends below 32, one that begins above; a device of one size that reports another is
 * not asked for what it cannot do. */
static void test_ranges(void **state) {
    (void)state;
    bd_vk vk;
    open_device(&vk);
    bool control = vk.subgroup_min != 0, filled = control && vk.full_subgroups;
    bd_vk_finish(&vk);
    if (!control) {
        skip();
    }
    static const uint32_t ranges[][5] = {
        {64, 32, 64, 32, 1}, {32, 8, 32, 32, 1}, {16, 4, 16, 16, 1}, {128, 64, 128, 64, 1}, {16, 32, 32, 16, 0}};
    for (size_t i = 0; i < BD_COUNT(ranges); i++) {
        lie.reported = ranges[i][0];
        lie.min = ranges[i][1];
        lie.max = ranges[i][2];
        expect(ranges[i][3], ranges[i][4], ranges[i][4] && filled);
    }
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
    memcpy(&real_instance_proc, &entry, sizeof entry);
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_it_is), cmocka_unit_test(test_none),
                                              cmocka_unit_test(test_ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
