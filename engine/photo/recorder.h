/* SPDX-License-Identifier: MIT
 * What a step records with: commands of one photo, and where its slots lie.
 *
 * The first failure is kept in the recorder; what follows it does nothing. Barriers stand where a dispatch or a copy
 * reads or writes what is pending: a dispatch reads all that is bound to it and writes what is bound last
 * (BD_BIND_DST). */
#ifndef BD_RECORDER_H
#define BD_RECORDER_H

#include "geometry/resample_table.h"
#include "kernel/kernel.h"
#include "photo/slots.h"

/* Command buffers: one in front of the first look, and one behind each. */
enum { BD_MOST_COMMANDS = 16, BD_MOST_PENDING = 64 };

typedef struct bd_pending {
    VkBuffer buffer;
    VkDeviceSize begin, end;
    bool written; /* else only read */
} bd_pending;

typedef struct bd_recorder {
    bd_vk *vk;
    const bd_slot_shape *shapes;
    const bd_vk_binding *slots;             /* where each lies, whole */
    const bd_slot_use *uses;                /* what passes were told to read and write */
    const char *const *names;               /* of slots */
    const void *const *given;               /* what a recipe was given, by number */
    const bd_resample_table *const *tables; /* of resampled axes, likewise */
    bool deep;                              /* some pictures have 16 bits */
    VkDeviceSize band_bytes;                /* of a binding at most, for tests; 0: what the device can bind */

    bd_vk_commands *commands; /* (BD_MOST_COMMANDS), made when needed */
    uint32_t current;         /* that is being recorded */
    uint32_t pass;            /* likewise */
    /* All that runs, in order: these commands, and between them a network's, which were recorded before. */
    bd_vk_commands *list[2 * BD_MOST_COMMANDS];
    uint32_t list_count;

    bd_pending pending[BD_MOST_PENDING];
    uint32_t pending_count;
    VkDeviceSize part_bytes;       /* bound by the dispatches of the part that is being recorded */
    bool all_pending;              /* at the beginning: the previous photo may still use any slot */
    uint32_t dispatches, barriers; /* so far */
    bd_result result;
    bd_error *error;
} bd_recorder;

/* Begins the first commands. The members above current, and error, are set; the device is done with the commands. */
void bd_recorder_begin(bd_recorder *to);
/* Makes what was written readable by the host and ends the last commands. */
bd_result bd_recorder_end(bd_recorder *to);

bd_size bd_recorder_size(const bd_recorder *to, bd_slot slot);

/* Binds a slot whole, some of its rows, or some of its bytes. Fails outside of the passes that were told of the slot: its
 * memory is another one's there. */
void bd_bind(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot);
void bd_bind_rows(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot, uint32_t first,
                  uint32_t rows);
void bd_bind_bytes(bd_recorder *to, bd_vk_dispatch *dispatch, uint32_t binding, bd_slot slot, VkDeviceSize offset,
                   VkDeviceSize bytes);
/* Makes a dispatch over pictures of 8 bits the same over pictures of 16, where this one has them. */
void bd_match_depth(const bd_recorder *to, bd_vk_dispatch *dispatch, bd_slot picture);

void bd_recorder_dispatch(bd_recorder *to, const bd_vk_dispatch *dispatch);
void bd_recorder_copy(bd_recorder *to, const bd_vk_binding *from, const bd_vk_binding *dst);
void bd_recorder_fill(bd_recorder *to, bd_slot slot, VkDeviceSize bytes, uint32_t word);
/* Everything written so far is visible to what follows, the groups of indirect dispatches too. */
void bd_recorder_barrier_indirect(bd_recorder *to);
void bd_recorder_stamp(bd_recorder *to, const char *label);
/* Runs commands here that were recorded before, by a network. They end with a barrier of their own. */
void bd_recorder_run(bd_recorder *to, bd_vk_commands *commands);

/* Pictures are taken in bands of rows that the device can bind: the rows of a picture of `size` that one dispatch may
 * take are a multiple of both 64 and unit, so that bands begin where bindings may. The last band has what is left.
 *
 *     for (bd_band band = bd_bands(to, size, 1); band.rows; bd_band_next(&band)) { band.first, band.rows } */
typedef struct bd_band {
    uint32_t first, rows; /* rows 0: past the end */
    uint32_t most, end;
} bd_band;
bd_band bd_bands(const bd_recorder *to, bd_size size, uint32_t unit);
void bd_band_next(bd_band *band);
/* The same for a dispatch that binds up to BD_BAND_AROUND rows more before and behind a band. */
enum { BD_BAND_AROUND = 64 };
bd_band bd_bands_apart(const bd_recorder *to, bd_size size);
/* The same of whole blocks of rows, of any height, for one that binds up to 63 rows more before a band (bd_rows_from). */
bd_band bd_bands_of_blocks(const bd_recorder *to, bd_size size, uint32_t block);
/* Rows of a picture that a dispatch binds: those up to `end`, from one at or before `first` where a binding may begin. */
typedef struct bd_rows {
    uint32_t first, count;
} bd_rows;
bd_rows bd_rows_from(uint32_t first, uint32_t end);
/* The same of a picture that lies behind another one: those that lie behind `rows` rows of that, of which the uppermost
 * has row `first` of the picture behind it, or none where it lies outside. At least one. */
bd_rows bd_rows_behind(uint32_t height, int64_t first, uint32_t rows);
/* Rows of a band: limits are the device's; deep and band_bytes as above. */
uint32_t bd_band_rows(const VkPhysicalDeviceLimits *limits, bool deep, VkDeviceSize band_bytes, bd_size size,
                      uint32_t unit);

#endif
