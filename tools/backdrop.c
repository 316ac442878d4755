/* SPDX-License-Identifier: MIT
 * The command: picks the verb, prints the failure, exits. */
#include <stdio.h>

#include "arguments.h"
#include "devices.h"
#include "help.h"
#include "matte.h"
#include "models.h"
#include "platform.h"
#include "progress.h"
#include "replace.h"
#include "report.h"
#include "segment.h"
#include "tune.h"

/* "reads: JPEG, PNG": forms of pictures. */
static void print_forms(bool written) {
    bd_image_form form = {.struct_size = sizeof form};
    const char *between = written ? "writes: " : "reads: ";
    for (uint32_t i = 0; !bd_image_form_at(i, &form); i++) {
        if (written ? form.writes : form.reads) {
            printf("%s%s", between, form.name);
            between = ", ";
        }
    }
    printf("\n");
}

static void print_version(void) {
    printf("backdrop %s\n", bd_version());
    print_forms(false);
    print_forms(true);
}

static bool run_verb(cli *run) {
    static bool (*const verbs[CLI_VERB_COUNT])(cli *) = {cli_replace, cli_segment, cli_devices,
                                                         cli_models,  cli_tune,    cli_matte_verb};
    if (run->options.help) {
        cli_print_help(&run->options);
        return cli_flush(run);
    }
    if (run->options.version) {
        print_version();
        return cli_flush(run);
    }
    if (!cli_progress_start(run)) {
        return false;
    }
    bool done = verbs[run->options.verb](run);
    cli_progress_stop(run);
    return done;
}

int main(int argc, char **argv) {
    cli run = {.started_ms = cli_now_ms()};
    if (!cli_platform_start(&argc, &argv)) {
        (void)cli_fail(&run, CLI_OUT_OF_MEMORY, "out of memory");
    } else if (cli_parse(&run, argc, argv) && run_verb(&run)) {
        cli_notes_say(&run);
        return CLI_OK;
    }
    cli_notes_drop(&run);
    if (run.error.message[0]) { /* else all was said */
        fprintf(stderr, "backdrop: %s\n", run.error.message);
    }
    return run.status;
}
