/* SPDX-License-Identifier: MIT
 * HDR and TGA in by stb_image, and the first frame of GIF where giflib is not there.
 *
 * stb_image takes what is missing from a truncated file as zeros, for ever if need be, and leaks on some errors. So it
 * reads through callbacks that jump out at the end of the file, and all that it allocates hangs on a list. */
#include "image/stb.h"

#include <limits.h>
#include <setjmp.h>
#include <string.h>

#include "image/orientation.h"
#include "image/pixels.h"

typedef struct stb_block stb_block;
struct stb_block {
    stb_block *previous, *next;
};
_Static_assert(sizeof(stb_block) <= BD_IMAGE_ROOM, "the links must fit in front of the pixels");

typedef struct stb_reader {
    const bd_image_source *source;
    size_t at;
    const char *buffer; /* stb_image's own, which it may fill only in part */
    stb_block blocks;   /* a ring */
    bool out_of_memory;
    jmp_buf jump;
} stb_reader;

/* stb_image's allocation hooks carry no user pointer. Set for the time of a call. */
static _Thread_local stb_reader *current;

static void *stb_allocate(size_t bytes) {
    stb_block *block = NULL;
    if (bytes <= SIZE_MAX - BD_IMAGE_ROOM) {
        /* Zeroed: stb_image reads colours that a short palette does not have. */
        block = bd_alloc_zero(current->source->allocator, BD_IMAGE_ROOM + bytes);
    }
    if (!block) {
        current->out_of_memory = true;
        return NULL;
    }
    stb_block *ring = &current->blocks;
    *block = (stb_block){ring, ring->next};
    ring->next->previous = block;
    ring->next = block;
    return (char *)block + BD_IMAGE_ROOM;
}

static stb_block *unlink_block(void *memory) {
    stb_block *block = (void *)((char *)memory - BD_IMAGE_ROOM);
    block->previous->next = block->next;
    block->next->previous = block->previous;
    return block;
}

static void stb_release(void *memory) {
    if (memory) {
        bd_free(current->source->allocator, unlink_block(memory));
    }
}

#ifndef BD_HAS_GIF /* which alone needs it */
static void *stb_reallocate(void *memory, size_t old_bytes, size_t bytes) {
    void *fresh = stb_allocate(bytes);
    if (fresh && memory) {
        memcpy(fresh, memory, BD_MIN(old_bytes, bytes));
        stb_release(memory);
    }
    return fresh;
}
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_JPEG
#define STBI_NO_PNG
#define STBI_NO_BMP
#define STBI_NO_PSD
#define STBI_NO_PIC
#define STBI_NO_PNM
#ifdef BD_HAS_GIF
#define STBI_NO_GIF
#endif
#define STBI_MAX_DIMENSIONS (1 << 20)
#define STBI_ASSERT(x) ((void)0)
#define STBI_MALLOC(bytes) stb_allocate(bytes)
#define STBI_FREE(memory) stb_release(memory)
#define STBI_REALLOC_SIZED(memory, old_bytes, bytes) stb_reallocate(memory, old_bytes, bytes)
#define STBI_REALLOC(memory, bytes) stb_reallocate(memory, 0, bytes)
/* gcc looks for unused functions at the end of the file, so there is no way back. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>

static int on_read(void *user, char *to, int bytes) {
    stb_reader *reader = user;
    size_t left = reader->source->bytes - reader->at;
    size_t count = BD_MIN((size_t)bytes, left);
    if (!reader->buffer) {
        reader->buffer = to;
    }
    if (count == 0 || (to != reader->buffer && count < (size_t)bytes)) {
        longjmp(reader->jump, 1);
    }
    memcpy(to, reader->source->data + reader->at, count);
    reader->at += count;
    return (int)count;
}

static void on_skip(void *user, int bytes) {
    stb_reader *reader = user;
    size_t left = reader->source->bytes - reader->at;
    reader->at += bytes < 0 ? left : BD_MIN((size_t)bytes, left);
}

static int on_eof(void *user) {
    const stb_reader *reader = user;
    return reader->at == reader->source->bytes;
}

static const stbi_io_callbacks callbacks = {on_read, on_skip, on_eof};

static bd_result broken(const stb_reader *reader, const char *kind, bd_error *error) {
    if (reader->out_of_memory) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", reader->source->name);
    }
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: %s: broken, or of a kind that cannot be read", reader->source->name,
                   kind);
}

static const char *kind_of(const bd_image_source *source) {
    switch (source->data[0]) {
    case 'G': return "GIF";
    case '#': return "HDR";
    default: return "TGA";
    }
}

/* Rows of a TGA may run from right to left (Truevision TGA 2.0, field 5.6); stb_image looks at their order alone. */
static bool is_mirrored(const bd_image_source *source) {
    enum { TGA_DESCRIPTOR = 17, RIGHT_TO_LEFT = 0x10 };
    return kind_of(source)[0] == 'T' && source->data[TGA_DESCRIPTOR] & RIGHT_TO_LEFT;
}

static bd_result read_picture(stb_reader *reader, const char *kind, bd_image *image, bd_error *error) {
    enum { PIXELS_MAX = INT_MAX / 16 }; /* stb_image counts bytes in int, up to four floats a pixel */
    int width = 0, height = 0, channels = 0;
    if (!stbi_info_from_callbacks(&callbacks, reader, &width, &height, &channels)) {
        return broken(reader, kind, error);
    }
    bd_image_source limited = *reader->source;
    limited.max_pixels = BD_MIN(limited.max_pixels, (uint64_t)PIXELS_MAX);
    bd_result result = bd_image_check_size(&limited, width, height, error);
    if (result) {
        return result;
    }
    reader->at = 0;
    reader->buffer = NULL;
    uint8_t *pixels = stbi_load_from_callbacks(&callbacks, reader, &width, &height, &channels, STBI_rgb_alpha);
    if (!pixels) {
        return broken(reader, kind, error);
    }
    bd_image_adopt(reader->source->allocator, unlink_block(pixels), (uint32_t)width, (uint32_t)height, BD_FORMAT_RGBA8,
                   image);
    bd_image_find_alpha(image);
    if (is_mirrored(reader->source)) {
        enum { MIRRORED = 2 };
        result = bd_image_orient(reader->source, MIRRORED, image, error);
        if (result) {
            bd_image_finish(image);
        }
    }
    return result;
}

bd_result bd_stb_decode(const bd_image_source *source, bd_image *image, bd_error *error) {
    const char *kind = kind_of(source);
    stb_reader reader = {.source = source};
    reader.blocks = (stb_block){&reader.blocks, &reader.blocks};
    current = &reader;
    bd_result result;
    if (setjmp(reader.jump)) {
        result = bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: %s: the file is truncated", source->name, kind);
    } else {
        result = read_picture(&reader, kind, image, error);
    }
    while (reader.blocks.next != &reader.blocks) {
        stb_release((char *)reader.blocks.next + BD_IMAGE_ROOM);
    }
    current = NULL;
    return result;
}
