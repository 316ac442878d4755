/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "platform/message.h"

cJSON *cli_json_string(const char *text) {
    static const char replacement[] = "\xef\xbf\xbd";
    size_t used = 0;
    text = text ? text : "";
    char *valid = malloc(3 * strlen(text) + 1);
    if (!valid) {
        return NULL;
    }
    while (*text) {
        size_t bytes = bd_message_character(text);
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
