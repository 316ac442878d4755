/* SPDX-License-Identifier: MIT
 * For tests that need the default weights, a device, or a session on it. */
#ifndef BD_TEST_SESSION_H
#define BD_TEST_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "backdrop.h"
#include "support/files.h"

/* Path of model.json: BACKDROP_MODEL, else weights/cache of the source folder; NULL when there are none. */
const char *test_model_path(void);

typedef struct test_session {
    bd_model *model;
    bd_engine *engine;
    bd_session *session;
    uint32_t complaints; /* errors in the log: validation's messages */
} test_session;

/* Opens everything with validation and synchronisation validation on; fails the test when something goes wrong.
 * kernel_set NULL: the device's own. */
void test_session_open(test_session *t, const char *kernel_set);
/* The default model at another size, in pixels a side: what does not depend on it takes less time so. */
void test_session_open_side(test_session *t, uint32_t side);
/* The same with a model of the caller's; NULL: none. */
void test_session_open_model(test_session *t, const char *model, const char *kernel_set);
/* The engine alone; kernel_set and cache_dir as in bd_engine_params. */
void test_engine_open(test_session *t, const char *kernel_set, const char *cache_dir);
/* Closes what is open and fails the test if validation complained. */
void test_session_close(test_session *t);

/* What follows fails the test when it cannot be done. */
bd_model *test_model_open(const char *path, const bd_model_params *params);
bd_session *test_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params);
bd_image test_replaced(bd_session *session, const bd_image *photo, const bd_image *background,
                       const bd_replace_params *params);

/* Says why and returns the exit status 77 when weights or a device are missing, else 0. */
int test_session_skip(void);
/* The same where no weights are needed. */
int test_device_skip(void);

bd_image test_read_image(const char *path);
/* RGBA8 whose pixels are the caller's: to be filled in, and released with free(). */
bd_image test_new_picture(uint32_t w, uint32_t h);
/* Size and bytes, row by row. */
void test_assert_same(const bd_image *a, const bd_image *b);
/* Fails at what is no number. */
double test_largest_difference(const float *a, const float *b, size_t count);

#endif
