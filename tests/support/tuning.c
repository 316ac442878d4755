/* SPDX-License-Identifier: MIT */
#include "support/tuning.h"

#include <stdio.h>
#include <string.h>

#include "api/session.h"

void test_choices(bd_engine *engine, const bd_model *model, bd_precision precision, char *text, size_t room) {
    const bd_session_params params = {.struct_size = sizeof params, .precision = precision};
    bd_session *session = test_session_create(engine, model, &params);
    text[0] = '\0';
    for (uint32_t n = 0; n < model->graph.count; n++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, room - used, "%s;", session->looks.network.choices[n].name);
    }
    bd_session_destroy(session);
}
