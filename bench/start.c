/* SPDX-License-Identifier: MIT
 * From the start of a process to its first result, with empty caches and with full ones. Every start is a process of
 * its own: drivers and loaders keep things in memory. */
#define _DEFAULT_SOURCE
#include "start.h"
#include "picture.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char started_variable[] = "BACKDROP_BENCH_STARTED";
static const char cache_variable[] = "BACKDROP_BENCH_CACHE";

static const char *const keys[] = {"exec_ms",      "import_ms",         "device_ms",      "session_ms",
                                   "first_run_ms", "first_dispatch_ms", "first_result_ms"};
enum { KEYS = sizeof keys / sizeof *keys };

/* ---- the process that is timed ----------------------------------------------------------------------------------- */

static bool be_timed(bench *b) {
    double entered = bench_now_ms();
    double started = strtod(getenv(started_variable), NULL);
    bd_error error;
    double network_ms = 0;
    b->a.json = "-";
    b->a.cache_dir = getenv(cache_variable);
    b->a.single = true;
    b->text = NULL;
    bool ok = bench_open(b, 1);
    uint8_t *input = ok ? malloc((size_t)b->info.input_width * b->info.input_height * 3) : NULL;
    if (!input) {
        return false;
    }
    bench_fill_picture(input, b->info.input_width, b->info.input_height, 3);
    double ready = bench_now_ms();
    ok = !bd_session_run_network(b->session, input, NULL, &network_ms, NULL, NULL, &error) || bench_fail(&error);
    double done = bench_now_ms();
    free(input);
    /* The call ends with the network's own submission. Before it stand the picture's upload and its preprocessing, so
     * the first dispatch of all is no later than this. */
    const double values[KEYS] = {entered - started,           b->import_ms,  b->engine_ms, b->session_ms, done - ready,
                                 done - network_ms - started, done - started};
    cJSON *json = cJSON_CreateObject();
    for (size_t k = 0; k < KEYS; k++) {
        cJSON_AddNumberToObject(json, keys[k], values[k]);
    }
    return bench_end(b, json, ok);
}

/* ---- the one that starts it -------------------------------------------------------------------------------------- */

/* One level of folders below it, as Mesa and our own cache make; stays silent, it is only tidying up. */
static void remove_folder(const char *path, int depth) {
    DIR *folder = opendir(path);
    if (!folder) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        char name[BENCH_PATH];
        struct stat info;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            (size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= sizeof name || lstat(name, &info)) {
            continue;
        }
        if (S_ISDIR(info.st_mode) && depth < 6) {
            remove_folder(name, depth + 1);
        } else {
            (void)unlink(name);
        }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

/* Where drivers keep compiled shaders: Mesa (two names over the years), NVIDIA, and whoever follows XDG. */
static bool set_caches(const char *folder) {
    static const char *const variables[] = {cache_variable, "MESA_SHADER_CACHE_DIR", "MESA_GLSL_CACHE_DIR",
                                            "__GL_SHADER_DISK_CACHE_PATH", "XDG_CACHE_HOME"};
    bool ok = true;
    for (size_t v = 0; v < sizeof variables / sizeof *variables; v++) {
        ok = !setenv(variables[v], folder, 1) && ok;
    }
    return ok;
}

static void run_child(char **argv, const char *folder, int to) {
    char text[64];
    bool ok = set_caches(folder);
    (void)snprintf(text, sizeof text, "%.6f", bench_now_ms());
    if (ok && !setenv(started_variable, text, 1) && dup2(to, STDOUT_FILENO) >= 0) {
        (void)execv("/proc/self/exe", argv);
    }
    _exit(127);
}

/* One process; its object, or NULL. */
static cJSON *start_one(char **argv, const char *folder) {
    int ends[2];
    if (pipe(ends)) {
        perror("pipe");
        return NULL;
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(argv, folder, ends[1]);
    }
    (void)close(ends[1]);
    char text[8192];
    size_t used = 0;
    ssize_t got = 1;
    while (child > 0 && got && used + 1 < sizeof text) {
        got = read(ends[0], text + used, sizeof text - 1 - used);
        if (got < 0 && errno != EINTR) {
            break;
        }
        used += got > 0 ? (size_t)got : 0;
    }
    (void)close(ends[0]);
    text[used] = '\0';
    int status = 1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    cJSON *json = child > 0 && WIFEXITED(status) && !WEXITSTATUS(status) ? cJSON_Parse(text) : NULL;
    if (!json) {
        (void)fprintf(stderr, "a process that was started to be timed failed\n");
    }
    return json;
}

/* cold: every start finds empty caches; else the last cold one's. */
static bool start_many(const bench *b, const char *folder, bool cold, cJSON *json) {
    const uint32_t runs = b->a.runs;
    double values[KEYS][BENCH_MOST_RUNS];
    for (uint32_t r = 0; r < runs; r++) {
        if (cold) {
            remove_folder(folder, 0);
            if (mkdir(folder, 0777)) { /* a start with other caches would not be cold */
                perror(folder);
                return false;
            }
        }
        cJSON *one = start_one(b->argv, folder);
        if (!one) {
            return false;
        }
        for (size_t k = 0; k < KEYS; k++) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(one, keys[k]);
            values[k][r] = cJSON_IsNumber(value) ? value->valuedouble : NAN;
        }
        cJSON_Delete(one);
    }
    cJSON *object = cJSON_AddObjectToObject(json, cold ? "cold" : "warm");
    bench_say(b, "%s, median (least .. largest) of %u processes, ms\n", cold ? "empty caches" : "full caches", runs);
    for (size_t k = 0; k < KEYS; k++) {
        cJSON_AddItemToObject(object, keys[k], bench_summary(values[k], runs));
        bench_say(b, "  %-18s %9.1f  (%.1f .. %.1f)\n", keys[k], bench_median(values[k], runs), values[k][0],
                  values[k][runs - 1]);
    }
    return true;
}

bool bench_start(bench *b) {
    if (getenv(started_variable)) {
        return be_timed(b);
    }
    char folder[] = "/tmp/backdrop-start-XXXXXX";
    cJSON *json = bench_begin(b, "start", 1);
    bool ok = json != NULL;
    if (ok && !mkdtemp(folder)) {
        perror(folder);
        return bench_end(b, json, false);
    }
    if (ok) {
        cJSON_AddStringToObject(json, "input_picture", "made, of the network's size");
        ok = start_many(b, folder, true, json) && start_many(b, folder, false, json);
        remove_folder(folder, 0);
    }
    return bench_end(b, json, ok);
}
