/* SPDX-License-Identifier: MIT
 * One photo, written down: a list of passes over slots.
 *
 * Steps add passes to a recipe (bd_..._add). Building one takes no device and, but for the tables of resamplings that
 * were not asked for lately, no memory; so each photo builds its own, and commands are recorded only where it differs
 * from what is recorded. Room is fixed; what does not fit is an error. The first failure is kept in the recipe, and
 * what is added after it counts for nothing. */
#ifndef BD_RECIPE_H
#define BD_RECIPE_H

#include "photo/recorder.h"
#include "photo/tables.h"

enum {
    BD_MOST_PASSES = 160,
    BD_MOST_PLAN_WORDS = 4096,
    BD_MOST_GIVEN = 32,
    BD_MOST_UPLOADS = 4,
    BD_MOST_RETURNS = 6,
    BD_MOST_RESAMPLED_AXES = 24
};

/* What a pass does, by its plan. Reads and writes the slots that it was added with. */
typedef void (*bd_record_fn)(bd_recorder *to, const void *plan);

typedef struct bd_pass {
    bd_record_fn record;
    const char *label; /* of the time stamp behind it; NULL: none */
    uint32_t plan, plan_words;
} bd_pass;

/* What the host writes before every photo. */
typedef enum bd_upload_kind {
    BD_UPLOAD_PICTURE,       /* a picture of 8 or 16 bits becomes one of the slot's */
    BD_UPLOAD_PREMULTIPLIED, /* the same, its colours multiplied by its alpha: what is resampled must not mix in what
                                cannot be seen */
    BD_UPLOAD_PROBABILITIES, /* f32, made to lie in 0 .. 1 */
    BD_UPLOAD_BYTES
} bd_upload_kind;
typedef struct bd_upload {
    bd_slot slot;
    uint32_t kind;
} bd_upload;

typedef struct bd_recipe {
    bd_vk *vk;
    bd_tables *axes;         /* of resamplings */
    uint32_t deep;           /* pictures have 16 bits, but for what network and matte see */
    VkDeviceSize band_bytes; /* see bd_recorder */
    uint32_t apart;          /* no slot shares memory: for tests that look into slots */

    bd_pass passes[BD_MOST_PASSES];
    uint32_t pass_count;
    uint32_t plans[BD_MOST_PLAN_WORDS], plan_words;
    bd_slot_shape shapes[BD_MOST_SLOTS]; /* the first is BD_NO_SLOT */
    bd_slot_use uses[BD_MOST_SLOTS];
    bool written[BD_MOST_SLOTS]; /* by a pass so far, or by the host */
    const char *names[BD_MOST_SLOTS];
    bd_vk_binding outside[BD_MOST_SLOTS]; /* of BD_SLOT_OUTSIDE and BD_SLOT_KEPT */
    uint32_t slot_count;
    const void *given[BD_MOST_GIVEN];
    uint32_t given_count;
    bd_upload uploads[BD_MOST_UPLOADS];
    uint32_t upload_count;
    bd_slot returns[BD_MOST_RETURNS];
    uint32_t return_count;
    const bd_resample_table *resampled[BD_MOST_RESAMPLED_AXES];
    uint32_t resampled_count;
    bd_slot table_slot; /* coefficients and bounds of those, one after the other */
    VkDeviceSize table_bytes;

    bd_result result;
    bd_error *error;
} bd_recipe;

/* Starts an empty recipe; axes must outlive it. */
void bd_recipe_begin(bd_recipe *recipe, bd_vk *vk, bd_tables *axes, bd_error *error);
/* Keeps a failure; returns whether it is one. */
bool bd_recipe_failed(bd_recipe *recipe, bd_result result);

/* A slot; name is static, for messages and tests. */
bd_slot bd_recipe_slot(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size);
/* A slot in memory that the recipe does not own; it must hold valid data when a pass reads it. */
bd_slot bd_recipe_outside(bd_recipe *recipe, const char *name, const bd_vk_binding *at);
/* A slot whose memory, of at least its bytes, stays from photo to photo; holds: something is there already. */
bd_slot bd_recipe_kept(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size, const bd_vk_buffer *at,
                       bool holds);
/* 1x1 of BD_NO_SLOT: what a failed recipe goes on with divides by it. */
bd_size bd_recipe_size(const bd_recipe *recipe, bd_slot slot);
bd_slot_kind bd_recipe_kind(const bd_recipe *recipe, bd_slot slot);
/* Of pictures in this recipe. */
bd_slot_kind bd_recipe_picture(const bd_recipe *recipe);

/* Appends a pass. plan: `bytes` of it are copied; it consists of members of four bytes (BD_PLAN_OF_WORDS), so that
 * equal plans have equal bytes. The slots that it reads and writes are told next. */
void bd_recipe_pass(bd_recipe *recipe, bd_record_fn record, const void *plan, size_t bytes);
void bd_recipe_reads(bd_recipe *recipe, bd_slot slot); /* BD_NO_SLOT: nothing */
void bd_recipe_writes(bd_recipe *recipe, bd_slot slot);
/* A time stamp behind the last pass. */
void bd_recipe_stamp(bd_recipe *recipe, const char *label);

/* Registers a pointer for use while recording; returns its index in bd_recorder.given. It must outlive every
 * recording. */
uint32_t bd_recipe_give(bd_recipe *recipe, const void *thing);

/* A slot that the host fills before each photo, by bd_frame_upload: its sources have the order of these calls. */
bd_slot bd_recipe_upload(bd_recipe *recipe, const char *name, bd_upload_kind kind, bd_slot_kind slot_kind,
                         bd_size size);
/* A slot that is filled before the first pass, or read after the last one, by commands that are no part of the recipe. */
bd_slot bd_recipe_enter(bd_recipe *recipe, const char *name, bd_slot_kind kind, bd_size size);
void bd_recipe_leave(bd_recipe *recipe, bd_slot slot);
/* The host can read the slot after the photo (bd_frame_result) by the number that is returned. */
uint32_t bd_recipe_return(bd_recipe *recipe, bd_slot slot);
/* Reserves room for a table in table_slot; at: where its parts will lie, in bytes. */
void bd_recipe_add_table(bd_recipe *recipe, const bd_resample_table *table, VkDeviceSize at[BD_TABLE_PARTS]);

/* Whether both are made of the same passes over the same slots, compared member by member. */
bool bd_recipe_equal(const bd_recipe *a, const bd_recipe *b);

/* Checks the size only: every member has four bytes, a flag is a uint32_t. */
#define BD_PLAN_OF_WORDS(type, words)                                                                                  \
    _Static_assert(sizeof(type) == (words) * sizeof(uint32_t), "a plan is made of members of four bytes")

#endif
