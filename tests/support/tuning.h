/* SPDX-License-Identifier: MIT
 * For tests of tuning: a small network, and what a session chooses for it. */
#ifndef BD_TEST_TUNING_H
#define BD_TEST_TUNING_H

#include "support/session.h"

/* Of the source tree: a few convolutions, quick on any device. */
#define TEST_SMALL_NETWORK "tests/fuzz/corpus/onnx/network.onnx"

/* The names of all choices that a new session makes, one after the other. */
void test_choices(bd_engine *engine, const bd_model *model, bd_precision precision, char *text, size_t room);

#endif
