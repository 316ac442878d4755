/* SPDX-License-Identifier: MIT */
#include "image/camera_raw.h"

#include <string.h>

#include "image/ifd.h"

enum {
    TAG_WIDTH = 0x0100,
    TAG_HEIGHT = 0x0101,
    TAG_PHOTOMETRIC = 0x0106,
    TAG_SUBDIRECTORIES = 0x014a,
    TAG_DNG_VERSION = 0xc612
};

enum { PAGES_MOST = 16, SUBDIRECTORIES_MOST = 16 }; /* that are looked at */

typedef struct directory {
    uint64_t pixels;
    bool raw;
    bd_ifd_entry subdirectories; /* count 0: none */
} directory;

/* Not a picture's colours but what the sensor saw (TIFF/EP; DNG 1.6, chapter 4). */
static bool is_raw_photometric(uint64_t photometric) {
    enum { COLOR_FILTERS = 32803, LINEAR_RAW = 34892 };
    return photometric == COLOR_FILTERS || photometric == LINEAR_RAW;
}

static directory read_directory(const bd_ifd_file *file, uint64_t at) {
    directory read = {.pixels = 0};
    uint64_t sides[2] = {0};
    const uint32_t count = bd_ifd_count(file, at);
    for (uint32_t i = 0; i < count; i++) {
        const bd_ifd_entry entry = bd_ifd_entry_at(file, at, i);
        uint64_t number;
        if (!bd_ifd_number(file, &entry, 0, &number)) {
            continue;
        }
        switch (entry.tag) {
        case TAG_WIDTH:
        case TAG_HEIGHT: sides[entry.tag - TAG_WIDTH] = BD_MIN(number, (uint64_t)UINT32_MAX); break;
        case TAG_PHOTOMETRIC: read.raw |= is_raw_photometric(number); break;
        case TAG_DNG_VERSION: read.raw = true; break;
        case TAG_SUBDIRECTORIES: read.subdirectories = entry; break;
        default: break;
        }
    }
    read.pixels = sides[0] * sides[1];
    return read;
}

static bool has_raw_below(const bd_ifd_file *file, const directory *of, uint64_t pixels) {
    uint64_t at;
    for (uint32_t i = 0; i < SUBDIRECTORIES_MOST && bd_ifd_number(file, &of->subdirectories, i, &at); i++) {
        const directory below = read_directory(file, at);
        if (below.raw || below.pixels > pixels) {
            return true;
        }
    }
    return false;
}

/* Canon's mark between the header and the first directory. */
static bool is_cr2(const bd_image_source *source, uint64_t first) {
    static const char mark[] = {'C', 'R', 2};
    enum { FIRST = 16 };
    return first == FIRST && source->bytes > FIRST && !memcmp(source->data + BD_IFD_HEADER, mark, sizeof mark);
}

static bool has_raw(const bd_image_source *source, uint64_t page) {
    bd_ifd_file file;
    uint64_t at = bd_ifd_open(source->data, source->bytes, &file);
    const uint64_t pixels = read_directory(&file, page).pixels;
    bool raw = is_cr2(source, at), passed = false;
    for (int i = 0; i < PAGES_MOST && at && !raw; i++) {
        const directory read = read_directory(&file, at);
        /* What lies below later pages belongs to them. */
        raw = read.raw || (!passed && has_raw_below(&file, &read, pixels));
        passed |= at == page;
        at = bd_ifd_next(&file, at);
    }
    return raw;
}

bd_result bd_tiff_check_page(const bd_image_source *source, uint64_t page, bool reduced, bd_error *error) {
    if (has_raw(source, page)) {
        return bd_fail(error, BD_ERR_UNSUPPORTED, "%s: a camera's raw picture; export it as TIFF or JPEG",
                       source->name);
    }
    if (reduced) {
        bd_image_warn(source, "%s: TIFF: a thumbnail is all that can be read", source->name);
    }
    return BD_OK;
}
