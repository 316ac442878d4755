/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "css_color.h"
#include "platform/text.h"
#include "values.h"

const cli_option *cli_value_row(const cli *run, const char *const *option) {
    size_t member = (size_t)((const char *)option - (const char *)&run->options);
    return cli_option_find(member, run->options.verb);
}

const char *cli_value_text(const cli *run, const char *const *option) {
    return *option ? *option : cli_value_row(run, option)->kind->fallback;
}

bool cli_value_given(const cli *run, const void *member) {
    return run->given[(const char *)member - (const char *)&run->options];
}

/* Says what the option takes. */
static bool miss(cli *run, const cli_option *row, const char *value) {
    char text[sizeof run->error.message];
    cli_option_fill(row, row->kind->miss, value, text, sizeof text);
    return cli_fail(run, CLI_USAGE, "--%s %s", row->name, text);
}

static bool miss_of(cli *run, const char *const *option) {
    return miss(run, cli_value_row(run, option), cli_value_text(run, option));
}

/* The whole text as a number in low..high. */
static bool parse_integer(const char *text, long low, long high, long *value) {
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return end != text && !*end && !errno && *value >= low && *value <= high;
}

/* The same for length of text's bytes. */
static bool parse_part(const char *text, size_t length, long low, long high, long *value) {
    char copy[16];
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return parse_integer(copy, low, high, value);
}

static const cli_choice *find_choice(const cli_kind *kind, const char *text) {
    const cli_choice *const lists[] = {kind->choices, kind->unsaid};
    for (size_t i = 0; i < CLI_COUNT(lists); i++) {
        for (const cli_choice *choice = lists[i]; choice && choice->name; choice++) {
            if (kind->any_case ? bd_text_same(text, choice->name) : !strcmp(text, choice->name)) {
                return choice;
            }
        }
    }
    return NULL;
}

static bool read_choice(cli *run, const cli_option *row, const char *text, unsigned *number) {
    const cli_choice *found = find_choice(row->kind, text);
    if (found) {
        *number = found->number;
    }
    return found || miss(run, row, text);
}

bool cli_value_choice(cli *run, const char *const *option, unsigned *number) {
    const char *text = cli_value_text(run, option);
    return !text || read_choice(run, cli_value_row(run, option), text, number);
}

bool cli_value_integer(cli *run, const char *const *option, long *value) {
    const char *text = cli_value_text(run, option);
    const cli_kind *kind = cli_value_row(run, option)->kind;
    if (!text) {
        return true;
    }
    bool known = parse_integer(text, (long)kind->low, (long)kind->high, value);
    if (known && kind->choices) {
        const cli_choice *choice = kind->choices;
        while (choice->name && choice->number != (unsigned long)*value) {
            choice++;
        }
        known = choice->name != NULL;
    }
    return known || miss_of(run, option);
}

static bool read_number(cli *run, const cli_option *row, const char *text, float *value) {
    const cli_kind *kind = row->kind;
    char *end;
    *value = strtof(text, &end);
    bool known = end != text && !*end && *value >= kind->low && *value <= kind->high;
    return (known && !(kind->above && *value <= kind->low)) || miss(run, row, text);
}

bool cli_value_number(cli *run, const char *const *option, float *value) {
    const char *text = cli_value_text(run, option);
    return !text || read_number(run, cli_value_row(run, option), text, value);
}

static bool set(cli *run, const cli_option *row, const char *text) {
    char *member = (char *)&run->options + row->member;
    if (row->kind->type == CLI_NUMBER) {
        return read_number(run, row, text, (float *)member);
    }
    unsigned number = 0;
    bool known = read_choice(run, row, text, &number);
    memcpy(member, &number, sizeof number);
    return known;
}

bool cli_values_set(cli *run) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const char *text = run->given[rows[i].member];
        if (rows[i].sets && text && cli_option_takes(&rows[i], run->options.verb) && !set(run, &rows[i], text)) {
            return false;
        }
    }
    return true;
}

static bool parse_pixels(const char *text, uint64_t *value) {
    static const char digits[] = "0123456789", units[] = "kKmMgG";
    size_t length = strspn(text, digits);
    const char *unit = text[length] ? strchr(units, text[length]) : NULL;
    if (!length || length > 15 || (text[length] && (!unit || text[length + 1]))) {
        return false;
    }
    *value = strtoull(text, NULL, 10);
    for (long power = unit ? (unit - units) / 2 : -1; power >= 0; power--) {
        if (*value > UINT64_MAX / 1000) {
            return false;
        }
        *value *= 1000;
    }
    *value = *value ? *value : UINT64_MAX;
    return true;
}

bool cli_value_pixels(cli *run, const char *const *option, uint64_t *value) {
    const char *text = cli_value_text(run, option);
    return !text || parse_pixels(text, value) || miss_of(run, option);
}

static bool parse_size(const cli_kind *kind, const char *text, uint32_t *width, uint32_t *height) {
    static const char digits[] = "0123456789";
    long w, h, low = (long)kind->low, high = (long)kind->high;
    size_t length = strspn(text, digits);
    if (!length || length >= 8 || (text[length] && text[length] != 'x')) {
        return false;
    }
    const char *second = text[length] ? text + length + 1 : text;
    if (strspn(second, digits) != strlen(second) || !parse_part(text, length, low, high, &w) ||
        !parse_integer(second, low, high, &h)) {
        return false;
    }
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return true;
}

bool cli_value_size(cli *run, const char *const *option, uint32_t *width, uint32_t *height) {
    return !*option || parse_size(cli_value_row(run, option)->kind, *option, width, height) || miss_of(run, option);
}

bool cli_value_color(cli *run, const char *const *option, uint8_t rgba[4]) {
    return !*option || cli_css_color(*option, rgba) || miss_of(run, option);
}

/* "X%,Y%"; the percent signs may be left out. */
static bool parse_shares(const cli_kind *kind, const char *text, float place[2]) {
    for (int i = 0; i < 2; i++) {
        char *end;
        place[i] = strtof(text, &end) / 100.0f;
        if (end == text || !(place[i] >= kind->low / 100.0f && place[i] <= kind->high / 100.0f)) {
            return false;
        }
        text = end + (*end == '%');
        if (*text != (i ? '\0' : ',')) {
            return false;
        }
        text++;
    }
    return true;
}

bool cli_value_place(cli *run, const char *const *option, float place[2]) {
    static const char *const names[] = {"northwest", "north",     "northeast", "west",     "center",
                                        "east",      "southwest", "south",     "southeast"};
    for (size_t i = 0; *option && i < CLI_COUNT(names); i++) {
        if (bd_text_same(*option, names[i])) {
            size_t row = i / 3;
            place[0] = (float)(i % 3) / 2.0f;
            place[1] = (float)row / 2.0f;
            return true;
        }
    }
    return !*option || parse_shares(cli_value_row(run, option)->kind, *option, place) || miss_of(run, option);
}

static bool parse_levels(const cli_kind *kind, const char *text, float levels[2]) {
    for (int i = 0; i < 2; i++) {
        char *end;
        levels[i] = strtof(text, &end);
        if (end == text || *end != (i ? '\0' : ',') || !(levels[i] >= kind->low && levels[i] <= kind->high)) {
            return false;
        }
        text = end + 1;
    }
    return levels[0] < levels[1];
}

bool cli_value_levels(cli *run, const char *const *option, float levels[2]) {
    return !*option || parse_levels(cli_value_row(run, option)->kind, *option, levels) || miss_of(run, option);
}

/* One number, which stands for all three, or three with commas between, and then last. */
static bool parse_three(const cli_kind *kind, const char *text, char last, float values[3], const char **after) {
    char *end;
    int count = 0;
    for (bool more = true; more; text = end + 1) {
        values[count] = strtof(text, &end);
        if (end == text || !(values[count] >= kind->low && values[count] <= kind->high)) {
            return false;
        }
        more = *end == ',' && ++count < 3;
    }
    if (!count) {
        values[1] = values[2] = values[0];
    }
    *after = text;
    return text[-1] == last && count != 1;
}

bool cli_value_scaling(cli *run, const char *const *option, bd_model_params *params) {
    const char *text = cli_value_text(run, option);
    const cli_kind *kind = cli_value_row(run, option)->kind;
    const cli_choice *found = find_choice(kind, text);
    params->input_range = found ? (bd_input_range)found->number : BD_INPUT_RANGE_GIVEN;
    float *const deviation = params->input_deviation;
    return found ||
           (parse_three(kind, text, '/', params->input_mean, &text) &&
            parse_three(kind, text, '\0', deviation, &text) && deviation[0] != 0 && deviation[1] != 0 &&
            deviation[2] != 0) ||
           miss_of(run, option);
}

/* A number with "%", "px" or nothing behind it. */
static bool parse_margin(const cli_kind *kind, const char *text, float *margin, bool *percent) {
    char *end;
    *margin = strtof(text, &end);
    *percent = *end == '%';
    bool whole = !*end || !strcmp(end, "%") || bd_text_same(end, "px");
    return end != text && whole && *margin >= kind->low && *margin <= kind->high;
}

bool cli_value_margin(cli *run, const char *const *option, float *margin, bool *percent) {
    return !*option || parse_margin(cli_value_row(run, option)->kind, *option, margin, percent) || miss_of(run, option);
}

/* "X,Y" */
static bool parse_point(const cli_kind *kind, const char *text, uint32_t point[2]) {
    size_t length = strcspn(text, ",");
    long x, y;
    if (!text[length] || !parse_part(text, length, (long)kind->low, (long)kind->high, &x) ||
        !parse_integer(text + length + 1, (long)kind->low, (long)kind->high, &y)) {
        return false;
    }
    point[0] = (uint32_t)x;
    point[1] = (uint32_t)y;
    return true;
}

bool cli_value_part(cli *run, const char *const *option, bd_keep *keep, uint32_t point[2]) {
    static const char before[] = "point=";
    const cli_kind *kind = cli_value_row(run, option)->kind;
    const char *text = cli_value_text(run, option);
    const cli_choice *found = find_choice(kind, text);
    *keep = found ? (bd_keep)found->number : BD_KEEP_POINT;
    return found || (!strncmp(text, before, sizeof before - 1) && parse_point(kind, text + sizeof before - 1, point)) ||
           miss_of(run, option);
}

bool cli_value_shard(cli *run, const char *const *option, unsigned shard[2]) {
    const cli_kind *kind = cli_value_row(run, option)->kind;
    if (!*option) {
        return true;
    }
    size_t length = strcspn(*option, "/");
    long part, parts, low = (long)kind->low, high = (long)kind->high;
    if (!(*option)[length] || !parse_part(*option, length, low, high, &part) ||
        !parse_integer(*option + length + 1, low, high, &parts) || part > parts) {
        return miss_of(run, option);
    }
    shard[0] = (unsigned)part;
    shard[1] = (unsigned)parts;
    return true;
}

bool cli_value_look(cli *run, const char *const *option, const char **text, double *factor) {
    static const char flip[] = "flip";
    const cli_kind *kind = cli_value_row(run, option)->kind;
    const char *from = *text;
    size_t length = strcspn(from, ",");
    *text = from + length + (from[length] == ',');
    if (length == sizeof flip - 1 && !strncmp(from, flip, length)) {
        *factor = 0.0;
        return true;
    }
    char *end;
    *factor = strtod(from, &end);
    return (end == from + length && *factor >= (double)kind->low && *factor <= (double)kind->high) ||
           miss_of(run, option);
}
