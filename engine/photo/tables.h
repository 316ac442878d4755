/* SPDX-License-Identifier: MIT
 * Tables of resampled axes, kept as long as they are asked for: photos that follow each other mostly have one size. */
#ifndef BD_TABLES_H
#define BD_TABLES_H

#include "geometry/resample_table.h"

/* More than twice as many as one photo needs, so that two that take turns keep theirs. */
enum { BD_MOST_TABLES = 56 };

typedef struct bd_table_key {
    bd_resample_filter filter;
    uint32_t in, out;
    float box[2], sigma;
} bd_table_key;

typedef struct bd_tables {
    const bd_allocator *allocator;
    struct {
        bd_table_key key;
        bd_resample_table table; /* out 0: nothing */
        uint64_t asked;          /* when it was last */
    } entries[BD_MOST_TABLES];
    uint64_t now;
} bd_tables;

/* The table of a key; it stays at least until BD_MOST_TABLES others were asked for. Owned by tables.
 * Errors as bd_resample_table_init. */
bd_result bd_tables_get(bd_tables *tables, const bd_table_key *key, const bd_resample_table **table, bd_error *error);
void bd_tables_finish(bd_tables *tables);

/* A table as the device has it: coefficients (out, taps) i32, bounds (out, 2) i32. */
enum { BD_TABLE_COEFFICIENTS, BD_TABLE_BOUNDS, BD_TABLE_PARTS };
size_t bd_table_bytes(const bd_resample_table *table, uint32_t part);
const void *bd_table_data(const bd_resample_table *table, uint32_t part);

#endif
