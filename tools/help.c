/* SPDX-License-Identifier: MIT
 * The help: what the verbs are is said here, what the options are in their rows. */
#include <stdio.h>
#include <string.h>

#include "help.h"

static const char overview[] = "usage: backdrop [replace] PHOTO BACKGROUND -o OUT [options]\n"
                               "       backdrop matte PHOTO -o ALPHA.png [options]\n"
                               "       backdrop segment PHOTO [options]\n"
                               "       backdrop devices [--json]\n"
                               "       backdrop models [list | info [NAME|PATH] | verify [NAME]] [--json]\n"
                               "       backdrop tune [options]\n"
                               "\n"
                               "Replaces the background of a photo, with DeepLabv3 on any Vulkan device.\n";

static const char *const summaries[CLI_VERB_COUNT] = {
    [CLI_REPLACE] = "replaces a photo's background by a picture, a colour, nothing or a blur",
    [CLI_SEGMENT] = "labels every pixel: label map, overlay, logits, figures",
    [CLI_DEVICES] = "lists the Vulkan devices",
    [CLI_MODELS] = "lists the models and whether their weights are there",
    [CLI_TUNE] = "finds the fastest kernels for this device and keeps them",
    [CLI_MATTE] = "writes how much of every pixel belongs to the foreground, as a PNG",
};

static const char *const usages[CLI_VERB_COUNT] = {
    [CLI_REPLACE] = "usage: backdrop [replace] PHOTO BACKGROUND -o OUT [options]\n"
                    "       backdrop [replace] PHOTO (--color COLOR | --transparent | --blur SIGMA) -o OUT [options]\n"
                    "       backdrop [replace] PHOTO|FOLDER... --background BACKGROUND --output-dir DIR [options]\n"
                    "\n"
                    "One of the inputs may be - for standard input, OUT may be - for standard output.\n",
    [CLI_SEGMENT] = "usage: backdrop segment PHOTO [options]\n"
                    "       backdrop segment PHOTO|FOLDER... --labels '{name}.png' --output-dir DIR [options]\n"
                    "\n"
                    "PHOTO and one of the files may be - for standard input and output. Prints the classes that were "
                    "found.\n",
    [CLI_DEVICES] = "usage: backdrop devices [options]\n"
                    "\n"
                    "Lists the Vulkan devices. * marks the default.\n",
    [CLI_MODELS] =
        "usage: backdrop models [list] [options]\n"
        "       backdrop models info [NAME|PATH] [options]\n"
        "       backdrop models verify [NAME] [options]\n"
        "\n"
        "list: the models of manifest.json and whether they are fetched; info: what a model is made "
        "of; verify:\n"
        "whether the fetched files are those of the manifest, by SHA-256.\n"
        "The folder of the manifest is $BACKDROP_WEIGHTS, or weights or share/backdrop beside the program or "
        "above it, or\n"
        "$XDG_DATA_HOME/backdrop, or /usr/share/backdrop. Fetched files are below it in cache, or in "
        "$XDG_DATA_HOME/backdrop.\n",
    [CLI_TUNE] = "usage: backdrop tune [options]\n"
                 "\n"
                 "Times every kernel that can compute a part of the network on the device, checks each, and keeps the "
                 "fastest in\n"
                 "$XDG_CACHE_HOME/backdrop. Seconds on a GPU. Without it the choices are good guesses, and `replace "
                 "--output-dir`\n"
                 "does it meanwhile, step by step and over several runs if need be.\n",
    [CLI_MATTE] = "usage: backdrop matte PHOTO -o ALPHA.png [options]\n"
                  "       backdrop matte PHOTO|FOLDER... --output-dir DIR [options]\n"
                  "\n"
                  "PHOTO (or --coarse, --trimap, --matte-in) and ALPHA.png may be - for standard input and output.\n",
};

static const char statuses[] =
    "exit status: 0 done, 2 usage, 3 a file cannot be read,\n"
    "             4 not a picture, a broken one, or one of a kind that cannot be read,\n"
    "             5 picture or --size too large, 6 model missing, broken, not supported or too large,\n"
    "             7 output cannot be written, 8 no Vulkan, no such device, or it cannot do that,\n"
    "             9 the device failed, 10 out of memory, 11 no subject, with --fail-empty\n";

const char *cli_overview(void) {
    return overview;
}

const char *cli_verb_summary(cli_verb verb) {
    return summaries[verb];
}

const char *cli_verb_usage(cli_verb verb) {
    return usages[verb];
}

const char *cli_statuses(void) {
    return statuses;
}

/* The option's name, then its lines from column on, or right behind a name that is longer. */
static void print_option(const cli_option *option, int column) {
    char name[80], text[1000];
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};
    int length = snprintf(name, sizeof name, "  %s--%s%s%s", option->letter ? letter : "", option->name,
                          *option->value ? " " : "", option->value);
    cli_option_fill(option, option->help, "", text, sizeof text);
    printf("%-*s%s", column, name, length < column ? "" : "  ");
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        printf("%*s%.*s\n", line == text ? 0 : column, "", (int)strcspn(line, "\n"), line);
    }
}

void cli_print_help(const cli_options *options) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    if (options->verb_given) {
        printf("%s\n", usages[options->verb]);
    } else {
        static const cli_verb order[] = {CLI_REPLACE, CLI_MATTE, CLI_SEGMENT, CLI_DEVICES, CLI_MODELS, CLI_TUNE};
        printf("%s\n", overview);
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
            printf("  %-11s %s\n", cli_verb_name(order[i]), summaries[order[i]]);
        }
        printf("\n");
    }
    for (size_t i = 0; i < count; i++) {
        bool of_any = rows[i].verbs == CLI_ANY_VERB;
        if (of_any != options->verb_given && (of_any || cli_option_takes(&rows[i], options->verb))) {
            print_option(&rows[i], of_any ? 14 : 22);
        }
    }
    printf("\n%s", statuses);
}
