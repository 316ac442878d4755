/* SPDX-License-Identifier: MIT
 * What the parts of the command line share. Nothing below the public header is used here. */
#ifndef BACKDROP_CLI_H
#define BACKDROP_CLI_H

#include <pthread.h>

#include "backdrop.h"

#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Exit statuses; --help lists them. */
typedef enum cli_status {
    CLI_OK = 0,
    CLI_USAGE = 2,
    CLI_UNREADABLE = 3,
    CLI_NOT_AN_IMAGE = 4,
    CLI_TOO_LARGE = 5,
    CLI_MODEL = 6,
    CLI_UNWRITABLE = 7,
    CLI_NO_DEVICE = 8,
    CLI_DEVICE_FAILED = 9,
    CLI_OUT_OF_MEMORY = 10
} cli_status;

typedef enum cli_verb {
    CLI_REPLACE,
    CLI_SEGMENT,
    CLI_DEVICES,
    CLI_MODELS,
    CLI_TUNE,
    CLI_MATTE,
    CLI_VERB_COUNT
} cli_verb;

typedef struct cli_options {
    cli_verb verb;
    bool verb_given;
    bool help, version, classic, fill_holes, transparent, photo_size, json, quiet, verbose, no_tune;
    const char *output, *fit, *gravity, *classes, *color, *blur, *blur_background, *harmonize, *light_wrap, *quality,
        *format;
    const char *matte, *coarse, *trimap, *matte_in, *matte_out, *depth, *blend, *foreground;
    const char *keep, *islands, *shrink, *grow, *feather;
    const char *device, *model, *size, *kernels, *precision, *quantised, *output_stride, *names, *tta;
    const char *labels, *overlay, *logits;
    const char *background, *output_dir, *tune_share;
    char **operands; /* what follows the verb: the first elements of argv after the command, moved together */
    unsigned operand_count;
} cli_options;

typedef struct cli_progress cli_progress;

/* One run of the command. Functions that can fail return false after cli_fail or cli_failed. */
typedef struct cli {
    cli_options options;
    bd_error error;
    cli_status status;
    bool said_white;        /* one note is enough for several photos */
    cli_progress *progress; /* NULL: none is shown */
    bd_timing timings[64];  /* stages so far, for -v and --json */
    uint32_t timing_count;
    double started_ms;
} cli;

/* ---- backdrop.c ---- */

double cli_now_ms(void);
/* Keeps the failure in one line; returns false. */
bool cli_fail(cli *run, cli_status status, const char *format, ...) BD_PRINTF(3, 4);
/* The same for a failure of the library, in run->error; the status follows from its code. */
bool cli_failed(cli *run);
/* Text as a line: no control characters. */
void cli_make_line(char *text);
/* Notes that a stage that began at started_ms has ended. */
void cli_add_timing(cli *run, const char *name, double started_ms);

/* ---- options.c ---- */

bool cli_parse(cli *run, int argc, char **argv);
/* The whole text as a number in low..high. */
bool cli_parse_integer(const char *text, long low, long high, long *value);
bool cli_parse_number(const char *text, float low, float high, float *value);
/* The value of option --name, a number of pixels above 0 and at most `most`; NULL passes. */
bool cli_parse_radius(cli *run, const char *name, const char *text, float most, float *pixels);
/* "N" or "WxH", each 1..8192. */
bool cli_parse_size(const char *text, uint32_t *width, uint32_t *height);
/* '#rgb', '#rrggbb', '#rrggbbaa' or one of CSS's names for the plainest. */
bool cli_parse_color(const char *text, uint8_t *rgba);
/* --precision: auto, fp32, fp16 or fast16. */
bool cli_parse_precision(cli *run, bd_precision *precision);
/* --quantised: integer or float. */
bool cli_parse_quantised(cli *run, bd_quantised *quantised);
/* Comma-separated numbers, names (any case) and "all" (every class but 0). */
bool cli_parse_classes(cli *run, const char *text, const bd_model *model, bd_class_set *set);

/* ---- nearest.c ---- */

/* How many letters of text would have to change to make it name; 1 for name's first three or more. */
unsigned cli_slips(const char *text, size_t length, const char *name);

/* ---- help.c ---- */

const char *cli_verb_name(cli_verb verb);
void cli_print_help(const cli_options *options);

/* ---- progress.c: a line on the terminal's stderr once the run takes over half a second ---- */

bool cli_progress_start(cli *run);
void cli_progress_stage(void *run, const char *stage); /* a bd_progress_fn; does nothing without progress */
/* Clears the line; further stages show nothing. */
void cli_progress_stop(cli *run);
/* A line on stderr that does not run into the progress line. */
void cli_say(cli *run, const char *format, ...) BD_PRINTF(2, 3);

/* ---- files.c ---- */

bool cli_is_dash(const char *path);
/* Reads a picture; "-" is standard input. */
bool cli_read_image(cli *run, const char *path, bd_image *image);
/* The same for what will show in a file: a PNG's 16 bits are kept for PNG. */
bool cli_read_shown(cli *run, const char *path, bd_image_file file, bd_image *image);
/* The same with parameters of the caller's. */
bool cli_read_picture(cli *run, const char *path, const bd_image_read_params *params, bd_image *image);
/* All of standard input; *data is free()'s. */
bool cli_read_stdin(cli *run, uint8_t **data, size_t *bytes);
/* Fails where standard input would be read more than once. NULL and files pass. */
bool cli_check_inputs(cli *run, const char *const *paths, size_t count);
/* Fails where a file's name says that it is something else than what will be written, such as ".png". NULL passes. */
bool cli_check_extension(cli *run, const char *path, const char *extension);
/* Fails early where writing could only fail at the end: a missing folder, a terminal. NULL passes. */
bool cli_check_output(cli *run, const char *path);
/* Fails where two outputs are one file. NULL passes. */
bool cli_check_distinct(cli *run, const char *one, const char *other);
/* Writes all or nothing: to a temporary that is renamed; "-" is standard output. */
bool cli_write_data(cli *run, const char *path, const void *data, size_t bytes);
/* PNG or JPEG: by --format, else by the path's extension; PNG for "-". */
bool cli_image_file(cli *run, const char *path, bd_image_file *file);
/* palette may be NULL, else (palette_count, 3) RGB. JPEG gets transparency over white, and the first time a note on
 * stderr. */
bool cli_write_image(cli *run, const char *path, bd_image_file file, bd_image *image, const uint8_t *palette,
                     uint32_t palette_count);
/* data (h, w, c) as NumPy's format 1.0, float32. */
bool cli_write_npy(cli *run, const char *path, const float *data, uint32_t h, uint32_t w, uint32_t c);

/* ---- weights.c: where models are, by weights/manifest.json ---- */

/* Room for a path that is put together here. */
typedef struct cli_path {
    char text[4096];
} cli_path;

struct cJSON;
typedef struct cli_weights {
    cli_path folder; /* holds manifest.json and cache/NAME/ */
    struct cJSON *manifest;
    const char *default_name;
} cli_weights;

bool cli_weights_open(cli *run, cli_weights *weights);
void cli_weights_close(cli_weights *weights);
/* Whether every file of a model is there with the manifest's size; *path is its main file. */
bool cli_weights_locate(const cli_weights *weights, const struct cJSON *model, cli_path *path);

typedef struct cli_model {
    bd_model *model;
    bd_model_info info;
    char name[256];
    cli_path path;
} cli_model;

/* text: a path (of a folder too), a name of the manifest, or NULL for the manifest's default. */
bool cli_model_open(cli *run, const char *text, cli_model *model);
void cli_model_close(cli_model *model);
/* Opens a model again at another size. */
bool cli_model_open_sized(cli *run, const cli_model *from, uint32_t width, uint32_t height, cli_model *model);

/* ---- folder.c ---- */

/* The main file of the only exported network in a folder. */
bool cli_folder_find(cli *run, const char *folder, cli_path *path);

/* ---- network.c: model, device and session together ---- */

typedef struct cli_network {
    cli_model model;
    bd_engine *engine;
    bd_session *session;
    bd_device_info device;
    cli_model sizes[6]; /* the same model at other sizes, for --tta */
    uint32_t size_count;
    bool flip;
    bd_seen seen; /* in the last photo; see seen.c */
    /* Opening the device, which takes a thread of its own. */
    bool opening;
    pthread_t thread;
    cli_path cache;
    bd_engine_params engine_params;
    bd_result opened;
    bd_error open_error;
} cli_network;

const char *cli_precision_name(bd_precision precision);
/* Begins to open the device while the caller reads files. network must stay where it is; zeroed before. */
void cli_network_begin(cli *run, cli_network *network);
/* The device alone. */
bool cli_network_device(cli *run, cli_network *network);
/* The device and the session; the model is open already. */
bool cli_network_start(cli *run, cli_network *network);
void cli_network_close(cli_network *network);
void cli_engine_params(cli *run, bd_engine_params *params);
/* Appends the stages of the session's last call. */
void cli_add_session_timings(cli *run, const cli_network *network);

/* ---- report.c ---- */

const char *cli_device_kind_name(bd_device_kind kind);
struct cJSON *cli_json_device(const bd_device_info *device);
/* Device, model and timings under root, which may be NULL after a failed allocation. */
void cli_json_run(struct cJSON *root, const cli *run, const cli_network *network);
/* Prints root on standard output and deletes it. root NULL: out of memory. */
bool cli_print_json(cli *run, struct cJSON *root);
/* Flushes standard output; fails when anything did not get there. */
bool cli_flush(cli *run);
/* Device and timings on stderr, for -v. */
void cli_print_timings(cli *run, const cli_network *network);

/* ---- seen.c ---- */

/* Keeps what the network saw in the photo whose result was returned last; says so on stderr when that is none of the
 * classes. */
void cli_note_seen(cli *run, cli_network *network, const bd_class_set *classes, const char *photo);
/* The share of the photo that it took for them, as "foreground_share"; nothing without a network. */
void cli_json_seen(struct cJSON *object, const cli_network *network, const bd_class_set *classes);

/* ---- overlay.c ---- */

/* photo (RGBA8) with the colours of labels (GRAY8, same size) over it and a legend of the classes with pixels in the
 * segmentation below. The result is in memory of calloc's: free(result->pixels); its profile is the photo's. False when
 * memory is short. */
bool cli_overlay(const bd_image *photo, const bd_image *labels, const bd_segmentation *segmentation,
                 const bd_model *model, bd_image *result);

/* ---- plane.c ---- */

/* (h, w) numbers in 0..1. */
typedef struct cli_plane {
    float *values;
    uint32_t w, h;
} cli_plane;

/* Reads a picture's luminance, with 16 bits where a PNG has them, or a NumPy file of (h, w) floats in 0..1 or integers
 * over their whole range, from a file or, "-", from standard input. Upright or not, the file's rows are taken as they
 * are. */
bool cli_read_plane(cli *run, const char *path, cli_plane *plane);
/* The values of a BD_FORMAT_GRAY16 image. */
bool cli_plane_take(cli *run, const char *path, const bd_image *image, cli_plane *plane);
void cli_plane_finish(cli_plane *plane);

/* ---- matte.c ---- */

/* What --matte, --coarse, --trimap, --matte-in and the options that shape the matte come to. */
typedef struct cli_matte {
    bd_matte_params params;
    cli_plane plane;
    bd_image trimap;
} cli_matte;

bool cli_matte_parse(cli *run, cli_matte *matte);
/* The first of the options that shape the matte, as "--keep"; NULL: none is given. */
const char *cli_matte_shaping(const cli_options *options);
bool cli_matte_needs_network(const cli *run);
/* Reads the files that take the network's place, if any. */
bool cli_matte_open(cli *run, const bd_image *photo, cli_matte *matte);
/* From here on alpha, BD_FORMAT_GRAY16 of the photo's size, is the matte. */
bool cli_matte_take(cli *run, const bd_image *alpha, cli_matte *matte);
/* BD_FORMAT_GRAY16 to _GRAY8, in place. */
void cli_matte_narrow(bd_image *alpha);
void cli_matte_close(cli_matte *matte);

/* ---- spare.c: tuning while a series reads and writes files ---- */

typedef struct cli_spare {
    float share;     /* percent of the series' time that it may wait for the tuning */
    bool forced;     /* on software devices, too */
    bool started;    /* it was of use, and the thread ran */
    double begun_ms; /* the series; set by the caller */
    double waited_ms;
    bd_tuner *tuner; /* NULL: no thread runs */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool lent, busy, stop;
    bd_tuner_state state;
    bool failed;
    bd_error error;
} cli_spare;

/* --tune-share */
bool cli_spare_parse(cli *run, cli_spare *spare);
/* Begins where tuning is of use; the engine is the caller's until it is lent. spare stays where it is until stop. */
void cli_spare_start(cli *run, const cli_network *network, cli_spare *spare);
/* The caller leaves the engine alone until it takes it back, which waits for the step under way. Lends nothing while
 * more than the share was waited for. */
void cli_spare_lend(cli_spare *spare);
void cli_spare_take(cli_spare *spare);
/* Waits for the step under way at most. */
void cli_spare_stop(cli_spare *spare);
/* What was done, on stderr and under root. */
void cli_spare_say(cli *run, const cli_spare *spare);
void cli_spare_json(struct cJSON *root, const cli_spare *spare);

/* ---- many.c: several photos into a folder ---- */

typedef struct cli_series {
    char **photos; /* paths */
    unsigned count;
    const char *folder;
    bd_image_file file;
    const bd_image *background; /* NULL without a picture */
    const bd_replace_params *params;
    unsigned done, failed;
    cli_status status;    /* of the first that failed */
    struct cJSON *report; /* an object for every photo is added, in their order; NULL: none is wanted */
    cli_spare spare;
} cli_series;

/* Whether every photo has an output of its own that can be written. */
bool cli_series_check(cli *run, const cli_series *series);
/* A line on stderr for each photo that fails; false when one did. The report is made all the same. */
bool cli_series_run(cli *run, cli_network *network, cli_series *series);

/* ---- the verbs ---- */

bool cli_replace(cli *run);
bool cli_segment(cli *run);
bool cli_devices(cli *run);
bool cli_models(cli *run);
bool cli_tune(cli *run);
bool cli_matte_verb(cli *run);

#endif
