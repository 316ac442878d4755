/* SPDX-License-Identifier: MIT
 * The parameters of an instance, as the host sets them, and what they mean to the library. */
#ifndef BACKDROP_FREI0R_SETTINGS_H
#define BACKDROP_FREI0R_SETTINGS_H

#include <backdrop.h>
#include <frei0r.h>

/* Their numbers in the frei0r interface: ffmpeg takes them by order. */
enum {
    SETTING_BACKGROUND,
    SETTING_BLUR,
    SETTING_COLOR,
    SETTING_FIT,
    SETTING_GRAVITY,
    SETTING_MATTE,
    SETTING_CLASS,
    SETTING_MODEL,
    SETTING_DEVICE,
    SETTING_COUNT
};

typedef struct settings {
    char *texts[SETTING_COUNT]; /* of the strings, never NULL */
    double blur;
    f0r_param_color_t color;
} settings;

/* All default. False: there is no memory. */
bool settings_init(settings *s);
void settings_finish(settings *s);

void settings_describe(f0r_param_info_t *info, int number);
/* As frei0r's functions of these names. Of set, whether something has changed. */
bool settings_set(settings *s, f0r_param_t value, int number);
void settings_get(const settings *s, f0r_param_t value, int number);

/* Whether the background is a picture, whose path is the text then. */
bool settings_has_picture(const settings *s);
/* Whether the matte is the best one, for which the session has a network more. */
bool settings_is_best(const settings *s);

/* All that follows from the settings but the picture. matte is what params point at; height is the frame's.
 * Errors: BD_ERR_INVALID_ARGUMENT for words and numbers that are not known. */
bd_result settings_read(const settings *s, const bd_model *model, uint32_t height, bd_replace_params *params,
                        bd_matte_params *matte, bd_error *error);

#endif
