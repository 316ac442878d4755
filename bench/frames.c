/* SPDX-License-Identifier: MIT
 * A stream of frames, as a host sends it: what each costs the calling thread beyond the device's work, and whether memory
 * and objects stay as they are. */
#define _DEFAULT_SOURCE
#include "frames.h"
#include "counters.h"
#include "device_images.h"
#include "picture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_IN_FLIGHT = 8, COARSE_SIDE = 65, LEAST_SIDE = 16, MOST_SIDE = 8192 };

/* ---- sizes and sets of parameters that take turns ---------------------------------------------------------------- */

typedef struct set_row {
    const char *what;
    uint32_t quarters; /* of the sides of --frame-size */
    bd_background background;
    float blur_sigma_px;
    bd_matte_mode mode;
    bd_foreground foreground;
} set_row;

static const set_row set_rows[BENCH_FRAME_SETS] = {
    {"kept picture", 4, BD_BACKGROUND_PICTURE, 0, BD_MATTE_REFINE, BD_FOREGROUND_MULTILEVEL},
    {"blur", 3, BD_BACKGROUND_BLUR, 8, BD_MATTE_REFINE, BD_FOREGROUND_MULTILEVEL},
    {"colour", 4, BD_BACKGROUND_COLOR, 0, BD_MATTE_SOFT, BD_FOREGROUND_OFF},
    {"kept picture", 3, BD_BACKGROUND_PICTURE, 0, BD_MATTE_SOFT, BD_FOREGROUND_BLUR},
    {"transparent", 2, BD_BACKGROUND_TRANSPARENT, 0, BD_MATTE_HARD, BD_FOREGROUND_OFF},
    {"kept picture, blurred", 2, BD_BACKGROUND_PICTURE, 4, BD_MATTE_REFINE, BD_FOREGROUND_OFF},
};

typedef struct frame_set {
    uint32_t w, h;
    bd_matte_params matte;
    bd_replace_params params;
    bd_image photo, expected, result;
    device_image in[MOST_IN_FLIGHT], out[MOST_IN_FLIGHT];
} frame_set;

/* What a frame took, in ms. */
typedef enum measure { WALL, CPU, BEGIN, OWN, SUBMIT, WAIT, RECORD, MEASURES } measure;
static const char *const measure_keys[MEASURES] = {"wall_ms",   "cpu_ms",  "begin_cpu_ms", "own_cpu_ms",
                                                   "submit_ms", "wait_ms", "record_ms"};

typedef struct stream {
    bench *b;
    uint32_t w, h, ring, set_count;
    float coarse[COARSE_SIDE * COARSE_SIDE];
    frame_set sets[BENCH_FRAME_SETS];
    device_images host;
    int64_t image_bytes; /* of device memory, for the host's images */
    double *times[MEASURES];
} stream;

/* Each of those in flight sees each set, and neighbours differ. */
static uint32_t set_of(const stream *s, uint32_t frame) {
    return (frame % s->ring + frame / s->ring) % s->set_count;
}

/* All have seen each set twice: the second time memory has grown for the largest one. */
static uint32_t warm_frames(const stream *s) {
    return 2 * s->ring * s->set_count;
}

static bool make_picture(uint32_t w, uint32_t h, bd_image *made) {
    *made = (bd_image){.width = w, .height = h, .stride_bytes = (ptrdiff_t)w * 4, .pixels = malloc((size_t)w * h * 4)};
    if (!made->pixels) {
        (void)fprintf(stderr, "out of memory\n");
        return false;
    }
    bench_fill_picture(made->pixels, w, h, 4);
    return true;
}

/* A disc, the same in the middle of every frame. */
static void fill_coarse(float *coarse) {
    for (int y = 0; y < COARSE_SIDE; y++) {
        for (int x = 0; x < COARSE_SIDE; x++) {
            int dx = 2 * x - COARSE_SIDE + 1, dy = 2 * y - COARSE_SIDE + 1;
            coarse[y * COARSE_SIDE + x] = 4 * (dx * dx + dy * dy) < COARSE_SIDE * COARSE_SIDE ? 0.95f : 0.02f;
        }
    }
}

static bool open_set(stream *s, uint32_t number) {
    const set_row *row = &set_rows[number];
    frame_set *set = &s->sets[number];
    bd_error error;
    set->w = s->w * row->quarters / 4;
    set->h = s->h * row->quarters / 4;
    const bool soft = s->b->a.soft;
    set->matte = (bd_matte_params){.struct_size = sizeof set->matte, .mode = soft ? BD_MATTE_SOFT : row->mode};
    if (s->b->a.coarse) {
        set->matte.coarse = s->coarse;
        set->matte.coarse_width = set->matte.coarse_height = COARSE_SIDE;
    }
    set->params = (bd_replace_params){.struct_size = sizeof set->params,
                                      .background = row->background,
                                      .color = {20, 120, 40, 255},
                                      .blur_sigma_px = row->blur_sigma_px,
                                      .matte = &set->matte,
                                      .foreground = soft ? BD_FOREGROUND_OFF : row->foreground};
    return make_picture(set->w, set->h, &set->photo) &&
           (!bd_session_replace(s->b->session, &set->photo, NULL, &set->params, &set->expected, &error) ||
            bench_fail(&error));
}

static bool open_stream(stream *s) {
    bd_image background;
    bd_error error;
    bool ok = make_picture(s->h, s->w, &background) &&
              (!bd_session_set_background(s->b->session, &background, &error) || bench_fail(&error));
    free(background.pixels);
    for (int m = 0; m < MEASURES && ok; m++) {
        s->times[m] = calloc(s->b->a.frames, sizeof *s->times[m]);
        ok = s->times[m] != NULL;
    }
    fill_coarse(s->coarse);
    for (uint32_t i = 0; i < s->set_count && ok; i++) {
        ok = open_set(s, i);
    }
    return ok;
}

static bool open_images(stream *s) {
    int64_t before = counters_now().device_bytes;
    bool ok = device_images_open(&s->host, s->b->engine, (size_t)s->w * s->h * 4);
    for (uint32_t i = 0; i < s->set_count * s->ring && ok; i++) {
        frame_set *set = &s->sets[i / s->ring];
        device_image *in = &set->in[i % s->ring], *out = &set->out[i % s->ring];
        ok = device_image_make(&s->host, set->w, set->h, in) && device_image_make(&s->host, set->w, set->h, out) &&
             device_image_write(&s->host, in, set->photo.pixels) && device_image_write(&s->host, out, NULL);
    }
    s->image_bytes = counters_now().device_bytes - before;
    return ok;
}

static void close_images(stream *s) {
    for (uint32_t i = 0; i < s->set_count * s->ring; i++) {
        device_image_drop(&s->host, &s->sets[i / s->ring].in[i % s->ring]);
        device_image_drop(&s->host, &s->sets[i / s->ring].out[i % s->ring]);
    }
    device_images_close(&s->host);
    s->image_bytes = 0;
}

static void close_stream(stream *s) {
    for (uint32_t i = 0; i < BENCH_FRAME_SETS; i++) {
        free(s->sets[i].photo.pixels);
        bd_image_finish(&s->sets[i].expected);
        bd_image_finish(&s->sets[i].result);
    }
    for (int m = 0; m < MEASURES; m++) {
        free(s->times[m]);
    }
}

/* ---- the two paths ----------------------------------------------------------------------------------------------- */

/* The thread's time in one call goes to a frame. */
typedef struct stopwatch {
    double ms, in_vulkan[COUNTERS_PARTS];
} stopwatch;

static stopwatch start_watch(void) {
    stopwatch w = {0};
    counters now = counters_now();
    memcpy(w.in_vulkan, now.ms, sizeof w.in_vulkan);
    w.ms = counters_thread_ms();
    return w;
}

static double stop_watch(const stream *s, const stopwatch *w, uint32_t frame) {
    double all = counters_thread_ms() - w->ms, vulkan = 0;
    counters now = counters_now();
    for (int part = 0; part < COUNTERS_PARTS; part++) {
        double ms = now.ms[part] - w->in_vulkan[part];
        s->times[SUBMIT + part][frame] += ms;
        vulkan += ms;
    }
    s->times[CPU][frame] += all;
    s->times[OWN][frame] += all - vulkan;
    return all;
}

/* Gives one frame to the device. */
typedef bool (*begin_fn)(stream *s, uint32_t frame, bd_error *error);
/* Takes one back; NULL: the begin that needs its place does. */
typedef bool (*end_fn)(stream *s, uint32_t frame, bd_error *error);

static bool begin_images(stream *s, uint32_t frame, bd_error *error) {
    const frame_set *set = &s->sets[set_of(s, frame)];
    uint32_t slot = frame % s->ring;
    return !bd_session_replace_images(s->b->session, &set->in[slot].image, NULL, &set->params, &set->out[slot].image,
                                      NULL, NULL, 0, NULL, 0, error);
}

static bool begin_memory(stream *s, uint32_t frame, bd_error *error) {
    const frame_set *set = &s->sets[set_of(s, frame)];
    return !bd_session_replace_begin(s->b->session, &set->photo, NULL, &set->params, error);
}

static bool end_memory(stream *s, uint32_t frame, bd_error *error) {
    return !bd_session_replace_end(s->b->session, &s->sets[set_of(s, frame)].result, error);
}

typedef struct path {
    const char *name;
    begin_fn begin;
    end_fn end;
    uint32_t recordings; /* of command buffers, that a frame takes */
} path;

static const path paths[] = {{"images", begin_images, NULL, 2}, {"memory", begin_memory, end_memory, 0}};

static bool matches(const stream *s, const frame_set *set, const uint8_t *got, ptrdiff_t stride) {
    for (uint32_t y = 0; got && y < set->h; y++) {
        if (memcmp(got + (ptrdiff_t)y * stride, set->expected.pixels + (ptrdiff_t)y * set->expected.stride_bytes,
                   (size_t)set->w * 4) != 0) {
            (void)fprintf(stderr, "WRONG: row %u of \"%s\" is not what bd_session_replace gives\n", y,
                          set_rows[set - s->sets].what);
            return false;
        }
    }
    return got != NULL;
}

/* What the last frames of each set, or one more of each, have left. */
static bool check_results(stream *s, const path *p) {
    bool ok = true;
    for (uint32_t i = 0; i < s->set_count && ok; i++) {
        frame_set *set = &s->sets[i];
        for (uint32_t slot = 0; slot < s->ring && ok && !p->end; slot++) {
            ok = matches(s, set, device_image_read(&s->host, &set->out[slot]), (ptrdiff_t)set->w * 4);
        }
        ok = ok && (!p->end || matches(s, set, set->result.pixels, set->result.stride_bytes));
    }
    return ok;
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

/* 0 where /proc is not. */
static double resident_mb(void) {
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        (void)fclose(file);
    }
    const char *second = text + strcspn(text, " "); /* of the numbers, which are pages */
    return 1e-6 * (double)strtoull(second, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
}

static double process_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void add_mark(const stream *s, cJSON *marks, uint32_t frame) {
    counters now = counters_now();
    const double mb[] = {resident_mb(), 1e-6 * (double)now.host_bytes,
                         1e-6 * (double)(now.device_bytes - s->image_bytes)};
    cJSON *mark = cJSON_CreateObject();
    cJSON_AddNumberToObject(mark, "frame", frame);
    cJSON_AddNumberToObject(mark, "resident_mb", mb[0]);
    cJSON_AddNumberToObject(mark, "host_bytes", (double)now.host_bytes);
    cJSON_AddNumberToObject(mark, "device_bytes", (double)(now.device_bytes - s->image_bytes));
    cJSON_AddItemToArray(marks, mark);
    bench_say(s->b, "  after frame %7u: resident %8.2f MB, host %8.3f MB, device %8.3f MB\n", frame, mb[0], mb[1],
              mb[2]);
}

/* What is taken down on the way. */
typedef struct notes {
    uint32_t warm; /* the steady state begins at this frame */
    counters from, to;
    double process_ms; /* of all threads, since then */
    cJSON *marks;
} notes;

static void take_notes(const stream *s, notes *n, uint32_t frames) {
    const uint32_t all = s->b->a.frames;
    if (frames == n->warm) {
        n->from = counters_now();
        n->process_ms = -process_ms();
    }
    if (frames == n->warm || frames == all / 10 || frames == all / 2) {
        add_mark(s, n->marks, frames);
    }
}

static bool end_frame(stream *s, const path *p, uint32_t frame, bd_error *error) {
    stopwatch end = start_watch();
    bool ok = p->end(s, frame, error);
    (void)stop_watch(s, &end, frame);
    return ok;
}

/* Sends so many frames, each as soon as there is a place for it; all are done when it returns. */
static bool send(stream *s, const path *p, uint32_t frames, notes *n) {
    bd_error error;
    bool ok = true;
    uint32_t ended = 0;
    for (int m = 0; m < MEASURES; m++) {
        memset(s->times[m], 0, frames * sizeof *s->times[m]);
    }
    for (uint32_t i = 0; i < frames && ok; i++) {
        if (n) {
            take_notes(s, n, i);
        }
        double start = bench_now_ms();
        if (p->end && i - ended == s->ring) {
            ok = end_frame(s, p, ended++, &error);
        }
        if (ok) {
            stopwatch begin = start_watch();
            ok = p->begin(s, i, &error);
            s->times[BEGIN][i] = stop_watch(s, &begin, i);
        }
        s->times[WALL][i] = bench_now_ms() - start;
    }
    while (p->end && ok && ended < frames) {
        ok = end_frame(s, p, ended++, &error);
    }
    if (ok && !p->end) {
        ok = !bd_session_wait_images(s->b->session, &error);
    }
    if (n) {
        n->to = counters_now();
        n->process_ms += process_ms();
    }
    return ok || bench_fail(&error);
}

/* ---- what goes out ----------------------------------------------------------------------------------------------- */

/* One line of the table, of the frames from .. to - 1 that had this set. */
static void add_set(const stream *s, cJSON *list, const path *p, uint32_t number, uint32_t from, uint32_t to,
                    double *scratch) {
    const frame_set *set = &s->sets[number];
    static const char *const mattes[] = {
        [BD_MATTE_REFINE] = "refine", [BD_MATTE_HARD] = "hard", [BD_MATTE_SOFT] = "soft"};
    char size[32], what[48];
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToArray(list, row);
    (void)snprintf(size, sizeof size, "%ux%u", set->w, set->h);
    cJSON_AddStringToObject(row, "size", size);
    (void)snprintf(what, sizeof what, "%s, %s", set_rows[number].what, mattes[set->matte.mode]);
    cJSON_AddStringToObject(row, "what", what);
    bench_say(s->b, "%-7s %-10s %-30s", p->name, size, what);
    for (int m = 0; m < MEASURES; m++) {
        uint32_t count = 0;
        for (uint32_t i = from; i < to; i++) {
            if (set_of(s, i) == number) {
                scratch[count++] = s->times[m][i];
            }
        }
        cJSON_AddItemToObject(row, measure_keys[m], bench_summary(scratch, count)); /* which sorts them */
        bench_say(s->b, m == WALL ? " %9.2f" : " %7.3f", bench_median(scratch, count));
        if (m == CPU) {
            bench_say(s->b, " %7.3f", count ? scratch[count - 1] : 0);
        }
    }
    bench_say(s->b, "\n");
}

/* What was asked for in the steady state; true: nothing but what each frame needs. */
static bool add_steady(const stream *s, cJSON *object, const path *p, const counters *from, const counters *to,
                       uint32_t frames) {
    const struct {
        const char *key;
        int64_t count;
    } rows[] = {{"host_allocations", to->host_allocations - from->host_allocations},
                {"device_allocations", to->device_allocations - from->device_allocations},
                {"objects", to->objects - from->objects},
                {"other_recordings", to->recordings - from->recordings - (int64_t)p->recordings * frames}};
    bool steady = true;
    cJSON *row = cJSON_AddObjectToObject(object, "steady");
    cJSON_AddNumberToObject(row, "frames", frames);
    cJSON_AddNumberToObject(row, "vulkan_calls_per_frame", (double)(to->calls - from->calls) / frames);
    bench_say(s->b, "  %u frames of steady state: %.1f calls of Vulkan a frame", frames,
              (double)(to->calls - from->calls) / frames);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON_AddNumberToObject(row, rows[i].key, (double)rows[i].count);
        bench_say(s->b, ", %s %lld", rows[i].key, (long long)rows[i].count);
        steady = steady && !rows[i].count;
    }
    bench_say(s->b, "\n");
    return steady;
}

static bool run_path(stream *s, const path *p, cJSON *list, bool *steady) {
    const uint32_t frames = s->b->a.frames, warm = warm_frames(s);
    cJSON *object = cJSON_CreateObject();
    notes n = {.warm = warm};
    cJSON_AddItemToArray(list, object);
    cJSON_AddStringToObject(object, "path", p->name);
    n.marks = cJSON_AddArrayToObject(object, "marks");
    double *scratch = malloc(frames * sizeof *scratch);
    bool ok = scratch && send(s, p, s->ring * s->set_count, NULL) && check_results(s, p) && send(s, p, frames, &n);
    if (ok) {
        add_mark(s, n.marks, frames);
        ok = check_results(s, p);
    }
    cJSON *sets = cJSON_AddArrayToObject(object, "sets");
    for (uint32_t i = 0; i < s->set_count && ok; i++) {
        add_set(s, sets, p, i, warm, frames, scratch);
    }
    free(scratch);
    if (ok) {
        const double cpu = n.process_ms / (frames - warm);
        cJSON_AddNumberToObject(object, "process_cpu_ms", cpu);
        bench_say(s->b, "  all threads together, those of a software device among them: %.2f ms of CPU a frame\n", cpu);
        *steady = add_steady(s, object, p, &n.from, &n.to, frames - warm) && *steady;
    }
    return ok;
}

/* Reading the clock of the thread's CPU time, us. Two readings a call of Vulkan are in the times, half of them in own. */
static double clock_us(void) {
    enum { READINGS = 10000 };
    double start = counters_thread_ms();
    for (int i = 0; i < READINGS; i++) {
        (void)counters_thread_ms();
    }
    return 1e3 * (counters_thread_ms() - start) / READINGS;
}

static bool read_size(stream *s) {
    char *end;
    unsigned long w = strtoul(s->b->a.frame_size, &end, 10);
    unsigned long h = *end == 'x' ? strtoul(end + 1, &end, 10) : 0;
    bool ok = !*end && w >= LEAST_SIDE && h >= LEAST_SIDE && w <= MOST_SIDE && h <= MOST_SIDE;
    s->w = (uint32_t)w;
    s->h = (uint32_t)h;
    if (!ok) {
        (void)fprintf(stderr, "--frame-size takes WIDTHxHEIGHT, %d to %d, not \"%s\"\n", LEAST_SIDE, MOST_SIDE,
                      s->b->a.frame_size);
    }
    return ok;
}

static bool read_arguments(bench *b, stream *s) {
    s->b = b;
    b->a.in_flight = b->a.in_flight ? b->a.in_flight : 2;
    s->ring = b->a.in_flight;
    s->set_count = b->a.vary;
    if (b->a.frames <= warm_frames(s)) {
        (void)fprintf(stderr, "more than %u --frames are needed: so many come before the steady state\n",
                      warm_frames(s));
        return false;
    }
    b->allocator = &counters_allocator;
    b->get_instance_proc_addr = counters_entry();
    return read_size(s);
}

bool bench_frames(bench *b) {
    static stream s;
    if (!read_arguments(b, &s)) {
        return false;
    }
    cJSON *json = bench_begin(b, "frames", 1);
    if (!json) {
        return false;
    }
    const bench_arguments *a = &b->a;
    cJSON_AddNumberToObject(json, "frames", a->frames);
    cJSON_AddStringToObject(json, "frame_size", a->frame_size);
    cJSON_AddNumberToObject(json, "in_flight", s.ring);
    cJSON_AddBoolToObject(json, "network", !a->coarse);
    cJSON_AddBoolToObject(json, "soft", a->soft);
    cJSON_AddNumberToObject(json, "clock_us", clock_us());
    bench_say(b, "%u frames of %s, RGBA8, %u in flight%s%s; medians of ms\n", a->frames, a->frame_size, s.ring,
              a->coarse ? ", probabilities given and no network" : "",
              a->soft ? ", all mattes soft and all colours the photo's" : "");
    bench_say(b, "%-7s %-10s %-30s %9s %7s %7s %7s %7s %7s %7s %7s\n", "path", "size", "what", "wall", "cpu", "worst",
              "begin", "own", "submit", "wait", "record");
    bool steady = true, ok = open_stream(&s);
    cJSON *list = cJSON_AddArrayToObject(json, "paths");
    for (uint32_t p = 0; p < sizeof paths / sizeof *paths && ok; p++) {
        if (a->path && a->path != p + 1) {
            continue;
        }
        ok = (paths[p].end || open_images(&s)) && run_path(&s, &paths[p], list, &steady);
        if (!paths[p].end) {
            bd_error error;
            ok = !bd_session_wait_images(b->session, &error) && ok;
            close_images(&s);
        }
    }
    close_stream(&s);
    cJSON_AddBoolToObject(json, "is_steady", steady);
    if (ok && !steady) {
        (void)fprintf(stderr, "NOT STEADY: memory, objects or recordings are asked for anew\n");
    }
    return bench_end(b, json, ok) && steady;
}
