/* SPDX-License-Identifier: MIT
 * Correctness before time: what the network says is compared with something independent of it. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "picture.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Figures of wrong results are worth nothing. */
static double logit_tolerance(bd_precision precision) {
    return precision == BD_PRECISION_FP32 ? 1e-3 : precision == BD_PRECISION_FP16 ? 0.25 : 0.5;
}

/* ---- stored logits ----------------------------------------------------------------------------------------------- */

typedef struct stored {
    char photo[BENCH_PATH], logits[BENCH_PATH];
    const char *name; /* for people */
} stored;

static bool photo_beside(const char *folder, const char *name, char photo[BENCH_PATH]) {
    static const char *const endings[] = {".resized.png", ".png", ".jpg"};
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        (void)snprintf(photo, BENCH_PATH, "%s/%s%s", folder, name, endings[e]);
        if (bench_exists(photo)) {
            return true;
        }
    }
    return false;
}

/* The first name in the alphabet that has both. */
static bool find_in_folder(const char *folder, stored *found) {
    static const char ending[] = ".logits.npy";
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool ok = false;
    for (int i = 0; i < count; i++) {
        char name[256];
        (void)snprintf(name, sizeof name, "%s", entries[i]->d_name);
        size_t length = strlen(name);
        free(entries[i]);
        if (!ok && length > sizeof ending - 1 && !strcmp(name + length - (sizeof ending - 1), ending)) {
            (void)snprintf(found->logits, BENCH_PATH, "%s/%s", folder, name);
            name[length - (sizeof ending - 1)] = '\0';
            ok = photo_beside(folder, name, found->photo);
        }
    }
    if (count >= 0) {
        free(entries);
    }
    found->name = strrchr(found->logits, '/') ? strrchr(found->logits, '/') + 1 : found->logits;
    return ok;
}

/* False when there are none; a folder that was asked for must hold some, and that is said. */
static bool find_stored(const bench *b, stored *found, bool *failed) {
    *failed = false;
    *found = (stored){0};
    if (b->a.reference) {
        *failed = !find_in_folder(b->a.reference, found);
        if (*failed) {
            (void)fprintf(stderr, "%s: no NAME.logits.npy with a picture beside it\n", b->a.reference);
        }
        return !*failed;
    }
    if (!b->default_model || b->info.input_width != 513 || b->info.input_height != 513) {
        return false;
    }
    char folder[BENCH_PATH];
    if (bench_find_file("shared/data/golden/mnv2_pascal", folder) && find_in_folder(folder, found)) {
        return true;
    }
    found->name = "person.logits.npy of tests/golden/network";
    return bench_find_file("tests/golden/network/person.logits.npy", found->logits) &&
           bench_find_file("tools/samples/person.jpg", found->photo);
}

/* expected has the logits' own shape, or holds every step-th in both directions. */
static bool compare(const bench *b, const float *got, const float *expected, const uint32_t shape[4], double *max_error,
                    size_t *compared) {
    uint32_t first = shape[0] == 1 && shape[3] > 1 ? 1 : 0; /* (1, h, w, c) or (h, w, c) */
    uint32_t h = shape[first];
    uint32_t w = shape[first + 1];
    uint32_t c = shape[first + 2];
    uint32_t step = h > 1 ? (b->info.logits_height - 1) / (h - 1) : 1;
    if (c != b->info.class_count || !step || (h - 1) * step + 1 != b->info.logits_height ||
        (w - 1) * step + 1 != b->info.logits_width) {
        (void)fprintf(stderr, "stored logits are (%u, %u, %u), ours (%u, %u, %u)\n", h, w, c, b->info.logits_height,
                      b->info.logits_width, b->info.class_count);
        return false;
    }
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            const float *p = got + ((size_t)y * step * b->info.logits_width + (size_t)x * step) * c;
            const float *q = expected + ((size_t)y * w + x) * c;
            for (uint32_t k = 0; k < c; k++) {
                double error = fabs((double)p[k] - (double)q[k]);
                *max_error = isnan(error) ? INFINITY : fmax(*max_error, error);
            }
        }
    }
    *compared = (size_t)h * w * c;
    return true;
}

static bool segment_logits(bd_session *session, const bd_image *photo, bd_segmentation *got) {
    bd_error error;
    const bd_segment_params params = {.struct_size = sizeof params, .want_logits = true};
    return !bd_session_segment(session, photo, &params, got, &error) || bench_fail(&error);
}

static bool compare_stored(const bench *b, const stored *s, const bd_image *photo, bd_session *session,
                           double *max_error, size_t *compared) {
    float *expected;
    uint32_t shape[4];
    bd_segmentation got = {.struct_size = sizeof got};
    bool ok = bench_read_npy(s->logits, &expected, shape);
    ok = ok && segment_logits(session, photo, &got) && compare(b, got.logits, expected, shape, max_error, compared);
    free(expected);
    bd_segmentation_finish(&got);
    return ok;
}

/* ---- input ------------------------------------------------------------------------------------------------------- */

static bool run(bd_session *session, const uint8_t *input, float *logits) {
    bd_error error;
    return !bd_session_run_network(session, input, logits, NULL, NULL, NULL, &error) || bench_fail(&error);
}

/* The stored logits' own photo where it is as large as the network's input, else a made one. */
static bool fill_input(const bench *b, const bd_image *photo, bench_check *check) {
    uint32_t w = b->info.input_width;
    uint32_t h = b->info.input_height;
    check->logits_count = (size_t)b->info.logits_width * b->info.logits_height * b->info.class_count;
    check->input = malloc((size_t)w * h * 3);
    check->logits = malloc(check->logits_count * sizeof *check->logits);
    if (!check->input || !check->logits) {
        (void)fprintf(stderr, "out of memory\n");
        return false;
    }
    if (photo->width != w || photo->height != h) {
        bench_fill_picture(check->input, w, h, 3);
        return true;
    }
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++) {
            memcpy(check->input + ((size_t)y * w + x) * 3, photo->pixels + y * photo->stride_bytes + 4ull * x, 3);
        }
    }
    return true;
}

/* ---- another kernel set ------------------------------------------------------------------------------------------ */

static double largest_difference(const float *a, const float *b, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double error = fabs((double)a[i] - (double)b[i]);
        largest = isnan(error) ? INFINITY : fmax(largest, error);
    }
    return largest;
}

/* From the last to the first: on software devices the first, for GPUs, is by far the slowest. */
static bool compare_with_other(bench *b, bench_check *check) {
    uint32_t sets = 0;
    while (bd_kernel_set_name(sets)) {
        sets++;
    }
    float *other = malloc(check->logits_count * sizeof *other);
    bool found = false;
    bool ok = other != NULL;
    bool same_precision = b->session_info.precision == BD_PRECISION_FP32;
    for (uint32_t s = sets; s-- > 0 && ok && !found;) {
        const char *name = bd_kernel_set_name(s);
        bd_engine *engine;
        bd_session *session;
        bd_error error;
        if ((!strcmp(name, b->session_info.kernel_set) && same_precision) ||
            !bench_open_engine(b, name, BD_PRECISION_FP32, &engine, &session, &error)) {
            continue;
        }
        found = true;
        ok = run(session, check->input, other);
        check->max_error = largest_difference(check->logits, other, check->logits_count);
        check->compared = check->logits_count;
        (void)snprintf(check->against, sizeof check->against, "kernel set %s, fp32, on the same device", name);
        bd_session_destroy(session);
        bd_engine_destroy(engine);
    }
    if (ok && !found) {
        (void)fprintf(stderr, "nothing to compare with: no stored logits (--reference DIR), no other kernel set\n");
    }
    free(other);
    return ok && found;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

bool bench_check_open(bench *b, bench_check *check) {
    *check = (bench_check){0};
    stored s;
    bool failed;
    bd_image photo = {0};
    bool has_stored = find_stored(b, &s, &failed);
    bool ok = !failed && (!has_stored || bench_read_image(s.photo, true, &photo)) && fill_input(b, &photo, check);
    for (uint32_t i = 0; i < b->session_count && ok; i++) {
        if (has_stored) {
            (void)snprintf(check->against, sizeof check->against, "stored logits: %s", s.name);
            ok = compare_stored(b, &s, &photo, b->sessions[i], &check->max_error, &check->compared);
        }
        ok = ok && (i || run(b->sessions[i], check->input, check->logits));
    }
    ok = ok && (has_stored || compare_with_other(b, check));
    if (ok && !(check->max_error <= logit_tolerance(b->session_info.precision))) {
        (void)fprintf(stderr, "WRONG: a logit is off by %g against %s; nothing was timed\n", check->max_error,
                      check->against);
        ok = false;
    }
    /* Each session has the input now, and they agree bit by bit. */
    float *other = ok ? malloc(check->logits_count * sizeof *other) : NULL;
    for (uint32_t i = 1; i < b->session_count && ok; i++) {
        ok = other && run(b->sessions[i], check->input, other);
        if (ok && memcmp(other, check->logits, check->logits_count * sizeof *other) != 0) {
            (void)fprintf(stderr, "WRONG: two sessions over one model give different logits\n");
            ok = false;
        }
    }
    free(other);
    bd_image_finish(&photo);
    if (ok) {
        bench_say(b, "checked against %s: largest logit error %.3g of %zu\n", check->against, check->max_error,
                  check->compared);
    }
    return ok;
}

bool bench_check_session(const bench *b, const bench_check *check, bd_session *session, double *max_error,
                         double *run_ms) {
    stored s;
    bool failed;
    size_t compared;
    bd_session_info info = {.struct_size = sizeof info};
    bd_session_get_info(session, &info);
    *max_error = 0;
    bd_image photo = {0};
    bool has_stored = find_stored(b, &s, &failed);
    bool ok = !failed && (!has_stored || (bench_read_image(s.photo, true, &photo) &&
                                          compare_stored(b, &s, &photo, session, max_error, &compared)));
    bd_image_finish(&photo);
    float *own = ok ? malloc(check->logits_count * sizeof *own) : NULL;
    double start = bench_now_ms();
    ok = own && run(session, check->input, own);
    *run_ms = bench_now_ms() - start;
    if (ok && !has_stored) {
        *max_error = largest_difference(own, check->logits, check->logits_count);
    }
    free(own);
    if (ok && !(*max_error <= logit_tolerance(info.precision))) {
        (void)fprintf(stderr, "WRONG: kernel set %s: a logit is off by %g\n", info.kernel_set, *max_error);
        ok = false;
    }
    return ok;
}

bool bench_check_again(bench *b, const bench_check *check) {
    float *again = malloc(check->logits_count * sizeof *again);
    bool ok = again != NULL;
    for (uint32_t i = 0; i < b->session_count && ok; i++) {
        ok = run(b->sessions[i], NULL, again);
        if (ok && memcmp(again, check->logits, check->logits_count * sizeof *again) != 0) {
            (void)fprintf(stderr, "WRONG: the logits changed between runs of one input\n");
            ok = false;
        }
    }
    free(again);
    return ok;
}

void bench_check_close(bench_check *check) {
    free(check->input);
    free(check->logits);
    *check = (bench_check){0};
}
