/* SPDX-License-Identifier: MIT
 * The verb models: lists them, says what one is made of, checks its files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <nettle/sha2.h>

#include "json.h"
#include "model.h"
#include "models.h"
#include "platform.h"
#include "platform/file_system.h"
#include "platform/path.h"
#include "platform/text.h"
#include "progress.h"
#include "report.h"
#include "weights.h"

enum { SUM_CHUNK = 1 << 16 };

static void add_copy(cJSON *to, const cJSON *from, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, key);
    if (item) {
        cJSON_AddItemToObject(to, key, cJSON_Duplicate(item, true));
    }
}

/* The manifest as JSON, each model of which has the number that the library knows it by; NULL: out of memory. */
static cJSON *parse(const bd_weights *weights, const cJSON **models) {
    cJSON *manifest = cJSON_Parse(bd_weights_manifest(weights));
    *models = cJSON_GetObjectItemCaseSensitive(manifest, "models");
    return manifest;
}

static cJSON *json_models(const bd_weights *weights, const cJSON *manifest, const cJSON *models) {
    static const char *const keys[] = {"name",  "form",  "origin",        "licence",
                                       "bytes", "input", "output_stride", "class_names"};
    cJSON *root = cJSON_CreateObject();
    cli_json_text(root, "folder", bd_weights_folder(weights));
    add_copy(root, manifest, "default");
    cJSON *list = cJSON_AddArrayToObject(root, "models");
    bd_weights_info info = {.struct_size = sizeof info};
    const cJSON *entry = models ? models->child : NULL;
    for (uint32_t m = 0; entry && !bd_weights_get(weights, m, &info); m++, entry = entry->next) {
        cJSON *item = cJSON_CreateObject();
        for (size_t i = 0; i < CLI_COUNT(keys); i++) {
            add_copy(item, entry, keys[i]);
        }
        cJSON_AddBoolToObject(item, "fetched", info.fetched);
        cli_json_text(item, "path", info.path);
        cJSON_AddItemToArray(list, item);
    }
    return root;
}

static void print_models(const bd_weights *weights, const char *usual) {
    bd_weights_info info = {.struct_size = sizeof info};
    for (uint32_t m = 0; !bd_weights_get(weights, m, &info); m++) {
        printf("%c %s  %s, %s%s\n", usual && !strcmp(info.name, usual) ? '*' : ' ', info.name,
               *info.licence ? info.licence : "?", info.fetched ? info.path : "not fetched; run ",
               info.fetched ? "" : bd_weights_fetcher(weights));
    }
}

static bool list_models(cli *run) {
    bd_weights *weights;
    const cJSON *models;
    if (!cli_weights_open(run, &weights)) {
        return false;
    }
    cJSON *manifest = parse(weights, &models);
    bool done;
    if (run->options.json) {
        done = cli_print_json(run, json_models(weights, manifest, models));
    } else {
        print_models(weights, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(manifest, "default")));
        done = cli_flush(run);
    }
    cJSON_Delete(manifest);
    bd_weights_close(weights);
    return done;
}

static const char *const sources[] = {[BD_INPUT_SOURCE_ASSUMED] = "assumption",
                                      [BD_INPUT_SOURCE_GRAPH] = "graph",
                                      [BD_INPUT_SOURCE_METADATA] = "metadata",
                                      [BD_INPUT_SOURCE_TRAINER] = "trainer",
                                      [BD_INPUT_SOURCE_CALLER] = "option"};

/* To six digits, which are what floats have. */
static cJSON *json_floats(const float *values, int count) {
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%.6g", (double)values[i]);
        cJSON_AddItemToArray(list, cJSON_CreateNumber(strtod(text, NULL)));
    }
    return list;
}

/* What the network is fed. */
static void json_input(cJSON *root, const bd_model_info *info) {
    cJSON *input = cJSON_AddObjectToObject(root, "input");
    const float range[2] = {info->input_low, info->input_high};
    cJSON_AddItemToObject(input, "range", json_floats(range, 2));
    cJSON_AddItemToObject(input, "mean", json_floats(info->input_mean, 3));
    cJSON_AddItemToObject(input, "deviation", json_floats(info->input_deviation, 3));
    cJSON_AddStringToObject(input, "channels", info->channels == BD_CHANNELS_BGR ? "bgr" : "rgb");
    cJSON_AddStringToObject(input, "known_by", sources[info->input_source]);
}

static void print_input(const bd_model_info *info) {
    static const char *const means[] = {[BD_INPUT_SOURCE_ASSUMED] = "by assumption: the file does not tell",
                                        [BD_INPUT_SOURCE_GRAPH] = "by the graph, which takes bytes or scales its input",
                                        [BD_INPUT_SOURCE_METADATA] = "by TensorFlow Lite's metadata in the file",
                                        [BD_INPUT_SOURCE_TRAINER] = "by what the trainer's networks are fed",
                                        [BD_INPUT_SOURCE_CALLER] = "by --input-range"};
    const float *m = info->input_mean, *d = info->input_deviation;
    printf("fed            %.4g..%.4g, mean %.4g,%.4g,%.4g, deviation %.4g,%.4g,%.4g, %s; %s\n",
           (double)info->input_low, (double)info->input_high, (double)m[0], (double)m[1], (double)m[2], (double)d[0],
           (double)d[1], (double)d[2], info->channels == BD_CHANNELS_BGR ? "bgr" : "rgb", means[info->input_source]);
}

static bool json_info(cli *run, const cli_model *model) {
    const bd_model_info *info = &model->info;
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"input_width", info->input_width},
        {"input_height", info->input_height},
        {"logits_width", info->logits_width},
        {"logits_height", info->logits_height},
        {"output_stride", info->output_stride},
        {"nodes", info->node_count},
        {"parameters", (double)info->parameters},
        {"multiply_adds", (double)info->multiply_adds},
        {"arena_bytes", (double)info->arena_bytes},
        {"weights_bytes", (double)info->weights_bytes},
        {"tensors_bytes", (double)info->tensors_bytes},
    };
    cJSON *root = cJSON_CreateObject();
    cli_json_text(root, "name", model->name);
    cli_json_text(root, "path", model->path.text);
    cli_json_text(root, "form", info->form);
    cli_json_text(root, "backbone", info->backbone);
    cli_json_text(root, "arithmetic", info->integers ? "integer" : "float");
    if (info->in_float) {
        cli_json_text(root, "not_integer", info->in_float);
    }
    if (info->note) {
        cJSON_AddStringToObject(root, "note", info->note);
    }
    json_input(root, info);
    cJSON *rates = cJSON_AddArrayToObject(root, "atrous_rates");
    for (uint32_t i = 0; i < CLI_COUNT(info->rates) && info->rates[i]; i++) {
        cJSON_AddItemToArray(rates, cJSON_CreateNumber(info->rates[i]));
    }
    for (size_t i = 0; i < CLI_COUNT(numbers); i++) {
        cJSON_AddNumberToObject(root, numbers[i].key, numbers[i].value);
    }
    cJSON *classes = cJSON_AddArrayToObject(root, "classes");
    for (uint32_t c = 0; c < info->class_count; c++) {
        cJSON_AddItemToArray(classes, cli_json_string(bd_model_class_name(model->model, c)));
    }
    return cli_print_json(run, root);
}

static bool print_info(cli *run, const cli_model *model) {
    const bd_model_info *info = &model->info;
    cli_path room[2];
    printf("name           %s\npath           %s\nform           %s\n", cli_printed(model->name, &room[0]),
           cli_printed(model->path.text, &room[1]), info->form);
    printf("input          %u x %u\nlogits         %u x %u x %u\n", info->input_width, info->input_height,
           info->logits_width, info->logits_height, info->class_count);
    print_input(info);
    printf("backbone       %s\noutput stride  %u\natrous rates  ", info->backbone, info->output_stride);
    for (uint32_t i = 0; i < CLI_COUNT(info->rates) && info->rates[i]; i++) {
        printf("%s %u", i ? "," : "", info->rates[i]);
    }
    printf("%s\narithmetic     %s%s%s\n", info->rates[0] ? "" : " none",
           info->integers ? "integer, as TensorFlow Lite's" : "float", info->in_float ? ": quantised, but " : "",
           info->in_float ? info->in_float : "");
    printf("nodes          %u\nparameters     %.2f million\nmultiply-adds  %.2f billion\n", info->node_count,
           (double)info->parameters / 1e6, (double)info->multiply_adds / 1e9);
    printf("memory plan    weights %.1f MB, activations %.1f MB, which hold %.1f MB of tensors in turn\nclasses       ",
           (double)info->weights_bytes / 1e6, (double)info->arena_bytes / 1e6, (double)info->tensors_bytes / 1e6);
    for (uint32_t c = 0; c < info->class_count; c++) {
        const char *name = bd_model_class_name(model->model, c);
        printf("%s %u %s", c ? "," : "", c, cli_printed(name ? name : "", &room[0]));
    }
    printf("\n");
    return cli_flush(run);
}

/* The SHA-256 of a file as text; false when it cannot be read. */
static bool sum_of(const char *path, char text[2 * SHA256_DIGEST_SIZE + 1]) {
    FILE *file = cli_open_file(path);
    uint8_t *buffer = malloc(SUM_CHUNK);
    bool ok = file && buffer;
    struct sha256_ctx sum;
    sha256_init(&sum);
    for (size_t got = 1; ok && got;) {
        got = fread(buffer, 1, SUM_CHUNK, file);
        sha256_update(&sum, got, buffer);
        ok = !ferror(file);
    }
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&sum, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    free(buffer);
    if (file) {
        (void)fclose(file);
    }
    return ok;
}

/* Files of one model; returns how many are wrong. A model that was never fetched has none. */
static unsigned verify_files(const cJSON *entry, const char *main_file, cJSON *list, bool quiet) {
    unsigned wrong = 0;
    int folder = (int)(bd_path_name(main_file) - main_file);
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(entry, "files")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "path"));
        const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "sha256"));
        char found[2 * SHA256_DIGEST_SIZE + 1];
        cli_path path;
        int length = snprintf(path.text, sizeof path.text, "%.*s%s", folder, main_file, name ? name : "");
        bool fits = length >= 0 && (size_t)length < sizeof path.text;
        bool read = name && wanted && fits && sum_of(path.text, found);
        bool right = read && bd_text_same(found, wanted);
        wrong += !right;
        cJSON *to = cJSON_CreateObject();
        cli_json_text(to, "path", path.text);
        cJSON_AddBoolToObject(to, "right", right);
        cJSON_AddBoolToObject(to, "missing", !read);
        cJSON_AddItemToArray(list, to);
        if (!quiet) {
            cli_path room;
            printf("%-7s  %s\n", right ? "right" : read ? "WRONG" : "MISSING", cli_printed(path.text, &room));
        }
    }
    return wrong;
}

static bool has_folder(const char *main_file) {
    cli_path folder;
    int length =
        snprintf(folder.text, sizeof folder.text, "%.*s.", (int)(bd_path_name(main_file) - main_file), main_file);
    return length > 1 && (size_t)length < sizeof folder.text && bd_path_look(folder.text) == BD_PATH_FOLDER;
}

/* Without a name, those that were fetched, if only in part; a named one has to be there. Returns how many files are
 * wrong. */
static unsigned verify_named(const cli *run, const bd_weights *weights, const char *only, cJSON *list, bool *known) {
    const cJSON *models;
    cJSON *manifest = parse(weights, &models);
    const cJSON *entry = models ? models->child : NULL;
    bd_weights_info info = {.struct_size = sizeof info};
    unsigned wrong = 0;
    *known = !only;
    for (uint32_t m = 0; entry && !bd_weights_get(weights, m, &info); m++, entry = entry->next) {
        if (only && strcmp(info.name, only) != 0) {
            continue;
        }
        *known = true;
        if (info.fetched || only || has_folder(info.path)) {
            wrong += verify_files(entry, info.path, list, run->options.json);
        } else if (!run->options.json) {
            printf("not fetched  %s\n", info.name);
        }
    }
    cJSON_Delete(manifest);
    return wrong;
}

static bool verify_models(cli *run, const char *only) {
    bd_weights *weights;
    bool known;
    if (!cli_weights_open(run, &weights)) {
        return false;
    }
    cJSON *root = cJSON_CreateObject();
    unsigned wrong = verify_named(run, weights, only, cJSON_AddArrayToObject(root, "files"), &known);
    const char *fetcher = bd_weights_fetcher(weights);
    bd_weights_close(weights);
    bool done = !run->options.json || cli_print_json(run, root);
    if (!run->options.json) {
        cJSON_Delete(root);
        done = cli_flush(run);
    }
    if (!known) {
        return cli_fail(run, CLI_MODEL, "no model %s in the manifest", only);
    }
    return done && (!wrong || cli_fail(run, CLI_MODEL, "%u file%s missing or not as in the manifest; run %s", wrong,
                                       wrong == 1 ? "" : "s", fetcher));
}

bool cli_models(cli *run) {
    const cli_options *from = &run->options;
    const char *what = from->operand_count ? from->operands[0] : "list";
    if (!strcmp(what, "list") && from->operand_count < 2) {
        return list_models(run);
    }
    if (!strcmp(what, "verify") && from->operand_count < 3) {
        return verify_models(run, from->operand_count > 1 ? from->operands[1] : NULL);
    }
    if (strcmp(what, "info") != 0 || from->operand_count > 2) {
        return cli_fail(run, CLI_USAGE, "models takes list, info MODEL or verify [NAME]; see backdrop models --help");
    }
    cli_model model;
    bool done = cli_model_open(run, from->operand_count > 1 ? from->operands[1] : NULL, &model);
    cli_progress_stop(run);
    done = done && (from->json ? json_info(run, &model) : print_info(run, &model));
    cli_model_close(&model);
    return done;
}
