/* SPDX-License-Identifier: MIT */
#include "model/tflite/tflite_metadata.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/bytes/zip.h"

enum { MODEL_BUFFERS = 4, MODEL_METADATA = 6 };
enum { ENTRY_NAME, ENTRY_BUFFER };
enum { METADATA_SUBGRAPHS = 3 };
enum { SUBGRAPH_INPUTS = 2, SUBGRAPH_OUTPUTS };
enum { TENSOR_UNITS = 4, TENSOR_FILES = 6 };
enum { UNIT_TYPE, UNIT_OPTIONS, UNIT_IS_NORMALISATION = 1 };
enum { NORMALISATION_MEAN, NORMALISATION_DEVIATION };
enum { FILE_NAME, FILE_TYPE = 2, FILE_IS_LABELS = 2, FILE_IS_VALUES };
enum { LABELS_MOST = 256, LABEL_BYTES_MOST = 1 << 16, NAME_MOST = 200 };

/* The first one stays. */
static bd_result note(bd_tflite *tflite, const char *format, ...) BD_PRINTF(2, 3);
static bd_result note(bd_tflite *tflite, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!tflite->graph->note) {
        tflite->graph->note = bd_pool_strdup(&tflite->graph->pool, text);
    }
    return tflite->graph->note ? BD_OK : bd_tflite_fail_memory(tflite);
}

static bool is_text(const bd_fb_vector *text, const char *wanted) {
    return text->count == strlen(wanted) && !memcmp(text->items, wanted, text->count);
}

/* ---- the input --------------------------------------------------------------------------------------------------- */

/* One number for all channels, or three. */
static bool read_three(const bd_fb_vector *from, double values[3]) {
    for (uint32_t c = 0; c < 3 && (from->count == 1 || from->count == 3); c++) {
        values[c] = (double)bd_fb_item_float(from, from->count == 3 ? c : 0) / 255;
        if (!isfinite(values[c])) {
            return false;
        }
    }
    return from->count == 1 || from->count == 3;
}

/* (byte - mean) / deviation, of inputs of floats; integers are fed bytes, as TensorFlow Lite's task library does. */
static bd_result read_normalisation(bd_tflite *tflite, bd_fb *fb, const bd_fb_table *tensor) {
    const bd_fb_vector units = bd_fb_items(fb, tensor, TENSOR_UNITS, 4);
    for (uint32_t i = 0; i < units.count && !fb->broken; i++) {
        const bd_fb_table unit = bd_fb_item_table(fb, &units, i);
        if (bd_fb_unsigned(fb, &unit, UNIT_TYPE, 1, 0) != UNIT_IS_NORMALISATION) {
            continue;
        }
        const bd_fb_table options = bd_fb_child(fb, &unit, UNIT_OPTIONS);
        const bd_fb_vector mean = bd_fb_items(fb, &options, NORMALISATION_MEAN, 4);
        const bd_fb_vector deviation = bd_fb_items(fb, &options, NORMALISATION_DEVIATION, 4);
        bd_feed feed = {0};
        if (fb->broken) {
            break;
        }
        if (!read_three(&mean, feed.mean) || !read_three(&deviation, feed.deviation) || feed.deviation[0] == 0 ||
            feed.deviation[1] == 0 || feed.deviation[2] == 0) {
            return note(tflite, "%s: the normalisation in its metadata, at byte %zu, is none of three channels",
                        tflite->file, (size_t)(fb->data - tflite->fb.data) + options.at);
        }
        if (tflite->graph->nodes[tflite->graph->input].dtype == BD_F32) {
            bd_graph_suggest_feed(tflite->graph, BD_INPUT_SOURCE_METADATA, &feed);
        }
    }
    return BD_OK;
}

/* ---- the classes ------------------------------------------------------------------------------------------------- */

/* Whether a printable character of UTF-8 is at `at`; *bytes: how many it has, 1 where there is none. */
static bool is_character(const uint8_t *at, const uint8_t *end, size_t *bytes) {
    static const uint8_t lengths[16] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4};
    *bytes = *at == 0xc0 || *at == 0xc1 || *at > 0xf4 ? 0 : lengths[*at >> 4];
    bool fits = *bytes && *bytes <= (size_t)(end - at) && (*bytes > 1 || (*at >= 0x20 && *at != 0x7f));
    for (size_t i = 1; fits && i < *bytes; i++) {
        fits = (at[i] & 0xc0) == 0x80;
    }
    fits = fits && !(*at == 0xc2 && at[1] < 0xa0) && !(*at == 0xe0 && at[1] < 0xa0) && !(*at == 0xed && at[1] > 0x9f) &&
           !(*at == 0xf0 && at[1] < 0x90) && !(*at == 0xf4 && at[1] > 0x8f);
    *bytes = fits ? *bytes : 1;
    return fits;
}

/* What is no character becomes a question mark. */
static const char *copy_line(bd_tflite *tflite, const uint8_t *from, const uint8_t *end) {
    const uint8_t *last = (size_t)(end - from) > NAME_MOST ? from + NAME_MOST : end;
    char *line = bd_pool_alloc(&tflite->graph->pool, NAME_MOST + 1), *to = line;
    for (size_t bytes; to && from < last; from += bytes) {
        if (is_character(from, last, &bytes)) {
            memcpy(to, from, bytes);
            to += bytes;
        } else {
            *to++ = '?';
        }
    }
    return line;
}

/* A name a line. */
static bd_result take_labels(bd_tflite *tflite, const uint8_t *text, size_t bytes) {
    const uint8_t *const end = text + bytes;
    const char **labels = bd_pool_alloc(&tflite->graph->pool, LABELS_MOST * sizeof *labels);
    uint32_t count = 0;
    if (!labels) {
        return bd_tflite_fail_memory(tflite);
    }
    while (text < end && count < LABELS_MOST) {
        const uint8_t *line = memchr(text, '\n', (size_t)(end - text));
        const uint8_t *stop = line ? line : end;
        const uint8_t *shown = stop > text && stop[-1] == '\r' ? stop - 1 : stop;
        if (shown > text) {
            labels[count] = copy_line(tflite, text, shown);
            if (!labels[count++]) {
                return bd_tflite_fail_memory(tflite);
            }
        }
        text = stop + (line ? 1 : 0);
    }
    tflite->graph->labels = count ? labels : NULL;
    tflite->graph->label_count = count;
    return BD_OK;
}

/* The entry that the output's metadata names; without, the one that such files are usually called. */
static const bd_zip_entry *find_labels(const bd_zip *zip, bd_fb *fb, const bd_fb_table *tensor) {
    static const char *const usual[] = {"labelmap.txt", "labels.txt", "label_map.txt"};
    const bd_fb_vector files = bd_fb_items(fb, tensor, TENSOR_FILES, 4);
    for (uint32_t i = 0; i < files.count && !fb->broken; i++) {
        const bd_fb_table file = bd_fb_item_table(fb, &files, i);
        const uint64_t type = bd_fb_unsigned(fb, &file, FILE_TYPE, 1, 0);
        const bd_fb_vector name = bd_fb_items(fb, &file, FILE_NAME, 1);
        if (name.items && (type == FILE_IS_LABELS || type == FILE_IS_VALUES)) {
            const bd_zip_entry *found = bd_zip_find(zip, "", 0, (const char *)name.items, name.count);
            if (found) {
                return found;
            }
        }
    }
    for (size_t i = 0; i < BD_COUNT(usual); i++) {
        const bd_zip_entry *found = bd_zip_find(zip, "", 0, usual[i], strlen(usual[i]));
        if (found) {
            return found;
        }
    }
    return NULL;
}

static bd_result read_labels(bd_tflite *tflite, bd_fb *fb, const bd_fb_table *tensor) {
    bd_zip zip;
    bd_error failure;
    const uint8_t *text;
    if (!bd_zip_is_there(tflite->fb.data, tflite->fb.bytes)) {
        return BD_OK;
    }
    bd_result result = bd_zip_read(&zip, tflite->fb.data, tflite->fb.bytes, tflite->file, &tflite->pool, &failure);
    const bd_zip_entry *entry = result ? NULL : find_labels(&zip, fb, tensor);
    if (entry) {
        result = bd_zip_extract(&zip, entry, LABEL_BYTES_MOST, &tflite->pool, &text, &failure);
    }
    if (result) {
        return result == BD_ERR_OUT_OF_MEMORY ? bd_tflite_fail_memory(tflite) : note(tflite, "%s", failure.message);
    }
    return entry ? take_labels(tflite, text, entry->bytes) : BD_OK;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

/* The buffer that the model calls TFLITE_METADATA; nothing where there is none, or it is of another kind. */
static bd_fb find_metadata(bd_tflite *tflite, const bd_fb_table *model) {
    static const char wanted[] = "TFLITE_METADATA", kind[] = "M001";
    bd_fb *fb = &tflite->fb, found = {0};
    const bd_fb_vector list = bd_fb_items(fb, model, MODEL_METADATA, 4);
    const bd_fb_vector buffers = bd_fb_items(fb, model, MODEL_BUFFERS, 4);
    for (uint32_t i = 0; i < list.count && !fb->broken && !found.data; i++) {
        const bd_fb_table entry = bd_fb_item_table(fb, &list, i);
        const bd_fb_vector name = bd_fb_items(fb, &entry, ENTRY_NAME, 1);
        const uint64_t buffer = bd_fb_unsigned(fb, &entry, ENTRY_BUFFER, 4, 0);
        if (!name.items || !is_text(&name, wanted) || buffer >= buffers.count) {
            continue;
        }
        const bd_fb_table at = bd_fb_item_table(fb, &buffers, (uint32_t)buffer);
        const bd_fb_vector data = bd_fb_items(fb, &at, 0, 1);
        if (data.count >= 8 && !memcmp(data.items + 4, kind, 4)) {
            found = (bd_fb){.data = data.items, .bytes = data.count};
        }
    }
    return found;
}

static bd_fb_table find_tensor(bd_fb *fb, const bd_fb_table *subgraph, uint32_t field, uint32_t index) {
    const bd_fb_vector list = bd_fb_items(fb, subgraph, field, 4);
    return index < list.count ? bd_fb_item_table(fb, &list, index) : (bd_fb_table){0};
}

bd_result bd_tflite_read_metadata(bd_tflite *tflite, const bd_fb_table *model, uint32_t input, uint32_t output) {
    bd_fb fb = find_metadata(tflite, model);
    bd_fb_table in = {0}, out = {0};
    if (tflite->fb.broken) {
        tflite->fb.broken = false; /* what was needed of it has been read */
        return note(tflite, "%s: the list of its metadata is broken at byte %zu of %zu", tflite->file,
                    tflite->fb.broken_at, tflite->fb.bytes);
    }
    if (fb.data) {
        const bd_fb_table root = bd_fb_root(&fb);
        const bd_fb_vector subgraphs = bd_fb_items(&fb, &root, METADATA_SUBGRAPHS, 4);
        const bd_fb_table first = subgraphs.count ? bd_fb_item_table(&fb, &subgraphs, 0) : (bd_fb_table){0};
        in = find_tensor(&fb, &first, SUBGRAPH_INPUTS, input);
        out = find_tensor(&fb, &first, SUBGRAPH_OUTPUTS, output);
    }
    bd_result result = read_normalisation(tflite, &fb, &in);
    if (!result) {
        result = read_labels(tflite, &fb, &out);
    }
    if (!result && fb.broken) {
        result = note(tflite, "%s: its metadata is broken at byte %zu of %zu", tflite->file,
                      (size_t)(fb.data - tflite->fb.data) + fb.broken_at, tflite->fb.bytes);
    }
    return result;
}
