/* SPDX-License-Identifier: MIT
 * Classes as a user names them. */
#include <stdlib.h>
#include <string.h>

#include "api/model.h"
#include "backdrop_matte.h"
#include "platform/text.h"

static bd_result fail_unknown(const bd_model *model, const char *text, size_t length, bd_error *error) {
    char known[400] = "";
    size_t used = 0;
    for (uint32_t c = 0; c < model->class_count; c++) {
        const char *name = model->class_names[c];
        size_t bytes = strlen(name);
        if (used + bytes + 3 > sizeof known) {
            break;
        }
        memcpy(known + used, c ? ", " : "", c ? 2 : 0);
        used += c ? 2 : 0;
        memcpy(known + used, name, bytes + 1);
        used += bytes;
    }
    return bd_fail(error, BD_ERR_INVALID_ARGUMENT, "no class '%.*s'; there are: %s", (int)(length < 40 ? length : 40),
                   text, known);
}

static bool add_class(const bd_model *model, const char *text, size_t length, bd_class_set *set) {
    bool all = length == 3 && bd_text_same_first(text, "all", 3), found = false;
    bool number = length > 0 && length < 4 && strspn(text, "0123456789") >= length;
    unsigned long wanted = number ? strtoul(text, NULL, 10) : 0;
    for (uint32_t c = 0; c < model->class_count; c++) {
        const char *name = model->class_names[c];
        bool named = strlen(name) == length && bd_text_same_first(name, text, length);
        if ((all && c > 0) || (number && c == wanted) || named) {
            set->words[c / 32] |= 1u << c % 32;
            found = true;
        }
    }
    return found;
}

bd_result bd_class_set_parse(const bd_model *model, const char *text, bd_class_set *set, bd_error *error) {
    bd_class_set found = {{0}};
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_class(model, text, length, &found)) {
            return fail_unknown(model, text, length, error);
        }
        if (!text[length]) {
            *set = found;
            return BD_OK;
        }
        text += length + 1;
    }
}
