/* SPDX-License-Identifier: MIT */
#include "weights.h"

bool cli_weights_open(cli *run, bd_weights **weights) {
    if (!bd_weights_open(NULL, weights, &run->error)) {
        return true;
    }
    cli_failed(run);
    if (run->status != CLI_OUT_OF_MEMORY) {
        run->status = CLI_MODEL;
    }
    return false;
}
