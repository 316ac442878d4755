/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_pickle_names.h"

#include <string.h>

static const bd_pickle_known names[] = {
    {"", "", BD_PICKLE_ANYTHING, BD_TORCH_OTHER, 0}, /* harmless ones */
    {"collections", "OrderedDict", BD_PICKLE_ORDERED_DICT, BD_TORCH_OTHER, 0},
    {"torch._utils", "_rebuild_tensor_v2", BD_PICKLE_REBUILD_TENSOR, BD_TORCH_OTHER, 0},
    {"torch._utils", "_rebuild_parameter", BD_PICKLE_REBUILD_PARAMETER, BD_TORCH_OTHER, 0},
    {"argparse", "Namespace", BD_PICKLE_OPTIONS, BD_TORCH_OTHER, 0},
    {"torch", "FloatStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_F32, 4},
    {"torch", "HalfStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_F16, 2},
    {"torch", "BFloat16Storage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_BF16, 2},
    {"torch", "DoubleStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_F64, 8},
    {"torch", "LongStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 8},
    {"torch", "IntStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 4},
    {"torch", "ShortStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 2},
    {"torch", "CharStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 1},
    {"torch", "ByteStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 1},
    {"torch", "BoolStorage", BD_PICKLE_STORAGE_TYPE, BD_TORCH_OTHER, 1},
};

/* What checkpoints keep beside a state dict: scores, dates, options, logs. Whatever such a name makes is opaque. A
 * module with no name: all names of it and of the modules in it. */
static const struct {
    const char *module, *name;
} harmless[] = {
    {"numpy", NULL},
    {"_codecs", "encode"},
    {"datetime", NULL},
    {"pathlib", NULL},
    {"uuid", NULL},
    {"decimal", NULL},
    {"typing", NULL},
    {"collections", "defaultdict"},
    {"collections", "Counter"},
    {"collections", "deque"},
    {"__builtin__", "set"},
    {"__builtin__", "frozenset"},
    {"__builtin__", "bytearray"},
    {"__builtin__", "complex"},
    {"__builtin__", "slice"},
    {"__builtin__", "range"},
    {"__builtin__", "xrange"},
    {"__builtin__", "list"},
    {"__builtin__", "dict"},
    {"__builtin__", "tuple"},
    {"__builtin__", "int"},
    {"__builtin__", "float"},
    {"__builtin__", "str"},
    {"torch", "Size"},
    {"torch", "device"},
    {"torch", "float32"},
    {"torch", "float64"},
    {"torch", "float16"},
    {"torch", "bfloat16"},
    {"torch", "int64"},
    {"torch", "uint8"},
    {"torch", "bool"},
    {"mmengine", NULL},
    {"mmcv", NULL},
    {"omegaconf", NULL},
    {"pytorch_lightning", NULL},
    {"lightning", NULL},
    {"lightning_fabric", NULL},
    {"easydict", NULL},
    {"addict", NULL},
    {"yacs", NULL},
};

static bool is_name(const uint8_t *text, size_t bytes, const char *name) {
    return bytes == strlen(name) && !memcmp(text, name, bytes);
}

static bool is_harmless(const uint8_t *module, size_t module_bytes, const uint8_t *name, size_t name_bytes) {
    for (uint32_t i = 0; i < BD_COUNT(harmless); i++) {
        const char *const known_module = harmless[i].module;
        const size_t length = strlen(known_module);
        if (harmless[i].name) {
            bool builtin = !strcmp(known_module, "__builtin__") && is_name(module, module_bytes, "builtins");
            if ((builtin || is_name(module, module_bytes, known_module)) &&
                is_name(name, name_bytes, harmless[i].name)) {
                return true;
            }
        } else if (module_bytes >= length && !memcmp(module, known_module, length) &&
                   (module_bytes == length || module[length] == '.')) {
            return true;
        }
    }
    return false;
}

bool bd_pickle_find_name(const uint8_t *module, size_t module_bytes, const uint8_t *name, size_t name_bytes,
                         uint32_t *number) {
    for (uint32_t i = 1; i < BD_COUNT(names); i++) {
        if (is_name(module, module_bytes, names[i].module) && is_name(name, name_bytes, names[i].name)) {
            *number = i;
            return true;
        }
    }
    *number = 0;
    return is_harmless(module, module_bytes, name, name_bytes);
}

const bd_pickle_known *bd_pickle_name(uint32_t number) {
    return &names[number];
}
