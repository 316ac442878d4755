/* SPDX-License-Identifier: MIT
 * Writes the man pages and the shells' completions at build time, from the rows that the command reads its options by:
 *     backdrop_pages FILE man|bash|zsh|fish     man VERB: of a verb */
#include <stdio.h>
#include <string.h>

#include "tools/pages/complete.h"
#include "tools/pages/man.h"

static bool print_page(const char *what, const char *name) {
    cli_verb verb = CLI_VERB_COUNT;
    if (name && !cli_verb_find(name, &verb)) {
        return false;
    }
    if (!strcmp(what, "man")) {
        pages_print_man(verb);
    } else if (!strcmp(what, "bash")) {
        pages_print_bash();
    } else if (!strcmp(what, "zsh")) {
        pages_print_zsh();
    } else if (!strcmp(what, "fish")) {
        pages_print_fish();
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4 || !freopen(argv[1], "w", stdout)) {
        (void)fprintf(stderr, "usage: backdrop_pages FILE man|bash|zsh|fish [VERB]\n");
        return 2;
    }
    bool printed = print_page(argv[2], argc > 3 ? argv[3] : NULL);
    return printed && !fflush(stdout) && !ferror(stdout) ? 0 : 1;
}
