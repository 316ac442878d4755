/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "classes.h"
#include "platform/text.h"
#include "values.h"

static bool unknown_class(cli *run, const char *text, size_t length, const bd_model *model) {
    char known[400] = "";
    size_t used = 0;
    for (uint32_t c = 0; bd_model_class_name(model, c); c++) {
        const char *name = bd_model_class_name(model, c);
        size_t bytes = strlen(name);
        if (used + bytes + 3 > sizeof known) {
            break;
        }
        memcpy(known + used, c ? ", " : "", c ? 2 : 0);
        used += c ? 2 : 0;
        memcpy(known + used, name, bytes + 1);
        used += bytes;
    }
    return cli_fail(run, CLI_USAGE, "no class '%.*s'; there are: %s", (int)(length < 40 ? length : 40), text, known);
}

static bool add_class(cli *run, const char *text, size_t length, const bd_model *model, uint32_t count,
                      bd_class_set *set) {
    bool all = length == 3 && bd_text_same_first(text, "all", 3), found = false;
    bool number = length > 0 && length < 4 && strspn(text, "0123456789") >= length;
    unsigned long wanted = number ? strtoul(text, NULL, 10) : 0;
    for (uint32_t c = 0; c < count; c++) {
        const char *name = bd_model_class_name(model, c);
        bool named = name && strlen(name) == length && bd_text_same_first(name, text, length);
        if ((all && c > 0) || (number && c == wanted) || named) {
            set->words[c / 32] |= 1u << c % 32;
            found = true;
        }
    }
    return found || unknown_class(run, text, length, model);
}

bool cli_classes(cli *run, const bd_model *model, bd_class_set *set) {
    const char *text = cli_value_text(run, &run->options.classes);
    bd_model_info info = {.struct_size = sizeof info};
    bd_model_get_info(model, &info);
    uint32_t count = info.class_count < 256 ? info.class_count : 256;
    *set = (bd_class_set){{0}};
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_class(run, text, length, model, count, set)) {
            return false;
        }
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
}
