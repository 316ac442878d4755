/* SPDX-License-Identifier: MIT
 * What the files of the PyTorch importers share: state dicts, read from .pth (torch_zip.c, torch_pickle.c,
 * torch_state.c) or .safetensors (safetensors.c), become networks in torch_networks.c. */
#ifndef BD_TORCH_H
#define BD_TORCH_H

#include "model/model.h"

/* Of a pickle or a JSON header; those of DeepLabv3 take 100 KiB. */
#define BD_TORCH_MAX_HEADER_BYTES ((size_t)4 << 20)

#define BD_TORCH_MAX_TENSORS 65536
#define BD_TORCH_MAX_NAME 255 /* bytes */

/* ---- a ZIP archive (torch_zip.c) ---- */

typedef struct bd_torch_entry {
    const char *name; /* in the file, not terminated */
    size_t name_bytes;
    const uint8_t *data; /* in the file; NULL: compressed or encrypted */
    size_t bytes;
    size_t first, end; /* in the file, with its header */
} bd_torch_entry;

typedef struct bd_torch_zip {
    const char *file;
    bd_torch_entry *entries; /* sorted by name, in pool */
    size_t count;
} bd_torch_zip;

/* Reads the directory of the archive in data[0..bytes): every entry that is stored lies inside, no two overlap, no two
 * have one name. Nothing is decompressed, now or later. */
bd_result bd_torch_zip_read(bd_torch_zip *zip, const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                            bd_error *error);
/* The entry called folder/name, or name where folder_bytes is 0; NULL when there is none. */
const bd_torch_entry *bd_torch_zip_find(const bd_torch_zip *zip, const char *folder, size_t folder_bytes,
                                        const char *name, size_t name_bytes);

/* ---- a state dict ---- */

typedef enum bd_torch_kind { BD_TORCH_F32, BD_TORCH_F16, BD_TORCH_BF16, BD_TORCH_F64, BD_TORCH_OTHER } bd_torch_kind;

typedef struct bd_torch_tensor {
    const char *name;
    bd_torch_kind kind; /* OTHER: cannot be used */
    bool used;
    uint32_t rank;
    int64_t dims[BD_MAX_RANK];
    int64_t strides[BD_MAX_RANK]; /* in elements, not negative */
    const uint8_t *data;          /* in the file, of any alignment; every element that the strides reach lies inside */
} bd_torch_tensor;

typedef struct bd_torch_state {
    bd_torch_tensor *items; /* sorted by name once bd_torch_state_sort has run, in the importer's pool */
    size_t count;
} bd_torch_state;

/* Fails when two tensors have one name. */
bd_result bd_torch_state_sort(bd_torch_state *state, const char *file, bd_error *error);
bd_torch_tensor *bd_torch_state_find(const bd_torch_state *state, const char *name);
uint32_t bd_torch_kind_bytes(bd_torch_kind kind); /* 0: OTHER */
/* Whether a tensor of these dimensions and strides, beginning at element offset, stays within elements. */
bool bd_torch_tensor_fits(const bd_torch_tensor *tensor, int64_t offset, int64_t elements);

/* Runs the pickle of a state dict and nothing else: no code, no class but those that torch.save names for tensors.
 * folder is that of the archive's entries. The state and its names live in pool. */
bd_result bd_torch_pickle_read(const bd_torch_zip *zip, const bd_torch_entry *pickle, const char *folder,
                               size_t folder_bytes, bd_pool *pool, bd_torch_state *state, bd_error *error);

bd_result bd_torch_fail_order(const char *file, bd_error *error); /* its bytes are the other way round */
/* The same of torch.save's format before 1.6, one file. */
bd_result bd_torch_legacy_read(const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                               bd_torch_state *state, bd_error *error);

/* Builds the network whose trainer and architecture the names and shapes of the parameters tell (torch_networks.c).
 * Weights are copied to the graph's pool, as float32 in our layout, batch norms folded in; together they have at most
 * file_bytes / 2 elements, else the file is corrupt. */
bd_result bd_torch_build(bd_torch_state *state, const char *file, size_t file_bytes, bd_graph *graph, bd_error *error);

/* ---- weights (torch_weights.c) ---- */

/* weights (o, i, h, w) -> to (h, w, i, o), output channel c times scale[c]; scale NULL: as they are. */
void bd_torch_copy_conv(const bd_torch_tensor *weights, const float *scale, float *to);
/* A vector of elements floats. */
void bd_torch_copy_vector(const bd_torch_tensor *tensor, float *to);

#endif
