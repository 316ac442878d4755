/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* mincore */
#include "settings.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef struct setting {
    f0r_param_info_t info;
    const char *text; /* the default of a string */
} setting;

static const setting rows[SETTING_COUNT] = {
    [SETTING_BACKGROUND] = {{"background", F0R_PARAM_STRING,
                             "path of a picture, or blur (the frame's own background), color or transparent"},
                            "blur"},
    [SETTING_BLUR] = {{"blur", F0R_PARAM_DOUBLE,
                       "of background blur: the Gaussian's sigma in tenths of the frame's height; 0 leaves the frame"},
                      NULL},
    [SETTING_COLOR] = {{"color", F0R_PARAM_COLOR, "of background color, and of what fit contain leaves free"}, NULL},
    [SETTING_FIT] = {{"fit", F0R_PARAM_STRING, "how a picture meets the frame's size: cover, contain, stretch or tile"},
                     "cover"},
    [SETTING_GRAVITY] = {{"gravity", F0R_PARAM_STRING,
                          "the part of a picture that stays in view: center, north, northeast, east, ... northwest"},
                         ""},
    [SETTING_MATTE] = {{"matte", F0R_PARAM_STRING, "how the network's mask is refined: refine, hard, soft or best"},
                       "refine"},
    [SETTING_CLASS] = {{"class", F0R_PARAM_STRING,
                        "what is foreground: names or numbers of classes, with commas between, or all"},
                       "person"},
    [SETTING_MODEL] = {{"model", F0R_PARAM_STRING,
                        "path of a model, or name of one that was fetched; empty: the default"},
                       ""},
    [SETTING_DEVICE] = {{"device", F0R_PARAM_STRING,
                         "Vulkan device, by number or part of its name; empty: the fastest kind"},
                        ""},
};

typedef struct choice {
    const char *name;
    unsigned number;
} choice;

/* The command's words. */
#define ROW(word, value) {word, value},
static const choice fits[] = {BD_WORDS_FIT(ROW)};
static const choice mattes[] = {BD_WORDS_MATTE(ROW)};
/* A picture's is its path. */
static const choice backgrounds[] = {
    {"blur", BD_BACKGROUND_BLUR}, {"color", BD_BACKGROUND_COLOR}, {"transparent", BD_BACKGROUND_TRANSPARENT}};
/* Rows from north to south of three from west to east. */
static const choice places[] = {{"northwest", 0}, {"north", 1},     {"northeast", 2}, {"west", 3},     {"center", 4},
                                {"east", 5},      {"southwest", 6}, {"south", 7},     {"southeast", 8}};

bool settings_init(settings *s) {
    *s = (settings){.blur = 0.2};
    bool done = true;
    for (int i = 0; i < SETTING_COUNT; i++) {
        s->texts[i] = rows[i].text ? strdup(rows[i].text) : NULL;
        done = done && (s->texts[i] || !rows[i].text);
    }
    return done;
}

void settings_finish(settings *s) {
    for (int i = 0; i < SETTING_COUNT; i++) {
        free(s->texts[i]);
    }
}

void settings_describe(f0r_param_info_t *info, int number) {
    if (number >= 0 && number < SETTING_COUNT) {
        *info = rows[number].info;
    }
}

/* A string's value is the address of a pointer to the text; but GStreamer 1.22, where a property is changed while frames
 * run, hands over the text itself. Its first bytes, taken for a pointer, lead to where nothing is mapped. */
static const char *text_of(f0r_param_t value) {
    char *text;
    memcpy(&text, value, sizeof text);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uint8_t resident;
    if (!text) {
        return "";
    }
    void *start = text - (uintptr_t)text % page;
    return mincore(start, page, (void *)&resident) ? value : text;
}

static bool set_text(settings *s, const char *text, int number) {
    char *copy = strcmp(s->texts[number], text) ? strdup(text) : NULL;
    if (!copy) {
        return false;
    }
    free(s->texts[number]);
    s->texts[number] = copy;
    return true;
}

bool settings_set(settings *s, f0r_param_t value, int number) {
    if (number < 0 || number >= SETTING_COUNT || !value) {
        return false;
    }
    void *member = number == SETTING_BLUR ? (void *)&s->blur : (void *)&s->color;
    size_t bytes = number == SETTING_BLUR ? sizeof s->blur : sizeof s->color;
    if (rows[number].info.type == F0R_PARAM_STRING) {
        return set_text(s, text_of(value), number);
    }
    bool same = !memcmp(member, value, bytes);
    memcpy(member, value, bytes);
    return !same;
}

void settings_get(const settings *s, f0r_param_t value, int number) {
    if (number < 0 || number >= SETTING_COUNT || !value) {
        return;
    }
    if (number == SETTING_BLUR) {
        *(f0r_param_double *)value = s->blur;
    } else if (number == SETTING_COLOR) {
        *(f0r_param_color_t *)value = s->color;
    } else {
        *(f0r_param_string *)value = s->texts[number];
    }
}

/* ---- what they mean ------------------------------------------------------------------------------------------------ */

static BD_PRINTF(2, 3) bd_result fail(bd_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return error->code = BD_ERR_INVALID_ARGUMENT;
}

static const choice *find_choice(const choice *choices, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++) {
        if (!strcasecmp(choices[i].name, text)) {
            return &choices[i];
        }
    }
    return NULL;
}

/* An empty text is the default. */
static bd_result read_choice(const settings *s, int number, const choice *choices, size_t count, unsigned *value,
                             bd_error *error) {
    const char *text = *s->texts[number] ? s->texts[number] : rows[number].text;
    const choice *found = find_choice(choices, count, text);
    if (found) {
        *value = found->number;
        return BD_OK;
    }
    char known[120] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof known; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", choices[i].name);
    }
    return fail(error, "%s is none of %s: '%.40s'", rows[number].info.name, known, text);
}

static const char *background_of(const settings *s) {
    return *s->texts[SETTING_BACKGROUND] ? s->texts[SETTING_BACKGROUND] : rows[SETTING_BACKGROUND].text;
}

bool settings_has_picture(const settings *s) {
    return !find_choice(backgrounds, COUNT(backgrounds), background_of(s));
}

bool settings_is_best(const settings *s) {
    return !strcmp(s->texts[SETTING_MATTE], "best");
}

static bd_result read_place(const settings *s, bd_replace_params *params, bd_error *error) {
    unsigned place;
    if (!*s->texts[SETTING_GRAVITY]) {
        return BD_OK;
    }
    if (read_choice(s, SETTING_GRAVITY, places, COUNT(places), &place, error)) {
        return error->code;
    }
    const unsigned row = place / 3, column = place % 3;
    params->placed = true;
    params->place[0] = (float)column / 2.0f;
    params->place[1] = (float)row / 2.0f;
    return BD_OK;
}

static uint8_t to_byte(float value) {
    return (uint8_t)(value >= 1.0f ? 255.0f : value > 0.0f ? value * 255.0f + 0.5f : 0.0f);
}

bd_result settings_read(const settings *s, const bd_model *model, uint32_t height, bd_replace_params *params,
                        bd_matte_params *matte, bd_error *error) {
    unsigned fit, mode;
    *matte = (bd_matte_params){.struct_size = sizeof *matte};
    *params = (bd_replace_params){.struct_size = sizeof *params,
                                  .color = {to_byte(s->color.r), to_byte(s->color.g), to_byte(s->color.b), 255},
                                  .matte = matte};
    const choice *background = find_choice(backgrounds, COUNT(backgrounds), background_of(s));
    params->background = background ? (bd_background)background->number : BD_BACKGROUND_PICTURE;
    if (!(s->blur >= 0.0)) {
        return fail(error, "blur is %g, less than 0", s->blur);
    }
    if (params->background == BD_BACKGROUND_BLUR) {
        params->blur_sigma_px = (float)(s->blur * (double)height / 10.0);
    }
    if (read_choice(s, SETTING_FIT, fits, COUNT(fits), &fit, error) ||
        read_choice(s, SETTING_MATTE, mattes, COUNT(mattes), &mode, error) || read_place(s, params, error)) {
        return error->code;
    }
    params->fit = (bd_fit)fit;
    matte->mode = (bd_matte_mode)mode;
    const char *classes = *s->texts[SETTING_CLASS] ? s->texts[SETTING_CLASS] : rows[SETTING_CLASS].text;
    return bd_class_set_parse(model, classes, &matte->classes, error);
}
