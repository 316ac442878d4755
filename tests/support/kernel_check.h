/* SPDX-License-Identifier: MIT
 * Checks shader variants against scalar references, after dav1d's checkasm: random input from a printed seed, poisoned
 * outputs, guard bands around every buffer, validation and synchronisation validation on. The same program benches
 * (--bench). */
#ifndef BD_KERNEL_CHECK_H
#define BD_KERNEL_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/column.h"
#include "vk/vk.h"

typedef struct check {
    bd_vk vk;
    uint32_t native; /* the device's own column of the table of kernels */
    bd_vk_commands commands;
    uint64_t seed, state;
    uint32_t complaints; /* errors in the log: validation's messages */
    uint32_t slices;     /* that the next dispatch is cut into where the device allows it: 1, 2 and 3 in turn */
    bool bench;          /* time the large cases instead of checking the small ones */
} check;

/* Opens the device; the program ends with what this returns unless it is 0 (77: no device). Arguments: --bench,
 * --seed N or clock (or BACKDROP_SEED in the environment; default 1, so that a run repeats; clock to soak).
 * BACKDROP_DEVICE chooses the device. */
int check_open(check *c, int argc, char **argv);
/* Closes it and returns the program's exit status, given that of the tests. */
int check_close(check *c, int failed);

/* Runs what follows in every column that has picture kernels of its own and that the device can run (--bench: in the
 * device's own), then sets the device's own again. */
#define CHECK_EACH_COLUMN(c)                                                                                           \
    for (bool more_columns = check_first_column(c); more_columns; more_columns = check_next_column(c))
bool check_first_column(check *c);
bool check_next_column(check *c);

/* What a read binding holds: these bytes, NaNs around them. data NULL: not read, anything is bound. */
typedef struct check_input {
    const void *data;
    size_t bytes;
} check_input;

/* Memory full of the NaNs that stand for what was not written; free() it. */
void *check_output(size_t bytes);

/* Dispatches once over out as it is (check_output), whole or in slices, and reads it back. Fails the test on any error, any
 * validation message and a changed byte outside the output. With c->bench it prints the best time of a few runs. dispatch: all but
 * the buffers. label: sizes, for messages. */
void check_run(check *c, const bd_vk_dispatch *dispatch, const check_input inputs[BD_VK_BINDINGS - 1], void *out,
               size_t out_bytes, const char *label, double multiply_adds);

/* Test sequence: the same for the same seed and test. */
uint32_t check_random(check *c);
int32_t check_between(check *c, int32_t low, int32_t high); /* both included */
float check_float(check *c, float low, float high);
float *check_floats(check *c, size_t count, float low, float high); /* free() it */
uint8_t *check_bytes(check *c, size_t count);                       /* free() it */

/* (rows, channels) dense to (rows, ceil(channels / 4) * 4), padding 0. free() it. */
float *check_pad(const float *dense, size_t rows, int32_t channels);

/* got is padded, expected dense. |got - expected| <= absolute + relative * |expected| everywhere, padding 0, normalised
 * mean square error at most 1e-10. width: pixels in a row of the map, for the message. */
void check_tensor(const char *label, const float *expected, const float *got, size_t rows, int32_t channels,
                  int32_t width, float absolute, float relative);
/* The same with another bound on the normalised mean square error. */
void check_tensor_within(const char *label, const float *expected, const float *got, size_t rows, int32_t channels,
                         int32_t width, float absolute, float relative, double nmse);
/* Fails where a byte differs by more than tolerance, and when more than one in a hundred differ at all. width: bytes in
 * a row. */
void check_picture(const char *label, const uint8_t *expected, const uint8_t *got, size_t bytes, size_t width,
                   int32_t tolerance);
/* The same for pictures of u16: numbers, and numbers in a row. Floats of 32 bits round many of them otherwise: how many
 * differ is not counted. */
void check_picture16(const char *label, const uint16_t *expected, const uint16_t *got, size_t numbers, size_t width,
                     int32_t tolerance);
/* One of them, as pixels are; width in pixels. */
void check_pixels(const char *label, bool deep, const void *expected, const void *got, size_t pixels, size_t width,
                  int32_t tolerance);

#endif
