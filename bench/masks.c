/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "masks.h"
#include "mask_metrics.h"
#include "mask_sheet.h"
#include "matte_options.h"
#include "pairs.h"
#include "picture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAYS = BENCH_MATTE_COUNT, WORST = 10, BAR = 24 };

/* Where a matte comes from: a mode of the library's, or the folder of --mattes. */
typedef struct way {
    const char *name;
    int mode; /* below 0: the folder */
} way;

/* One photo's scores, each way. */
typedef struct scored {
    const char *name;
    mask_scores scores[WAYS];
} scored;

typedef struct evaluation {
    bench *b;
    pair_list pairs;
    way ways[WAYS];
    uint32_t way_count;
    scored *rows;
    uint32_t count, wanted; /* rows there are, and are to be */
} evaluation;

/* A photo with its mask. */
typedef struct subject {
    bd_image photo, mask; /* GRAY16 */
    mask_truth truth;
} subject;

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

static bool read_grey(const char *path, bd_image *image) {
    bd_error error;
    const bd_image_read_params params = {.struct_size = sizeof params, .gray16 = true};
    return !bd_image_read(path, &params, image, &error) || bench_fail(&error);
}

static uint16_t grey_at(const bd_image *image, uint32_t x, uint32_t y) {
    uint16_t value;
    memcpy(&value, image->pixels + y * image->stride_bytes + 2 * (size_t)x, sizeof value);
    return value;
}

/* What reaches half of the mask's largest value is foreground, so that masks of 0 and 1 count, too. */
static uint8_t *mask_of(const bd_image *image) {
    uint8_t *mask = malloc((size_t)image->width * image->height + 1);
    uint32_t most = 0;
    for (uint32_t y = 0; y < image->height; y++) {
        for (uint32_t x = 0; x < image->width; x++) {
            uint32_t value = grey_at(image, x, y);
            most = value > most ? value : most;
        }
    }
    for (uint32_t y = 0; y < image->height && mask; y++) {
        for (uint32_t x = 0; x < image->width; x++) {
            mask[(size_t)y * image->width + x] = most && 2u * grey_at(image, x, y) >= most;
        }
    }
    return mask;
}

/* Alpha at another size: each pixel is the mean of what it covers. */
static float *alpha_of(const bd_image *matte, uint32_t w, uint32_t h) {
    float *alpha = malloc(((size_t)w * h + 1) * sizeof *alpha);
    double sx = (double)matte->width / w, sy = (double)matte->height / h;
    for (uint32_t y = 0; y < h && alpha; y++) {
        for (uint32_t x = 0; x < w; x++) {
            double sum = 0.0, total = 0.0;
            for (uint32_t v = (uint32_t)(y * sy); v < matte->height && v < (y + 1) * sy; v++) {
                for (uint32_t u = (uint32_t)(x * sx); u < matte->width && u < (x + 1) * sx; u++) {
                    double weight = bench_overlap(x * sx, (x + 1) * sx, u) * bench_overlap(y * sy, (y + 1) * sy, v);
                    sum += weight * grey_at(matte, u, v);
                    total += weight;
                }
            }
            alpha[(size_t)y * w + x] = (float)(total > 0.0 ? sum / total / 65535.0 : 0.0);
        }
    }
    return alpha;
}

static void close_subject(subject *s) {
    bd_image_finish(&s->photo);
    bd_image_finish(&s->mask);
    mask_truth_finish(&s->truth);
}

static bool open_subject(const evaluation *e, const char *name, subject *s) {
    const bench_arguments *a = &e->b->a;
    char photo[BENCH_PATH], mask[BENCH_PATH];
    *s = (subject){.truth = {.w = 0}};
    bool done = pairs_path(a->operands.items[0], name, NULL, photo) && pairs_path(a->masks, name, photo, mask) &&
                bench_read_image(photo, false, &s->photo) && read_grey(mask, &s->mask);
    return done && mask_truth_make(mask_of(&s->mask), s->mask.width, s->mask.height, &s->truth);
}

/* GRAY16, of the photo's size where the library makes it. */
static bool make_matte(const evaluation *e, const subject *s, const char *name, const way *from, bd_image *matte) {
    char path[BENCH_PATH];
    bd_error error;
    if (from->mode < 0) {
        (void)snprintf(path, sizeof path, "%s/%s.png", e->b->a.mattes, name);
        return read_grey(path, matte);
    }
    const bd_matte_params params = bench_matte_params(e->b, from->mode);
    return !bd_session_matte(e->b->session, &s->photo, &params, matte, &error) || bench_fail(&error);
}

/* ---- one photo --------------------------------------------------------------------------------------------------- */

static bool make_folder(const char *path) {
    if (!mkdir(path, 0777) || errno == EEXIST) {
        return true;
    }
    perror(path);
    return false;
}

static bool save_matte(const evaluation *e, const char *name, const way *from, const bd_image *matte) {
    char path[BENCH_PATH];
    bd_error error;
    (void)snprintf(path, sizeof path, "%s/%s/%s.png", e->b->a.save_mattes, from->name, name);
    return !bd_image_write(path, matte, NULL, &error) || bench_fail(&error);
}

static bool score_subject(const evaluation *e, const subject *s, scored *row) {
    for (uint32_t i = 0; i < e->way_count; i++) {
        bd_image matte = {.pixels = NULL};
        if (!make_matte(e, s, row->name, &e->ways[i], &matte)) {
            return false;
        }
        float *alpha = alpha_of(&matte, s->truth.w, s->truth.h);
        bool ok = (!e->b->a.save_mattes || save_matte(e, row->name, &e->ways[i], &matte)) && alpha &&
                  mask_metrics_score(&s->truth, alpha, &row->scores[i]);
        free(alpha);
        bd_image_finish(&matte);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- progress ---------------------------------------------------------------------------------------------------- */

/* A bar on standard error where that is a terminal; nothing where it is not. */
static void show_progress(const evaluation *e, const char *name) {
    char bar[BAR + 1];
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    for (uint32_t i = 0; i < BAR; i++) {
        bar[i] = (uint64_t)i * e->wanted < (uint64_t)e->count * BAR ? '#' : '.';
    }
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r[%s] %u of %u, %.40s\x1b[K", bar, e->count, e->wanted, name);
}

static void end_progress(void) {
    if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r\x1b[K");
    }
}

/* ---- what comes out ---------------------------------------------------------------------------------------------- */

/* Figures of a photo, or means over photos. */
static const struct figure {
    const char *name;
    size_t member;
} figures[] = {
    {"iou", offsetof(mask_scores, iou)},   {"bf2", offsetof(mask_scores, bf2)},
    {"bf8", offsetof(mask_scores, bf8)},   {"ghost", offsetof(mask_scores, ghost)},
    {"lost", offsetof(mask_scores, lost)}, {"stray", offsetof(mask_scores, stray)},
    {"sad", offsetof(mask_scores, sad)},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static double *figure_of(mask_scores *s, int f) {
    return (double *)(void *)((char *)s + figures[f].member);
}

static cJSON *scores_to_json(mask_scores *s) {
    cJSON *object = cJSON_CreateObject();
    for (int f = 0; f < FIGURES; f++) {
        cJSON_AddNumberToObject(object, figures[f].name, *figure_of(s, f)); /* null where it is NAN */
    }
    return object;
}

static cJSON *row_to_json(const evaluation *e, scored *row, const subject *s) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", row->name);
    cJSON_AddNumberToObject(object, "width", s->truth.w);
    cJSON_AddNumberToObject(object, "height", s->truth.h);
    for (uint32_t i = 0; i < e->way_count; i++) {
        cJSON_AddItemToObject(object, e->ways[i].name, scores_to_json(&row->scores[i]));
    }
    return object;
}

/* Of each figure over the photos that have it; both and any are sums. */
static mask_scores mean_of(const evaluation *e, uint32_t i) {
    mask_scores mean = {0};
    for (int f = 0; f < FIGURES; f++) {
        double sum = 0.0, count = 0.0;
        for (uint32_t r = 0; r < e->count; r++) {
            double value = *figure_of(&e->rows[r].scores[i], f);
            sum += isnan(value) ? 0.0 : value;
            count += !isnan(value);
        }
        *figure_of(&mean, f) = count > 0.0 ? sum / count : NAN;
    }
    for (uint32_t r = 0; r < e->count; r++) {
        mean.both += e->rows[r].scores[i].both;
        mean.any += e->rows[r].scores[i].any;
    }
    return mean;
}

static void report_means(const evaluation *e, cJSON *json) {
    cJSON *all = cJSON_AddObjectToObject(json, "mean");
    bench_say(e->b, "%u photos, means\n%-8s %6s %6s %6s %6s %7s %7s %7s %8s\n", e->count, "", "IoU", "pooled", "bf2",
              "bf8", "ghost %", "lost %", "stray %", "SAD/1000");
    for (uint32_t i = 0; i < e->way_count; i++) {
        mask_scores m = mean_of(e, i);
        double pooled = m.any > 0.0 ? m.both / m.any : 1.0;
        cJSON *object = scores_to_json(&m);
        cJSON_AddNumberToObject(object, "pooled_iou", pooled);
        cJSON_AddItemToObject(all, e->ways[i].name, object);
        bench_say(e->b, "%-8s %6.4f %6.4f %6.4f %6.4f %7.2f %7.2f %7.2f %8.3f\n", e->ways[i].name, m.iou, pooled, m.bf2,
                  m.bf8, m.ghost, m.lost, m.stray, m.sad);
    }
}

/* ---- the worst --------------------------------------------------------------------------------------------------- */

/* Rows by IoU, the least first; of equals the first. */
static uint32_t find_worst(const evaluation *e, uint32_t i, const scored *worst[WORST]) {
    uint32_t count = 0;
    for (uint32_t r = 0; r < e->count; r++) {
        const scored *row = &e->rows[r];
        uint32_t at = count;
        for (; at && worst[at - 1]->scores[i].iou > row->scores[i].iou; at--) {
            if (at < WORST) {
                worst[at] = worst[at - 1];
            }
        }
        if (at < WORST) {
            worst[at] = row;
            count += count < WORST;
        }
    }
    return count;
}

static bool draw_worst(const evaluation *e, uint32_t i, const scored *const *worst, uint32_t count) {
    char path[BENCH_PATH];
    mask_sheet sheet;
    bool ok = mask_sheet_make(count, &sheet);
    for (uint32_t r = 0; r < count && ok; r++) {
        const mask_scores *found = &worst[r]->scores[i];
        char caption[128];
        subject s;
        bd_image matte = {.pixels = NULL};
        (void)snprintf(caption, sizeof caption, "%.40s: IoU %.3f, bf2 %.3f, ghost %.1f %%, lost %.1f %%, stray %.1f %%",
                       worst[r]->name, found->iou, found->bf2, found->ghost, found->lost, found->stray);
        ok = open_subject(e, worst[r]->name, &s) && make_matte(e, &s, worst[r]->name, &e->ways[i], &matte);
        if (ok) {
            mask_sheet_add(&sheet, &s.photo, &s.mask, &matte, caption);
        }
        bd_image_finish(&matte);
        close_subject(&s);
    }
    (void)snprintf(path, sizeof path, "%s/worst-%s.png", e->b->a.sheet, e->ways[i].name);
    ok = ok && mask_sheet_write(&sheet, path);
    mask_sheet_finish(&sheet);
    if (ok) {
        bench_say(e->b, "%s\n", path);
    }
    return ok;
}

static bool report_worst(const evaluation *e, cJSON *json) {
    bool ok = !e->b->a.sheet || make_folder(e->b->a.sheet);
    cJSON *all = cJSON_AddObjectToObject(json, "worst");
    for (uint32_t i = 0; i < e->way_count && ok; i++) {
        const scored *worst[WORST];
        uint32_t count = find_worst(e, i, worst);
        cJSON *names = cJSON_AddArrayToObject(all, e->ways[i].name);
        bench_say(e->b, "%s, the least IoU\n", e->ways[i].name);
        for (uint32_t r = 0; r < count; r++) {
            const mask_scores *s = &worst[r]->scores[i];
            cJSON_AddItemToArray(names, cJSON_CreateString(worst[r]->name));
            bench_say(e->b, "  %-24s IoU %.3f, bf2 %.3f, ghost %.1f %%, lost %.1f %%, stray %.1f %%\n", worst[r]->name,
                      s->iou, s->bf2, s->ghost, s->lost, s->stray);
        }
        ok = !e->b->a.sheet || draw_worst(e, i, worst, count);
    }
    return ok;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

bool bench_masks_refuse(const bench *b) {
    const bench_arguments *a = &b->a;
    const char *wrong = NULL;
    if (!a->masks && (a->mattes || a->save_mattes || a->sheet)) {
        wrong = "--mattes, --save-mattes and --sheet go with --masks";
    } else if (a->masks && (a->simulate || a->trimap_px)) {
        wrong = "--simulate and --trimap need alphas; they do not go with --masks";
    } else if (a->mattes && (a->save_mattes || a->modes.count)) {
        wrong = "--mattes takes the place of --modes, and there is nothing to save";
    }
    if (wrong) {
        (void)fprintf(stderr, "backdrop-bench matte: %s\n", wrong);
    }
    return wrong != NULL;
}

static bool choose_ways(evaluation *e) {
    const bench_arguments *a = &e->b->a;
    bool wanted[BENCH_MATTE_COUNT];
    bool ok = !a->save_mattes || make_folder(a->save_mattes);
    bench_matte_wanted(e->b, wanted);
    if (a->mattes) {
        e->ways[e->way_count++] = (way){"mattes", -1};
        return ok;
    }
    for (int m = 0; m < BENCH_MATTE_COUNT && ok; m++) {
        char path[BENCH_PATH];
        if (!wanted[m]) {
            continue;
        }
        e->ways[e->way_count++] = (way){bench_matte_names[m], m};
        (void)snprintf(path, sizeof path, "%s/%s", a->save_mattes ? a->save_mattes : "", bench_matte_names[m]);
        ok = !a->save_mattes || make_folder(path);
    }
    return ok;
}

static bool score_all(evaluation *e, cJSON *photos) {
    bool ok = true;
    for (uint32_t i = 0; i < e->pairs.count && ok; i++) {
        subject s;
        scored *row = &e->rows[e->count];
        if (!bench_matte_takes(e->b, i)) {
            continue;
        }
        row->name = e->pairs.names[i];
        show_progress(e, row->name);
        ok = open_subject(e, row->name, &s) && score_subject(e, &s, row);
        if (ok) {
            cJSON_AddItemToArray(photos, row_to_json(e, row, &s));
            e->count++;
        }
        close_subject(&s);
    }
    end_progress();
    return ok;
}

bool bench_masks(bench *b) {
    evaluation e = {.b = b};
    cJSON *json = cJSON_CreateObject();
    bool ok = pairs_find(b->a.operands.items[0], b->a.masks, &e.pairs);
    for (uint32_t i = 0; i < e.pairs.count; i++) {
        e.wanted += bench_matte_takes(b, i);
    }
    if (ok && !e.wanted) {
        (void)fprintf(stderr, "%u photos, and --from %u is none of them\n", e.pairs.count, b->a.from);
        ok = false;
    }
    e.rows = calloc(e.wanted + 1, sizeof *e.rows);
    ok = ok && e.rows && choose_ways(&e) && (b->a.mattes || bench_open(b, 1));
    if (ok) {
        cJSON_AddStringToObject(json, "benchmark", "masks");
        if (b->session) {
            bench_describe(b, json);
            bench_headline(b);
        }
        cJSON_AddNumberToObject(json, "every", b->a.every);
        cJSON_AddNumberToObject(json, "from", b->a.from);
        ok = score_all(&e, cJSON_AddArrayToObject(json, "photos"));
    }
    if (ok) {
        report_means(&e, json);
        ok = report_worst(&e, json);
    }
    free(e.rows);
    pairs_finish(&e.pairs);
    return bench_end(b, json, ok);
}
