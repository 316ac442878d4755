/* SPDX-License-Identifier: MIT
 * What all instances of the process share: an engine a device, and a model a name. */
#ifndef BACKDROP_FREI0R_SHARED_H
#define BACKDROP_FREI0R_SHARED_H

#include <backdrop.h>

typedef struct shared_engine shared_engine;
typedef struct shared_model shared_model;

/* device as of bd_engine_params, "": the default. NULL: the failure is in error. Any thread; so is what follows. */
shared_engine *shared_engine_take(const char *device, bd_error *error);
void shared_engine_release(shared_engine *engine); /* NULL is fine; the last one ends it */
bd_engine *shared_engine_get(const shared_engine *engine);
/* Nobody takes it any more: it is of no further use. */
void shared_engine_lost(shared_engine *engine);

/* A path, or the name of a model that was fetched; "": the default. */
shared_model *shared_model_take(const char *name, bd_error *error);
void shared_model_release(shared_model *model); /* NULL is fine */
const bd_model *shared_model_get(const shared_model *model);

#endif
