/* SPDX-License-Identifier: MIT
 * What the network saw in a photo: the note when the foreground that was asked for is not in it. */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

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

/* Appends as much of a name as fits. */
static void append(char *text, size_t room, const char *between, const char *name) {
    size_t used = strlen(text);
    (void)snprintf(text + used, room - used, "%s%s", used ? between : "", name);
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

/* "dog, sofa": what else there is, most first; without class 0 where that is the background. Returns the first one's
 * name, NULL when there is none. */
static const char *name_others(const cli_network *network, const bd_seen *seen, char *text, size_t room) {
    bool named[256] = {false};
    const char *first = NULL;
    named[0] = !strcmp(name_of(network, 0), "background");
    *text = '\0';
    for (int i = 0; i < MOST_NAMES; i++) {
        uint32_t best = 256;
        for (uint32_t c = 0; c < class_count(seen); c++) {
            bool more = best == 256 || seen->points_of_class[c] > seen->points_of_class[best];
            best = !named[c] && seen->points_of_class[c] && more ? c : best;
        }
        if (best == 256) {
            break;
        }
        named[best] = true;
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

void cli_note_seen(cli *run, cli_network *network, const bd_class_set *classes, const char *photo) {
    const bd_seen *seen = &network->seen;
    network->seen.struct_size = sizeof network->seen;
    bd_session_seen(network->session, &network->seen);
    char wanted[200], others[200];
    bool there = !seen->points || foreground_points(seen, classes);
    if (run->options.quiet || (there && !seen->empty)) {
        return;
    }
    if (there && !seen->points) {
        cli_note(run, "nothing of %s is foreground", photo);
        return;
    }
    name_wanted(network, seen, classes, wanted, sizeof wanted);
    if (there) {
        bool ruled = run->options.matte_params.rule == BD_RULE_ON;
        cli_note(run, "the %s in %s is too small or faint to be kept, so nothing is foreground%s", wanted, photo,
                 ruled ? "; --bias 5 keeps more" : "");
        return;
    }
    const char *first = name_others(network, seen, others, sizeof others);
    if (first) {
        cli_note(run, "no %s found in %s; found: %s; try --class '%s'", wanted, photo, others, first);
    } else {
        cli_note(run, "no %s found in %s, nor anything else that the model knows", wanted, photo);
    }
}

void cli_json_seen(cJSON *object, const cli_network *network, const bd_class_set *classes) {
    const bd_seen *seen = &network->seen;
    cJSON_AddBoolToObject(object, "empty", seen->empty);
    if (seen->points) {
        cJSON_AddNumberToObject(object, "foreground_share",
                                (double)foreground_points(seen, classes) / (double)seen->points);
    }
}
