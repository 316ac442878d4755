/* SPDX-License-Identifier: MIT */
#include <math.h>

#include <cjson/cJSON.h>

#include "cropping.h"
#include "progress.h"
#include "values.h"

/* Less is not seen: a matte has specks and haze of it far from the subject. */
static const float visible = 0.02f;

bool cli_cropping_parse(cli *run, cli_cropping *cropping) {
    const cli_options *from = &run->options;
    *cropping = (cli_cropping){.wanted = from->crop != NULL};
    if (from->crop && from->classic) {
        return cli_fail(run, CLI_USAGE, "--classic has the tutorial's size; --crop does not go with it");
    }
    return cli_value_margin(run, &from->crop, &cropping->margin, &cropping->percent);
}

static bool is_visible(const bd_image *alpha, const uint8_t *row, uint32_t x) {
    if (alpha->format == BD_FORMAT_GRAY16) {
        return (float)((const uint16_t *)(const void *)row)[x] >= visible * 65535.0f;
    }
    return (float)row[x] >= visible * 255.0f;
}

/* One axis: what lies within margin of first..last, and on the photo. */
static void widen(uint32_t first, uint32_t last, float margin, uint32_t size, uint32_t *at, uint32_t *length) {
    uint32_t room = (uint32_t)lroundf(margin);
    uint32_t end = size - 1 - last > room ? last + 1 + room : size;
    *at = first > room ? first - room : 0;
    *length = end - *at;
}

void cli_cropping_find(cli *run, cli_cropping *cropping, const bd_image *alpha, const char *photo) {
    uint32_t left = alpha->width, right = 0, top = alpha->height, bottom = 0;
    for (uint32_t y = 0; y < alpha->height; y++) {
        const uint8_t *row = alpha->pixels + (ptrdiff_t)y * alpha->stride_bytes;
        uint32_t first = 0, last = alpha->width;
        while (first < alpha->width && !is_visible(alpha, row, first)) {
            first++;
        }
        if (first == alpha->width) {
            continue;
        }
        while (!is_visible(alpha, row, last - 1)) {
            last--;
        }
        left = first < left ? first : left;
        right = last - 1 > right ? last - 1 : right;
        top = y < top ? y : top;
        bottom = y;
    }
    cropping->found = top < alpha->height;
    if (!cropping->found) {
        if (!run->options.quiet) {
            cli_note(run, "%s is not cropped: its matte is empty", photo);
        }
        return;
    }
    float side = (float)(right - left > bottom - top ? right - left : bottom - top) + 1.0f;
    float margin = cropping->percent ? side * cropping->margin / 100.0f : cropping->margin;
    widen(left, right, margin, alpha->width, &cropping->x, &cropping->width);
    widen(top, bottom, margin, alpha->height, &cropping->y, &cropping->height);
}

bool cli_cropping_take(cli *run, cli_cropping *cropping, const bd_session *session, const char *photo) {
    bd_image alpha = {0};
    if (bd_session_take_alpha(session, &alpha, &run->error)) {
        return cli_failed_with(run, photo);
    }
    cli_cropping_find(run, cropping, &alpha, photo);
    bd_image_finish(&alpha);
    return true;
}

static size_t pixel_bytes(bd_format format) {
    switch (format) {
    case BD_FORMAT_GRAY8: return 1;
    case BD_FORMAT_GRAY16: return 2;
    case BD_FORMAT_RGBA16: return 8;
    default: return 4;
    }
}

bd_image cli_cropping_view(const cli_cropping *cropping, const bd_image *image) {
    bd_image view = *image;
    if (cropping->found) {
        view.pixels += (ptrdiff_t)cropping->y * view.stride_bytes + (ptrdiff_t)(cropping->x * pixel_bytes(view.format));
        view.width = cropping->width;
        view.height = cropping->height;
    }
    return view;
}

void cli_cropping_json(cJSON *object, const cli_cropping *cropping) {
    if (cropping->found) {
        cJSON *crop = cJSON_AddObjectToObject(object, "crop");
        cJSON_AddNumberToObject(crop, "x", cropping->x);
        cJSON_AddNumberToObject(crop, "y", cropping->y);
        cJSON_AddNumberToObject(crop, "width", cropping->width);
        cJSON_AddNumberToObject(crop, "height", cropping->height);
    }
}
