/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json.h"

/* The bytes of the character that text begins with; 0: it is none of UTF-8. */
static size_t character(const unsigned char *text) {
    static const struct {
        unsigned char first, mask;
        uint32_t low;
    } kinds[] = {{0x00, 0x80, 0}, {0xc0, 0xe0, 0x80}, {0xe0, 0xf0, 0x800}, {0xf0, 0xf8, 0x10000}};
    for (size_t more = 0; more < sizeof kinds / sizeof kinds[0]; more++) {
        if ((text[0] & kinds[more].mask) != kinds[more].first) {
            continue;
        }
        uint32_t code = text[0] & (unsigned char)~kinds[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((text[i] & 0xc0) != 0x80) { /* the end is no such byte either */
                return 0;
            }
            code = code << 6 | (text[i] & 0x3fu);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code >= kinds[more].low && code <= 0x10ffff && !surrogate ? more + 1 : 0;
    }
    return 0;
}

cJSON *cli_json_string(const char *text) {
    static const char replacement[] = "\xef\xbf\xbd";
    size_t used = 0;
    text = text ? text : "";
    char *valid = malloc(3 * strlen(text) + 1);
    if (!valid) {
        return NULL;
    }
    while (*text) {
        size_t bytes = character((const unsigned char *)text);
        memcpy(valid + used, bytes ? text : replacement, bytes ? bytes : 3);
        used += bytes ? bytes : 3;
        text += bytes ? bytes : 1;
    }
    valid[used] = '\0';
    cJSON *made = cJSON_CreateString(valid);
    free(valid);
    return made;
}

void cli_json_text(cJSON *object, const char *key, const char *text) {
    cJSON *made = cli_json_string(text);
    if (!cJSON_AddItemToObject(object, key, made)) {
        cJSON_Delete(made);
    }
}
