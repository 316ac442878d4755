/* SPDX-License-Identifier: MIT
 * From what a pickle makes to the tensors of a state dict: in an archive, whose entries are their data, or in one file
 * of PyTorch before 1.6, where the data follow the pickle. */
#ifndef BD_TORCH_READ_H
#define BD_TORCH_READ_H

#include "model/torch/torch_state.h"
#include "model/bytes/zip.h"

/* Runs the pickle of a state dict and nothing else: no code, no class but those that torch.save names for tensors.
 * folder is that of the archive's entries. The state and its names live in pool. */
bd_result bd_torch_pickle_read(const bd_zip *zip, const bd_zip_entry *pickle, const char *folder, size_t folder_bytes,
                               bd_pool *pool, bd_torch_state *state, bd_error *error);
/* The same of torch.save's format before 1.6, one file. */
bd_result bd_torch_legacy_read(const uint8_t *data, size_t bytes, const char *file, bd_pool *pool,
                               bd_torch_state *state, bd_error *error);

#endif
