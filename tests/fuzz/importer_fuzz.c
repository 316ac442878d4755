/* SPDX-License-Identifier: MIT
 * libFuzzer's way into the importer of row FUZZ_IMPORTER of importers.h and, for what it accepts, into the passes. Run
 * with BACKDROP_SOURCE_DIR set, else from the repository. */
#include "importers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    bd_error error;
    (void)!feed(find_importer(FUZZ_IMPORTER), data, bytes, &error);
    return 0;
}
