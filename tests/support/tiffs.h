/* SPDX-License-Identifier: MIT
 * TIFF files and blocks of EXIF, made field by field, of both byte orders and widths, and what stands in blocks. Everything
 * asserts. */
#ifndef SUPPORT_TIFFS_H
#define SUPPORT_TIFFS_H

#include "support/pictures.h"

enum { TIFF_ROOM = 1 << 17, TIFF_WIDTH = 4, TIFF_HEIGHT = 2 };

/* Types. */
enum { BYTE = 1, ASCII = 2, SHORT = 3, LONG = 4, RATIONAL = 5, UNDEFINED = 7, SLONG = 9, SRATIONAL = 10, DOUBLE = 12 };

typedef struct tiff {
    uint8_t *data; /* TIFF_ROOM bytes */
    size_t used;
    bool big, wide;
} tiff;

typedef struct field {
    uint16_t tag, type;
    uint64_t count;
    size_t words;      /* the size of the numbers in value that turn with the byte order */
    uint8_t value[64]; /* little-endian */
} field;

/* A group's set-up: its program is skipped by a build that has no libtiff. */
int need_tiff(void **state);

/* A number of size bytes. */
void put_number(tiff *t, size_t at, size_t size, uint64_t value);
uint64_t get_number(const uint8_t *data, bool big, size_t at, size_t size);
/* Appends a directory. Returns where it lies. */
size_t put_directory(tiff *t, const field *fields, size_t count);

field number(uint16_t tag, uint16_t type, uint32_t value);
field text(uint16_t tag, const char *value);
/* values: of 32 bits, two of a fraction. */
field numbers(uint16_t tag, uint16_t type, uint32_t count, const uint32_t *values);
field blob(uint16_t tag, uint16_t type, const void *value, size_t size);

/* ---- what a photo says ---- */

enum { MAIN, EXIF, GPS, INTEROPERABILITY, KINDS };
enum { FIELDS = 10 };

typedef struct photo {
    field of[KINDS][FIELDS];
    size_t count[KINDS];
} photo;

void say(photo *p, int kind, field f);
/* Of every type that EXIF has, by rising tags; 118.11 pixels a centimetre. */
photo new_photo(void);

/* A grey picture of the numbers 0, 30, 60, ..., with what a photo says and some fields more. */
tiff picture_with(bool big, bool wide, photo p, const field *more, size_t count);
/* Its bytes, from malloc; releases t's. */
bytes bytes_of(const tiff *t);
/* A block of EXIF. */
bytes block_of(bool big, photo p, const field *more, size_t count);

/* ---- what a block says ---- */

/* Where an entry lies; 0: none. */
size_t entry_of(const bd_metadata *m, int kind, uint16_t tag);
void check_field(const bd_metadata *m, int kind, const field *f);
/* Does it say what a photo does, and so many entries besides in the first directory? */
void check_exif(const bd_metadata *m, const photo *p, size_t besides);

#endif
