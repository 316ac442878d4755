/* SPDX-License-Identifier: MIT
 *
 * Where models are that weights/fetch, or backdrop-fetch-weights, brought. A part of backdrop.h.
 *
 * A folder of weights has a manifest.json, which lists models, and cache/NAME/ with the files of each. It is the first of
 * these that has a manifest:
 *
 *   bd_weights_params.folder, or else BACKDROP_WEIGHTS of the environment; where either is given it is the only one
 *   weights/, ../weights/, ../../weights/, ../share/backdrop/ and ../../share/backdrop/ beside the library, and then beside
 *   the program
 *   $XDG_DATA_HOME/backdrop, or else ~/.local/share/backdrop
 *   /usr/local/share/backdrop, /usr/share/backdrop
 *
 * The files of models that it does not have may lie in the third of these as well, where users may write. These
 * functions, bd_cache_folder and drivers alone look at the environment; the command finds its models by them. */
#ifndef BACKDROP_WEIGHTS_H
#define BACKDROP_WEIGHTS_H

#include "backdrop_model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bd_weights bd_weights;

typedef struct bd_weights_params {
    size_t struct_size;
    const bd_allocator *allocator; /* cJSON, which reads the manifest, allocates past it */
    const char *folder;            /* NULL: by the rule above */
} bd_weights_params;

/* A model of the manifest. Texts live as long as the weights. */
typedef struct bd_weights_info {
    size_t struct_size;
    const char *name;
    const char *path;               /* of the main file, for bd_model_open; where it would be, unless fetched */
    const char *licence;            /* "" where the manifest does not say */
    bool fetched;                   /* all of its files are there, with the sizes that the manifest says */
    const char *const *class_names; /* (class_name_count), for bd_model_params */
    uint32_t class_name_count;
    uint32_t size; /* side of the input, likewise; 0: the manifest does not say */
} bd_weights_info;

/* Reads the manifest. params NULL: all default.
 *
 * Errors   BD_ERR_FILE_NOT_FOUND: there is none, and the message says what to do; BD_ERR_FILE_READ, _CORRUPT,
 *          BD_ERR_OUT_OF_MEMORY.
 */
BD_API BD_CHECK bd_result bd_weights_open(const bd_weights_params *params, bd_weights **weights, bd_error *error);
BD_API void bd_weights_close(bd_weights *weights); /* NULL is fine */

/* The folder; the manifest's own text, JSON; and the script that brings what is missing, as a user would call it. */
BD_API const char *bd_weights_folder(const bd_weights *weights);
BD_API const char *bd_weights_manifest(const bd_weights *weights);
BD_API const char *bd_weights_fetcher(const bd_weights *weights);

/* Models by number, from 0, as the manifest lists them. BD_ERR_INVALID_ARGUMENT past the last one. */
BD_API bd_result bd_weights_get(const bd_weights *weights, uint32_t index, bd_weights_info *info);

/* A model by name; NULL: the manifest's default.
 *
 * Errors   BD_ERR_INVALID_ARGUMENT: there is none of that name, and the message lists them; BD_ERR_FILE_NOT_FOUND: its files
 *          are not there, and the message says how to fetch them. info is written in the latter case, too.
 */
BD_API BD_CHECK bd_result bd_weights_find(const bd_weights *weights, const char *name, bd_weights_info *info,
                                          bd_error *error);

/* bd_model_open of a model by name, with the manifest's class names and size where params have none: all that a host
 * needs that takes what is installed. The model does not need the weights afterwards.
 *
 * weights  NULL: they are opened for this, by the rule.
 * name     NULL: the default. A text with a slash, or one that is a file's, is the path of a model, for bd_model_open.
 * Errors   of bd_weights_open, bd_weights_find and bd_model_open.
 */
BD_API BD_CHECK bd_result bd_weights_open_model(const bd_weights *weights, const char *name,
                                                const bd_model_params *params, bd_model **model, bd_error *error);

#ifdef __cplusplus
}
#endif

#endif
