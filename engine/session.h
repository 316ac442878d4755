/* SPDX-License-Identifier: MIT
 * A session: the network, and around it the frame: buffers and commands of one photo. */
#ifndef BD_SESSION_H
#define BD_SESSION_H

#include "geometry/fit.h"
#include "geometry/resample.h"
#include "network.h"

enum { BD_FRAME_MAX_RESAMPLES = 3, BD_FRAME_MAX_TIMINGS = 16 };

/* A picture on its way to the device. */
typedef struct bd_frame_upload {
    const void *data;
    size_t row_bytes, stride_bytes;
    uint32_t rows;
    const bd_vk_buffer *to;
    VkDeviceSize offset;
} bd_frame_upload;

/* A separable resampling in at most two passes; an axis that keeps its size is skipped. */
typedef struct bd_frame_resample {
    const bd_vk_buffer *src, *dst;
    uint32_t src_w, src_h, dst_w, dst_h;
    bd_resample_table x, y;        /* out 0: skipped */
    VkDeviceSize offsets[2][2];    /* of x, y: coefficients and bounds in the tables buffer */
    uint32_t first_row, row_count; /* of src that the vertical pass reads */
    const char *label;
} bd_frame_resample;

struct bd_session {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_progress_fn progress;
    void *progress_user;
    bd_vk *vk;
    bd_network network;
    bd_vk_commands before, after; /* the network's own commands run between them */
    /* Buffers grow to the largest frame seen. */
    bd_vk_buffer staging;    /* uploads where the host cannot write to device memory */
    bd_vk_buffer tables;     /* coefficients and bounds of the frame's resamplings */
    bd_vk_buffer photo;      /* (h, w) rgba8 */
    bd_vk_buffer resized;    /* the photo at the network's side */
    bd_vk_buffer background; /* as given, later as fitted */
    bd_vk_buffer rows;       /* between the two passes of a resampling */
    bd_vk_buffer fitted;     /* background at the size that it is laid down at */
    bd_vk_buffer mask;       /* (mask_h, ceil(mask_w / 4) * 4) f32 */
    bd_vk_buffer result;     /* what the call returns */
    bd_vk_buffer download;   /* result where the host cannot read device memory */
    bd_frame_resample resamples[BD_FRAME_MAX_RESAMPLES];
    uint32_t resample_count;
    bool input_recorded; /* before holds a benchmark's input */
    bd_timing timings[BD_FRAME_MAX_TIMINGS];
    uint32_t timing_count;
};

/* frame.c: the parts that every call is made of. Each returns as soon as something fails. */
void bd_frame_begin(bd_session *session); /* forgets the last frame's resamplings and timings */
bd_result bd_frame_reserve(bd_session *session, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_error *error);
/* Plans a resampling of box (x0, y0, x1, y1) of src to dst; dst may be the same buffer as src when nothing changes. */
bd_result bd_frame_plan_resample(bd_session *session, const char *label, bd_resample_filter filter, float sigma,
                                 const bd_vk_buffer *src, uint32_t src_w, uint32_t src_h, const float box[4],
                                 const bd_vk_buffer *dst, uint32_t dst_w, uint32_t dst_h, bd_error *error);
/* Writes the tables of all planned resamplings and the pictures to the device; what cannot be written directly is
 * recorded into session->before, which must have been begun. */
bd_result bd_frame_upload_all(bd_session *session, const bd_frame_upload *pictures, uint32_t count, bd_error *error);
bd_result bd_frame_record_resample(bd_session *session, bd_vk_commands *commands, const bd_frame_resample *resample,
                                   bd_error *error);
/* The photo at w x h in session->resized (or another buffer) becomes the network's input. */
bd_result bd_frame_record_preprocess(bd_session *session, const bd_vk_buffer *photo, uint32_t w, uint32_t h,
                                     bd_error *error);
/* Makes session->result's first bytes readable by the host, ends, submits, waits and takes the timings. */
bd_result bd_frame_submit(bd_session *session, VkDeviceSize result_bytes, const void **result, bd_error *error);

#endif
