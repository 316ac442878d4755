/* SPDX-License-Identifier: MIT
 * What the boxes of a HEIC or AVIF say of its items. Where libheif and the standard (ISO/IEC 14496-12, 23008-12) read a box
 * differently it is refused, so that what is seen here is what is read there. */
#ifndef BD_HEIF_BOXES_H
#define BD_HEIF_BOXES_H

#include "image/cursor.h"
#include "image/image_source.h"

#define BD_BOX(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

typedef struct bd_heif_item {
    uint32_t id, type;
    bd_cursor properties; /* of its entry in ipma */
    bool wide;            /* their numbers have two bytes */
    bd_cursor extents;
    uint64_t base;
    uint8_t method;
    bool has_properties, has_place, has_sources;
    size_t sources; /* items that it is made of */
    size_t edge;    /* the first to what is decoded for it, plus 1; 0: none */
    /* For who walks over them: */
    bool open, done;
    uint32_t depth;  /* of what is below */
    uint64_t pixels; /* to decode for it, with all below */
} bd_heif_item;

typedef struct bd_heif_edge {
    uint32_t to;
    bool alpha;
    size_t next; /* plus 1; 0: none */
} bd_heif_edge;

enum { BD_HEIF_PITM, BD_HEIF_IINF, BD_HEIF_IREF, BD_HEIF_ILOC, BD_HEIF_IPRP, BD_HEIF_IDAT, BD_HEIF_PARTS };

typedef struct bd_heif_boxes {
    const bd_image_source *source;
    const char *form; /* for messages */
    bd_error *error;
    bd_result result;
    bd_cursor parts[BD_HEIF_PARTS];
    bool has[BD_HEIF_PARTS];
    bool has_tracks;     /* besides its items: a sequence of pictures */
    bd_heif_item *items; /* by id */
    bd_cursor *properties;
    uint32_t *property_types;
    bd_heif_edge *edges; /* from what is made of others to them, from a picture to its alpha */
    size_t item_count, property_count, edge_count;
    unsigned offset_bytes, length_bytes;
    bd_heif_item *primary; /* NULL: there is none, or not all boxes that it takes */
} bd_heif_boxes;

/* Zero-initialised but for source, form and error; false: result says why. In any case it is to be finished. */
bool bd_heif_boxes_read(bd_heif_boxes *b);
void bd_heif_boxes_finish(bd_heif_boxes *b);

/* False. */
bool bd_heif_fail(bd_heif_boxes *b, bd_result result, const char *what);

/* The body of an item's property. at: where the search goes on, 0 at first; NULL: no more. */
const bd_cursor *bd_heif_property(const bd_heif_boxes *b, const bd_heif_item *of, uint32_t type, size_t *at);

/* An item's bytes, as many as there are. made: to be freed; NULL: they are the file's. False: out of memory. */
bool bd_heif_item_bytes(bd_heif_boxes *b, const bd_heif_item *of, bd_cursor *data, uint8_t **made);

#endif
