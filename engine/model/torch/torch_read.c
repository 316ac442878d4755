/* SPDX-License-Identifier: MIT */
#include "model/torch/torch_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/torch/torch_pickle.h"

#define NONE BD_PICKLE_NONE

/* A storage of the old format. */
typedef struct place {
    const uint8_t *key, *data;
    size_t key_bytes, bytes;
} place;

typedef struct reader {
    bd_pickle m;
    const bd_zip *zip; /* NULL: places */
    const char *folder;
    size_t folder_bytes;
    place *places; /* sorted by key */
    size_t place_count, file_bytes;
    bd_pool *pool;
    bd_torch_state *state;
} reader;

/* ---- the state dict among what the pickle makes ----------------------------------------------------------------- */

static uint32_t count_tensors(const bd_pickle *m, uint32_t index) {
    const bd_pickle_value *v = bd_pickle_value_at(m, index);
    uint32_t count = 0;
    for (uint32_t i = v->kind == BD_PICKLE_DICTIONARY ? v->first : NONE; i != NONE; i = bd_pickle_item_at(m, i)->next) {
        const bd_pickle_item *entry = bd_pickle_item_at(m, i);
        count += bd_pickle_value_at(m, entry->value)->kind == BD_PICKLE_TENSOR &&
                 bd_pickle_value_at(m, entry->key)->kind == BD_PICKLE_TEXT;
    }
    return count;
}

/* The dictionary of tensors: the root, or what a checkpoint calls one of the usual names, or else the one in it with
 * the most. A few tensors at the root (a score, a random state) are no state dict. */
static bd_result find_state(reader *r, uint32_t root, uint32_t *state) {
    static const char *const usual[] = {"state_dict", "model_state_dict", "model_state", "model", "net", "module"};
    const bd_pickle *m = &r->m;
    const bd_pickle_value *v = bd_pickle_value_at(m, root);
    const uint32_t first = v->kind == BD_PICKLE_DICTIONARY ? v->first : NONE;
    uint32_t most = count_tensors(m, root), looked_at = 0;
    *state = root;
    for (uint32_t i = first; i != NONE && looked_at < BD_TORCH_MAX_TENSORS; i = bd_pickle_item_at(m, i)->next) {
        const uint32_t part = bd_pickle_item_at(m, i)->value, count = count_tensors(m, part);
        looked_at += 1 + bd_pickle_value_at(m, part)->count;
        if (count > most) {
            most = count;
            *state = bd_pickle_item_at(m, i)->value;
        }
    }
    for (uint32_t n = 0; n < BD_COUNT(usual) && *state != root; n++) {
        uint32_t found = NONE; /* the last of equal keys, as Python has it */
        for (uint32_t i = first; i != NONE; i = bd_pickle_item_at(m, i)->next) {
            const bd_pickle_item *entry = bd_pickle_item_at(m, i);
            found = bd_pickle_is_text(m, entry->key, usual[n]) ? entry->value : found;
        }
        if (found != NONE && count_tensors(m, found) > count_tensors(m, root)) {
            *state = found;
            break;
        }
    }
    if (most) {
        return BD_OK;
    }
    return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED,
                   "%s: holds no state dict, neither itself nor under 'state_dict' or 'model'; save model.state_dict()",
                   m->file);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* The numbers of a SEQUENCE; false when there are too many or others. */
static bool read_numbers(const bd_pickle *m, uint32_t index, uint32_t *count, int64_t numbers[BD_MAX_RANK]) {
    uint32_t found[BD_MAX_RANK];
    *count = bd_pickle_sequence(m, index, 0, BD_MAX_RANK, found);
    for (uint32_t i = 0; i < *count; i++) {
        if (!bd_pickle_is_number(m, found[i])) {
            return false;
        }
        numbers[i] = bd_pickle_value_at(m, found[i])->number;
    }
    return *count == bd_pickle_value_at(m, index)->count;
}

static int compare_places(const void *a, const void *b) {
    const place *left = a, *right = b;
    int order = memcmp(left->key, right->key, BD_MIN(left->key_bytes, right->key_bytes));
    return order ? order : left->key_bytes < right->key_bytes ? -1 : left->key_bytes > right->key_bytes;
}

/* The data of the storage whose key is a TEXT value; NULL: there is none. */
static const uint8_t *find_data(const reader *r, const bd_pickle_value *key, size_t *bytes, bool *stored) {
    const uint8_t *const text = r->m.data + key->number;
    *stored = true;
    if (!r->zip) {
        const place wanted = {.key = text, .key_bytes = key->count};
        const place *found =
            r->place_count ? bsearch(&wanted, r->places, r->place_count, sizeof *r->places, compare_places) : NULL;
        *bytes = found ? found->bytes : 0;
        return found ? found->data : NULL;
    }
    char name[64];
    int length =
        snprintf(name, sizeof name, "data/%.*s", (int)BD_MIN(key->count, (uint32_t)sizeof name), (const char *)text);
    const bd_zip_entry *entry = (size_t)length < sizeof name && key->count < sizeof name
                                    ? bd_zip_find(r->zip, r->folder, r->folder_bytes, name, (size_t)length)
                                    : NULL;
    *bytes = entry ? entry->bytes : 0;
    *stored = !entry || entry->data;
    return entry ? entry->data : NULL;
}

static bd_result read_tensor(reader *r, const bd_pickle_value *from, bd_torch_tensor *to) {
    const bd_pickle *m = &r->m;
    const bd_pickle_value *storage = bd_pickle_value_at(m, from->storage);
    uint32_t strides, size = bd_pickle_storage_type(m, from->storage, &to->kind);
    if (!read_numbers(m, from->first, &to->rank, to->dims) || !read_numbers(m, from->last, &strides, to->strides) ||
        strides != to->rank) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' has a broken shape", m->file, to->name);
    }
    size_t bytes;
    bool stored;
    const uint8_t *data = find_data(r, bd_pickle_value_at(m, storage->count), &bytes, &stored);
    if (!stored) {
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: parameter '%.120s' is compressed; torch.save stores",
                       m->file, to->name);
    }
    if (!data) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' has no data in the %s", m->file, to->name,
                       r->zip ? "archive" : "file");
    }
    if ((uint64_t)storage->number > bytes / size || !bd_torch_tensor_fits(to, from->number, storage->number)) {
        return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: parameter '%.120s' reaches past its data", m->file,
                       to->name);
    }
    to->data = data + (size_t)from->number * size;
    return BD_OK;
}

static bd_result read_state(reader *r, uint32_t index) {
    const bd_pickle *m = &r->m;
    const uint32_t tensors = count_tensors(m, index);
    if (tensors > BD_TORCH_MAX_TENSORS) {
        return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: holds more than %d tensors", m->file,
                       BD_TORCH_MAX_TENSORS);
    }
    r->state->count = 0;
    r->state->items = bd_pool_alloc(r->pool, tensors * sizeof *r->state->items);
    if (!r->state->items) {
        return bd_fail(m->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", m->file);
    }
    for (uint32_t i = bd_pickle_value_at(m, index)->first; i != NONE; i = bd_pickle_item_at(m, i)->next) {
        const bd_pickle_item *entry = bd_pickle_item_at(m, i);
        const bd_pickle_value *key = bd_pickle_value_at(m, entry->key), *tensor = bd_pickle_value_at(m, entry->value);
        if (key->kind != BD_PICKLE_TEXT || tensor->kind != BD_PICKLE_TENSOR) {
            continue;
        }
        if (key->count > BD_TORCH_MAX_NAME) {
            return bd_fail(m->error, BD_ERR_MODEL_UNSUPPORTED, "%s: a parameter's name has %u bytes, the most is %d",
                           m->file, key->count, BD_TORCH_MAX_NAME);
        }
        char *name = bd_pool_alloc(r->pool, (size_t)key->count + 1);
        if (!name) {
            return bd_fail(m->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", m->file);
        }
        memcpy(name, m->data + key->number, key->count);
        bd_torch_tensor *to = &r->state->items[r->state->count++];
        to->name = name;
        bd_result result = read_tensor(r, tensor, to);
        if (result) {
            return result;
        }
    }
    return BD_OK;
}

/* ---- an archive ------------------------------------------------------------------------------------------------- */

bd_result bd_torch_pickle_read(const bd_zip *zip, const bd_zip_entry *pickle, const char *folder, size_t folder_bytes,
                               bd_pool *pool, bd_torch_state *state, bd_error *error) {
    reader r = {.m = {.file = zip->file,
                      .data = pickle->data,
                      .bytes = pickle->bytes,
                      .allocator = pool->allocator,
                      .error = error},
                .zip = zip,
                .folder = folder,
                .folder_bytes = folder_bytes,
                .pool = pool,
                .state = state};
    uint32_t root = 0, found = 0;
    if (!pickle->data) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: its data.pkl is compressed, which torch.save does not do; unpack and zip it with -0",
                       zip->file);
    }
    if (pickle->bytes > BD_TORCH_MAX_HEADER_BYTES) {
        return bd_fail(error, BD_ERR_MODEL_UNSUPPORTED,
                       "%s: %zu bytes of pickle, the most is %zu; are its weights no tensors? save model.state_dict()",
                       zip->file, pickle->bytes, BD_TORCH_MAX_HEADER_BYTES);
    }
    bd_result result = bd_pickle_run(&r.m, &root);
    if (!result) {
        result = find_state(&r, root, &found);
    }
    if (!result) {
        result = read_state(&r, found);
    }
    bd_pickle_finish(&r.m);
    return result;
}

/* ---- before 1.6 ------------------------------------------------------------------------------------------------- */

static uint64_t read_count(const uint8_t *at) {
    uint64_t read = 0;
    for (int i = 7; i >= 0; i--) {
        read = read << 8 | at[i];
    }
    return read;
}

static bd_result cut_short(const reader *r) {
    return bd_fail(r->m.error, BD_ERR_FILE_CORRUPT, "%s: its data end at %zu bytes: cut short?", r->m.file,
                   r->file_bytes);
}

/* Bytes of an element of the storage with a key. */
typedef struct key_size {
    place key; /* first: compare_places */
    uint32_t size;
} key_size;

/* The storages that the tensors name, sorted by key. */
static bd_result list_keys(reader *r, key_size **keys, size_t *count) {
    const bd_pickle *m = &r->m;
    *count = 0;
    for (uint32_t i = 0; i < m->values.count; i++) {
        *count += bd_pickle_value_at(m, i)->kind == BD_PICKLE_STORAGE;
    }
    *keys = bd_pool_alloc(r->pool, *count * sizeof **keys);
    if (!*keys) {
        return bd_fail(m->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", m->file);
    }
    size_t at = 0;
    for (uint32_t i = 0; i < m->values.count; i++) {
        const bd_pickle_value *storage = bd_pickle_value_at(m, i);
        if (storage->kind == BD_PICKLE_STORAGE) {
            const bd_pickle_value *key = bd_pickle_value_at(m, storage->count);
            bd_torch_kind kind;
            (*keys)[at++] = (key_size){{.key = m->data + key->number, .key_bytes = key->count},
                                       bd_pickle_storage_type(m, i, &kind)};
        }
    }
    qsort(*keys, *count, sizeof **keys, compare_places);
    return BD_OK;
}

/* The data follow the list of keys, in its order: how many elements, then these. */
static bd_result read_places(reader *r, uint32_t list) {
    const bd_pickle *m = &r->m;
    const bd_pickle_value *v = bd_pickle_value_at(m, list);
    key_size *keys;
    size_t key_count, at = m->at;
    bd_result result = list_keys(r, &keys, &key_count);
    if (result) {
        return result;
    }
    r->places = v->kind == BD_PICKLE_SEQUENCE ? bd_pool_alloc(r->pool, v->count * sizeof *r->places) : NULL;
    if (!r->places) {
        return v->kind == BD_PICKLE_SEQUENCE
                   ? bd_fail(m->error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", m->file)
                   : bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: has no list of its data", m->file);
    }
    for (uint32_t i = v->first; i != NONE; i = bd_pickle_item_at(m, i)->next) {
        const bd_pickle_value *text = bd_pickle_value_at(m, bd_pickle_item_at(m, i)->value);
        place made = {.key = m->data + text->number, .key_bytes = text->count};
        const key_size *known = text->kind == BD_PICKLE_TEXT && key_count
                                    ? bsearch(&made, keys, key_count, sizeof *keys, compare_places)
                                    : NULL;
        if (!known) {
            return bd_fail(m->error, BD_ERR_FILE_CORRUPT, "%s: lists data that no tensor names", m->file);
        }
        if (r->file_bytes - at < 8 || read_count(m->data + at) > (r->file_bytes - at - 8) / known->size) {
            return cut_short(r);
        }
        made.data = m->data + at + 8;
        made.bytes = (size_t)read_count(m->data + at) * known->size;
        at += 8 + made.bytes;
        r->places[r->place_count++] = made;
    }
    qsort(r->places, r->place_count, sizeof *r->places, compare_places);
    return BD_OK;
}

/* A dictionary says whether the machine that wrote the file was little-endian. */
static bd_result check_order(const reader *r, uint32_t system) {
    const bd_pickle *m = &r->m;
    const bd_pickle_value *v = bd_pickle_value_at(m, system);
    for (uint32_t i = v->kind == BD_PICKLE_DICTIONARY ? v->first : NONE; i != NONE; i = bd_pickle_item_at(m, i)->next) {
        const bd_pickle_item *entry = bd_pickle_item_at(m, i);
        const bd_pickle_value *little = bd_pickle_value_at(m, entry->value);
        if (bd_pickle_is_text(m, entry->key, "little_endian") && little->kind == BD_PICKLE_NUMBER && !little->number) {
            return bd_torch_fail_order(m->file, m->error);
        }
    }
    return BD_OK;
}

/* Five pickles: a magic number, the protocol, what machine wrote it, the object, the keys of its data. */
bd_result bd_torch_legacy_read(const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                               bd_torch_state *state, bd_error *error) {
    enum { SYSTEM = 2, OBJECT = 3, KEYS = 4, PICKLES = 5 };
    reader r = {.m = {.file = file,
                      .data = data,
                      .bytes = BD_MIN(bytes, BD_TORCH_MAX_HEADER_BYTES),
                      .allocator = pool->allocator,
                      .error = error},
                .file_bytes = bytes,
                .pool = pool,
                .state = state};
    uint32_t roots[PICKLES] = {0}, found = 0;
    bd_result result = BD_OK;
    for (int i = 0; i < PICKLES && !result; i++) {
        result = bd_pickle_run(&r.m, &roots[i]);
    }
    if (!result) {
        result = check_order(&r, roots[SYSTEM]);
    }
    if (!result) {
        result = find_state(&r, roots[OBJECT], &found);
    }
    if (!result) {
        result = read_places(&r, roots[KEYS]);
    }
    if (!result) {
        result = read_state(&r, found);
    }
    bd_pickle_finish(&r.m);
    return result;
}
