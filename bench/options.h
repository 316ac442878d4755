/* SPDX-License-Identifier: MIT
 * Command lines of the benchmark programs. One table says of each option what it is called, what it takes, within
 * which bounds, which verbs know it and what it does: the reader, its refusals and the help are made of it. */
#ifndef BD_BENCH_OPTIONS_H
#define BD_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTION_MOST_LISTED = 16, OPTION_MOST_OPERANDS = 512 };

/* What an option takes, and the type of its member. */
typedef enum option_type {
    OPTION_FLAG,  /* bool: nothing follows */
    OPTION_TEXT,  /* const char * */
    OPTION_NEED,  /* const char *: has to be given */
    OPTION_FILE,  /* const char *: "-" where no file follows */
    OPTION_WHOLE, /* uint32_t, least .. most */
    OPTION_REAL,  /* double, least .. most */
    OPTION_FLOAT, /* float, least .. most; help says what holds without it */
    OPTION_SHARE, /* float: a percentage as a share, and 0 as -1, as 0 says that none was given; help as for a float */
    OPTION_WORD,  /* uint32_t: the number of one of the words */
    OPTION_LIST   /* option_list: some of the words, with commas between; given again, the list goes on */
} option_type;

typedef struct option_list {
    uint32_t count;
    uint32_t items[OPTION_MOST_LISTED]; /* numbers of words */
} option_list;

/* What is no option. */
typedef struct option_operands {
    uint32_t count;
    const char *items[OPTION_MOST_OPERANDS];
} option_operands;

typedef struct option {
    const char *name;
    option_type type;
    uint32_t verbs;    /* bit v: that verb of the program knows it */
    size_t member;     /* where it goes in the program's arguments, which hold the default before */
    const char *value; /* as the help calls it; of words all of them, with bars between */
    double least, most;
    const char *help;
} option;

typedef struct option_verb {
    const char *name; /* NULL: the program has but one */
    const char *operands;
    uint32_t least, most; /* operands */
    const char *summary;
    const char *help; /* what there is to know beyond that, in whole lines */
} option_verb;

typedef struct option_program {
    const char *name, *statuses; /* the exit statuses in words */
    const option_verb *verbs;
    const option *options;
    uint32_t verb_count, option_count;
    size_t operands; /* where they go in the arguments */
} option_program;

enum { OPTIONS_READ = -1 };
/* Fills the arguments. OPTIONS_READ, or the status to leave with at once: 0 help was asked for and is on standard
 * output; 2 the command line is wrong, and a line on standard error says how. */
int options_read(const option_program *program, int argc, char **argv, uint32_t *verb, void *arguments);

#endif
