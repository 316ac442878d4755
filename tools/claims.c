/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "files.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "platform/text.h"
#include "values.h"

/* The member of an option of the run's verb that names a file of a kind and was given; NULL: it is none. */
static const char *path_of(const cli *run, const cli_option *option, cli_type type) {
    const char *const *path = (const char *const *)(const void *)((const char *)&run->options + option->member);
    return option->kind->type == type && cli_option_takes(option, run->options.verb) ? *path : NULL;
}

/* Operands, and then what each option reads; NULL: nothing. */
static const char *input_at(const cli *run, size_t i) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    const unsigned operands = run->options.operand_count;
    return i < operands ? run->options.operands[i] : path_of(run, &rows[i - operands], CLI_FILE_IN);
}

/* Where standard input has no such name it is told by "-" alone. */
static bool is_stream(const char *path, cli_file_id *id) {
    const bool dash = cli_is_dash(path);
    *id = (cli_file_id){0};
    return path && cli_is_stream(path) && (cli_identify(dash ? "/dev/stdin" : path, id) || dash);
}

static bool fail_stream(cli *run, const char *first, const char *second) {
    if (cli_is_dash(first) && cli_is_dash(second)) {
        return cli_fail(run, CLI_USAGE, "only one input can be standard input");
    }
    return cli_fail(run, CLI_USAGE, "%.200s and %.200s are one pipe, which can be read once", first, second);
}

bool cli_check_inputs(cli *run) {
    const unsigned operands = run->options.operand_count;
    size_t count;
    uint64_t most;
    cli_file_id id, other;
    const cli_option *rows = cli_option_rows(&count);
    count += operands;
    for (size_t i = 0; i < count; i++) {
        const char *path = input_at(run, i);
        if (path && !*path) {
            return i < operands ? cli_fail(run, CLI_USAGE, "a file's name is empty")
                                : cli_fail(run, CLI_USAGE, "--%s needs a file's name", rows[i - operands].name);
        }
        const bool stream = is_stream(path, &id);
        for (size_t k = 0; k < i && stream; k++) {
            const char *before = input_at(run, k);
            if (is_stream(before, &other) && id.volume == other.volume && id.index == other.index) {
                return fail_stream(run, before, path);
            }
        }
    }
    return cli_value_pixels(run, &run->options.max_pixels, &most);
}

size_t cli_folder_above(const char *path, cli_file_id *id) {
    cli_path folder;
    size_t length = strlen(path);
    while (length && length < sizeof folder.text) {
        while (length && bd_path_is_separator(path[length - 1])) {
            length--;
        }
        while (length && !bd_path_is_separator(path[length - 1])) {
            length--;
        }
        memcpy(folder.text, path, length);
        folder.text[length] = '\0';
        if (cli_identify(length ? folder.text : ".", id)) {
            return length;
        }
    }
    return 0; /* it cannot be written either */
}

bool cli_claims_add(cli *run, cli_claims *claims, const char *path, bool written, size_t owner) {
    cli_claim claim = {.owner = owner, .written = written};
    bd_path_kind kind = path && !cli_is_dash(path) ? bd_path_look(path) : BD_PATH_OTHER;
    if (kind == BD_PATH_OTHER || (kind == BD_PATH_NONE && !written)) {
        return true;
    }
    /* What is written by whatever links; a failure to say so is writing's, too. */
    cli_path target;
    const char *place = written && !bd_file_target(path, target.text, sizeof target.text) ? target.text : path;
    const bool by_name = claims->folds && written;
    const bool there = !by_name && cli_identify(place, &claim.id);
    const char *missing = place + (there ? strlen(place) : cli_folder_above(place, &claim.id));
    if (claims->count == claims->room) {
        size_t room = claims->room ? 2 * claims->room : 64;
        cli_claim *more = realloc(claims->items, room * sizeof *more);
        if (!more) {
            return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
        }
        claims->items = more;
        claims->room = room;
    }
    const size_t bytes[2] = {strlen(path) + 1, strlen(missing) + 1};
    claim.path = malloc(bytes[0] + bytes[1]);
    if (!claim.path) {
        return cli_fail(run, CLI_OUT_OF_MEMORY, "out of memory");
    }
    memcpy(claim.path, path, bytes[0]);
    memcpy(claim.path + bytes[0], missing, bytes[1]);
    for (char *at = claim.path + bytes[0]; by_name && *at; at++) {
        *at = bd_text_lower(*at);
    }
    claim.rest = bytes[0];
    claims->items[claims->count++] = claim;
    return true;
}

bool cli_claims_add_options(cli *run, cli_claims *claims) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    bool done = cli_claims_add(run, claims, run->options.model, false, 0) &&
                cli_claims_add(run, claims, run->options.names, false, 0);
    for (size_t i = 0; i < count && done; i++) {
        const char *in = path_of(run, &rows[i], CLI_FILE_IN), *out = path_of(run, &rows[i], CLI_FILE_OUT);
        const char *path = in ? in : out;
        bool each = path && run->options.output_dir && strstr(path, CLI_NAME);
        done = each || cli_claims_add(run, claims, path, out, 0);
    }
    return done;
}

/* By file alone. */
static int compare_files(const cli_claim *a, const cli_claim *b) {
    if (a->id.volume != b->id.volume) {
        return a->id.volume < b->id.volume ? -1 : 1;
    }
    if (a->id.index != b->id.index) {
        return a->id.index < b->id.index ? -1 : 1;
    }
    return strcmp(a->path + a->rest, b->path + b->rest);
}

/* Those that write first. */
static int compare(const void *a, const void *b) {
    const cli_claim *one = a, *other = b;
    int order = compare_files(one, other);
    if (order || one->written != other->written) {
        return order ? order : other->written - one->written;
    }
    return (one->owner > other->owner) - (one->owner < other->owner);
}

void cli_claims_sort(cli_claims *claims) {
    if (claims->count) {
        qsort(claims->items, claims->count, sizeof *claims->items, compare);
    }
}

bool cli_claims_same(const cli_claim *a, const cli_claim *b) {
    return !compare_files(a, b);
}

bool cli_claims_have(cli *run, const cli_claims *claims, const char *path) {
    cli_claims one = {.folds = claims->folds};
    bool found = false;
    if (cli_claims_add(run, &one, path, true, 0) && one.count) {
        size_t low = 0, high = claims->count;
        while (low < high && !found) {
            size_t middle = low + (high - low) / 2;
            int order = compare_files(&claims->items[middle], one.items);
            found = !order;
            low = order < 0 ? middle + 1 : low;
            high = order < 0 ? high : middle;
        }
    }
    cli_claims_finish(&one);
    return found;
}

bool cli_claims_conflict(const cli_claims *claims, size_t *at, const cli_claim **writer, const cli_claim **other) {
    size_t first = *at; /* of those that are one file with the one before at */
    while (first && first < claims->count && cli_claims_same(&claims->items[first - 1], &claims->items[first])) {
        first--;
    }
    for (size_t i = *at; i < claims->count; i++) {
        if (!i || !cli_claims_same(&claims->items[i - 1], &claims->items[i])) {
            first = i;
        } else if (claims->items[first].written) {
            *writer = &claims->items[first];
            *other = &claims->items[i];
            *at = i + 1;
            return true;
        }
    }
    return false;
}

bool cli_claims_fail(cli *run, const cli_claim *writer, const cli_claim *other) {
    const cli_options *from = &run->options;
    const char *hint = !from->output_dir                      ? "another name"
                       : !from->suffix                        ? "another --output-dir, or a --suffix"
                       : other->owner && !from->skip_existing ? "--skip-existing to go on with an earlier run, or "
                                                                "another --output-dir or --suffix"
                                                              : "another --output-dir or --suffix";
    bool same = !strcmp(writer->path, other->path);
    if (!other->written) {
        return same ? cli_fail(run, CLI_USAGE, "%s is read, and would be overwritten; give %s", other->path, hint)
                    : cli_fail(run, CLI_USAGE, "%.200s is read, and would be overwritten by the result %.200s; give %s",
                               other->path, writer->path, hint);
    }
    return same ? cli_fail(run, CLI_USAGE, "%s: two results would be written to it", writer->path)
                : cli_fail(run, CLI_USAGE, "%.200s and %.200s are one file, and two results would be written to it",
                           writer->path, other->path);
}

void cli_claims_finish(cli_claims *claims) {
    for (size_t i = 0; i < claims->count; i++) {
        free(claims->items[i].path);
    }
    free(claims->items);
    *claims = (cli_claims){.items = NULL};
}

bool cli_check_distinct(cli *run) {
    cli_claims claims = {.items = NULL};
    size_t at = 0;
    const cli_claim *writer, *other;
    bool done = cli_claims_add_options(run, &claims);
    for (unsigned i = 0; i < run->options.operand_count && done; i++) {
        done = cli_claims_add(run, &claims, run->options.operands[i], false, 0);
    }
    cli_claims_sort(&claims);
    if (done && cli_claims_conflict(&claims, &at, &writer, &other)) {
        done = cli_claims_fail(run, writer, other);
    }
    cli_claims_finish(&claims);
    return done;
}
