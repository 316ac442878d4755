/* SPDX-License-Identifier: MIT
 * The filter "backdrop": frei0r's functions. docs/plugins.md tells of its parameters. */
#include <frei0r.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define EXPORT __attribute__((visibility("default")))

typedef struct instance {
    pthread_mutex_t lock; /* hosts set parameters, and MLT's slices run frames, from several threads */
    settings settings;
    stream stream;
} instance;

EXPORT int f0r_init(void) {
    return 1;
}

/* Hosts call it while instances live: MLT before it destroys them, ffmpeg once a filter. The last instance ends what is
 * shared. */
EXPORT void f0r_deinit(void) {
}

EXPORT void f0r_get_plugin_info(f0r_plugin_info_t *info) {
    *info =
        (f0r_plugin_info_t){.name = "backdrop",
                            .author = "Backdrop",
                            .plugin_type = F0R_PLUGIN_TYPE_FILTER,
                            .color_model = F0R_COLOR_MODEL_RGBA8888,
                            .frei0r_version = FREI0R_MAJOR_VERSION,
                            .major_version = BD_VERSION_MAJOR,
                            .minor_version = BD_VERSION_MINOR,
                            .num_params = SETTING_COUNT,
                            .explanation = "Replaces the background behind people by a picture, a colour, a blur or "
                                           "nothing"};
}

EXPORT void f0r_get_param_info(f0r_param_info_t *info, int param_index) {
    settings_describe(info, param_index);
}

EXPORT f0r_instance_t f0r_construct(unsigned int width, unsigned int height) {
    instance *made = calloc(1, sizeof *made);
    if (made && settings_init(&made->settings) && !pthread_mutex_init(&made->lock, NULL)) {
        stream_init(&made->stream, width, height);
        return made;
    }
    if (made) {
        settings_finish(&made->settings);
    }
    free(made);
    return NULL;
}

EXPORT void f0r_destruct(f0r_instance_t given) {
    instance *of = given;
    if (of) {
        stream_finish(&of->stream);
        settings_finish(&of->settings);
        (void)pthread_mutex_destroy(&of->lock);
        free(of);
    }
}

EXPORT void f0r_set_param_value(f0r_instance_t given, f0r_param_t param, int param_index) {
    instance *of = given;
    (void)pthread_mutex_lock(&of->lock);
    if (settings_set(&of->settings, param, param_index)) {
        stream_change(&of->stream, param_index);
    }
    (void)pthread_mutex_unlock(&of->lock);
}

EXPORT void f0r_get_param_value(f0r_instance_t given, f0r_param_t param, int param_index) {
    instance *of = given;
    (void)pthread_mutex_lock(&of->lock);
    settings_get(&of->settings, param, param_index);
    (void)pthread_mutex_unlock(&of->lock);
}

EXPORT void f0r_update(f0r_instance_t given, double time, const uint32_t *inframe, uint32_t *outframe) {
    (void)time;
    instance *of = given;
    (void)pthread_mutex_lock(&of->lock);
    bool done = stream_replace(&of->stream, &of->settings, (const uint8_t *)inframe, (uint8_t *)outframe);
    if (!done && outframe != inframe) {
        memcpy(outframe, inframe, (size_t)of->stream.width * of->stream.height * sizeof *outframe);
    }
    (void)pthread_mutex_unlock(&of->lock);
}
