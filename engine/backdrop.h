/* SPDX-License-Identifier: MIT
 *
 * Backdrop: replaces the background of a photo with DeepLabv3 on any Vulkan device.
 *
 *   bd_engine    a Vulkan device with its pipelines           one per device
 *   bd_model     exported weights, parsed and planned (no GPU) shareable by sessions
 *   bd_session   a model on an engine, recorded once           one a thread; they share pipelines and weights
 *   bd_image     pixels in host memory
 *
 * A program, replace.c:
 *
 *     #include <backdrop.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv) {
 *         bd_error error;
 *         bd_image photo = {0}, background = {0}, result = {0};
 *         bd_model *model = NULL;
 *         bd_engine *engine = NULL;
 *         bd_session *session = NULL;
 *         int status = 0;
 *         if (argc != 5) {
 *             fprintf(stderr, "usage: replace MODEL PHOTO BACKGROUND OUT.png\n");
 *             return 2;
 *         }
 *         if (bd_image_read(argv[2], NULL, &photo, &error) || bd_image_read(argv[3], NULL, &background, &error) ||
 *             bd_model_open(argv[1], NULL, &model, &error) || bd_engine_create(NULL, &engine, &error) ||
 *             bd_session_create(engine, model, NULL, &session, &error) ||
 *             bd_session_replace(session, &photo, &background, NULL, &result, &error) ||
 *             bd_image_write(argv[4], &result, NULL, &error)) {
 *             fprintf(stderr, "%s (%s)\n", error.message, bd_result_name(error.code));
 *             status = 1;
 *         }
 *         bd_image_finish(&result);
 *         bd_session_destroy(session);
 *         bd_engine_destroy(engine);
 *         bd_model_destroy(model);
 *         bd_image_finish(&background);
 *         bd_image_finish(&photo);
 *         return status;
 *     }
 *
 * Conventions
 *   Results     every fallible function returns a bd_result and takes an optional bd_error, which is the caller's and
 *               receives the failure in words. It is written on failure only.
 *   Structs     those that start with struct_size, which is their sizeof, only ever grow; all others stay as they are.
 *               Of parameters, zero every other member for the default. Without struct_size a call fails with
 *               BD_ERR_INVALID_ARGUMENT; members that an older library does not know make it BD_ERR_UNSUPPORTED there,
 *               unless they are zero.
 *   Paths       are UTF-8 on every system, Windows included.
 *   Threads     all functions, from any thread. An engine may be used by several threads at once, and a model, once it is
 *               open, as well. A session, a tuner and an image are one thread's at a time, which need not be the one that
 *               made them; where a function differs, its comment says so. What is destroyed is in nobody's use.
 *   Hygiene     the library never exits, prints, touches the network or keeps globals, and reads the environment only
 *               where it looks for weights (backdrop_weights.h) and for the cache folder (bd_cache_folder).
 */
#ifndef BACKDROP_H
#define BACKDROP_H

#include "backdrop_animation.h"
#include "backdrop_engine.h"
#include "backdrop_image.h"
#include "backdrop_measure.h"
#include "backdrop_metadata.h"
#include "backdrop_model.h"
#include "backdrop_session.h"
#include "backdrop_weights.h"
#include "backdrop_words.h"

#endif
