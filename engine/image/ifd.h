/* SPDX-License-Identifier: MIT
 * Directories of TIFF files, BigTIFF's, too, and of EXIF blocks (TIFF 6.0, section 2), read from bytes that may say
 * anything, gathered, and written. */
#ifndef BD_IFD_H
#define BD_IFD_H

#include "base/base.h"

/* Types. */
enum {
    BD_IFD_BYTE = 1,
    BD_IFD_ASCII = 2,
    BD_IFD_SHORT = 3,
    BD_IFD_LONG = 4,
    BD_IFD_RATIONAL = 5,
    BD_IFD_IFD8 = 18 /* BigTIFF's type of a place in the file */
};

enum {
    BD_IFD_HEADER = 8,        /* bytes of a classic file before the first directory */
    BD_IFD_ENTRIES_MOST = 512 /* of a directory that is kept; cameras write less than a hundred */
};

typedef struct bd_ifd_file {
    uint8_t *data; /* not written to unless the caller may */
    size_t bytes;
    bool big_endian;
    bool wide; /* BigTIFF */
} bd_ifd_file;

typedef struct bd_ifd_entry {
    uint16_t tag, type;
    uint64_t count;
    const uint8_t *value; /* in the file's byte order; NULL: it is none of EXIF's types, or not within the file */
    size_t bytes;         /* of value; what is missing of count values is zero */
    bool placed;          /* written as field, whose value the file holds already */
    uint8_t field[8];     /* the value or its place, of which a classic file uses 4 bytes */
} bd_ifd_entry;

/* size: 1, 2, 4 or 8 bytes, which are there. */
uint64_t bd_ifd_get(const bd_ifd_file *file, size_t at, size_t size);
void bd_ifd_put(const bd_ifd_file *file, size_t at, size_t size, uint64_t value);
/* Of one value; 0: none of EXIF's types. */
size_t bd_ifd_type_bytes(uint32_t type);

/* Fills file in. Returns the place of the first directory; 0: this is no TIFF. */
uint64_t bd_ifd_open(const uint8_t *data, size_t bytes, bd_ifd_file *file);
/* Entries of the directory at a place; 0: there is none within the file, or one of more than any library reads. */
uint32_t bd_ifd_count(const bd_ifd_file *file, uint64_t at);
/* index: below bd_ifd_count. */
bd_ifd_entry bd_ifd_entry_at(const bd_ifd_file *file, uint64_t at, uint32_t index);
/* One of an entry's values, which are whole numbers or places of directories; false: it has no such value. */
bool bd_ifd_number(const bd_ifd_file *file, const bd_ifd_entry *entry, uint32_t index, uint64_t *number);
/* The place of the directory that follows the one at a place; 0: none. */
uint64_t bd_ifd_next(const bd_ifd_file *file, uint64_t at);

/* ---- what is gathered ---- */

typedef struct bd_ifd {
    bd_ifd_entry entries[BD_IFD_ENTRIES_MOST]; /* by rising tags */
    uint32_t count;
} bd_ifd;

typedef enum bd_ifd_kind { BD_IFD_MAIN, BD_IFD_EXIF, BD_IFD_GPS, BD_IFD_INTEROPERABILITY, BD_IFD_KINDS } bd_ifd_kind;

/* A main directory and those that belong to it. */
typedef struct bd_ifd_tree {
    bd_ifd of[BD_IFD_KINDS];
    uint8_t places[BD_IFD_KINDS][8];
    size_t room; /* bytes of values that may still be added */
} bd_ifd_tree;

/* What is not carried over: it is damaged, or there is no room. */
typedef struct bd_ifd_loss {
    void (*lost)(void *user, uint16_t tag);
    void *user;
} bd_ifd_loss;

/* The entry of a tag; NULL: none. */
const bd_ifd_entry *bd_ifd_find(const bd_ifd *ifd, uint16_t tag);
/* Adds an entry; the first one of a tag stays. false: there is no room. */
bool bd_ifd_add(bd_ifd_tree *tree, bd_ifd_kind kind, const bd_ifd_entry *entry);
/* Adds those of the main directory at a place whose tags is_wanted takes, and all of the others that it points to. */
void bd_ifd_gather(bd_ifd_tree *tree, const bd_ifd_file *file, uint64_t at, bool (*is_wanted)(uint16_t tag),
                   const bd_ifd_loss *loss);
/* Adds the entries that point from one directory to another, once all else is there. Returns the bytes that the
 * directories and their values take in a classic file, or a wide one. */
size_t bd_ifd_seal(bd_ifd_tree *tree, bool wide);
/* Writes the header of a file whose first directory lies at a place. */
void bd_ifd_begin(const bd_ifd_file *file, uint64_t first);
/* Writes so many bytes at an even place of a file of the byte order of all that was added. */
void bd_ifd_write(bd_ifd_tree *tree, const bd_ifd_file *file, size_t at);

#endif
