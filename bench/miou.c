/* SPDX-License-Identifier: MIT
 * A model's intersection over union on labelled photos, as the PASCAL VOC devkit takes it (VOCevalseg):
 * one confusion matrix over all pixels but those labelled 255; IoU = hits / (hits + misses + false alarms).
 *
 * FOLDER holds JPEGImages/NAME.jpg and SegmentationClass/NAME.png (VOC), or NAME.jpg and NAME.png side by side. */
#include "miou.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IGNORED = 255, CLASSES = 256 };

typedef struct evaluation {
    bench *b;
    uint64_t (*confusion)[CLASSES]; /* [truth][found] */
    char **names;                   /* of photos, without extension */
    size_t count;
    char photos[BENCH_PATH], labels[BENCH_PATH]; /* folders */
} evaluation;

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder(const char *path) {
    DIR *folder = opendir(path);
    if (folder) {
        (void)closedir(folder);
    }
    return folder != NULL;
}

/* Every label map with a photo of its name. */
static bool find_names(evaluation *e) {
    (void)snprintf(e->photos, sizeof e->photos, "%s/JPEGImages", e->b->a.operands.items[0]);
    (void)snprintf(e->labels, sizeof e->labels, "%s/SegmentationClass", e->b->a.operands.items[0]);
    if (!is_folder(e->labels)) {
        (void)snprintf(e->photos, sizeof e->photos, "%s", e->b->a.operands.items[0]);
        (void)snprintf(e->labels, sizeof e->labels, "%s", e->b->a.operands.items[0]);
    }
    DIR *folder = opendir(e->labels);
    if (!folder) {
        (void)fprintf(stderr, "%s: cannot be opened\n", e->labels);
        return false;
    }
    bool ok = true;
    for (struct dirent *entry = readdir(folder); entry && ok; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 4, ".png") != 0) {
            continue;
        }
        char path[2 * BENCH_PATH];
        (void)snprintf(path, sizeof path, "%s/%.*s.jpg", e->photos, (int)length - 4, entry->d_name);
        char *name = bench_exists(path) ? calloc(1, length + 1) : NULL;
        char **grown = name ? realloc(e->names, (e->count + 1) * sizeof *grown) : NULL;
        if (grown) {
            memcpy(name, entry->d_name, length - 4);
            e->names = grown;
            e->names[e->count++] = name;
        } else if (name) {
            free(name);
            ok = false;
        }
    }
    (void)closedir(folder);
    if (!e->count) {
        (void)fprintf(stderr, "%s: no NAME.png with a photo NAME.jpg\n", e->labels);
        return false;
    }
    qsort(e->names, e->count, sizeof *e->names, compare_names);
    return ok;
}

/* Pixel centres of the photo on the smaller map, as Pillow's nearest neighbour does. */
static uint32_t nearest(uint32_t at, uint32_t from, uint32_t to) {
    return (uint32_t)(((uint64_t)at * 2 + 1) * to / ((uint64_t)from * 2));
}

static bool count_pixels(evaluation *e, const char *name, const bd_image *truth, const bd_image *found, uint32_t width,
                         uint32_t height) {
    if (truth->width != width || truth->height != height) {
        (void)fprintf(stderr, "%s: the label map is %ux%u, the photo %ux%u\n", name, truth->width, truth->height, width,
                      height);
        return false;
    }
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = found->pixels + nearest(y, height, found->height) * found->stride_bytes;
        const uint8_t *wanted = truth->pixels + y * truth->stride_bytes;
        for (uint32_t x = 0; x < width; x++) {
            e->confusion[wanted[x]][row[nearest(x, width, found->width)]]++;
        }
    }
    return true;
}

static bool evaluate(evaluation *e, const char *name) {
    char path[2 * BENCH_PATH];
    bd_error error;
    bd_image photo = {0};
    bd_image truth = {0};
    bd_segmentation found = {.struct_size = sizeof found};
    const bd_image_read_params as_stored = {.struct_size = sizeof as_stored, .ignore_orientation = true};
    const bd_image_read_params indices = {.struct_size = sizeof indices, .indices = true};
    const bd_segment_params segment = {.struct_size = sizeof segment,
                                       .map_size = e->b->a.nearest ? BD_MAP_RESIZED : BD_MAP_PHOTO};
    (void)snprintf(path, sizeof path, "%s/%s.jpg", e->photos, name);
    bool ok = !bd_image_read(path, &as_stored, &photo, &error);
    (void)snprintf(path, sizeof path, "%s/%s.png", e->labels, name);
    ok = ok && !bd_image_read(path, &indices, &truth, &error) &&
         !bd_session_segment(e->b->session, &photo, &segment, &found, &error);
    if (!ok) {
        (void)bench_fail(&error);
    }
    ok = ok && count_pixels(e, name, &truth, &found.labels, photo.width, photo.height);
    bd_segmentation_finish(&found);
    bd_image_finish(&truth);
    bd_image_finish(&photo);
    return ok;
}

static void show_progress(const evaluation *e, size_t done) {
    enum { WIDTH = 40 };
    if (isatty(STDERR_FILENO)) {
        int filled = (int)(done * WIDTH / e->count);
        (void)fprintf(stderr, "\r[%.*s%*s] %zu of %zu", filled, "########################################",
                      WIDTH - filled, "", done, e->count);
        (void)fputs(done == e->count ? "\n" : "", stderr);
    }
}

static bool report(const evaluation *e) {
    cJSON *root = cJSON_CreateObject();
    bench_describe(e->b, root);
    bench_headline(e->b);
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    uint64_t pixels = 0;
    uint64_t hits = 0;
    double sum = 0;
    uint32_t present = 0;
    for (uint32_t c = 0; c < IGNORED; c++) {
        uint64_t truth = 0;
        uint64_t found = 0;
        for (uint32_t k = 0; k < IGNORED; k++) {
            truth += e->confusion[c][k];
            found += e->confusion[k][c];
        }
        pixels += truth;
        hits += e->confusion[c][c];
        if (!truth && !found) {
            continue;
        }
        double iou = (double)e->confusion[c][c] / (double)(truth + found - e->confusion[c][c]);
        const char *name = bd_model_class_name(e->b->model, c);
        bench_say(e->b, "%3u  %-16s IoU %.4f%s\n", c, name ? name : "", iou, truth ? "" : "  (not in the labels)");
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "index", c);
        cJSON_AddStringToObject(item, "name", name ? name : "");
        cJSON_AddNumberToObject(item, "iou", iou);
        cJSON_AddNumberToObject(item, "labelled_pixels", (double)truth);
        cJSON_AddItemToArray(classes, item);
        if (truth) {
            sum += iou;
            present++;
        }
    }
    double accuracy = pixels ? (double)hits / (double)pixels : 0;
    double mean = present ? sum / present : 0;
    bench_say(e->b, "%zu photos; mean IoU of the %u classes in the labels %.4f; pixel accuracy %.4f\n", e->count,
              present, mean, accuracy);
    cJSON_AddNumberToObject(root, "photos", (double)e->count);
    cJSON_AddNumberToObject(root, "mean_iou", mean);
    cJSON_AddNumberToObject(root, "pixel_accuracy", accuracy);
    return bench_write_json(e->b, root);
}

bool bench_miou(bench *b) {
    evaluation e = {.b = b, .confusion = calloc(CLASSES, sizeof *e.confusion)};
    bool ok = e.confusion && find_names(&e) && bench_open(b, 1);
    for (size_t i = 0; i < e.count && ok; i++) {
        ok = evaluate(&e, e.names[i]);
        show_progress(&e, i + 1);
    }
    ok = ok && report(&e);
    for (size_t i = 0; i < e.count; i++) {
        free(e.names[i]);
    }
    free(e.names);
    free(e.confusion);
    return ok;
}
