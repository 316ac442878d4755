/* SPDX-License-Identifier: MIT
 * Boxes lie before the codestream or behind it, and the decoder of the pixels need not know of them. */
#include "image/jxl_metadata.h"

#include <string.h>

#include <jxl/decode.h>

#include "image/boxes.h"
#include "image/codec.h"
#include "image/metadata.h"
#include "image/xmp.h"

#define JXL_FUNCTIONS(X)                                                                                               \
    X(JxlDecoderCreate)                                                                                                \
    X(JxlDecoderDestroy)                                                                                               \
    X(JxlDecoderSubscribeEvents)                                                                                       \
    X(JxlDecoderSetDecompressBoxes)                                                                                    \
    X(JxlDecoderSetInput)                                                                                              \
    X(JxlDecoderProcessInput)                                                                                          \
    X(JxlDecoderGetBoxType)                                                                                            \
    X(JxlDecoderSetBoxBuffer)                                                                                          \
    X(JxlDecoderReleaseBoxBuffer)

typedef struct jxl_calls {
    JXL_FUNCTIONS(BD_CODEC_POINTER)
} jxl_calls;

/* A box that is inflated. */
typedef struct inflation {
    jxl_calls jxl;
    const bd_image_source *source;
    JxlDecoder *decoder;
    uint8_t *data;
    size_t used, room;
    bool out_of_memory;
} inflation;

static void *allocate(void *user, size_t bytes) {
    inflation *box = user;
    void *memory = bd_alloc(box->source->allocator, bytes);
    box->out_of_memory |= !memory;
    return memory;
}

static void release(void *user, void *memory) {
    const inflation *box = user;
    bd_free(box->source->allocator, memory);
}

static bd_result no_memory(const bd_image_source *source, bd_error *error) {
    return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
}

static bd_result take(const bd_image_source *source, bd_metadata_kind kind, const uint8_t *data, size_t bytes,
                      bd_error *error) {
    if (kind == BD_METADATA_EXIF) {
        return bd_metadata_take_boxed_exif(source, data, bytes, error);
    }
    return bd_xmp_is(data, bytes) ? bd_metadata_take(source, kind, data, bytes, error) : BD_OK;
}

/* Room for more; false: it is out of memory, or goes beyond what may be kept. */
static bool grow(inflation *box) {
    enum { STEP = 1 << 14 };
    const size_t most = bd_metadata_room(box->source), room = BD_MIN(box->room ? 2 * box->room : STEP, most);
    uint8_t *data = room > box->room ? bd_realloc(box->source->allocator, box->data, room) : NULL;
    if (!data) {
        box->out_of_memory |= room > box->room;
        return false;
    }
    box->data = data;
    box->room = room;
    return true;
}

/* The boxes of a file are the inflated one and an empty one: that this comes says that all of the other is there. */
static bool inflate_first(inflation *box, const uint8_t *file, size_t bytes) {
    const jxl_calls *jxl = &box->jxl;
    bool begun = false;
    if (jxl->JxlDecoderSubscribeEvents(box->decoder, JXL_DEC_BOX) != JXL_DEC_SUCCESS ||
        jxl->JxlDecoderSetDecompressBoxes(box->decoder, JXL_TRUE) != JXL_DEC_SUCCESS ||
        jxl->JxlDecoderSetInput(box->decoder, file, bytes) != JXL_DEC_SUCCESS) {
        return false;
    }
    for (;;) {
        const JxlDecoderStatus status = jxl->JxlDecoderProcessInput(box->decoder);
        JxlBoxType type = "";
        const bool head = status == JXL_DEC_BOX &&
                          jxl->JxlDecoderGetBoxType(box->decoder, type, JXL_FALSE) == JXL_DEC_SUCCESS &&
                          memcmp(type, "brob", sizeof type);
        if (head && !begun) { /* what every file begins with */
            continue;
        }
        if (status != JXL_DEC_BOX && status != JXL_DEC_BOX_NEED_MORE_OUTPUT) {
            return false;
        }
        if (begun) {
            box->used = box->room - jxl->JxlDecoderReleaseBoxBuffer(box->decoder);
        }
        if (head) {
            return true;
        }
        begun = true;
        if (!grow(box) || jxl->JxlDecoderSetBoxBuffer(box->decoder, box->data + box->used, box->room - box->used) !=
                              JXL_DEC_SUCCESS) {
            return false;
        }
    }
}

/* libjxl inflates what lies in files, so the box becomes one: a signature, a type of file, the box, and an empty one. */
static bd_result take_inflated(const bd_image_source *source, bd_metadata_kind kind, const bd_box *from,
                               bd_error *error) {
    static const char *const names[] = {JXL_FUNCTIONS(BD_CODEC_NAME)};
    static const uint8_t before[] = "\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14"
                                    "ftypjxl \0\0\0\0jxl \0\0\0\0brob";
    static const uint8_t behind[] = "\0\0\0\x08"
                                    "free";
    enum { BEFORE = sizeof before - 1, BEHIND = sizeof behind - 1, HEAD = 8 };
    inflation box = {.source = source};
    const JxlMemoryManager hooks = {&box, allocate, release};
    const size_t bytes = BEFORE + from->bytes + BEHIND;
    if (bd_codec_load(BD_LIBRARY_JXL, names, BD_COUNT(names), &box.jxl, source->name, "JPEG XL", NULL)) {
        bd_metadata_drop(source, kind);
        return BD_OK;
    }
    uint8_t *file = bd_alloc(source->allocator, bytes);
    box.decoder = file ? box.jxl.JxlDecoderCreate(&hooks) : NULL;
    bool whole = false;
    if (box.decoder) {
        memcpy(file, before, BEFORE);
        memcpy(file + BEFORE, from->data, from->bytes);
        memcpy(file + BEFORE + from->bytes, behind, BEHIND);
        for (size_t i = 0; i < 4; i++) {
            file[BEFORE - HEAD + i] = (uint8_t)((HEAD + from->bytes) >> (24 - 8 * i));
        }
        whole = inflate_first(&box, file, bytes);
        box.jxl.JxlDecoderDestroy(box.decoder);
    }
    bd_result result = BD_OK;
    if (!box.decoder || box.out_of_memory) {
        result = no_memory(source, error);
    } else if (whole) {
        result = take(source, kind, box.data, box.used, error);
    } else {
        bd_metadata_drop(source, kind);
    }
    bd_free(source->allocator, box.data);
    bd_free(source->allocator, file);
    return result;
}

/* What a box, or one that is deflated in it, has; false: no metadata. */
static bool has_kind(const bd_box *box, bool deflated, bd_metadata_kind *kind) {
    const char *type = box->type;
    char inner[5] = "";
    if (deflated && box->bytes >= 4) {
        memcpy(inner, box->data, 4);
        type = inner;
    }
    *kind = !strcmp(type, "Exif") ? BD_METADATA_EXIF : BD_METADATA_XMP;
    return *kind == BD_METADATA_EXIF || !strcmp(type, "xml ");
}

bd_result bd_jxl_read_metadata(const bd_image_source *source, bd_error *error) {
    bd_result result = BD_OK;
    bool bare = source->bytes >= 2 && source->data[0] == 0xff, inflated[2] = {false};
    size_t at = 0;
    bd_box box;
    while (source->metadata && !bare && !result && bd_box_next(source->data, source->bytes, &at, &box)) {
        const bool deflated = !strcmp(box.type, "brob");
        bd_metadata_kind kind;
        if (!has_kind(&box, deflated, &kind)) {
            continue;
        }
        if (box.cut || (deflated && (inflated[kind] || box.bytes > bd_metadata_room(source)))) {
            bd_metadata_drop(source, kind);
        } else if (deflated) {
            inflated[kind] = true; /* one of a kind, since a few bytes may become megabytes */
            result = take_inflated(source, kind, &box, error);
        } else {
            result = take(source, kind, box.data, box.bytes, error);
        }
    }
    return result;
}
