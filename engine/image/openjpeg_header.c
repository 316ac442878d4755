/* SPDX-License-Identifier: MIT
 * ISO/IEC 15444-1, Annexes A (markers), B (tiles, precincts, code-blocks) and I (boxes). */
#include "image/openjpeg_header.h"

#include "image/cursor.h"

enum {
    COMPONENTS_MOST = 8, /* at most that many are told of */
    LEVELS_MOST = 32,
    /* Parts that a picture may have: so many, and one more for so many samples. OpenJPEG takes about 12 KB for a tile,
     * 600 bytes for a precinct or a code-block, and some for each layer of a precinct. */
    TILES_SPARE = 4096,
    TILE_PIXELS = 1024,
    BLOCKS_SPARE = 65536,
    BLOCK_SAMPLES = 64,
    PACKETS_SPARE = 1 << 20,
    PACKET_SAMPLES = 16
};

enum { SOC = 0xff4f, SIZ = 0xff51, COD = 0xff52, COC = 0xff53, SOT = 0xff90, SOD = 0xff93 };

/* How a tile's component is cut. */
typedef struct coding {
    bool told;
    uint32_t levels, block_width, block_height; /* sizes as powers of two */
    uint8_t precincts[LEVELS_MOST + 1];
} coding;

typedef struct area {
    uint64_t left, top, right, bottom;
} area;

typedef struct header {
    const bd_image_source *source;
    bd_error *error;
    bd_result result;
    area picture;
    uint64_t tile_left, tile_top, tile_width, tile_height, across, down;
    uint32_t count;
    uint32_t step_x[COMPONENTS_MOST], step_y[COMPONENTS_MOST];
    uint32_t layers;
    coding every, own[COMPONENTS_MOST]; /* of the header that is being read: COD, COC */
    uint64_t samples, blocks, precincts, packets;
} header;

static bool fail(header *h, bd_result result, const char *what) {
    h->result = bd_fail(h->error, result, "%s: JPEG 2000: %s", h->source->name, what);
    return false;
}

static uint64_t divide_up(uint64_t value, uint64_t by) {
    return (value + by - 1) / by;
}

static uint64_t shift_up(uint64_t value, uint32_t by) {
    return (value + ((uint64_t)1 << by) - 1) >> by;
}

/* ---- parts ---- */

/* Fields of a grid of 2^width x 2^height that an area has a part in. */
static uint64_t count_fields(area a, uint32_t width, uint32_t height) {
    return a.right > a.left && a.bottom > a.top
               ? (shift_up(a.right, width) - (a.left >> width)) * (shift_up(a.bottom, height) - (a.top >> height))
               : 0;
}

/* B.5: what a resolution or a band at a level covers. shift_x, shift_y: of a band's samples. */
static area at_level(area a, uint32_t level, uint64_t shift_x, uint64_t shift_y) {
    const uint64_t half = level ? (uint64_t)1 << (level - 1) : 0;
    const uint64_t x = shift_x * half, y = shift_y * half;
    return (area){a.left > x ? shift_up(a.left - x, level) : 0, a.top > y ? shift_up(a.top - y, level) : 0,
                  a.right > x ? shift_up(a.right - x, level) : 0, a.bottom > y ? shift_up(a.bottom - y, level) : 0};
}

/* B.6, B.7: of a component's part of a tile. */
static void count_component(header *h, const coding *c, area part) {
    for (uint32_t r = 0; r <= c->levels; r++) {
        const uint32_t wide = c->precincts[r] & 0xf, high = c->precincts[r] >> 4, level = c->levels - r;
        const uint64_t precincts = count_fields(at_level(part, level, 0, 0), wide, high);
        h->precincts += precincts;
        h->packets += precincts * h->layers;
        const uint32_t halved = r > 0;
        const uint32_t block_width = BD_MIN(c->block_width, wide > halved ? wide - halved : 0);
        const uint32_t block_height = BD_MIN(c->block_height, high > halved ? high - halved : 0);
        for (uint64_t band = halved; band <= 3 * (uint64_t)halved; band++) {
            h->blocks += count_fields(at_level(part, level + halved, band & 1, band >> 1), block_width, block_height);
        }
    }
}

static bool check_parts(header *h) {
    const uint64_t blocks = h->samples / BLOCK_SAMPLES + BLOCKS_SPARE;
    const uint64_t packets = h->samples / PACKET_SAMPLES + PACKETS_SPARE;
    return (h->blocks <= blocks && h->precincts <= blocks && h->packets <= packets) ||
           fail(h, BD_ERR_IMAGE_TOO_LARGE, "cut into too many parts for its size");
}

/* As the header that was read cuts a tile. */
static bool count_tile(header *h, uint64_t column, uint64_t row) {
    const uint64_t left = h->tile_left + column * h->tile_width, top = h->tile_top + row * h->tile_height;
    const area tile = {BD_MAX(left, h->picture.left), BD_MAX(top, h->picture.top),
                       BD_MIN(left + h->tile_width, h->picture.right), BD_MIN(top + h->tile_height, h->picture.bottom)};
    for (uint32_t i = 0; i < h->count; i++) {
        const area part = {divide_up(tile.left, h->step_x[i]), divide_up(tile.top, h->step_y[i]),
                           divide_up(tile.right, h->step_x[i]), divide_up(tile.bottom, h->step_y[i])};
        if (h->every.told) {
            count_component(h, &h->every, part);
        }
        if (h->own[i].told) {
            count_component(h, &h->own[i], part);
        }
    }
    return check_parts(h);
}

/* ---- markers ---- */

/* A.5.1 */
static bool read_size(header *h, bd_cursor s) {
    uint32_t step_x = UINT32_MAX, step_y = UINT32_MAX;
    (void)bd_cursor_number(&s, 2);
    h->picture.right = bd_cursor_number(&s, 4);
    h->picture.bottom = bd_cursor_number(&s, 4);
    h->picture.left = bd_cursor_number(&s, 4);
    h->picture.top = bd_cursor_number(&s, 4);
    h->tile_width = bd_cursor_number(&s, 4);
    h->tile_height = bd_cursor_number(&s, 4);
    h->tile_left = bd_cursor_number(&s, 4);
    h->tile_top = bd_cursor_number(&s, 4);
    const uint64_t count = bd_cursor_number(&s, 2);
    for (uint64_t i = 0; i < count && !s.ended; i++) {
        (void)bd_cursor_number(&s, 1);
        const uint32_t x = (uint32_t)bd_cursor_number(&s, 1), y = (uint32_t)bd_cursor_number(&s, 1);
        step_x = BD_MIN(step_x, x);
        step_y = BD_MIN(step_y, y);
        if (i < COMPONENTS_MOST) {
            h->step_x[i] = x;
            h->step_y[i] = y;
        }
    }
    if (s.ended || !count || !step_x || !step_y || h->picture.right <= h->picture.left ||
        h->picture.bottom <= h->picture.top || !h->tile_width || !h->tile_height || h->tile_left > h->picture.left ||
        h->tile_top > h->picture.top) {
        return fail(h, BD_ERR_FILE_CORRUPT, "broken header");
    }
    const uint64_t width = divide_up(h->picture.right, step_x) - divide_up(h->picture.left, step_x);
    const uint64_t height = divide_up(h->picture.bottom, step_y) - divide_up(h->picture.top, step_y);
    h->result = bd_image_check_size(h->source, (int64_t)width, (int64_t)height, h->error);
    if (h->result) {
        return false;
    }
    h->count = (uint32_t)count;
    h->samples = width * height * count;
    h->across = divide_up(h->picture.right - h->tile_left, h->tile_width);
    h->down = divide_up(h->picture.bottom - h->tile_top, h->tile_height);
    return h->across * h->down <= width * height / TILE_PIXELS + TILES_SPARE ||
           fail(h, BD_ERR_IMAGE_TOO_LARGE, "cut into too many parts for its size");
}

/* Tables A.15 and A.20: behind what COD and COC begin with. */
static coding read_coding(bd_cursor *s, bool precincts) {
    coding c = {.told = true};
    c.levels = (uint32_t)bd_cursor_number(s, 1);
    c.block_width = (uint32_t)bd_cursor_number(s, 1) + 2;
    c.block_height = (uint32_t)bd_cursor_number(s, 1) + 2;
    (void)bd_cursor_number(s, 2);
    c.told = c.levels <= LEVELS_MOST && c.block_width <= 10 && c.block_height <= 10; /* OpenJPEG says it */
    for (uint32_t i = 0; c.told && i <= c.levels; i++) {
        c.precincts[i] = precincts ? (uint8_t)bd_cursor_number(s, 1) : 0xff;
    }
    return c;
}

static void read_marker(header *h, uint64_t type, bd_cursor s) {
    if (type == COD) {
        const bool precincts = bd_cursor_number(&s, 1) & 1;
        (void)bd_cursor_number(&s, 1);
        h->layers = (uint32_t)bd_cursor_number(&s, 2);
        (void)bd_cursor_number(&s, 1);
        h->every = read_coding(&s, precincts);
    } else if (type == COC) {
        const uint64_t of = bd_cursor_number(&s, 1); /* of few components: a byte */
        const bool precincts = bd_cursor_number(&s, 1) & 1;
        if (of < h->count) {
            h->own[of] = read_coding(&s, precincts);
        }
    }
}

/* OpenJPEG goes over what it does not know two bytes at a time. */
static bool is_known(uint64_t type) {
    static const uint8_t names[] = {0x50, 0x51, 0x52, 0x53, 0x55, 0x57, 0x58, 0x59, 0x5c, 0x5d, 0x5e,
                                    0x5f, 0x60, 0x61, 0x63, 0x64, 0x74, 0x75, 0x77, 0x78, 0x90, 0x91};
    bool known = false;
    for (size_t i = 0; i < BD_COUNT(names); i++) {
        known |= type == (0xff00u | names[i]);
    }
    return known;
}

/* To behind the SOT of the first tile. */
static bool read_main(header *h, bd_cursor *stream, uint32_t most) {
    while (!stream->ended) {
        const uint64_t type = bd_cursor_number(stream, 2);
        if (type == SOT || type == SOD) {
            break;
        }
        if (!is_known(type)) {
            continue;
        }
        const uint64_t bytes = bd_cursor_number(stream, 2);
        const bd_cursor segment = bd_cursor_part(stream, BD_MAX(bytes, (uint64_t)2) - 2);
        if (type == SIZ && (h->count || !read_size(h, segment))) {
            return h->result ? false : fail(h, BD_ERR_FILE_CORRUPT, "broken header");
        }
        if (h->count > most) {
            return fail(h, BD_ERR_UNSUPPORTED, "too many components");
        }
        read_marker(h, type, segment);
    }
    for (uint64_t row = 0; row < h->down; row++) {
        for (uint64_t column = 0; column < h->across; column++) {
            if (!count_tile(h, column, row)) {
                return false;
            }
        }
    }
    return true;
}

/* Tiles may be cut in ways of their own. stream: behind a SOT. */
static bool read_tiles(header *h, bd_cursor stream) {
    enum { BEFORE_LENGTH = 2 + 2, SEGMENT = 12 };
    while (!stream.ended) {
        (void)bd_cursor_number(&stream, 2);
        const uint64_t tile = bd_cursor_number(&stream, 2), bytes = bd_cursor_number(&stream, 4);
        (void)bd_cursor_number(&stream, 2);
        bd_cursor part = bd_cursor_part(&stream, bytes ? BD_MAX(bytes, (uint64_t)SEGMENT) - SEGMENT : stream.bytes);
        part.ended = false;
        const uint32_t layers = h->layers;
        h->every.told = false;
        for (uint32_t i = 0; i < COMPONENTS_MOST; i++) {
            h->own[i].told = false;
        }
        for (;;) {
            const uint64_t type = bd_cursor_number(&part, 2);
            if (part.ended || type == SOD) {
                break;
            }
            const uint64_t length = bd_cursor_number(&part, 2);
            read_marker(h, type, bd_cursor_part(&part, BD_MAX(length, (uint64_t)2) - 2));
        }
        if (tile < h->across * h->down && !count_tile(h, tile % h->across, tile / h->across)) {
            return false;
        }
        h->layers = layers;
        if (bd_cursor_number(&stream, 2) != SOT) {
            break;
        }
    }
    return true;
}

/* ---- boxes ---- */

/* A palette makes a component of each of its columns. False: there is a wide one. */
static bool check_palette(header *h, bd_cursor palette, uint32_t most) {
    (void)bd_cursor_number(&palette, 2);
    return bd_cursor_number(&palette, 1) <= most || fail(h, BD_ERR_UNSUPPORTED, "too many components");
}

/* stream: of what jp2c holds, to the file's end, as OpenJPEG reads it. */
static bool find_stream(header *h, bd_cursor *stream, uint32_t most) {
    enum { JP2C = 0x6a703263, JP2H = 0x6a703268, PCLR = 0x70636c72 };
    bd_cursor file = *stream;
    *stream = (bd_cursor){0};
    while (!file.ended && file.bytes) {
        uint64_t bytes = bd_cursor_number(&file, 4), head = 8;
        const uint64_t type = bd_cursor_number(&file, 4);
        if (bytes == 1) {
            bytes = bd_cursor_number(&file, 8);
            head += 8;
        }
        if (type == JP2C) {
            *stream = file;
            return true;
        }
        if (bytes < head) {
            return true;
        }
        if (type == JP2H) { /* what it holds comes next */
            continue;
        }
        const bd_cursor body = bd_cursor_part(&file, bytes - head);
        if (type == PCLR && !check_palette(h, body, most)) {
            return false;
        }
    }
    return true;
}

bd_result bd_openjpeg_check(const bd_image_source *source, uint32_t components_most, bd_error *error) {
    header h = {.source = source, .error = error};
    bd_cursor stream = {source->data, source->bytes, false};
    const uint32_t most = BD_MIN(components_most, (uint32_t)COMPONENTS_MOST);
    if (source->data[0] != 0xff && !find_stream(&h, &stream, most)) {
        return h.result;
    }
    if (bd_cursor_number(&stream, 2) == SOC && read_main(&h, &stream, most) && h.count) {
        (void)read_tiles(&h, stream);
    }
    return h.result;
}
