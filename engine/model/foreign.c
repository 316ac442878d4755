/* SPDX-License-Identifier: MIT */
#include "model/foreign.h"

#include <string.h>

#include "model/bytes/protobuf.h"

typedef struct kind {
    const char *begins;
    uint32_t length, at;
    const char *says;
} kind;

#define BEGINS(text) text, sizeof(text) - 1, 0
#define ARCHIVE "an archive, not a network; unpack it and open what is inside, such as frozen_inference_graph.pb"
#define PICTURE "a picture, not an exported network"
#define EXPORT "export the network as a frozen graph, TensorFlow Lite or ONNX"

static const kind kinds[] = {
    {BEGINS("\x1f\x8b\x08"), ARCHIVE}, /* gzip */
    {BEGINS("\xfd"
            "7zXZ"),
     ARCHIVE},
    {BEGINS("BZh"), ARCHIVE},
    {BEGINS("\x28\xb5\x2f\xfd"), ARCHIVE}, /* Zstandard */
    {BEGINS("7z\xbc\xaf\x27\x1c"), ARCHIVE},
    {BEGINS("Rar!\x1a\x07"), ARCHIVE},
    {"ustar", 5, 257, ARCHIVE},
    {BEGINS("PK\5\6"), "an empty ZIP archive"},
    {BEGINS("\x89HDF\r\n\x1a\n"), "an HDF5 file, as Keras writes (.h5); " EXPORT},
    {BEGINS("\x89PNG"), PICTURE},
    {BEGINS("\xff\xd8\xff"), PICTURE},
    {BEGINS("GIF8"), PICTURE},
    {"WEBP", 4, 8, PICTURE},
    {BEGINS("ftrt"), "a TensorRT engine, which only TensorRT can read; export the network as ONNX"},
    {BEGINS("ptrt"), "a TensorRT engine, which only TensorRT can read; export the network as ONNX"},
    {BEGINS("7767517"), "a network of NCNN; open the ONNX or TensorFlow Lite file that it was made from"},
    {BEGINS("\x93NUMPY"), "a NumPy array, not an exported network"},
    {BEGINS("\x7f"
            "ELF"),
     "a program, not an exported network"},
    {BEGINS("version https://git-lfs"), "a pointer of Git LFS, not the file that it stands for; run git lfs pull"},
};

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool starts(const uint8_t *data, size_t bytes, const char *text) {
    return bytes >= strlen(text) && !memcmp(data, text, strlen(text));
}

/* Upper or lower case of ASCII's letters. */
static bool starts_any_case(const uint8_t *data, size_t bytes, const char *text) {
    for (size_t i = 0; text[i]; i++) {
        if (i == bytes || (data[i] | (data[i] >= 'A' && data[i] <= 'Z' ? 0x20 : 0)) != text[i]) {
            return false;
        }
    }
    return true;
}

static bool ends(const uint8_t *data, size_t bytes, const char *text) {
    size_t length = strlen(text);
    return bytes >= length && !memcmp(data + bytes - length, text, length);
}

static bool contains(const uint8_t *data, size_t bytes, const char *text) {
    enum { LOOK = 1024 };
    for (size_t i = 0; i < BD_MIN(bytes, (size_t)LOOK); i++) {
        if (starts(data + i, bytes - i, text)) {
            return true;
        }
    }
    return false;
}

/* Near the beginning of binary files there are zeros or other bytes that UTF-8 does not have. */
static bool is_text(const uint8_t *data, size_t bytes) {
    enum { LOOK = 256 };
    bool shows = false;
    for (size_t i = 0; i < BD_MIN(bytes, (size_t)LOOK); i++) {
        if ((data[i] < ' ' && !is_space(data[i])) || data[i] == 0x7f || data[i] > 0xf4) {
            return false;
        }
        shows = shows || data[i] > ' ';
    }
    return shows;
}

static const char *name_text(const uint8_t *data, size_t bytes) {
    if (starts_any_case(data, bytes, "<!doctype html") || starts_any_case(data, bytes, "<html") ||
        (starts(data, bytes, "<!--") && contains(data, bytes, "<html"))) {
        return "an HTML page, not an exported network";
    }
    if (starts(data, bytes, "<net ") || (starts(data, bytes, "<?xml") && contains(data, bytes, "<net "))) {
        return "a network of OpenVINO; open the ONNX, TensorFlow or PyTorch file that it was made from";
    }
    if (starts(data, bytes, "<")) {
        return "a text in XML, not an exported network; was the download refused?";
    }
    if (starts(data, bytes, "node {") || starts(data, bytes, "node{")) {
        return "a TensorFlow graph as text, without weights; open the frozen graph (.pb)";
    }
    if (starts(data, bytes, "model_checkpoint_path")) {
        return "the list of a folder's TensorFlow checkpoints; freeze the graph with its checkpoint to a .pb";
    }
    return "a text, not an exported network";
}

const char *bd_model_name_foreign(const uint8_t *data, size_t bytes, const char *path) {
    for (size_t i = 0; i < BD_COUNT(kinds); i++) {
        const kind *k = &kinds[i];
        if (bytes >= k->at && bytes - k->at >= k->length && !memcmp(data + k->at, k->begins, k->length)) {
            return k->says;
        }
    }
    if (bytes > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5) {
        return "a Python pickle, but not of torch.save; save the network's state_dict() with torch.save";
    }
    if (ends(data, bytes, "\x57\xfb\x80\x8b\x24\x75\x47\xdb")) {
        return "the index of a TensorFlow checkpoint; freeze the graph with its checkpoint to a .pb";
    }
    uint64_t length;
    bd_pb file = {data, data + bytes};
    if (bytes > 3 && *file.at++ == (1 << 3 | BD_PB_BYTES) && bd_pb_take_varint(&file, &length) && bd_pb_size(file) &&
        length < bd_pb_size(file) && *file.at == (2 << 3 | BD_PB_BYTES)) {
        return "a TensorFlow MetaGraph (.meta), which has no weights; freeze the graph with its checkpoint to a .pb";
    }
    size_t at = starts(data, bytes, "\xef\xbb\xbf") ? 3 : 0;
    while (at < bytes && is_space(data[at])) {
        at++;
    }
    if (is_text(data, bytes)) {
        return name_text(data + at, bytes - at);
    }
    return strstr(path, ".data-0")
               ? "the values of a TensorFlow checkpoint; freeze the graph with its checkpoint to a .pb"
               : NULL;
}

/* Core ML and SavedModel have a version (field 1) and then a message (2), where ONNX has its producer's name, a text,
 * which does not begin with the tag of a field. */
const char *bd_model_name_versioned(const uint8_t *data, size_t bytes) {
    enum { LIST = 1 << 3 | BD_PB_BYTES, OPERATIONS = 2 << 3 | BD_PB_BYTES };
    uint64_t length, inner;
    bd_pb file = {data, data + bytes};
    if (bytes < 6 || data[0] != 0x08 || !data[1] || data[1] > 127 || data[2] != OPERATIONS) {
        return NULL;
    }
    file.at += 3;
    if (!bd_pb_take_varint(&file, &length) || length < 2 || bd_pb_size(file) < 2 || *file.at++ != LIST ||
        !bd_pb_take_varint(&file, &inner) || inner >= length) {
        return NULL;
    }
    /* MetaGraphDef begins with its tags and its operations, Core ML's description with a feature's name. */
    bool core_ml = data[1] > 1 || (bd_pb_size(file) && *file.at == LIST);
    return core_ml ? "a Core ML model; open the file that it was made from, or export the network as ONNX"
                   : "a TensorFlow SavedModel, whose weights lie apart in variables/; " EXPORT;
}
