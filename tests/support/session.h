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

/* Path of model.json: BACKDROP_MODEL, else weights/cache of the source folder; NULL when there are none. */
const char *test_model_path(void);
/* A file of the source tree; the buffer is the function's own, good until the next but three calls. */
const char *test_source_file(const char *path);

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
/* Closes it and fails the test if validation complained. */
void test_session_close(test_session *t);

/* Says why and returns the exit status 77 when weights or a device are missing, else 0. */
int test_session_skip(void);
/* The same where no weights are needed. */
int test_device_skip(void);

bd_image test_read_image(const char *path);

#endif
