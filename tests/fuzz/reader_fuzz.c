/* SPDX-License-Identifier: MIT
 * libFuzzer's way into the reader of corpus FUZZ_READER (readers.h). */
#include "readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    (void)fuzz_lacks_form(data, bytes);
    (void)find_reader(FUZZ_READER)->read(data, bytes);
    return 0;
}
