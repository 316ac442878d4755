/* SPDX-License-Identifier: MIT
 *
 * A model on an engine: labels, mattes and composites of photos. A part of backdrop.h. */
#ifndef BACKDROP_SESSION_H
#define BACKDROP_SESSION_H

#include "backdrop_engine.h"
#include "backdrop_model.h"
#include "backdrop_replace.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bd_session bd_session;

/* What tensors are stored as on the device, and what convolutions multiply in. Sums are float32, but for FAST16's of
 * up to sixteen products each: labels are FP32's in 99.5 % and more, and partial sums beyond 65504 are lost. */
typedef enum bd_precision {
    BD_PRECISION_AUTO = 0, /* FP16 where the device runs it faster, else FP32 */
    BD_PRECISION_FP32 = 1,
    BD_PRECISION_FP16 = 2,
    BD_PRECISION_FAST16 = 3 /* stored as FP16, multiplied and added two halves at a time (shaderFloat16) */
} bd_precision;

/* Tells that the device is done with a photo that was begun, whose bd_session_replace_end does not block any more, or that
 * was given as images. A thread of the session's own calls it, once a photo, in the order that they were begun in, also
 * where one failed on the device; not for one whose begin failed. It must return soon and call nothing of the library but
 * bd_session_cancel; writing to a pipe or an eventfd makes a handle of it that an event loop can poll. */
typedef void (*bd_done_fn)(void *user);

typedef struct bd_session_params {
    size_t struct_size;
    const bd_allocator *allocator;
    bd_progress_fn progress;
    void *progress_user;
    bd_precision precision; /* FP16 or FAST16 where the device cannot: BD_ERR_UNSUPPORTED */
    /* Several looks at each photo, whose probabilities are averaged (Chen et al. 2017, arXiv 1706.05587, section 4): at
     * other sizes, each the same network opened at that size (at most 6, same classes; may be destroyed afterwards),
     * and each of them mirrored, too. Masks and labels keep the grid of the session's own model. */
    const bd_model *const *sizes;
    uint32_t size_count;
    bool flip;
    bool many; /* many photos are to come: allows kernels that take longer to create and run faster (on lavapipe 0.1
                  to 0.2 s more to create, a seventh less a photo, the same bytes). The first session for a driver and
                  network times them first, which takes seconds, and cache_dir keeps what was found; without cache_dir
                  a session tries one small layer */
    /* Bytes of device memory that networks and photos may take, together: what would take more fails with
     * BD_ERR_OUT_OF_DEVICE_MEMORY. 0: no limit but the device's. */
    uint64_t memory_budget;
    uint32_t in_flight; /* photos that may be begun and not ended (bd_session_replace_begin), 1..8; 0: 2. Each takes
                           memory for its photo, background and result */
    bd_done_fn done;    /* NULL: nobody is told, and the session has no thread */
    void *done_user;
    /* The network at twice its size, too, for BD_MATTE_BEST alone, as the command has it. Its files are read again, by the
     * path that bd_model_open was given, or its memory. Not together with sizes or flip. Left out, as bd_session_info says,
     * where a side would be above 2049 or the export does not say how it follows another size. */
    bool closer;
} bd_session_params;

typedef struct bd_session_info {
    size_t struct_size;
    bd_precision precision; /* any but AUTO */
    uint32_t dispatches;    /* of the network, preprocessing included */
    char kernel_set[32];
    bool closer; /* it has the network at twice its size, for BD_MATTE_BEST */
} bd_session_info;

/* Uploads the weights, creates the pipelines and records the network. The model may be destroyed afterwards. model
 * NULL: a session without a network, for calls that bring probabilities of their own.
 *
 * Shares   pipelines with all sessions of the engine, and the weights on the device with those of the same bd_model whose
 *          kernels read them alike. Tensors and photos' memory are each session's own.
 * Threads  several sessions may be made at once; trials of kernels take turns, and are disturbed by photos of other
 *          sessions.
 * Errors   BD_ERR_INVALID_ARGUMENT, BD_ERR_UNSUPPORTED (precision), BD_ERR_OUT_OF_MEMORY,
 *          BD_ERR_OUT_OF_DEVICE_MEMORY, BD_ERR_IMAGE_TOO_LARGE, BD_ERR_DEVICE, BD_ERR_DEVICE_LOST.
 */
BD_API BD_CHECK bd_result bd_session_create(bd_engine *engine, const bd_model *model, const bd_session_params *params,
                                            bd_session **session, bd_error *error);
/* Waits until the device is done with what it was given; for ever where that waits for a semaphore that nobody signals. */
BD_API void bd_session_destroy(bd_session *session);
BD_API bd_result bd_session_get_info(const bd_session *session, bd_session_info *info);

typedef enum bd_map_size {
    BD_MAP_RESIZED = 0, /* the photo after resizing to the network's side, as the tutorial's map */
    BD_MAP_PHOTO = 1    /* the photo's own size; logits interpolated there directly */
} bd_map_size;

typedef struct bd_segment_params {
    size_t struct_size;
    bd_map_size map_size;
    bool want_logits;
    bool want_photo_labels; /* the map of BD_MAP_PHOTO, too, from the same run of the network */
} bd_segment_params;

/* What the network saw. Release with bd_segmentation_finish. */
typedef struct bd_segmentation {
    size_t struct_size;
    bd_image labels; /* GRAY8, index = class */
    uint32_t class_count;
    uint64_t pixels_of_class[256];
    uint32_t logits_width, logits_height;
    float *logits; /* (logits_height, logits_width, class_count) of the padded input, before upsampling; NULL unless
                      wanted */
    const void *owner;
    bd_image photo_labels; /* GRAY8 of the photo's size; without pixels unless wanted */
} bd_segmentation;

/* Labels every pixel of a photo.
 *
 * photo    of four channels (of 16 bits 8 are looked at) and any size from 1x1; alpha is ignored. Borrowed
 *          until return.
 * Blocks   until the result is on the host.
 * Errors   BD_ERR_INVALID_ARGUMENT, BD_ERR_OUT_OF_MEMORY, BD_ERR_OUT_OF_DEVICE_MEMORY, BD_ERR_DEVICE_LOST.
 * Source   Chen et al. 2017, arXiv 1706.05587; input resized as Pillow's Lanczos does, to the network's side on the
 * longest side.
 */
BD_API BD_CHECK bd_result bd_session_segment(bd_session *session, const bd_image *photo,
                                             const bd_segment_params *params, bd_segmentation *result, bd_error *error);
BD_API void bd_segmentation_finish(bd_segmentation *result);
/* How much of every pixel belongs to the foreground.
 *
 * photo    of four channels (of 16 bits 8 are looked at); alpha is ignored. Borrowed until return.
 * params   NULL: all default.
 * alpha    BD_FORMAT_GRAY8 or _GRAY16 of the photo's size, 0..255 or 0..65535; bd_image_finish. Written on success
 *          only.
 * Errors   as bd_session_segment; BD_ERR_INVALID_ARGUMENT too when the session has no model and params neither coarse
 *          nor trimap nor a key, no foreground lies at BD_KEEP_POINT's pixel, or BD_KEY_AUTO finds no colour that
 *          enough of the border has.
 * Source   He, Sun, Tang, Guided image filtering, TPAMI 2013; He, Sun, arXiv 1505.00996; Levin, Lischinski, Weiss, A
 *          closed-form solution to natural image matting, TPAMI 2008; Bramble, Pasciak, Xu, Parallel multilevel
 *          preconditioners, Mathematics of Computation 55, 1990.
 */
BD_API BD_CHECK bd_result bd_session_matte(bd_session *session, const bd_image *photo, const bd_matte_params *params,
                                           bd_image *alpha, bd_error *error);
/* Replaces the background of a photo.
 *
 * photo       of four channels. Borrowed until return.
 * background  the same of any size for BD_BACKGROUND_PICTURE, or NULL after bd_session_set_background; else NULL. Borrowed
 *             until return.
 * result      the photo's size (classic: the resized photo's); bd_image_finish. Written on success only.
 *             BD_FORMAT_RGBA16 where the photo or the background that shows is, else, and for classic, _RGBA8.
 * Depth       16 bits are kept through all of it; 8 beside them count as 257 times as much. The network and the matte
 *             see the photo in 8 bits, rounded. Twice the memory for the pictures, and a copy of the photo in 8 bits.
 * Colours     the result has the photo's profile, and opaque pixels its numbers; background and color (which is sRGB)
 *             are converted to it, relative colorimetric. Light is reckoned by sRGB's curve, and the network takes the
 *             photo's numbers for sRGB. classic knows no profiles.
 * Errors      as bd_session_segment; BD_ERR_INVALID_ARGUMENT too for a profile that cannot be used.
 */
BD_API BD_CHECK bd_result bd_session_replace(bd_session *session, const bd_image *photo, const bd_image *background,
                                             const bd_replace_params *params, bd_image *result, bd_error *error);

/* Keeps a background for calls that want BD_BACKGROUND_PICTURE and bring none: it is uploaded and fitted once for photos of a
 * size with the same fit, place and blur, and again when one of these changes. The results are the same.
 *
 * background   as of bd_session_replace; copied. NULL: none any more.
 * Errors       BD_ERR_INVALID_ARGUMENT, BD_ERR_OUT_OF_MEMORY: the one before stays.
 */
BD_API BD_CHECK bd_result bd_session_set_background(bd_session *session, const bd_image *background, bd_error *error);

/* The same in two halves, for many photos: begin returns when the device has been given a photo, end waits for the
 * oldest that was begun. While the device works on one photo the host encodes the one before and decodes the next:
 *
 *     begin(0); for (i = 0; i < n; i++) { if (i + 1 < n) begin(i + 1); end(i); }
 *
 * photo       and background, params: as above; borrowed until begin returns. Begun photos may differ in all of them;
 *             one that needs more memory than those before waits inside begin until they are done.
 * result      as above.
 * Calls       up to bd_session_params.in_flight photos may be begun and not ended. Until all are ended, what would need
 *             the network or the photos' memory (bd_session_replace, _segment, _matte, _trim, _estimate and the like) is
 *             BD_ERR_INVALID_ARGUMENT; bd_session_set_background is for those that are begun later.
 *             bd_session_timings tells the stages of the photo that was ended last; the network's is missing where
 *             another photo was begun meanwhile.
 * Allocates   nothing once in_flight photos of a size and set of parameters were ended, of which four may take turns,
 *             but where colours are converted: begin prepares that each time. Memory for photos, backgrounds and results
 *             as often as there are photos in flight.
 * Errors      as bd_session_replace. A photo whose begin failed must not be ended; one whose end failed is ended.
 */
BD_API BD_CHECK bd_result bd_session_replace_begin(bd_session *session, const bd_image *photo,
                                                   const bd_image *background, const bd_replace_params *params,
                                                   bd_error *error);
BD_API BD_CHECK bd_result bd_session_replace_end(bd_session *session, bd_image *result, bd_error *error);

/* The matte that the result returned last was made with, where bd_replace_params.want_alpha was set, or that
 * bd_session_matte returned. alpha: as of bd_session_matte. Until another photo is begun: BD_ERR_INVALID_ARGUMENT. */
BD_API BD_CHECK bd_result bd_session_take_alpha(const bd_session *session, bd_image *alpha, bd_error *error);

/* Of the same photo, where bd_matte_params.want_coarse was set: what the network and its rule said, before it was made
 * the photo's size.
 *
 * coarse   room for `room` floats; (height, width) probabilities are written, which lie as those of bd_matte_params.coarse
 *          do. NULL: width and height alone are.
 * Errors   BD_ERR_INVALID_ARGUMENT: there is too little room, or another photo was begun.
 */
BD_API BD_CHECK bd_result bd_session_take_coarse(const bd_session *session, float *coarse, size_t room, uint32_t *width,
                                                 uint32_t *height, bd_error *error);

/* Waits until the device is done with the photo that was begun, or given as images, first and has not been ended, at most
 * timeout_ns; bd_session_replace_end, or bd_session_wait_images for a single one, then does not block. 0: only looks.
 *
 * Errors   BD_ERR_TIMEOUT: it is not done yet; BD_ERR_INVALID_ARGUMENT: none was begun; BD_ERR_DEVICE_LOST.
 */
BD_API BD_CHECK bd_result bd_session_wait(bd_session *session, uint64_t timeout_ns, bd_error *error);

/* Stops what the session does: a call of another thread returns BD_ERR_CANCELLED as soon as the device is done with the
 * part that it is at, some 20 ms (on software devices the layers of a second or larger look are not cut: some 100 ms more);
 * the end of each photo that has been begun, when it is done with all that it was given. What is called or begun later is
 * not affected.
 *
 * Threads  any, at any time in the session's life.
 */
BD_API void bd_session_cancel(bd_session *session);

/* What a session takes for photos of a size, before it takes it. */
typedef struct bd_memory_estimate {
    size_t struct_size;
    uint64_t network_bytes;   /* of device memory for weights, also those that are shared, and tensors: taken already */
    uint64_t photo_bytes;     /* of device memory for one photo at a time */
    uint64_t in_flight_bytes; /* the same for as many as may be in flight */
    uint64_t staging_bytes;   /* how much of that is the host's memory, which the device sees; 0 where they share all */
    uint64_t host_bytes;      /* of the allocator's memory, one result included */
} bd_memory_estimate;

/* photo, background: sizes, formats and has_alpha; pixels may be NULL. params: as of bd_session_replace. A kept background is
 * counted where it has been set and background is NULL, as in the call that is to come. Errors: as of bd_session_replace,
 * and BD_ERR_INVALID_ARGUMENT while photos are in flight. */
BD_API BD_CHECK bd_result bd_session_estimate(bd_session *session, const bd_image *photo, const bd_image *background,
                                              const bd_replace_params *params, bd_memory_estimate *estimate,
                                              bd_error *error);

/* Gives back the memory for photos, on the device and on the host; the network stays. The next photo takes it anew.
 * Errors: BD_ERR_INVALID_ARGUMENT while photos are in flight. */
BD_API BD_CHECK bd_result bd_session_trim(bd_session *session, bd_error *error);

typedef struct bd_timing {
    char name[48];
    double ms; /* on the device when device is true, else wall time */
    bool device;
} bd_timing;

/* Stages of the photo whose result was returned last, in order, until another one is begun in its place: ask at once. Returns
 * how many there are and copies at most room. Some drivers (lavapipe) have times only when the device is done with all
 * photos that were begun: then this waits for them. */
BD_API uint32_t bd_session_timings(bd_session *session, bd_timing *timings, uint32_t room);

/* What the network made of a photo: on a grid about as fine as its logits, how many points each class has the highest
 * logit at. */
typedef struct bd_seen {
    size_t struct_size;
    uint32_t class_count;          /* 0: no network was asked */
    bool empty;                    /* a matte was made, and no part of it is more than a speck */
    uint64_t points;               /* of the grid, all on the photo */
    uint64_t points_of_class[256]; /* they add up to points */
} bd_seen;

/* Of the photo whose result was returned last. Where none of the foreground's classes has points, or the matte is empty
 * (what was labelled can be too faint for the rule), a composite is all background, or nearly. */
BD_API bd_result bd_session_seen(const bd_session *session, bd_seen *seen);

/* What BD_KEY_AUTO found in the photo whose result was returned last, or that failed for want of one colour. */
BD_API void bd_session_key(const bd_session *session, bd_key_color *color);

#ifdef __cplusplus
}
#endif

#endif
