/* SPDX-License-Identifier: MIT
 * State dicts that are broken, hostile or of another network: each is refused in words, and nothing is leaked. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/passes.h"
#include "model/torch/safetensors.h"
#include "model/torch/torch.h"
#include "support/session.h"

static bd_error error;

typedef bd_result (*import_fn)(const uint8_t *data, size_t bytes, const char *path, bd_graph *graph, bd_shards *shards,
                               bd_error *error);

static bd_result open_bytes(import_fn import, const uint8_t *data, size_t bytes) {
    bd_graph graph;
    bd_shards shards = {0};
    /* Of exactly its size, so that reading past the end is seen. */
    uint8_t *copy = malloc(bytes ? bytes : 1);
    assert_non_null(copy);
    memcpy(copy, data, bytes);
    assert_int_equal(bd_graph_init(&graph, NULL, "file", &error), BD_OK);
    error.message[0] = '\0';
    bd_result result = import(copy, bytes, "file", &graph, &shards, &error);
    assert_int_equal(shards.count, 0);
    bd_graph_finish(&graph);
    bd_shards_finish(&shards);
    free(copy);
    return result;
}

static void check_refused(import_fn import, const uint8_t *data, size_t bytes, bd_result code, const char *says) {
    bd_result result = open_bytes(import, data, bytes);
    if (result != code || !strstr(error.message, says) || strncmp(error.message, "file: ", 6) ||
        strchr(error.message, '\n')) {
        fail_msg("%s, '%s': not '%s'", bd_result_name(result), error.message, says);
    }
}

static uint8_t *read_corpus(const char *name, size_t *bytes) {
    char path[256];
    (void)snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name);
    return test_read_copy(test_source_file(path), bytes);
}

/* Puts text at the first place where `old` stands, as long as it. */
static void put(uint8_t *data, size_t bytes, const char *old, const char *text) {
    size_t length = strlen(old);
    assert_int_equal(length, strlen(text));
    for (size_t at = 0; at + length <= bytes; at++) {
        if (!memcmp(data + at, old, length)) {
            memcpy(data + at, text, length);
            return;
        }
    }
    fail_msg("no '%s'", old);
}

/* ---- archives ---------------------------------------------------------------------------------------------------- */

typedef struct archive {
    uint8_t bytes[8192], directory[2048];
    size_t count, directory_bytes, entries;
} archive;

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* An entry whose data lies at its place; method and flags as in the directory, `unpacked` the size that it claims. */
static void add_entry(archive *to, const char *name, const void *data, size_t bytes, uint32_t method, uint32_t flags,
                      uint32_t unpacked) {
    size_t length = strlen(name), offset = to->count;
    uint8_t *local = to->bytes + to->count, *entry = to->directory + to->directory_bytes;
    memset(local, 0, 30);
    put32(local, 0x04034b50);
    put16(local + 26, (uint32_t)length);
    memcpy(local + 30, name, length);
    memcpy(local + 30 + length, data, bytes);
    to->count += 30 + length + bytes;
    memset(entry, 0, 46);
    put32(entry, 0x02014b50);
    put16(entry + 8, flags);
    put16(entry + 10, method);
    put32(entry + 20, (uint32_t)bytes);
    put32(entry + 24, unpacked);
    put16(entry + 28, (uint32_t)length);
    put32(entry + 42, (uint32_t)offset);
    memcpy(entry + 46, name, length);
    to->directory_bytes += 46 + length;
    to->entries++;
}

static void add_stored(archive *to, const char *name, const void *data, size_t bytes) {
    add_entry(to, name, data, bytes, 0, 0, (uint32_t)bytes);
}

static void end_archive(archive *to) {
    uint8_t *end = to->bytes + to->count;
    memcpy(end, to->directory, to->directory_bytes);
    end += to->directory_bytes;
    memset(end, 0, 22);
    put32(end, 0x06054b50);
    put16(end + 10, (uint32_t)to->entries);
    put32(end + 12, (uint32_t)to->directory_bytes);
    put32(end + 16, (uint32_t)to->count);
    to->count += to->directory_bytes + 22;
}

static const uint8_t empty_pickle[] = {0x80, 2, '}', '.'};

static void test_archives(void **state) {
    (void)state;
    archive a = {.count = 0};
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_FILE_FORMAT, "no data.pkl");
    check_refused(bd_model_import_torch, a.bytes, a.count - 1, BD_ERR_FILE_CORRUPT, "without its directory");
    check_refused(bd_model_import_torch, (const uint8_t *)"PK\3\4", 4, BD_ERR_FILE_CORRUPT, "without its directory");

    a = (archive){.count = 0};
    add_stored(&a, "a/b/data.pkl", empty_pickle, sizeof empty_pickle);
    add_stored(&a, "/data.pkl", empty_pickle, sizeof empty_pickle);
    add_stored(&a, "data.pkl", empty_pickle, sizeof empty_pickle);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_FILE_FORMAT, "no data.pkl");

    a = (archive){.count = 0};
    add_stored(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");

    /* A bomb: a few bytes that claim to become gigabytes. Nothing is decompressed. */
    a = (archive){.count = 0};
    add_entry(&a, "a/data.pkl", "\3\0", 2, 8, 0, 0xfffffff0u);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_MODEL_UNSUPPORTED, "data.pkl is compressed");

    a = (archive){.count = 0};
    add_entry(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle, 0, 1, sizeof empty_pickle);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_MODEL_UNSUPPORTED, "data.pkl is compressed");

    a = (archive){.count = 0};
    add_entry(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle, 0, 0, 0xfffffff0u);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_FILE_CORRUPT, "broken entry");

    a = (archive){.count = 0};
    add_stored(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle);
    add_stored(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_FILE_CORRUPT, "two entries of one name");

    a = (archive){.count = 0};
    add_stored(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle);
    add_stored(&a, "a/byteorder", "big", 3);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_MODEL_UNSUPPORTED, "little-endian");
}

/* Two entries that share their bytes, entries past the directory, a directory past the file. */
static void test_archive_places(void **state) {
    (void)state;
    const size_t local = 30 + 10 + sizeof empty_pickle;
    for (int i = 0; i < 6; i++) {
        archive a = {.count = 0};
        add_stored(&a, "a/data.pkl", empty_pickle, sizeof empty_pickle);
        add_stored(&a, "a/data/0xx", empty_pickle, sizeof empty_pickle);
        end_archive(&a);
        uint8_t *first = a.bytes + 2 * local, *second = first + 56, *end = second + 56;
        switch (i) {
        case 0: put32(second + 42, 0); break;                        /* the same place */
        case 1: put32(first + 20, 40), put32(first + 24, 40); break; /* into its neighbour */
        case 2: put32(second + 20, 80), put32(second + 24, 80); break;
        case 3: put32(second + 42, 0x7fffffff); break;
        case 4: put32(end + 16, (uint32_t)a.count); break;
        default: put16(end + 10, 3); break;
        }
        check_refused(bd_model_import_torch, a.bytes, a.count, BD_ERR_FILE_CORRUPT,
                      i < 2   ? "entries overlap"
                      : i < 4 ? "broken entry"
                              : "ZIP archive w");
    }
}

/* ---- pickles ----------------------------------------------------------------------------------------------------- */

/* An archive of one pickle, and data of eight floats. */
static void check_pickle(const char *pickle, size_t bytes, bd_result code, const char *says) {
    static const uint8_t data[32];
    archive a = {.count = 0};
    add_stored(&a, "a/data.pkl", pickle, bytes);
    add_stored(&a, "a/data/0", data, sizeof data);
    end_archive(&a);
    check_refused(bd_model_import_torch, a.bytes, a.count, code, says);
}

#define PICKLE(text, code, says) check_pickle(text, sizeof(text) - 1, code, says)

static void test_pickles(void **state) {
    (void)state;
    /* What runs something, or asks for what is not a tensor's. */
    PICKLE("\x80\2cos\nsystem\nX\4\0\0\0true\x85R.", BD_ERR_MODEL_UNSUPPORTED, "asks for os.system,");
    PICKLE("\x80\2c__builtin__\neval\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for __builtin__.eval,");
    PICKLE("\x80\4\x8c\5posix\x8c\6system\x93.", BD_ERR_MODEL_UNSUPPORTED, "asks for posix.system,");
    PICKLE("\x80\2ctorch\nload\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for torch.load,");
    PICKLE("\x80\2ca\x1b[2J\nb\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for a?[2J.b,");
    PICKLE("\x80\2ios\nsystem\n.", BD_ERR_MODEL_UNSUPPORTED, "operation 0x69");
    PICKLE("\x80\2(o.", BD_ERR_MODEL_UNSUPPORTED, "operation 0x6f");
    PICKLE("\x80\2}\x82\1.", BD_ERR_MODEL_UNSUPPORTED, "operation 0x82");
    PICKLE("\x80\2}\x97.", BD_ERR_MODEL_UNSUPPORTED, "operation 0x97");
    PICKLE("\x80\2c__builtin__\ngetattr\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for __builtin__.getattr,");
    PICKLE("\x80\2cnumpyx\nf\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for numpyx.f,");
    PICKLE("\x80\2c_codecs\ndecode\n.", BD_ERR_MODEL_UNSUPPORTED, "asks for _codecs.decode,");
    /* What checkpoints keep beside the weights is not looked into. */
    PICKLE("\x80\2}X\1\0\0\0acnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0f8\x85R(K\3Ntbc_codecs\nencode"
           "\nX\1\0\0\0aX\6\0\0\0latin1\x86R\x86Rs.",
           BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\2ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RK\1K\2s(K\1K\2uK\3a.", BD_ERR_MODEL_UNSUPPORTED,
           "holds no state dict");
    PICKLE("\x80\4\x8f(K\1\x90.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\4\x8c\7pathlib\x8c\4Path\x93)}\x92.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\2cdatetime\ndate\nU\4abcd\x85R.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\3cdatetime\ndate\nC\4abcd\x85R.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\3cdatetime\ndate\nB\4\0\0\0abcd\x85R.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\3C\5abc.", BD_ERR_FILE_CORRUPT, "bytes that end past it");
    PICKLE("\x80\3B\xff\xff\xff\xff.", BD_ERR_FILE_CORRUPT, "bytes that end past it");
    PICKLE("\x80\4}(K\1\x90.", BD_ERR_FILE_CORRUPT, "no container");
    PICKLE("\x80\4cpathlib\nPath\n)\x92.", BD_ERR_FILE_CORRUPT, "no class");
    PICKLE("\x80\4)\x92.", BD_ERR_FILE_CORRUPT, "no class");
    /* What does not add up. */
    PICKLE("", BD_ERR_FILE_CORRUPT, "without an end");
    PICKLE("\x80", BD_ERR_FILE_CORRUPT, "ends inside an operation");
    PICKLE("\x80\1}.", BD_ERR_FILE_CORRUPT, "protocol");
    PICKLE("\x80\2}", BD_ERR_FILE_CORRUPT, "without an end");
    PICKLE("\x80\2.", BD_ERR_FILE_CORRUPT, "in the middle");
    PICKLE("\x80\2(}.", BD_ERR_FILE_CORRUPT, "in the middle");
    PICKLE("\x80\2}}.", BD_ERR_FILE_CORRUPT, "in the middle");
    PICKLE("\x80\2K\1\x87.", BD_ERR_FILE_CORRUPT, "takes more");
    PICKLE("\x80\2K\1(K\1\x86.", BD_ERR_FILE_CORRUPT, "takes more");
    PICKLE("\x80\2t.", BD_ERR_FILE_CORRUPT, "did not begin");
    PICKLE("\x80\2u.", BD_ERR_FILE_CORRUPT, "did not begin");
    PICKLE("\x80\2(K\1u.", BD_ERR_FILE_CORRUPT, "no container");
    PICKLE("\x80\2}(K\1u.", BD_ERR_FILE_CORRUPT, "no container");
    PICKLE("\x80\2}(K\1e.", BD_ERR_FILE_CORRUPT, "no container");
    PICKLE("\x80\2K\1K\2K\3s.", BD_ERR_FILE_CORRUPT, "no container");
    PICKLE("\x80\2K\1s.", BD_ERR_FILE_CORRUPT, "takes more");
    PICKLE("\x80\2h\0.", BD_ERR_FILE_CORRUPT, "recalls");
    PICKLE("\x80\2}q\3h\2.", BD_ERR_FILE_CORRUPT, "recalls");
    PICKLE("\x80\2}r\xff\xff\xff\xff.", BD_ERR_FILE_CORRUPT, "remembers");
    PICKLE("\x80\2q\0}.", BD_ERR_FILE_CORRUPT, "remembers");
    PICKLE("\x80\2X\xff\xff\xff\x7f.", BD_ERR_FILE_CORRUPT, "a text");
    PICKLE("\x80\2\x8a\xff.", BD_ERR_FILE_CORRUPT, "a number");
    PICKLE("\x80\2ccollections", BD_ERR_FILE_CORRUPT, "a name");
    PICKLE("\x80\2\x93.", BD_ERR_FILE_CORRUPT, "names nothing");
    PICKLE("\x80\2K\1K\2\x93.", BD_ERR_FILE_CORRUPT, "no text");
    PICKLE("\x80\2}}R.", BD_ERR_FILE_CORRUPT, "cannot be called");
    PICKLE("\x80\2ccollections\nOrderedDict\n)\x81.", BD_ERR_FILE_CORRUPT, "no class");
    PICKLE("\x80\2cargparse\nNamespace\nK\1\x85\x81.", BD_ERR_FILE_CORRUPT, "no class");
    PICKLE("\x80\2cargparse\nNamespace\n)R.", BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE("\x80\2cargparse\nNamespace\n)\x81}X\1\0\0\0aK\1sb.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\2)\x81.", BD_ERR_FILE_CORRUPT, "no class");
    PICKLE("\x80\2ccollections\nOrderedDict\n]K\1aR.", BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE("\x80\2ctorch\nFloatStorage\n)R.", BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE("\x80\2ctorch._utils\n_rebuild_parameter\n}\x85R.", BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE("\x80\2ctorch._utils\n_rebuild_tensor_v2\n(}K\0))tR.", BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE("\x80\2K\1}b.", BD_ERR_FILE_CORRUPT, "has none");
    PICKLE("\x80\2)Q.", BD_ERR_FILE_CORRUPT, "no storage");
    PICKLE("\x80\2K\1Q.", BD_ERR_FILE_CORRUPT, "no storage");
    PICKLE("\x80\2Q.", BD_ERR_FILE_CORRUPT, "no storage");
    /* Containers that hold themselves are no state dict, and no trap. */
    PICKLE("\x80\2]q\0h\0a.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    PICKLE("\x80\2}q\0X\5\0\0\0modelh\0s.", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
}

/* {"w": a tensor of (2, 3) floats over the eight of data/0}, with one thing wrong. */
#define STORAGE(type, key, count) "(X\7\0\0\0storagectorch\n" type "\nX\1\0\0\0" key "X\3\0\0\0cpuK" count "tQ"
#define TENSOR(storage, offset, shape, strides)                                                                        \
    "\x80\2}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(" storage offset shape strides "\x89}tRs."
#define F32 STORAGE("FloatStorage", "0", "\x08")

static void test_tensors(void **state) {
    (void)state;
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "K\3K\1\x86"), BD_ERR_MODEL_UNSUPPORTED, "not those of a DeepLab");
    PICKLE(TENSOR(F32, "K\2", "K\2K\3\x86", "K\3K\1\x86"), BD_ERR_MODEL_UNSUPPORTED, "not those of a DeepLab");
    PICKLE(TENSOR(F32, "K\3", "K\2K\3\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "'w' reaches past its data");
    PICKLE(TENSOR(F32, "K\x09", "K\1K\1\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "reaches past");
    PICKLE(TENSOR(F32, "K\x09", "K\0K\1\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "reaches past");
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "K\6K\1\x86"), BD_ERR_FILE_CORRUPT, "reaches past");
    PICKLE(TENSOR(F32, "K\0", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "reaches");
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "\x8a\6\0\0\0\0\0\1K\1\x86"), BD_ERR_FILE_CORRUPT, "reaches past");
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "\x8a\x08\0\0\0\0\0\0\0\1K\1\x86"), BD_ERR_FILE_CORRUPT, "broken shape");
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "J\xff\xff\xff\xffK\1\x86"), BD_ERR_FILE_CORRUPT, "broken shape");
    PICKLE(TENSOR(F32, "K\0", "\x8a\1\xffK\3\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "broken shape");
    PICKLE(TENSOR(F32, "K\0", "K\2K\3\x86", "K\3\x85"), BD_ERR_FILE_CORRUPT, "broken shape");
    PICKLE(TENSOR(F32, "K\0", "(K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1t"), BD_ERR_FILE_CORRUPT,
           "broken shape");
    PICKLE(TENSOR(F32, "J\xff\xff\xff\xff", "K\2K\3\x86", "K\3K\1\x86"), BD_ERR_FILE_CORRUPT, "wrong arguments");
    PICKLE(TENSOR(STORAGE("FloatStorage", "1", "\x08"), "K\0", "K\2\x85", "K\1\x85"), BD_ERR_FILE_CORRUPT,
           "'w' has no data in the archive");
    PICKLE(TENSOR(STORAGE("FloatStorage", "0", "\x09"), "K\0", "K\2\x85", "K\1\x85"), BD_ERR_FILE_CORRUPT, "reaches");
    PICKLE(TENSOR(STORAGE("DoubleStorage", "0", "\x05"), "K\0", "K\2\x85", "K\1\x85"), BD_ERR_FILE_CORRUPT, "reaches");
    PICKLE(TENSOR(STORAGE("QUInt8Storage", "0", "\x05"), "K\0", "K\2\x85", "K\1\x85"), BD_ERR_MODEL_UNSUPPORTED,
           "asks for torch.QUInt8Storage,");
}

static void test_real_files(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *data = read_corpus("torch/module.pth", &bytes);
    check_refused(bd_model_import_torch, data, bytes, BD_ERR_MODEL_UNSUPPORTED,
                  "asks for torch.nn.modules.activation.ReLU,");
    free(data);
    data = read_corpus("torch/script.pth", &bytes);
    check_refused(bd_model_import_torch, data, bytes, BD_ERR_MODEL_UNSUPPORTED, "TorchScript");
    free(data);
    data = read_corpus("torch/legacy.pth", &bytes);
    check_refused(bd_model_import_torch_legacy, data, bytes, BD_ERR_MODEL_UNSUPPORTED, "they are 'a' to 'a'");
    free(data);
}

/* ---- safetensors ------------------------------------------------------------------------------------------------- */

static void check_safetensors(const char *header, size_t data_bytes, bd_result code, const char *says) {
    uint8_t bytes[1024] = {0};
    size_t length = strlen(header);
    put32(bytes, (uint32_t)length);
    memcpy(bytes + 8, header, length);
    check_refused(bd_model_import_safetensors, bytes, 8 + length + data_bytes, code, says);
}

#define ENTRY(name, type, shape, from, to)                                                                             \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"

/* ---- before version 1.6 -------------------------------------------------------------------------------------------
 */

/* The first three pickles, what is saved and its keys, then data. */
static void check_legacy(const char *system, size_t system_bytes, const char *rest, size_t rest_bytes, bd_result code,
                         const char *says) {
    static const uint8_t head[] = {0x80, 2,   0x8a, 10,  'l',  0xfc, 0x9c, 'F',  0xf9, ' ', 'j',
                                   0xa8, 'P', 0x19, '.', 0x80, 2,    'M',  0xe9, 3,    '.'};
    uint8_t bytes[1024];
    size_t count = sizeof head;
    memcpy(bytes, head, count);
    memcpy(bytes + count, system, system_bytes);
    memcpy(bytes + count + system_bytes, rest, rest_bytes);
    count += system_bytes + rest_bytes;
    assert_true(count <= sizeof bytes);
    check_refused(bd_model_import_torch_legacy, bytes, count, code, says);
}

#define LEGACY(rest, code, says) check_legacy("\x80\2}.", 4, rest, sizeof(rest) - 1, code, says)
#define OLD_STORAGE(view)                                                                                              \
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"                                                                 \
    "0X\3\0\0\0cpuK\2" view "tQ"
#define OLD_TENSOR(view)                                                                                               \
    "\x80\2}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(" OLD_STORAGE(view) "K\0K\2\x85K\1\x85\x89}tRs."
#define KEYS(key) "\x80\2]X\1\0\0\0" key "a."

static void test_legacy(void **state) {
    (void)state;
    LEGACY(OLD_TENSOR("N") KEYS("0") "\2\0\0\0\0\0\0\0"
                                     "12345678",
           BD_ERR_MODEL_UNSUPPORTED, "they are 'w' to 'w'");
    LEGACY(OLD_TENSOR("N") KEYS("0") "\2\0\0\0\0\0\0\0"
                                     "1234567",
           BD_ERR_FILE_CORRUPT, "cut short?");
    LEGACY(OLD_TENSOR("N") KEYS("0") "\2\0\0\0\0\0\0", BD_ERR_FILE_CORRUPT, "cut short?");
    LEGACY(OLD_TENSOR("N") KEYS("0") "\xff\xff\xff\xff\xff\xff\xff\xff", BD_ERR_FILE_CORRUPT, "cut short?");
    LEGACY(OLD_TENSOR("N") KEYS("0") "\1\0\0\0\0\0\0\0"
                                     "1234",
           BD_ERR_FILE_CORRUPT, "'w' reaches past its data");
    LEGACY(OLD_TENSOR("N") KEYS("1") "\2\0\0\0\0\0\0\0"
                                     "12345678",
           BD_ERR_FILE_CORRUPT, "no tensor names");
    LEGACY(OLD_TENSOR("N") "\x80\2].", BD_ERR_FILE_CORRUPT, "'w' has no data in the file");
    LEGACY(OLD_TENSOR("N") "\x80\2}.", BD_ERR_FILE_CORRUPT, "no list of its data");
    LEGACY(OLD_TENSOR("N"), BD_ERR_FILE_CORRUPT, "without an end");
    LEGACY(OLD_TENSOR("K\1") KEYS("0"), BD_ERR_FILE_CORRUPT, "no storage of a tensor");
    LEGACY("\x80\2}.\x80\2].", BD_ERR_MODEL_UNSUPPORTED, "holds no state dict");
    check_legacy("\x80\2}X\r\0\0\0little_endian\x89s.", 24, "\x80\2}.\x80\2].", 8, BD_ERR_MODEL_UNSUPPORTED,
                 "big-endian");
    check_legacy("\x80\2}X\r\0\0\0little_endian\x88s.", 24, "\x80\2}.\x80\2].", 8, BD_ERR_MODEL_UNSUPPORTED,
                 "holds no state dict");
}

static void test_safetensors(void **state) {
    (void)state;
    check_safetensors("{" ENTRY("w", "F32", "2,2", "0", "16") "}", 16, BD_ERR_MODEL_UNSUPPORTED,
                      "not those of a DeepLab");
    check_safetensors("{}", 0, BD_ERR_MODEL_UNSUPPORTED, "not those of a DeepLab");
    check_safetensors("[]", 0, BD_ERR_FILE_CORRUPT, "broken JSON");
    check_safetensors("{\"w\":", 0, BD_ERR_FILE_CORRUPT, "broken JSON");
    check_safetensors("{\"w\":1}", 0, BD_ERR_MODEL_UNSUPPORTED, "'w' is of a type");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "0", "16") "}", 15, BD_ERR_FILE_CORRUPT, "'w' has a");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "0", "16") "}", 17, BD_ERR_FILE_CORRUPT, "cut short?");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "0", "12") "}", 16, BD_ERR_FILE_CORRUPT, "offsets that do not fit");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "16", "0") "}", 16, BD_ERR_FILE_CORRUPT, "offsets that do not fit");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "4", "20") "}", 16, BD_ERR_FILE_CORRUPT, "offsets that do not fit");
    check_safetensors("{" ENTRY("w", "F32", "2,2", "-1", "15") "}", 16, BD_ERR_FILE_CORRUPT, "no offsets");
    check_safetensors("{" ENTRY("w", "F32", "2,2.5", "0", "16") "}", 16, BD_ERR_FILE_CORRUPT, "shape that does not");
    check_safetensors("{" ENTRY("w", "F32", "-2,-2", "0", "16") "}", 16, BD_ERR_FILE_CORRUPT, "shape that does not");
    check_safetensors("{" ENTRY("w", "F32", "4294967296,4294967296", "0", "0") "}", 16, BD_ERR_FILE_CORRUPT, "shape");
    check_safetensors("{" ENTRY("w", "F32", "0,9007199254740992,9007199254740992", "0", "0") "}", 0,
                      BD_ERR_MODEL_UNSUPPORTED, "not those of a DeepLab");
    check_safetensors("{" ENTRY("w", "F32", "1,1,1,1,1,1,1", "0", "4") "}", 4, BD_ERR_FILE_CORRUPT, "shape");
    check_safetensors("{" ENTRY("w", "X32", "2,2", "0", "16") "}", 16, BD_ERR_MODEL_UNSUPPORTED, "'w' is of a type");
    check_safetensors("{" ENTRY("a", "U8", "8", "0", "8") "," ENTRY("b", "U8", "8", "4", "12") "}", 12,
                      BD_ERR_FILE_CORRUPT, "overlap or leave gaps");
    check_safetensors("{" ENTRY("a", "U8", "4", "0", "4") "," ENTRY("b", "U8", "4", "8", "12") "}", 12,
                      BD_ERR_FILE_CORRUPT, "overlap or leave gaps");
    check_safetensors("{" ENTRY("a", "U8", "4", "0", "4") "," ENTRY("a", "U8", "4", "4", "8") "}", 8,
                      BD_ERR_FILE_CORRUPT, "two parameters are called 'a'");
    uint8_t bytes[16] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, '{', '}'};
    check_refused(bd_model_import_safetensors, bytes, sizeof bytes, BD_ERR_FILE_CORRUPT, "a safetensors header of");
    check_refused(bd_model_import_safetensors, bytes, 7, BD_ERR_FILE_CORRUPT, "a safetensors header of");
}

/* ---- networks ---------------------------------------------------------------------------------------------------- */

static void test_networks(void **state) {
    (void)state;
    static const struct {
        const char *old, *text;
        bd_result code;
        const char *says;
    } cases[] = {
        {"layer1.0.conv2.weight", "layer1.0.convX.weight", BD_ERR_MODEL_UNSUPPORTED,
         "parameter 'backbone.layer1.0.conv2.weight' is missing"},
        {"classifier.4.bias", "classifier.4.bios", BD_ERR_MODEL_UNSUPPORTED, "'classifier.4.bias' is missing"},
        {"layer2.0.downsample.0.weight", "layer2.0.downsample.9.weight", BD_ERR_MODEL_UNSUPPORTED, "has no place in"},
        {"classifier.0.project.0.weight\":{\"dtype\":\"F32\"", "classifier.0.project.0.weight\":{\"dtype\":\"I32\"",
         BD_ERR_MODEL_UNSUPPORTED, "'classifier.0.project.0.weight' is not of floats"},
        {"layer1.0.conv2.weight\":{\"dtype\":\"F32\",\"shape\":[2,2,3,3]",
         "layer1.0.conv2.weight\":{\"dtype\":\"F32\",\"shape\":[4,1,3,3]", BD_ERR_MODEL_UNSUPPORTED,
         "'backbone.layer1.0.conv2.weight' of rank 4, (4,1,3,3), does not fit"},
        {"layer1.0.conv2.weight\":{\"dtype\":\"F32\",\"shape\":[2,2,3,3]",
         "layer1.0.conv2.weight\":{\"dtype\":\"F32\",\"shape\":[2,2,1,9]", BD_ERR_MODEL_UNSUPPORTED, "does not fit"},
        {"backbone.conv1.weight", "bockbone.conv1.weight", BD_ERR_MODEL_UNSUPPORTED,
         "'backbone.conv1.weight' is missing"},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        size_t bytes;
        uint8_t *data = read_corpus("safetensors/small_resnet.safetensors", &bytes);
        assert_int_equal(open_bytes(bd_model_import_safetensors, data, bytes), BD_OK);
        put(data, bytes, cases[i].old, cases[i].text);
        check_refused(bd_model_import_safetensors, data, bytes, cases[i].code, cases[i].says);
        free(data);
    }
}

/* Other trainers' networks: on other backbones, and with parts that are not there. */
static void test_families(void **state) {
    (void)state;
    static const struct {
        const char *file, *old, *text, *says;
    } cases[] = {
        {"vainf_v3", "backbone.conv1.weight", "backbone.stage.weight", "on a backbone that is not supported; ResNet"},
        {"smp_plus", "encoder.features.0.0.weight", "encoder.blocks__.0.0.weight",
         "on an encoder that is not supported"},
        {"mmseg_plus", "backbone.layer1.0.conv1.weight", "backbone.stages.0.conv1.weight",
         "on a backbone that is not supported; ResNet"},
        {"vainf_v3", "layer4.2.conv3.weight", "layer4.2.convX.weight",
         "layer 'backbone.layer4.2' adds 4 channels to 8"},
        {"vainf_split", "convs.1.0.body.1.weight", "convs.1.0.body.9.weight", "convs.1.0.body.1.weight' is missing"},
        {"smp_plus", "decoder.block2.0.1.weight", "decoder.block2.0.9.weight", "block2.0.1.weight' is missing"},
        {"mmseg_plus", "c1_bottleneck.conv.weight", "c1_bottleneck.cone.weight", "sep_bottleneck.0.depthwise_conv"},
        {"mmseg_plus", "auxiliary_head.conv_seg.bias", "decode_headache_seg.bias.bia",
         "has no place in a DeepLab of mmseg"},
        {"transformers", "layer.15.conv_3x3.convolution.weight", "layer.16.conv_3x3.convolution.weight",
         "'mobilenet_v2.layer.15.conv_3x3.convolution.weight' is missing"},
        {"transformers", "layer.14.expand_1x1.normalization.bias", "layer.14.expand_1x1.normalization.bios",
         "layer.14.expand_1x1.normalization.bias' is missing"},
    };
    for (size_t i = 0; i < BD_COUNT(cases); i++) {
        char name[128];
        size_t bytes;
        (void)snprintf(name, sizeof name, "safetensors/%s.safetensors", cases[i].file);
        uint8_t *data = read_corpus(name, &bytes);
        assert_int_equal(open_bytes(bd_model_import_safetensors, data, bytes), BD_OK);
        put(data, bytes, cases[i].old, cases[i].text);
        check_refused(bd_model_import_safetensors, data, bytes, BD_ERR_MODEL_UNSUPPORTED, cases[i].says);
        free(data);
    }
}

/* A variance that no norm can have. */
static void test_statistics(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *data = read_corpus("safetensors/small_resnet.safetensors", &bytes);
    const char *name = "backbone.bn1.running_var\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[";
    const char *found = NULL;
    for (size_t at = 0; at + strlen(name) < bytes && !found; at++) {
        found = memcmp(data + at, name, strlen(name)) ? NULL : (const char *)data + at + strlen(name);
    }
    assert_non_null(found);
    size_t header = data[0] | (size_t)data[1] << 8, at = 8 + header + (size_t)strtoul(found, NULL, 10);
    const float bad[] = {-1.0f, NAN};
    for (size_t i = 0; i < BD_COUNT(bad); i++) {
        memcpy(data + at + 8, &bad[i], 4);
        check_refused(bd_model_import_safetensors, data, bytes, BD_ERR_FILE_CORRUPT,
                      "layer 'backbone.bn1': channel 2 is not finite");
    }
    free(data);
}

/* ---- truncation, memory ------------------------------------------------------------------------------------------ */

static void check_truncations(import_fn import, const char *name, size_t every) {
    size_t whole;
    uint8_t *data = read_corpus(name, &whole);
    for (size_t bytes = 0; bytes < whole; bytes += every) {
        if (!open_bytes(import, data, bytes) || !error.message[0]) {
            fail_msg("%s cut to %zu bytes: '%s'", name, bytes, error.message);
        }
    }
    free(data);
}

static void test_truncations(void **state) {
    (void)state;
    check_truncations(bd_model_import_torch, "torch/tiny.pth", 1);
    check_truncations(bd_model_import_torch, "torch/tiny4.pth", 1);
    check_truncations(bd_model_import_safetensors, "safetensors/tiny.safetensors", 1);
    check_truncations(bd_model_import_torch, "torch/module.pth", 1);
    check_truncations(bd_model_import_torch, "torch/script.pth", 1);
    check_truncations(bd_model_import_torch, "torch/small_resnet.pth", 31);
    check_truncations(bd_model_import_safetensors, "safetensors/small_resnet_half.safetensors", 5);
    check_truncations(bd_model_import_torch_legacy, "torch/legacy.pth", 1);
    check_truncations(bd_model_import_torch_legacy, "torch/vainf_plus.pth", 23);
    check_truncations(bd_model_import_torch, "torch/smp_v3.pth", 97);
    check_truncations(bd_model_import_safetensors, "safetensors/transformers.safetensors", 41);
}

static int64_t live, until_failure;

static void *take(void *user, size_t bytes) {
    (void)user;
    if (until_failure-- <= 0) {
        return NULL;
    }
    live++;
    return malloc(bytes);
}

static void *retake(void *user, void *memory, size_t bytes) {
    if (!memory) {
        return take(user, bytes);
    }
    return until_failure-- <= 0 ? NULL : realloc(memory, bytes);
}

static void release(void *user, void *memory) {
    (void)user;
    live -= memory != NULL;
    free(memory);
}

static void test_short_memory(void **state) {
    (void)state;
    static const bd_allocator allocator = {NULL, take, retake, release};
    static const struct {
        const char *name;
        import_fn import;
    } files[] = {{"torch/small_resnet_checkpoint.pth", bd_model_import_torch},
                 {"safetensors/small_resnet.safetensors", bd_model_import_safetensors},
                 {"torch/vainf_plus.pth", bd_model_import_torch_legacy}};
    for (size_t i = 0; i < BD_COUNT(files); i++) {
        size_t bytes;
        uint8_t *data = read_corpus(files[i].name, &bytes);
        bd_result result = BD_ERR_OUT_OF_MEMORY;
        int64_t room = 0;
        for (; result == BD_ERR_OUT_OF_MEMORY && room < 2000; room++) {
            bd_graph graph;
            bd_shards shards = {0};
            live = 0;
            until_failure = INT64_MAX;
            assert_int_equal(bd_graph_init(&graph, &allocator, "file", &error), BD_OK);
            until_failure = room;
            result = files[i].import(data, bytes, "file", &graph, &shards, &error);
            bd_graph_finish(&graph);
            assert_int_equal(live, 0);
        }
        assert_int_equal(result, BD_OK);
        assert_true(room > 3);
        free(data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives),   cmocka_unit_test(test_archive_places), cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_tensors),    cmocka_unit_test(test_real_files),     cmocka_unit_test(test_safetensors),
        cmocka_unit_test(test_networks),   cmocka_unit_test(test_legacy),         cmocka_unit_test(test_families),
        cmocka_unit_test(test_statistics), cmocka_unit_test(test_truncations),    cmocka_unit_test(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
