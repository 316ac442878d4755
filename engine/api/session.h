/* SPDX-License-Identifier: MIT
 * A session: the network, and around it the frame: buffers and commands of one photo. */
#ifndef BD_SESSION_H
#define BD_SESSION_H

#include "api/engine.h"
#include "api/model.h"
#include "geometry/fit.h"
#include "geometry/resample.h"
#include "image/image.h"
#include "photo/matte_plan.h"
#include "network/network.h"

enum { BD_SESSION_MOST_SIZES = 6, BD_SESSION_MOST_LOOKS = 2 * (BD_SESSION_MOST_SIZES + 1) };
enum { BD_FRAME_MAX_RESAMPLES = 4 + BD_SESSION_MOST_SIZES, BD_FRAME_MAX_PICTURES = 4, BD_FRAME_MAX_TIMINGS = 32 };

/* What goes to the device: `rows` rows side by side. */
typedef struct bd_frame_upload {
    size_t row_bytes;
    uint32_t rows;
    const bd_vk_buffer *to;
    VkDeviceSize offset;
    VkDeviceSize staged_at; /* in the staging buffer; unused where the host can write to `to` */
    bool premultiply;       /* colours by alpha on the way: what is resampled must not mix in what cannot be seen */
    bool deep;              /* becomes 16 bits on the way */
} bd_frame_upload;

/* What a call brings: an image, and how its colours change on the way. */
typedef struct bd_frame_picture {
    const bd_image *image;
    const bd_color *color; /* NULL: not at all; from the image's depth to the upload's */
} bd_frame_picture;

/* All that decides which commands a frame takes. Compared byte by byte, so zeroed first. */
typedef struct bd_frame_key {
    enum { BD_FRAME_NONE, BD_FRAME_SEGMENT, BD_FRAME_REPLACE, BD_FRAME_MATTE } call;
    uint32_t photo_w, photo_h, background_w, background_h;
    bool background_alpha;
    bool deep; /* the result is of 16 bits */
    bd_segment_params segment;
    bd_replace_params replace; /* without its matte, which is: */
    uint8_t color_low[4];      /* what 16 bits have below replace.color */
    bd_matte_params matte;
} bd_frame_key;

/* A separable resampling in at most two passes; an axis that keeps its size is skipped. */
typedef struct bd_frame_resample {
    const bd_vk_buffer *src, *dst;
    uint32_t src_w, src_h, dst_w, dst_h;
    bd_resample_table x, y;        /* out 0: skipped */
    VkDeviceSize offsets[2][2];    /* of x, y: coefficients and bounds in the tables buffer */
    uint32_t first_row, row_count; /* of src that the vertical pass reads */
    bool deep;
    const char *label;
} bd_frame_resample;

/* What photos that are in flight have each of their own: the commands, and what the host writes and reads. All other
 * buffers are shared, since the queue runs one photo after the other. */
#define BD_FRAME_MEMBERS                                                                                               \
    bd_vk_commands before, after; /* the network's own commands run between them */                                    \
    bd_vk_commands prepare[BD_SESSION_MOST_LOOKS], collect[BD_SESSION_MOST_LOOKS];                                     \
    VkFence fence;                                                                                                     \
    bd_vk_buffer staging;    /* uploads where the host cannot write to device memory */                                \
    bd_vk_buffer tables;     /* coefficients and bounds of the resamplings */                                          \
    bool deep;               /* pictures have 16 bits, but for what network and matte see: photo, resized, looks */    \
    bd_vk_buffer photo;      /* (h, w) rgba8 */                                                                        \
    bd_vk_buffer photo16;    /* where deep: (h, w) rgba16 */                                                           \
    bd_vk_buffer background; /* as given, later as fitted */                                                           \
    bd_vk_buffer result;     /* what the call returns */                                                               \
    bd_vk_buffer download;   /* result where the host cannot read device memory */                                     \
    bd_frame_resample resamples[BD_FRAME_MAX_RESAMPLES];                                                               \
    uint32_t resample_count;                                                                                           \
    bool skip_network; /* the recorded call brings what the network would give */                                      \
    bd_frame_upload pictures[BD_FRAME_MAX_PICTURES];                                                                   \
    uint32_t picture_count;                                                                                            \
    bd_frame_key recorded;     /* what before and after do; call NONE: nothing of use */                               \
    uint32_t generation;       /* of the shared buffers that they use */                                               \
    VkDeviceSize result_bytes; /* that they make readable */                                                           \
    uint32_t seen_w, seen_h;   /* points of what the network saw; 0: it is not asked */                                \
    VkDeviceSize seen_at;      /* in the result */                                                                     \
    bool input_recorded;       /* before holds a benchmark's input */                                                  \
    uint64_t submission;       /* its number in the session */                                                         \
    double submitted_ms;                                                                                               \
    void *profile; /* the result's, a copy */                                                                          \
    size_t profile_bytes;

typedef struct bd_frame {
    BD_FRAME_MEMBERS
} bd_frame;

struct bd_session {
    const bd_allocator *allocator; /* NULL or &hooks */
    bd_allocator hooks;
    bd_progress_fn progress;
    void *progress_user;
    bd_vk *vk;
    bd_network network;
    bd_network sizes[BD_SESSION_MOST_SIZES]; /* the same network at other sizes */
    uint32_t size_count;
    bool flip;           /* each of them sees the photo mirrored, too */
    uint32_t look_count; /* how often a network runs for one photo */
    bool has_network;
    uint32_t person; /* the class that is foreground by default */
    union {          /* the frame that calls work on: the newest of those in flight */
        bd_frame frame;
        struct {
            BD_FRAME_MEMBERS
        };
    };
    bd_frame other;       /* used, and made, when the one above is in flight */
    uint32_t in_flight;   /* photos begun and not ended: 1 is frame, 2 are both, other first */
    uint64_t submissions; /* so far */
    /* Buffers, these and a frame's, grow to the largest photo seen. */
    uint32_t generation_now; /* grows whenever one is replaced: recordings of before are of no use */
    bd_vk_buffer votes[2];   /* sums of probabilities, taken in turns; the first network's logits in shape */
    bd_vk_buffer looks;      /* the photo at the size of the network that runs */
    bd_vk_buffer resized;    /* the photo at the network's side */
    bd_vk_buffer rows;       /* between the two passes of a resampling */
    bd_vk_buffer fitted;     /* background at the size that it is laid down at */
    bd_vk_buffer mask;       /* (mask_h, ceil(mask_w / 4) * 4) f32: at the photo's size but for classic */
    bd_vk_buffer matte[BD_MATTE_BUFFERS];
    VkDeviceSize band_bytes;    /* of the bands that mattes take the photo in; 0: what the device can bind */
    uint32_t closed_form_steps; /* 0: what closed_form.c takes; tests let it settle */
    bd_seen seen;               /* in the photo whose result was returned last */
    bd_timing timings[BD_FRAME_MAX_TIMINGS];
    uint32_t timing_count;
};

/* session.c */
bd_result bd_session_make(bd_engine *engine, const bd_model *model, const bd_network_params *params,
                          const bd_allocator *allocator, bd_session **session, bd_error *error);
/* Whether this device can run this network in half precision. */
bool bd_session_can_half(const bd_engine *engine, const bd_model *model);

void bd_session_report(const bd_session *session, const char *stage); /* to the progress hook */
/* Fails while photos are in flight. */
bd_result bd_session_check_idle(const bd_session *session, bd_error *error);
bd_result bd_session_check_picture(const bd_image *image, const char *what, bd_error *error);
/* Fails for a session that was made without a model. */
bd_result bd_session_need_network(const bd_session *session, bd_error *error);
/* Of the photo at the network's side. */
void bd_session_photo_size(const bd_session *session, const bd_image *photo, uint32_t *w, uint32_t *h);
/* Room for the photo; where the network is to see it, the plan of its resampling to *w x *h too. */
bd_result bd_session_plan_input(bd_session *session, const bd_image *photo, bool network, uint32_t *w, uint32_t *h,
                                bd_error *error);
bd_result bd_session_record_photo(bd_session *session, const bd_image *photo, uint32_t w, uint32_t h, bd_error *error);
/* Pixels of a map of `size` pixels over the resized photo of `resized` pixels, on the logits; axis 2: x, 1: y. */
bd_axis_map bd_session_axis_map(const bd_session *session, int axis, uint32_t resized, double size);

/* Records: labels of w x h over the photo that was resized to resized_w x resized_h go to session->result at `at`. */
bd_result bd_session_record_labels(bd_session *session, uint32_t resized_w, uint32_t resized_h, uint32_t w, uint32_t h,
                                   VkDeviceSize at, bd_error *error);

/* Of labels; rows are whole words. */
static inline VkDeviceSize bd_labels_bytes(uint32_t w, uint32_t h) {
    return (VkDeviceSize)(w + 3) / 4 * 4 * h;
}

static inline VkDeviceSize bd_picture_bytes(uint32_t w, uint32_t h) {
    return (VkDeviceSize)w * h * 4;
}

/* Of the pictures that a frame's result is made of. */
static inline VkDeviceSize bd_pixels_bytes(const bd_session *session, uint32_t w, uint32_t h) {
    return (VkDeviceSize)w * h * (session->deep ? 8 : 4);
}

/* The photo as it goes into the result. */
static inline const bd_vk_buffer *bd_session_pixels(const bd_session *session) {
    return session->deep ? &session->photo16 : &session->photo;
}

/* seen.c: which classes the network saw in a photo that was resized to w x h. They lie behind the result of so many
 * bytes: returns the bytes with them. */
VkDeviceSize bd_seen_plan(bd_session *session, uint32_t w, uint32_t h, VkDeviceSize bytes);
bd_result bd_seen_record(bd_session *session, uint32_t w, uint32_t h, bd_error *error);
/* From what a frame that is done has made readable; a call that asked no network leaves nothing. */
void bd_seen_take(bd_session *session, const void *result);

/* vote.c: several looks at one photo. */
bd_result bd_votes_init(bd_session *session, bd_engine *engine, const bd_session_params *params, bd_error *error);
void bd_votes_finish(bd_session *session);
/* The resamplings 1 .. size_count. */
bd_result bd_votes_plan(bd_session *session, const bd_image *photo, bd_error *error);
bd_result bd_votes_record(bd_session *session, const bd_image *photo, bd_error *error);
/* The commands of the frame at hand. */
bd_result bd_votes_make(bd_session *session, bd_error *error);
/* before, and every look, in the order that they run in; for more than one. list has room for three times the looks. */
uint32_t bd_votes_list(bd_session *session, const bd_vk_commands **list);
/* What labels and masks read: the network's logits, or the average of all looks. */
bd_vk_binding bd_session_logits(const bd_session *session);

/* frame.c: the parts that every call is made of. Each returns as soon as something fails.
 *
 * A frame is recorded once: begin, plan and reserve, add_pictures, upload_tables, record what it does, end. As long as
 * the next ones have the same key they only run: no allocation, no descriptor written, nothing recorded. */

/* Commands and fence of the frame at hand, where it has none yet. */
bd_result bd_frame_make(bd_session *session, bd_error *error);
void bd_frame_finish(bd_session *session);
/* The other frame comes to hand. */
void bd_frame_swap(bd_session *session);
/* Forgets the last recording and begins before and after. Waits for a photo in flight: it shares buffers. */
bd_result bd_frame_begin(bd_session *session, bool deep, bd_error *error);
/* Whether before and after do what the key says. Bytes between members count, so a false no is possible. */
bool bd_frame_is_recorded(const bd_session *session, const bd_frame_key *key);
/* Forgets the last recording. */
void bd_frame_forget(bd_session *session);

bd_result bd_frame_reserve(bd_session *session, bd_vk_buffer *buffer, VkDeviceSize bytes, bd_error *error);
/* Plans a resampling of box (x0, y0, x1, y1) of src to dst; dst may be the same buffer as src when nothing changes. */
bd_result bd_frame_plan_resample(bd_session *session, const char *label, bd_resample_filter filter, float sigma,
                                 const bd_vk_buffer *src, uint32_t src_w, uint32_t src_h, const float box[4],
                                 const bd_vk_buffer *dst, uint32_t dst_w, uint32_t dst_h, bd_error *error);
/* A picture of w x h that bd_frame_run will bring to the beginning of a buffer, in 16 bits or in 8. */
void bd_frame_add_picture(bd_session *session, const bd_vk_buffer *to, uint32_t w, uint32_t h, bool deep);
/* Writes the tables of all planned resamplings; what the host cannot write to the device directly, pictures too, is
 * copied by session->before. */
bd_result bd_frame_record_uploads(bd_session *session, bd_error *error);
/* The photo of 16 bits becomes one of 8, too. */
bd_result bd_frame_record_narrow(bd_session *session, uint32_t w, uint32_t h, bd_error *error);
bd_result bd_frame_record_resample(bd_session *session, bd_vk_commands *commands, const bd_frame_resample *resample,
                                   bd_error *error);
/* The photo at w x h in session->resized (or another buffer) becomes the network's input. */
bd_result bd_frame_record_preprocess(bd_session *session, const bd_vk_buffer *photo, uint32_t w, uint32_t h,
                                     bd_error *error);
/* Makes session->result's first bytes readable by the host and ends before and after. */
bd_result bd_frame_end(bd_session *session, const bd_frame_key *key, VkDeviceSize result_bytes, bd_error *error);
/* Writes a picture to where the host can reach it: the device's memory or the staging buffer. */
void bd_frame_bring(const bd_session *session, const bd_frame_upload *upload, const bd_frame_picture *picture);
/* Brings the pictures, in the order that they were added in, and submits. */
bd_result bd_frame_submit(bd_session *session, const bd_frame_picture *pictures, bd_error *error);
/* Waits for it and takes the timings; those of the network itself only when nothing was submitted since. */
bd_result bd_frame_wait(bd_session *session, const void **result, bd_error *error);
/* Both. */
bd_result bd_frame_run(bd_session *session, const bd_frame_picture *pictures, const void **result, bd_error *error);

#endif
