/* SPDX-License-Identifier: MIT */
#include "photo/tables.h"

static bool equal(const bd_table_key *a, const bd_table_key *b) {
    return a->filter == b->filter && a->in == b->in && a->out == b->out && !(a->box[0] < b->box[0]) &&
           !(a->box[0] > b->box[0]) && !(a->box[1] < b->box[1]) && !(a->box[1] > b->box[1]) && !(a->sigma < b->sigma) &&
           !(a->sigma > b->sigma);
}

bd_result bd_tables_get(bd_tables *tables, const bd_table_key *key, const bd_resample_table **table, bd_error *error) {
    uint32_t oldest = 0;
    tables->now++;
    for (uint32_t i = 0; i < BD_MOST_TABLES; i++) {
        if (tables->entries[i].table.out && equal(&tables->entries[i].key, key)) {
            tables->entries[i].asked = tables->now;
            *table = &tables->entries[i].table;
            return BD_OK;
        }
        oldest = tables->entries[i].asked < tables->entries[oldest].asked ? i : oldest;
    }
    bd_resample_table made;
    bd_result result = bd_resample_table_init(&made, tables->allocator, key->filter, (int32_t)key->in, key->box[0],
                                              key->box[1], (int32_t)key->out, key->sigma, error);
    if (result) {
        return result;
    }
    bd_resample_table_finish(&tables->entries[oldest].table);
    tables->entries[oldest].key = *key;
    tables->entries[oldest].table = made;
    tables->entries[oldest].asked = tables->now;
    *table = &tables->entries[oldest].table;
    return BD_OK;
}

void bd_tables_finish(bd_tables *tables) {
    for (uint32_t i = 0; i < BD_MOST_TABLES; i++) {
        bd_resample_table_finish(&tables->entries[i].table);
    }
}

size_t bd_table_bytes(const bd_resample_table *table, uint32_t part) {
    size_t columns = part == BD_TABLE_BOUNDS ? 2 : (size_t)table->taps;
    return (size_t)table->out * columns * sizeof(int32_t);
}

const void *bd_table_data(const bd_resample_table *table, uint32_t part) {
    return part == BD_TABLE_BOUNDS ? table->bounds : table->coefficients;
}
