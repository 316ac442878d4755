/* SPDX-License-Identifier: MIT */
#include "model/bytes/zip.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { METHOD_STORED = 0, METHOD_DEFLATED = 8 };
enum { END_BYTES = 22, END64_BYTES = 56, LOCATOR_BYTES = 20, ENTRY_BYTES = 46, LOCAL_BYTES = 30, COMMENT_MOST = 65535 };

#define DIRECTORY_ENTRY 0x02014b50

typedef struct directory {
    const uint8_t *data;
    size_t bytes; /* of the file */
    uint64_t offset, size, count;
    uint64_t before; /* bytes in front of the archive, which its offsets do not count */
} directory;

static uint32_t read16(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t read32(const uint8_t *at) {
    return read16(at) | read16(at + 2) << 16;
}

static uint64_t read64(const uint8_t *at) {
    return (uint64_t)read32(at) | (uint64_t)read32(at + 4) << 32;
}

static bd_result corrupt(const char *file, const char *reason, bd_error *error) {
    return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: a ZIP archive %s", file, reason);
}

/* Sizes that do not fit the old record are in a newer one before it. */
static bool read_end64(directory *dir, size_t end) {
    if (end < LOCATOR_BYTES || read32(dir->data + end - LOCATOR_BYTES) != 0x07064b50) {
        return true;
    }
    uint64_t at = read64(dir->data + end - LOCATOR_BYTES + 8);
    if (at > end - LOCATOR_BYTES || end - LOCATOR_BYTES - at < END64_BYTES || read32(dir->data + at) != 0x06064b50) {
        return false;
    }
    dir->count = read64(dir->data + at + 32);
    dir->size = read64(dir->data + at + 40);
    dir->offset = read64(dir->data + at + 48);
    return true;
}

/* Where the record lies that ends an archive; SIZE_MAX: there is none. */
static size_t find_end(const uint8_t *data, size_t bytes) {
    size_t most = BD_MIN(bytes, (size_t)END_BYTES + COMMENT_MOST);
    for (size_t back = END_BYTES; back <= most; back++) {
        size_t end = bytes - back;
        if (read32(data + end) == 0x06054b50 && read16(data + end + 20) == back - END_BYTES) {
            return end;
        }
    }
    return SIZE_MAX;
}

bool bd_zip_is_there(const uint8_t *data, size_t bytes) {
    return find_end(data, bytes) != SIZE_MAX;
}

static bd_result find_directory(directory *dir, const char *file, bd_error *error) {
    const size_t end = find_end(dir->data, dir->bytes);
    if (end != SIZE_MAX) {
        dir->count = read16(dir->data + end + 10);
        dir->size = read32(dir->data + end + 12);
        dir->offset = read32(dir->data + end + 16);
        bool fits = read_end64(dir, end) && dir->offset <= end && dir->size <= end - dir->offset;
        /* Some who append an archive count from its own beginning. */
        if (fits && dir->count && dir->size >= 4 && read32(dir->data + dir->offset) != DIRECTORY_ENTRY) {
            dir->before = end - dir->size - dir->offset;
            dir->offset += dir->before;
        }
        if (!fits || dir->count > dir->size / ENTRY_BYTES) {
            return corrupt(file, "whose directory does not lie in it", error);
        }
        return BD_OK;
    }
    return corrupt(file, "without its directory: cut short?", error);
}

/* The 64-bit fields that replace those of 32 bits which are all ones. */
static bool read_extra(const uint8_t *extra, size_t bytes, uint64_t *size, uint64_t *packed, uint64_t *offset) {
    uint64_t *fields[] = {size, packed, offset};
    while (bytes >= 4) {
        size_t length = read16(extra + 2);
        if (length > bytes - 4) {
            return false;
        }
        const uint8_t *at = extra + 4;
        for (size_t f = 0, left = length; read16(extra) == 1 && f < BD_COUNT(fields); f++) {
            if (*fields[f] == UINT32_MAX) {
                if (left < 8) {
                    return false;
                }
                *fields[f] = read64(at);
                at += 8;
                left -= 8;
            }
        }
        extra += 4 + length;
        bytes -= 4 + length;
    }
    return true;
}

/* One record of the directory, of at most `left` bytes; *taken: its length. */
static bool read_entry(const directory *dir, const uint8_t *at, size_t left, bd_zip_entry *entry, size_t *taken) {
    if (left < ENTRY_BYTES || read32(at) != DIRECTORY_ENTRY) {
        return false;
    }
    uint64_t packed = read32(at + 20), size = read32(at + 24), offset = read32(at + 42);
    size_t name = read16(at + 28), extra = read16(at + 30), comment = read16(at + 32);
    *taken = ENTRY_BYTES + name + extra + comment;
    if (*taken > left || !read_extra(at + ENTRY_BYTES + name, extra, &size, &packed, &offset)) {
        return false;
    }
    if (offset > dir->offset - dir->before) {
        return false;
    }
    offset += dir->before;
    if (dir->offset - offset < LOCAL_BYTES || read32(dir->data + offset) != 0x04034b50) {
        return false;
    }
    const uint8_t *local = dir->data + offset;
    uint64_t start = offset + LOCAL_BYTES + read16(local + 26) + read16(local + 28);
    if (start > dir->offset || packed > dir->offset - start) {
        return false;
    }
    bool plain = !(read16(at + 8) & 1); /* not encrypted */
    bool stored = plain && read16(at + 10) == METHOD_STORED;
    if (stored && packed != size) {
        return false;
    }
    *entry = (bd_zip_entry){.name = (const char *)at + ENTRY_BYTES,
                            .name_bytes = name,
                            .data = stored ? dir->data + start : NULL,
                            .bytes = (size_t)size,
                            .deflated = plain && read16(at + 10) == METHOD_DEFLATED ? dir->data + start : NULL,
                            .first = (size_t)offset,
                            .end = (size_t)(start + packed)};
    return true;
}

static int by_place(const void *a, const void *b) {
    const bd_zip_entry *left = a, *right = b;
    return left->first < right->first ? -1 : left->first > right->first;
}

static int by_name(const void *a, const void *b) {
    const bd_zip_entry *left = a, *right = b;
    int order = memcmp(left->name, right->name, BD_MIN(left->name_bytes, right->name_bytes));
    return order ? order : left->name_bytes < right->name_bytes ? -1 : left->name_bytes > right->name_bytes;
}

static bd_result order_entries(bd_zip *zip, bd_error *error) {
    qsort(zip->entries, zip->count, sizeof *zip->entries, by_place);
    for (size_t i = 1; i < zip->count; i++) {
        if (zip->entries[i - 1].end > zip->entries[i].first) {
            return corrupt(zip->file, "whose entries overlap", error);
        }
    }
    qsort(zip->entries, zip->count, sizeof *zip->entries, by_name);
    for (size_t i = 1; i < zip->count; i++) {
        if (!by_name(&zip->entries[i - 1], &zip->entries[i])) {
            return corrupt(zip->file, "with two entries of one name", error);
        }
    }
    return BD_OK;
}

bd_result bd_zip_read(bd_zip *zip, const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                      bd_error *error) {
    directory dir = {.data = data, .bytes = bytes};
    bd_result result = find_directory(&dir, file, error);
    if (result) {
        return result;
    }
    *zip = (bd_zip){.file = file, .data = data, .count = (size_t)dir.count};
    zip->entries = bd_pool_alloc(pool, zip->count * sizeof *zip->entries);
    if (!zip->entries) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", file);
    }
    const uint8_t *at = data + dir.offset;
    size_t left = (size_t)dir.size;
    for (size_t i = 0; i < zip->count; i++) {
        size_t taken;
        if (!read_entry(&dir, at, left, &zip->entries[i], &taken)) {
            return corrupt(file, "with a broken entry in its directory", error);
        }
        at += taken;
        left -= taken;
    }
    return order_entries(zip, error);
}

/* folder/name against an entry's name. */
static int compare_path(const bd_zip_entry *entry, const char *folder, size_t folder_bytes, const char *name,
                        size_t name_bytes) {
    const struct {
        const char *text;
        size_t bytes;
    } parts[] = {{folder, folder_bytes}, {"/", folder_bytes ? 1 : 0}, {name, name_bytes}};
    const char *at = entry->name;
    size_t left = entry->name_bytes;
    for (size_t i = 0; i < BD_COUNT(parts); i++) {
        size_t shared = BD_MIN(left, parts[i].bytes);
        int order = shared ? memcmp(parts[i].text, at, shared) : 0;
        if (order || shared < parts[i].bytes) {
            return order ? order : 1;
        }
        at += shared;
        left -= shared;
    }
    return left ? -1 : 0;
}

const bd_zip_entry *bd_zip_find(const bd_zip *zip, const char *folder, size_t folder_bytes, const char *name,
                                size_t name_bytes) {
    size_t low = 0, high = zip->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_path(&zip->entries[middle], folder, folder_bytes, name, name_bytes);
        if (!order) {
            return &zip->entries[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* All of an entry's bytes, and no more. */
static bool inflate_all(const bd_zip_entry *entry, const uint8_t *end, uint8_t *to) {
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)entry->deflated,
                       .avail_in = (uInt)(end - entry->deflated),
                       .next_out = to,
                       .avail_out = (uInt)entry->bytes};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return false;
    }
    bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == entry->bytes;
    (void)inflateEnd(&stream);
    return whole;
}

bd_result bd_zip_extract(const bd_zip *zip, const bd_zip_entry *entry, size_t most, bd_pool *pool, const uint8_t **data,
                         bd_error *error) {
    const int shown = (int)BD_MIN(entry->name_bytes, (size_t)80);
    const size_t packed = entry->deflated ? (size_t)(zip->data + entry->end - entry->deflated) : 0;
    if (entry->bytes > most || packed > most) {
        return bd_fail(error, BD_ERR_FILE_CORRUPT, "%s: '%.*s' at byte %zu has %zu bytes, the most is %zu", zip->file,
                       shown, entry->name, entry->first, entry->bytes, most);
    }
    if (entry->data) {
        *data = entry->data;
        return BD_OK;
    }
    uint8_t *made = bd_pool_alloc(pool, entry->bytes + 1);
    if (!made) {
        return bd_fail(error, BD_ERR_OUT_OF_MEMORY, "%s: out of memory", zip->file);
    }
    *data = made;
    return entry->deflated && inflate_all(entry, zip->data + entry->end, made)
               ? BD_OK
               : bd_fail(error, BD_ERR_FILE_CORRUPT,
                         "%s: '%.*s' at byte %zu is encrypted, broken or compressed otherwise", zip->file, shown,
                         entry->name, entry->first);
}
