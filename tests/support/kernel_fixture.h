/* SPDX-License-Identifier: MIT
 * Graphs of one operation on random tensors, run by any candidate of bd_kernel_candidates. Values are such that 16-bit
 * floats hold them exactly, so that what is compared is the kernel's own rounding. */
#ifndef BD_KERNEL_FIXTURE_H
#define BD_KERNEL_FIXTURE_H

#include "kernel/kernel.h"
#include "support/kernel_check.h"

typedef struct fixture {
    check *harness;
    bd_graph graph; /* output: none, so no tensor but a bias is of float32 in any case */
    bool exact;     /* integers: 16 bits allow no error either */
    char label[160];
} fixture;

void fixture_begin(fixture *f, check *harness);
void fixture_finish(fixture *f);

/* A tensor (d0, d1, d2, d3) of random values; op is BD_OP_CONST or BD_OP_INPUT (an activation). */
uint32_t fixture_tensor(fixture *f, bd_op op, int32_t d0, int32_t d1, int32_t d2, int32_t d3, float low, float high);
/* The same of integers, both ends included. */
uint32_t fixture_integers(fixture *f, bd_op op, const int32_t dims[4], int32_t low, int32_t high);
const float *fixture_values(const fixture *f, uint32_t index); /* NULL for BD_NO_NODE */
/* Appends the node under test; its output is (1, h, w, c). The pointer is good until the next append. */
bd_node *fixture_node(fixture *f, bd_op op, const uint32_t *inputs, uint32_t count, int32_t h, int32_t w, int32_t c);
float *fixture_expected(const bd_node *node); /* zeroed, dense; free() it */

/* Runs the last node with a choice; the output is padded float32, free() it. */
float *fixture_run(fixture *f, const bd_kernel_choice *choice);

/* The largest error that a choice's precision allows: absolute and relative are float32's. */
void fixture_check(fixture *f, const bd_kernel_choice *choice, const float *expected, float absolute, float relative);

/* Runs the last node in every column of the table of kernels that the device can run, by the default and by one other
 * candidate, in 32 bits and where there are kernels in 16, and compares (--bench: the device's own column and default
 * only). Takes expected. */
void fixture_compare(fixture *f, float *expected, float absolute, float relative);

/* A convolution or depthwise convolution. */
typedef struct window {
    int32_t h, w, in, out; /* depthwise: out unused */
    int32_t kernel, stride, dilation;
    bool valid; /* no padding, else TensorFlow's SAME */
    bool bias, residual;
    float low, high;
    bool hard_swish;
} window;

int32_t fixture_out_size(int32_t in, const window *a);
bd_conv_attrs fixture_attributes(const window *a);
void fixture_describe(fixture *f, const window *a);
/* Adds tensors and the CONV or DEPTHWISE node; returns what the reference says of it, free() it. */
float *fixture_conv(fixture *f, const window *a);
float *fixture_depthwise(fixture *f, const window *a);
/* Rounding of a sum of n random products grows with its own size, about sqrt(n). */
float fixture_conv_error(const window *a);

#endif
