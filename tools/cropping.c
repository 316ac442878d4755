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

void cli_cropping_see(cli_cropping *cropping, const bd_image *alpha) {
    cropping->size[0] = alpha->width;
    cropping->size[1] = alpha->height;
    for (uint32_t y = 0; y < alpha->height; y++) {
        const uint8_t *row = alpha->pixels + (ptrdiff_t)y * alpha->stride_bytes;
        uint32_t first = 0, last = alpha->width - 1;
        while (first < alpha->width && !is_visible(alpha, row, first)) {
            first++;
        }
        if (first == alpha->width) {
            continue;
        }
        while (!is_visible(alpha, row, last)) {
            last--;
        }
        const uint32_t at[2][2] = {{first, last}, {y, y}};
        for (int axis = 0; axis < 2; axis++) {
            const bool less = !cropping->found || at[axis][0] < cropping->first[axis];
            const bool more = !cropping->found || at[axis][1] > cropping->last[axis];
            cropping->first[axis] = less ? at[axis][0] : cropping->first[axis];
            cropping->last[axis] = more ? at[axis][1] : cropping->last[axis];
        }
        cropping->found = true;
    }
}

void cli_cropping_settle(cli *run, cli_cropping *cropping, const char *photo) {
    if (!cropping->found) {
        if (!run->options.quiet) {
            cli_note(run, "%s is not cropped: its matte is empty", photo);
        }
        return;
    }
    const uint32_t *first = cropping->first, *last = cropping->last;
    const uint32_t width = last[0] - first[0], height = last[1] - first[1];
    const float side = (float)(width > height ? width : height) + 1.0f;
    const float margin = cropping->percent ? side * cropping->margin / 100.0f : cropping->margin;
    widen(first[0], last[0], margin, cropping->size[0], &cropping->x, &cropping->width);
    widen(first[1], last[1], margin, cropping->size[1], &cropping->y, &cropping->height);
}

void cli_cropping_find(cli *run, cli_cropping *cropping, const bd_image *alpha, const char *photo) {
    cropping->found = false;
    cli_cropping_see(cropping, alpha);
    cli_cropping_settle(run, cropping, photo);
}

bool cli_cropping_see_result(cli *run, cli_cropping *cropping, const bd_session *session, const char *photo) {
    bd_image alpha = {0};
    if (bd_session_take_alpha(session, &alpha, &run->error)) {
        return cli_failed_with(run, photo);
    }
    cli_cropping_see(cropping, &alpha);
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
