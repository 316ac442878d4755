/* SPDX-License-Identifier: MIT
 * The options: one row for each says all that is known of it, and the command line, the values and the help are read
 * from the rows. */
#ifndef BACKDROP_CLI_OPTIONS_H
#define BACKDROP_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "backdrop.h"

typedef enum cli_verb {
    CLI_REPLACE,
    CLI_SEGMENT,
    CLI_DEVICES,
    CLI_MODELS,
    CLI_TUNE,
    CLI_MATTE,
    CLI_VERB_COUNT
} cli_verb;

/* What the command line said. A row names the member that its option fills: a bool of a flag, a parameter of the
 * library where the row says so, else the value's text, NULL when it was not given. */
typedef struct cli_options {
    cli_verb verb;
    bool verb_given;
    bool help, version, classic, transparent, photo_size, json, quiet, verbose, no_tune, force, lossless, strip, strict;
    bool recursive, skip_existing, fail_empty;
    const char *max_pixels, *output, *gravity, *classes, *color, *blur, *blur_background, *quality, *format;
    const char *matte, *coarse, *trimap, *matte_in, *matte_out, *depth, *crop;
    const char *keep, *islands, *shrink, *grow, *levels, *threshold;
    const char *key, *key_tolerance, *key_softness, *key_spill, *key_with;
    const char *device, *model, *size, *kernels, *precision, *quantised, *output_stride, *names, *tta;
    const char *input_range, *channels;
    const char *labels, *overlay, *logits;
    const char *background, *output_dir, *tune_share, *suffix, *on_clash, *shard;
    bd_matte_params matte_params; /* of these two: what rows set, by cli_values_set */
    bd_replace_params replace_params;
    char **operands; /* what follows the verb: the first elements of argv after the command, moved together */
    unsigned operand_count;
} cli_options;

typedef enum cli_type {
    CLI_FLAG, /* no value */
    CLI_TEXT, /* for the library, or a file or a name */
    CLI_CHOICE,
    CLI_INTEGER, /* of low..high, or the number of a choice */
    CLI_NUMBER,  /* of low..high */
    CLI_PIXELS,  /* an integer, with K, M or G (any case) behind it thousands, millions or billions */
    CLI_SIZE,    /* "N" or "WxH", each an integer of low..high */
    CLI_COLOR,   /* as CSS writes them (css_color.h); or a choice */
    CLI_PLACE,   /* one of ImageMagick's words, or "X%,Y%" */
    CLI_PART,    /* a choice, or "point=X,Y", each an integer of low..high */
    CLI_LEVELS,  /* "LOW,HIGH", numbers of low..high that rise */
    CLI_SCALING, /* a choice, or "MEAN/DEVIATION", each of low..high, one or three with commas between */
    CLI_MARGIN,  /* a number of low..high, with "%", "px" or nothing behind it */
    CLI_SHARD,   /* "I/N", integers, 1..N and low..high */
    CLI_LOOKS,   /* "flip" and numbers of low..high, with commas between */
    CLI_CLASSES, /* numbers, names (any case) and "all", with commas between */
    CLI_FILE_IN,
    CLI_FILE_OUT,
    CLI_FOLDER_OUT
} cli_type;

/* What stands for a photo's name in names that options give. */
#define CLI_NAME "{name}"

/* --on-clash */
typedef enum cli_clash { CLI_CLASH_NUMBER, CLI_CLASH_FAIL, CLI_CLASH_SKIP } cli_clash;

typedef struct cli_choice {
    const char *name; /* NULL after the last */
    unsigned number;  /* the library's, where it has an enum of them */
} cli_choice;

/* The values that an option takes. */
typedef struct cli_kind {
    cli_type type;
    const cli_choice *choices, *unsaid; /* the latter are taken, too, and not named; NULL: none */
    bool any_case;                      /* of choices */
    bool dashed;                        /* may begin with "-" */
    float low, high;
    bool above; /* low itself is too low */
    const char *unit;
    const char *endings;  /* of the name of a file that is written, a space between; NULL: any */
    const char *fallback; /* the value when none is given; NULL: none, or it depends */
    const char *miss;     /* what is said of another value, after "--NAME "; for cli_option_fill */
} cli_kind;

/* An option that reads otherwise with another verb has a row for each, with the same name, letter and member. */
typedef struct cli_option {
    const char *name;
    char letter;    /* 0: none */
    unsigned verbs; /* that take it: 1 << cli_verb, or CLI_ANY_VERB */
    size_t member;
    bool sets; /* the member is the library's parameter, of the value's type: 0 is the default */
    const cli_kind *kind;
    const char *value; /* its word in the help; "" of a flag */
    const char *help;  /* lines for cli_option_fill */
} cli_option;

/* Every verb takes it, and the help without a verb tells of it instead of each verb's. */
#define CLI_ANY_VERB ((2u << CLI_VERB_COUNT) - 1)

const char *cli_verb_name(cli_verb verb);
bool cli_verb_find(const char *name, cli_verb *verb);
/* All rows, in the order of the help. */
const cli_option *cli_option_rows(size_t *count);
/* The row of a verb, by offset in cli_options; of any verb when this one does not take it. */
const cli_option *cli_option_find(size_t member, cli_verb verb);
bool cli_option_takes(const cli_option *option, cli_verb verb);
/* text with what stands in braces filled in: {low} {high} {unit} {default}; {choices} as "a, b or c"; {marked} as
 * "a (default), b or c"; {value}; {start} of the value, 40 bytes; {name} stays. What does not fit is cut off. */
void cli_option_fill(const cli_option *option, const char *text, const char *value, char *filled, size_t room);

#endif
