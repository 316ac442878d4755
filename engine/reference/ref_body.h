/* SPDX-License-Identifier: MIT
 * What of the network's answer is a body, and where to look again: see shaders/push/odds.h, rule.h,
 * crop.h and band.h. Grids are
 * (h,w,4): o, n, 0, 0. */
#ifndef BD_REF_BODY_H
#define BD_REF_BODY_H

#include "base/base.h"

/* One node: logits (classes), inside the set where in_set is true; background -1: none. */
void bd_ref_odds(const float *logits, int32_t classes, const bool *in_set, int32_t background, float *o, float *n);

/* Words of push/body.h and values of push/rule.h. */
typedef struct bd_ref_bodies {
    uint32_t box[6]; /* with area and edge */
    uint32_t *marks; /* (h,w) */
    float *values;   /* r, likewise */
} bd_ref_bodies;
/* room: 4 * h * w words. */
void bd_ref_rule(const float *grid, int32_t w, int32_t h, bd_ref_bodies *bodies, uint32_t *room);
/* (h,w) of bodies. */
void bd_ref_rule_apply(const bd_ref_bodies *bodies, int32_t w, int32_t h, float bias, float *plane);

typedef struct bd_ref_crop {
    float x, y, scale;
    bool taken;
} bd_ref_crop;
bd_ref_crop bd_ref_crop_of(const uint32_t box[4], const int32_t photo[2], const int32_t nodes[2], const int32_t net[2]);
/* The crop (net[1],net[0],4) of a photo (h,w,4), both u8; columns: room for (photo[1],net[0],4). */
void bd_ref_crop_picture(const uint8_t *pixels, const int32_t photo[2], const int32_t net[2], const bd_ref_crop *crop,
                         uint32_t outside, uint8_t *columns, uint8_t *y);
/* How much of a larger look counts: 0 .. 1; cell: cells of the first look's logits that nodes are apart. */
float bd_ref_larger_share(const uint32_t box[6], float cell);
/* How much of the crop counts at a point, in its pixels from its corner. */
float bd_ref_crop_fade(const bd_ref_crop *crop, const int32_t photo[2], const int32_t net[2], float x, float y);

/* plane (h,w) dense -> 1, 0 or 1/2 of each node; see push/band.h. */
void bd_ref_band_find(const float *plane, int32_t w, int32_t h, float inner, float outer, float *band);
/* What that says at a point of it. */
float bd_ref_band_at(const float *band, int32_t w, int32_t h, float x, float y);

#endif
