/* SPDX-License-Identifier: MIT
 * What the network saw in a photo: the note when the foreground that was asked for is not in it, and the class that is the
 * foreground with --class auto. */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "progress.h"
#include "seen.h"

enum { MOST_NAMES = 4 };

static bool has(const bd_class_set *set, uint32_t c) {
    return set->words[c / 32] >> c % 32 & 1u;
}

static const char *name_of(const cli_network *network, uint32_t c) {
    const char *name = bd_model_class_name(network->model.model, c);
    return name ? name : "?";
}

static uint32_t class_count(const bd_seen *seen) {
    return seen->class_count < 256 ? seen->class_count : 256;
}

/* Of a model without names they are its classes' numbers. */
static bool is_number(const char *name) {
    return *name && strspn(name, "0123456789") == strlen(name);
}

/* Appends as much of a name as fits. */
static void append(char *text, size_t room, const char *between, const char *name) {
    size_t used = strlen(text);
    (void)snprintf(text + used, room - used, "%s%s%s", used ? between : "", is_number(name) ? "class " : "", name);
}

/* "person or dog"; of more than a few only how many. */
static void name_wanted(const cli_network *network, const bd_seen *seen, const bd_class_set *classes, char *text,
                        size_t room) {
    uint32_t count = 0;
    *text = '\0';
    for (uint32_t c = 0; c < class_count(seen); c++) {
        if (has(classes, c) && count++ < MOST_NAMES) {
            append(text, room, " or ", name_of(network, c));
        }
    }
    if (count > MOST_NAMES) {
        (void)snprintf(text, room, "foreground of %u classes", count);
    }
}

static void put(bd_class_set *set, uint32_t c) {
    set->words[c / 32] |= 1u << c % 32;
}

static uint32_t first_of(const bd_class_set *set) {
    uint32_t c = 0;
    while (c < 255 && !has(set, c)) {
        c++;
    }
    return c;
}

static bool is_background(const cli_network *network, uint32_t c) {
    const char *name = name_of(network, 0);
    return c == 0 && (!strcmp(name, "background") || is_number(name));
}

/* The class with most points of those that are not in without; 256: there is none. */
static uint32_t largest(const cli_network *network, const bd_class_set *without) {
    const bd_seen *seen = &network->seen;
    uint32_t best = 256;
    for (uint32_t c = 0; c < class_count(seen); c++) {
        bool more = best == 256 || seen->points_of_class[c] > seen->points_of_class[best];
        best = !has(without, c) && !is_background(network, c) && seen->points_of_class[c] && more ? c : best;
    }
    return best;
}

/* "dog, sofa": what else there is, most first; without class 0 where that is the background. Returns the first one's
 * name, NULL when there is none. */
static const char *name_others(const cli_network *network, char *text, size_t room) {
    bd_class_set named = {{0}};
    const char *first = NULL;
    *text = '\0';
    for (int i = 0; i < MOST_NAMES; i++) {
        uint32_t best = largest(network, &named);
        if (best == 256) {
            break;
        }
        put(&named, best);
        append(text, room, ", ", name_of(network, best));
        first = first ? first : name_of(network, best);
    }
    return first;
}

static uint64_t foreground_points(const bd_seen *seen, const bd_class_set *classes) {
    uint64_t points = 0;
    for (uint32_t c = 0; c < class_count(seen); c++) {
        points += has(classes, c) ? seen->points_of_class[c] : 0;
    }
    return points;
}

static bool is_found(const bd_seen *seen, const bd_class_set *classes) {
    return seen->points ? foreground_points(seen, classes) > 0 : !seen->empty;
}

bool cli_classes_parse(cli *run, cli_network *network, bd_class_set *set) {
    const bd_model *model = network->model.model;
    const char *text = run->options.classes;
    bd_error error;
    /* A model may have a class of that name. */
    network->choose = text && !strcmp(text, "auto") && bd_class_set_parse(model, text, set, &error);
    if (!network->choose) {
        return cli_classes(run, model, set);
    }
    *set = (bd_class_set){{0}};
    for (uint32_t c = 0; c < network->model.info.class_count && c < 256; c++) {
        if (!strcmp(name_of(network, c), "person")) {
            put(set, c);
            return true;
        }
    }
    for (uint32_t c = 0; c < network->model.info.class_count && c < 256; c++) {
        if (!is_background(network, c)) {
            put(set, c);
        }
    }
    return true;
}

bool cli_seen_again(cli_network *network, bool first, bd_class_set *classes) {
    const bd_class_set none = {{0}};
    network->seen.struct_size = sizeof network->seen;
    bd_session_seen(network->session, &network->seen);
    bool one = network->model.model && !strcmp(name_of(network, first_of(classes)), "person");
    if (!network->choose || !first || (one && !cli_seen_none(network, classes))) {
        return false;
    }
    uint32_t best = largest(network, one ? classes : &none);
    if (best == 256) {
        return false;
    }
    *classes = none;
    put(classes, best);
    return true;
}

bool cli_seen_none(const cli_network *network, const bd_class_set *classes) {
    return network->seen.empty || !is_found(&network->seen, classes);
}

/* The line about it. */
static void describe(const cli *run, const cli_network *network, const bd_class_set *classes, const char *photo,
                     char *text, size_t room) {
    const bd_seen *seen = &network->seen;
    char wanted[200], others[200];
    if (!seen->points) {
        (void)snprintf(text, room, "nothing of %.300s is foreground", photo);
        return;
    }
    name_wanted(network, seen, classes, wanted, sizeof wanted);
    if (is_found(seen, classes)) {
        bool ruled = run->options.matte_params.rule == BD_RULE_ON;
        (void)snprintf(text, room, "the %s in %.300s is too small or faint to be kept, so nothing is foreground%s",
                       wanted, photo, ruled ? "; --bias 5 keeps more" : "");
        return;
    }
    const char *first = name_others(network, others, sizeof others);
    if (first) {
        (void)snprintf(text, room, "no %s found in %.300s; found: %s; try --class '%s'", wanted, photo, others, first);
    } else {
        (void)snprintf(text, room, "no %s found in %.300s, nor anything else that the model knows", wanted, photo);
    }
}

bool cli_seen_note(cli *run, const cli_network *network, const bd_class_set *classes, const char *photo) {
    if (network->choose && run->options.verbose) {
        cli_note(run, "%s: foreground: %s", photo, name_of(network, first_of(classes)));
    }
    if (!cli_seen_none(network, classes)) {
        return true;
    }
    char text[sizeof run->error.message];
    describe(run, network, classes, cli_input_name(photo), text, sizeof text);
    if (run->options.fail_empty) {
        return cli_fail(run, CLI_NO_SUBJECT, "%s", text);
    }
    if (!run->options.quiet) {
        cli_note(run, "%s", text);
    }
    return true;
}

void cli_json_seen(cJSON *object, const cli_network *network, const bd_class_set *classes) {
    const bd_seen *seen = &network->seen;
    cJSON_AddBoolToObject(object, "found", is_found(seen, classes));
    cJSON_AddBoolToObject(object, "empty", seen->empty);
    if (seen->points) {
        cJSON_AddNumberToObject(object, "foreground_share",
                                (double)foreground_points(seen, classes) / (double)seen->points);
    }
    if (network->choose && is_found(seen, classes)) {
        cli_json_text(object, "class", name_of(network, first_of(classes)));
    }
}
