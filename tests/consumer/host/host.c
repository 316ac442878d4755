/* SPDX-License-Identifier: MIT
 * A stranger's program, in C and in C++: a matte by the backdrop's colour, on whatever device there is. Without one the
 * library has to say so. */
#include <backdrop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64 };

static int is_inside(unsigned x, unsigned y) {
    return x >= 16 && x < 48 && y >= 16 && y < 48;
}

/* A red square before a green screen. */
static void paint(unsigned char *pixels) {
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        int inside = is_inside(i % SIDE, i / SIDE);
        pixels[4 * i + 0] = inside ? 200 : 20;
        pixels[4 * i + 1] = inside ? 40 : 180;
        pixels[4 * i + 2] = inside ? 40 : 60;
        pixels[4 * i + 3] = 255;
    }
}

static int check(const bd_image *alpha) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        unsigned x = i % SIDE, y = i / SIDE;
        int edge = is_inside(x, y) != is_inside(x + 2, y) || is_inside(x, y) != is_inside(x - 2, y) ||
                   is_inside(x, y) != is_inside(x, y + 2) || is_inside(x, y) != is_inside(x, y - 2);
        int value = alpha->pixels[y * alpha->stride_bytes + x];
        wrong += !edge && value != (is_inside(x, y) ? 255 : 0);
    }
    return wrong ? printf("%u pixels of the matte are wrong\n", wrong) : 0;
}

/* The matte's way through a file's bytes. */
static int check_file(const bd_image *alpha, bd_image_file file) {
    bd_error error;
    bd_image_write_params params;
    bd_image read;
    void *data = NULL;
    size_t bytes = 0;
    memset(&params, 0, sizeof params);
    memset(&read, 0, sizeof read);
    params.struct_size = sizeof params;
    params.file = file;
    if (bd_image_encode(alpha, &params, &data, &bytes, &error) ||
        bd_image_decode(data, bytes, "matte", NULL, &read, &error)) {
        return printf("%s\n", error.message);
    }
    int difference = read.width == SIDE ? abs(read.pixels[4 * 32 + 32 * read.stride_bytes] - 255) : 255;
    bd_image_finish(&read);
    bd_release(NULL, data);
    return difference > 3 ? printf("what was written is read with a difference of %d\n", difference) : 0;
}

int main(void) {
    static unsigned char pixels[4 * SIDE * SIDE];
    bd_error error;
    bd_engine *engine = NULL;
    bd_session *session = NULL;
    bd_model *model = NULL;
    bd_image photo, alpha;
    bd_matte_params params;
    memset(&photo, 0, sizeof photo);
    memset(&alpha, 0, sizeof alpha);
    memset(&params, 0, sizeof params);

    if (bd_version_number() != BD_VERSION) {
        printf("headers of %d, a library of %d\n", BD_VERSION, bd_version_number());
        return 1;
    }
    if (bd_model_open("no such file", NULL, &model, &error) != BD_ERR_FILE_NOT_FOUND || model ||
        !strstr(error.message, "no such file")) {
        return 1;
    }
    bd_result opened = bd_engine_create(NULL, &engine, &error);
    if (opened) {
        printf("no device: %s\n", error.message);
        return (opened == BD_ERR_NO_VULKAN || opened == BD_ERR_NO_DEVICE) && *error.message ? 0 : 1;
    }
    paint(pixels);
    photo.width = photo.height = SIDE;
    photo.stride_bytes = 4 * SIDE;
    photo.pixels = pixels;
    params.struct_size = sizeof params;
    params.key = BD_KEY_AUTO;
    int status = 1;
    if (bd_session_create(engine, NULL, NULL, &session, &error) ||
        bd_session_matte(session, &photo, &params, &alpha, &error)) {
        printf("%s (%s)\n", error.message, bd_result_name(error.code));
    } else {
        status = check(&alpha) || check_file(&alpha, BD_IMAGE_FILE_PNG) || check_file(&alpha, BD_IMAGE_FILE_JPEG);
    }
    bd_image_finish(&alpha);
    bd_session_destroy(session);
    bd_engine_destroy(engine);
    return status;
}
