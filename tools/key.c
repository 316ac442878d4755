/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "key.h"
#include "platform/text.h"
#include "progress.h"
#include "values.h"

/* What makes no sense without --key. */
static const char *name_dependent(const cli *run) {
    const cli_options *from = &run->options;
    return from->key_tolerance                                    ? "key-tolerance"
           : from->key_softness                                   ? "key-softness"
           : from->key_spill                                      ? "key-spill"
           : cli_value_given(run, &from->matte_params.key_shadow) ? "key-shadow"
           : from->key_with                                       ? "key-with"
                                                                  : NULL;
}

/* What says by itself where the matte comes from. */
static const char *name_other(const cli_options *from) {
    return from->matte      ? "matte"
           : from->coarse   ? "coarse"
           : from->trimap   ? "trimap"
           : from->matte_in ? "matte-in"
                            : NULL;
}

/* What is the network's; --model may be there from a script's other calls. */
static const char *name_of_network(const cli_options *from) {
    return from->classes ? "class" : from->tta ? "tta" : from->size ? "size" : NULL;
}

static bool parse_share(cli *run, const char *const *option, float *share) {
    float percent = 0.0f;
    bool done = cli_value_number(run, option, &percent);
    *share = percent / 100.0f;
    return done;
}

bool cli_key_parse(cli *run, bd_matte_params *params) {
    const cli_options *from = &run->options;
    uint8_t rgba[4] = {0, 0, 0, 255};
    if (!from->key) {
        const char *name = name_dependent(run);
        return !name || cli_fail(run, CLI_USAGE, "--%s needs --key", name);
    }
    const char *other = name_other(from);
    if (other) {
        return cli_fail(run, CLI_USAGE, "--key makes the matte from a colour; --%s does not go with it", other);
    }
    const char *unasked = from->key_with ? NULL : name_of_network(from);
    if (unasked) {
        return cli_fail(run, CLI_USAGE, "--key alone does not ask the network; --%s does not go with it", unasked);
    }
    params->key = bd_text_same(from->key, "auto") ? BD_KEY_AUTO : BD_KEY_COLOR;
    if (params->key == BD_KEY_COLOR && !cli_value_color(run, &from->key, rgba)) {
        return false;
    }
    if (rgba[3] < 255) {
        return cli_fail(run, CLI_USAGE, "--key %s: a background is opaque", from->key);
    }
    memcpy(params->key_color, rgba, sizeof params->key_color);
    params->key_with_network = from->key_with != NULL;
    unsigned with;
    if (!cli_value_choice(run, &from->key_with, &with) ||
        !parse_share(run, &from->key_tolerance, &params->key_tolerance) ||
        !parse_share(run, &from->key_softness, &params->key_softness)) {
        return false;
    }
    /* A verb that has no such option has no default of it either. */
    bool done = !from->key_spill || parse_share(run, &from->key_spill, &params->key_spill);
    if (from->key_spill && !(params->key_spill > 0.0f)) {
        params->key_spill = -1.0f;
    }
    return done;
}

static void write_color(const bd_key_color *key, char text[8]) {
    (void)snprintf(text, 8, "#%02x%02x%02x", key->rgb[0], key->rgb[1], key->rgb[2]);
}

void cli_note_key(cli *run, cli_network *network, const char *photo) {
    const float doubtful = 0.8f;
    bd_session_key(network->session, &network->key);
    bool doubt = network->key.share < doubtful && !run->options.quiet;
    if (network->key.found && (run->options.verbose || doubt)) {
        char text[8];
        write_color(&network->key, text);
        cli_note(run, "%s: key %s, on %.0f %% of the border%s", photo, text, (double)(100.0f * network->key.share),
                 doubt ? ": is the background uniform?" : "");
    }
}

void cli_json_key(cJSON *object, const cli_network *network) {
    if (network->key.found) {
        char text[8];
        write_color(&network->key, text);
        cJSON *key = cJSON_AddObjectToObject(object, "key");
        cli_json_text(key, "color", text);
        cJSON_AddNumberToObject(key, "share", (double)network->key.share);
    }
}
