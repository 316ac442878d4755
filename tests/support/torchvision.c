/* SPDX-License-Identifier: MIT */
#include "support/torchvision.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 21, PARAMETERS_MOST = 1024 };

typedef struct parameter {
    char name[96];
    int32_t rank; /* 1, 4; 0: num_batches_tracked */
    int32_t dims[4];
} parameter;

typedef struct dict {
    parameter *items;
    size_t count;
} dict;

/* ---- values ------------------------------------------------------------------------------------------------------ */

static uint64_t seed_of(const char *name) {
    uint64_t seed = 0xcbf29ce484222325u;
    for (const char *at = name; *at; at++) {
        seed = (seed ^ (unsigned char)*at) * 0x100000001b3u;
    }
    return seed;
}

/* splitmix64, the upper 24 bits as 0..1. */
static float uniform(uint64_t seed, uint64_t index) {
    uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)(z >> 40) * (1.0f / 16777216.0f);
}

static bool ends(const char *name, const char *ending) {
    size_t length = strlen(name), end = strlen(ending);
    return length >= end && !strcmp(name + length - end, ending);
}

static void range_of(const parameter *p, float *low, float *span) {
    *low = -0.1f;
    *span = 0.2f;
    if (ends(p->name, ".running_var")) {
        *low = 0.8f;
        *span = 0.4f;
    } else if (p->rank == 4) {
        double limit = sqrt(6.0 / (double)(p->dims[1] * p->dims[2] * p->dims[3]));
        *low = (float)-limit;
        *span = (float)(2 * limit);
    } else if (ends(p->name, ".weight")) {
        bool small = strstr(p->name, ".bn3.") != NULL;
        *low = small ? 0.2f : 0.8f;
        *span = small ? 0.2f : 0.4f;
    }
}

uint8_t *test_torchvision_picture(int32_t side) {
    size_t count = (size_t)side * (size_t)side * 3;
    uint8_t *picture = malloc(count);
    assert_non_null(picture);
    for (size_t i = 0; i < count; i++) {
        picture[i] = (uint8_t)(uniform(seed_of("picture"), i) * 256);
    }
    return picture;
}

/* ---- names and shapes -------------------------------------------------------------------------------------------- */

static void add(dict *d, int32_t rank, int32_t o, int32_t i, int32_t k, const char *format, ...) {
    assert_true(d->count < PARAMETERS_MOST);
    parameter *p = &d->items[d->count++];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(p->name, sizeof p->name, format, arguments);
    va_end(arguments);
    assert_true(length > 0 && (size_t)length < sizeof p->name);
    p->rank = rank;
    p->dims[0] = o;
    p->dims[1] = i;
    p->dims[2] = p->dims[3] = k;
}

static void add_norm(dict *d, const char *name, int32_t c) {
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    for (int i = 0; i < 4; i++) {
        add(d, 1, c, 0, 0, "%s.%s", name, parts[i]);
    }
    add(d, 0, 0, 0, 0, "%s.num_batches_tracked", name);
}

/* A convolution and its norm; the names differ in their last part. */
static void add_conv(dict *d, int32_t o, int32_t i, int32_t k, const char *folder, const char *conv, const char *norm) {
    char name[96];
    add(d, 4, o, i, k, "%s%s.weight", folder, conv);
    (void)snprintf(name, sizeof name, "%s%s", folder, norm);
    add_norm(d, name, o);
}

static void add_resnet(dict *d, const int32_t blocks[4]) {
    add_conv(d, 64, 3, 7, "backbone.", "conv1", "bn1");
    int32_t in = 64;
    for (int s = 0; s < 4; s++) {
        int32_t planes = 64 << s;
        for (int n = 0; n < blocks[s]; n++) {
            char folder[64];
            (void)snprintf(folder, sizeof folder, "backbone.layer%d.%d.", s + 1, n);
            add_conv(d, planes, in, 1, folder, "conv1", "bn1");
            add_conv(d, planes, planes, 3, folder, "conv2", "bn2");
            add_conv(d, planes * 4, planes, 1, folder, "conv3", "bn3");
            if (n == 0) {
                add_conv(d, planes * 4, in, 1, folder, "downsample.0", "downsample.1");
            }
            in = planes * 4;
        }
    }
}

static void add_mobilenet(dict *d) {
    static const int32_t blocks[15][4] = {
        /* kernel, expanded, out, squeezed to */
        {3, 16, 16, 0},     {3, 64, 24, 0},     {3, 72, 24, 0},     {5, 72, 40, 24},    {5, 120, 40, 32},
        {5, 120, 40, 32},   {3, 240, 80, 0},    {3, 200, 80, 0},    {3, 184, 80, 0},    {3, 184, 80, 0},
        {3, 480, 112, 120}, {3, 672, 112, 168}, {5, 672, 160, 168}, {5, 960, 160, 240}, {5, 960, 160, 240},
    };
    add_conv(d, 16, 3, 3, "backbone.0.", "0", "1");
    int32_t in = 16;
    for (int n = 0; n < 15; n++) {
        const int32_t *b = blocks[n];
        char folder[64];
        int part = 0;
        if (b[1] != in) {
            (void)snprintf(folder, sizeof folder, "backbone.%d.block.%d.", n + 1, part++);
            add_conv(d, b[1], in, 1, folder, "0", "1");
        }
        (void)snprintf(folder, sizeof folder, "backbone.%d.block.%d.", n + 1, part++);
        add_conv(d, b[1], 1, b[0], folder, "0", "1");
        if (b[3]) {
            add(d, 4, b[3], b[1], 1, "backbone.%d.block.%d.fc1.weight", n + 1, part);
            add(d, 1, b[3], 0, 0, "backbone.%d.block.%d.fc1.bias", n + 1, part);
            add(d, 4, b[1], b[3], 1, "backbone.%d.block.%d.fc2.weight", n + 1, part);
            add(d, 1, b[1], 0, 0, "backbone.%d.block.%d.fc2.bias", n + 1, part++);
        }
        (void)snprintf(folder, sizeof folder, "backbone.%d.block.%d.", n + 1, part);
        add_conv(d, b[2], b[1], 1, folder, "0", "1");
        in = b[2];
    }
    add_conv(d, 960, 160, 1, "backbone.16.", "0", "1");
}

static void add_head(dict *d, int32_t in) {
    add_conv(d, 256, in, 1, "classifier.0.convs.0.", "0", "1");
    add_conv(d, 256, in, 3, "classifier.0.convs.1.", "0", "1");
    add_conv(d, 256, in, 3, "classifier.0.convs.2.", "0", "1");
    add_conv(d, 256, in, 3, "classifier.0.convs.3.", "0", "1");
    add_conv(d, 256, in, 1, "classifier.0.convs.4.", "1", "2");
    add_conv(d, 256, 5 * 256, 1, "classifier.0.project.", "0", "1");
    add_conv(d, 256, 256, 3, "classifier.", "1", "2");
    add(d, 4, CLASSES, 256, 1, "classifier.4.weight");
    add(d, 1, CLASSES, 0, 0, "classifier.4.bias");
}

static void add_auxiliary(dict *d) {
    add_conv(d, 256, 1024, 3, "aux_classifier.", "0", "1");
    add(d, 4, CLASSES, 256, 1, "aux_classifier.4.weight");
    add(d, 1, CLASSES, 0, 0, "aux_classifier.4.bias");
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static size_t elements(const parameter *p) {
    return p->rank == 4 ? (size_t)p->dims[0] * (size_t)p->dims[1] * (size_t)p->dims[2] * (size_t)p->dims[3]
           : p->rank    ? (size_t)p->dims[0]
                        : 1;
}

static char *make_header(const dict *d, bool bfloat, size_t *length) {
    size_t room = d->count * 256 + 16, at = 0, offset = 0;
    char *text = malloc(room);
    assert_non_null(text);
    for (size_t i = 0; i < d->count; i++) {
        const parameter *p = &d->items[i];
        size_t bytes = elements(p) * (p->rank == 0 ? 8 : bfloat ? 2 : 4);
        char shape[64] = "";
        if (p->rank == 4) {
            (void)snprintf(shape, sizeof shape, "%d,%d,%d,%d", p->dims[0], p->dims[1], p->dims[2], p->dims[3]);
        } else if (p->rank) {
            (void)snprintf(shape, sizeof shape, "%d", p->dims[0]);
        }
        at += (size_t)snprintf(text + at, room - at,
                               "%c\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", i ? ',' : '{',
                               p->name,
                               p->rank == 0 ? "I64"
                               : bfloat     ? "BF16"
                                            : "F32",
                               shape, offset, offset + bytes);
        assert_true(at + 16 < room);
        offset += bytes;
    }
    text[at++] = '}';
    while (at % 8) {
        text[at++] = ' ';
    }
    *length = at;
    return text;
}

static void write_all(FILE *file, const void *data, size_t bytes) {
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
}

static void write_parameter(FILE *file, const parameter *p, bool bfloat) {
    enum { CHUNK = 16384 };
    static uint32_t bits[CHUNK];
    static uint16_t halves[CHUNK];
    float low, span;
    uint64_t seed = seed_of(p->name);
    if (p->rank == 0) {
        write_all(file, &(int64_t){1}, 8);
        return;
    }
    range_of(p, &low, &span);
    size_t count = elements(p);
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t now = count - first < CHUNK ? count - first : CHUNK;
        for (size_t i = 0; i < now; i++) {
            float value = low + span * uniform(seed, first + i);
            memcpy(&bits[i], &value, sizeof value);
            bits[i] &= 0xffff0000u;
            halves[i] = (uint16_t)(bits[i] >> 16);
        }
        write_all(file, bfloat ? (const void *)halves : bits, now * (bfloat ? 2 : 4));
    }
}

void test_torchvision_write(test_torchvision network, bool bfloat, const char *path) {
    dict d = {calloc(PARAMETERS_MOST, sizeof(parameter)), 0};
    assert_non_null(d.items);
    if (network == TEST_MOBILENET_V3_LARGE) {
        add_mobilenet(&d);
        add_head(&d, 960);
    } else {
        add_resnet(&d, network == TEST_RESNET50 ? (const int32_t[]){3, 4, 6, 3} : (const int32_t[]){3, 4, 23, 3});
        add_head(&d, 2048);
    }
    if (network == TEST_RESNET50) {
        add_auxiliary(&d);
    }
    size_t length;
    char *header = make_header(&d, bfloat, &length);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    write_all(file, &(uint64_t){length}, 8);
    write_all(file, header, length);
    for (size_t i = 0; i < d.count; i++) {
        write_parameter(file, &d.items[i], bfloat);
    }
    assert_int_equal(fclose(file), 0);
    free(header);
    free(d.items);
}
