/* SPDX-License-Identifier: MIT
 * State dicts of torchvision's networks, made of nothing: each parameter is a function of its name and index, the same
 * as in tests/golden/make_torch_goldens.py, which also ran the networks. */
#ifndef BD_TEST_TORCHVISION_H
#define BD_TEST_TORCHVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum test_torchvision {
    TEST_RESNET50, /* with its auxiliary head */
    TEST_RESNET101,
    TEST_MOBILENET_V3_LARGE
} test_torchvision;

/* Writes a .safetensors file of float32, or of bfloat16, which holds the values exactly. Fails the test. */
void test_torchvision_write(test_torchvision network, bool bfloat, const char *path);

/* The picture that the goldens are of: (side, side, 3) u8; free() it. */
uint8_t *test_torchvision_picture(int32_t side);

#endif
