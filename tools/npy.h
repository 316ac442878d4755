/* SPDX-License-Identifier: MIT
 * NumPy's files of (h, w) numbers, of either byte order, by rows or by columns: float16, float32 and float64 as they are,
 * uint16 over its whole range, other integers as bytes from 0 to 255, bool as 0 and 1. */
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
    char holds[120];    /* such as "int64 of shape (3, 4)"; empty: it is not known */
    unsigned long h, w; /* 1 to 16384 each */
    size_t item_bytes;
    char kind; /* NumPy's: f, u, i or b */
    bool big_endian, by_columns;
    double most;      /* what stands for 1 */
    double low, high; /* of the numbers, after cli_npy_values */
    bool not_a_number;
} cli_npy;

bool cli_npy_is(const uint8_t *data, size_t bytes);
/* false: not a file of such numbers. */
bool cli_npy_header(cli_npy *n);
/* After the header: h * w values, number / most, those beyond 0..1 as 0 or 1. false: there are fewer. */
bool cli_npy_values(cli_npy *n, float *values);

#endif
