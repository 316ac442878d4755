/* SPDX-License-Identifier: MIT */
#include "image/gif_blocks.h"

#include <string.h>

#include "image/metadata.h"

enum { FRAME = ',', EXTENSION = '!', END = ';', COMMENT = 0xfe, APPLICATION = 0xff };

typedef struct gif_walk {
    const uint8_t *data;
    size_t bytes, at;
} gif_walk;

/* A frame, or an extension. */
typedef struct gif_block {
    uint8_t kind, label;
    size_t from, to; /* its sub-blocks, the empty one at their end included */
    bool cut;        /* the file ends before they do */
} gif_block;

static size_t palette_bytes(uint8_t flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static bool begin(const bd_image_source *source, gif_walk *walk) {
    enum { HEADER = 13 };
    if (source->bytes < HEADER) {
        return false;
    }
    *walk = (gif_walk){source->data, source->bytes, HEADER + palette_bytes(source->data[10])};
    return true;
}

/* Skips blocks up to the empty one; false: the file ends before. */
static bool skip_blocks(gif_walk *walk) {
    while (walk->at < walk->bytes) {
        size_t length = walk->data[walk->at++];
        if (!length) {
            return true;
        }
        walk->at += BD_MIN(length, walk->bytes - walk->at);
    }
    return false;
}

static bool next_block(gif_walk *walk, gif_block *found) {
    enum { DESCRIPTOR = 9 };
    *found = (gif_block){.kind = walk->at < walk->bytes ? walk->data[walk->at++] : 0};
    if (found->kind == EXTENSION && walk->at < walk->bytes) {
        found->label = walk->data[walk->at++];
    } else if (found->kind == FRAME && walk->at < walk->bytes && walk->bytes - walk->at > DESCRIPTOR) {
        walk->at += DESCRIPTOR + palette_bytes(walk->data[walk->at + DESCRIPTOR - 1]) + 1;
    } else {
        return false;
    }
    found->from = BD_MIN(walk->at, walk->bytes);
    found->cut = !skip_blocks(walk);
    found->to = BD_MIN(walk->at, walk->bytes);
    return true;
}

static bool begins_with(const gif_walk *walk, const gif_block *block, const void *word, size_t bytes) {
    return block->to - block->from >= bytes && !memcmp(walk->data + block->from, word, bytes);
}

/* Netscape's extension: how often all is repeated, 0 for ever. */
static void read_repeats(const gif_walk *walk, const gif_block *block, bd_animation_info *info) {
    static const uint8_t name[] = "\x0bNETSCAPE2.0\x03\x01";
    const size_t length = sizeof name - 1;
    if (block->label == APPLICATION && begins_with(walk, block, name, length) &&
        block->to - block->from >= length + 2) {
        const uint8_t *repeats = walk->data + block->from + length;
        const uint32_t count = repeats[0] | (uint32_t)repeats[1] << 8;
        info->play_count = count ? count + 1 : 0;
    }
}

bd_gif_end bd_gif_walk_through(const bd_image_source *source, bd_animation_info *info) {
    gif_walk walk;
    gif_block block;
    info->frame_count = 0;
    if (!begin(source, &walk)) {
        return BD_GIF_CUT_OFF;
    }
    info->width = source->data[6] | (uint32_t)source->data[7] << 8;
    info->height = source->data[8] | (uint32_t)source->data[9] << 8;
    info->play_count = 1;
    while (next_block(&walk, &block)) {
        info->frame_count += block.kind == FRAME; /* one that is cut off, too: decoding it fails */
        if (block.kind == EXTENSION) {
            read_repeats(&walk, &block, info);
        }
        if (block.cut) {
            break;
        }
    }
    return block.kind == FRAME ? BD_GIF_CUT_OFF : block.kind == END ? BD_GIF_ENDED : BD_GIF_WITHOUT_END;
}

bool bd_gif_count(const bd_image_source *source, bd_animation_info *info) {
    (void)bd_gif_walk_through(source, info);
    return info->frame_count > 1;
}

/* ---- metadata ---- */

static bd_result take_comment(const bd_image_source *source, const gif_block *block, bd_error *error) {
    const size_t room = block->to - block->from;
    if (block->cut || room > bd_metadata_room(source)) {
        bd_metadata_drop(source, BD_METADATA_TEXT);
        return BD_OK;
    }
    uint8_t *text = bd_alloc(source->allocator, room);
    if (!text) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", source->name);
    }
    size_t used = 0;
    for (size_t at = block->from; source->data[at]; at += (size_t)source->data[at] + 1) {
        memcpy(text + used, source->data + at + 1, source->data[at]);
        used += source->data[at];
    }
    while (used && !text[used - 1]) { /* some writers count the NUL */
        used--;
    }
    bd_result result = bd_metadata_take_text(source, "Comment", 7, text, used, false, error);
    bd_free(source->allocator, text);
    return result;
}

/* The packet lies between the name and what ends it, in no blocks of its own. */
static bd_result take_xmp(const bd_image_source *source, const gif_block *block, bd_error *error) {
    const uint8_t *packet = source->data + block->from + sizeof BD_GIF_XMP, *end = source->data + block->to;
    const size_t bytes = (size_t)(end - packet);
    if (block->cut || bytes < BD_GIF_XMP_END || end[-BD_GIF_XMP_END] != 1 || end[1 - BD_GIF_XMP_END] != 255 ||
        end[-2]) {
        bd_metadata_drop(source, BD_METADATA_XMP);
        return BD_OK;
    }
    return bd_metadata_take(source, BD_METADATA_XMP, packet, bytes - BD_GIF_XMP_END, error);
}

bd_result bd_gif_describe(const bd_image_source *source, int *orientation, bd_error *error) {
    static const char xmp[] = "\x0b" BD_GIF_XMP;
    bd_result result = BD_OK;
    gif_walk walk;
    gif_block block;
    *orientation = 1;
    if (!source->metadata || !begin(source, &walk)) {
        return BD_OK;
    }
    while (!result && next_block(&walk, &block)) {
        if (block.kind == EXTENSION && block.label == COMMENT) {
            result = take_comment(source, &block, error);
        } else if (block.kind == EXTENSION && block.label == APPLICATION &&
                   begins_with(&walk, &block, xmp, sizeof xmp - 1)) {
            result = take_xmp(source, &block, error);
        }
    }
    return result;
}
