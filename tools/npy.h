/* SPDX-License-Identifier: MIT
 * NumPy's files of (h, w) numbers: little-endian float32 and float64 as they are, uint8 and uint16 over their whole
 * range, bool as 0 and 1. */
#ifndef BACKDROP_CLI_NPY_H
#define BACKDROP_CLI_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What is read, zeroed but for the first three members. */
typedef struct cli_npy {
    FILE *file; /* NULL: what is left of data */
    const uint8_t *data;
    size_t left;
    char header[1024];
    unsigned long h, w; /* 1 to 16384 each */
    size_t item_bytes;
    bool floating;
    float most; /* of integers: what stands for 1 */
} cli_npy;

bool cli_npy_is(const uint8_t *data, size_t bytes);
/* false: not a file of such numbers. */
bool cli_npy_header(cli_npy *n);
/* After the header: h * w values. false: there are fewer. */
bool cli_npy_values(cli_npy *n, float *values);

#endif
