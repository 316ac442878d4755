/* SPDX-License-Identifier: MIT
 * How large the pictures in a coded stream are, by the stream itself. */
#ifndef BD_HEIF_STREAMS_H
#define BD_HEIF_STREAMS_H

#include "image/cursor.h"

/* Zero-initialised before the first bytes; all stays 0 where no header is understood. */
typedef struct bd_stream_size {
    uint32_t width, height; /* the largest of each */
    uint64_t frames;        /* coded, whether shown or not */
} bd_stream_size;

/* H.265: the body of an hvcC box (ISO/IEC 14496-15, 8.3.3), and units of it behind lengths of four bytes. */
void bd_hevc_config_size(bd_cursor config, bd_stream_size *size);
void bd_hevc_units_size(bd_cursor units, bd_stream_size *size);
/* AV1: units, of an item or behind the first four bytes of an av1C box. */
void bd_av1_units_size(bd_cursor units, bd_stream_size *size);

#endif
