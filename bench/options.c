/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG = 2, COLUMN = 28, WIDTH = 120 };

/* A command line while it is read. */
typedef struct reading {
    const option_program *program;
    uint32_t verb;
    void *arguments;
} reading;

static const option_verb *verb_of(const reading *r) {
    return &r->program->verbs[r->verb];
}

static void *member_of(const reading *r, size_t member) {
    return (char *)r->arguments + member;
}

static void name_program(const reading *r) {
    const char *verb = verb_of(r)->name;
    (void)fprintf(stderr, "%s%s%s: ", r->program->name, verb ? " " : "", verb ? verb : "");
}

/* One line on standard error; WRONG. */
#define refuse(r, ...)                                                                                                 \
    (name_program(r), (void)fprintf(stderr, __VA_ARGS__), (void)fprintf(stderr, "; --help says more\n"), WRONG)

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool is_number(const option *o) {
    return o->type == OPTION_WHOLE || o->type == OPTION_REAL || o->type == OPTION_FLOAT || o->type == OPTION_SHARE;
}

static void bounds_text(const option *o, char text[64]) {
    if (isfinite(o->most)) {
        (void)snprintf(text, 64, "%.10g to %.10g", o->least, o->most);
    } else {
        (void)snprintf(text, 64, "%.10g or more", o->least);
    }
}

static bool read_whole(const option *o, const char *text, uint32_t *number) {
    size_t digits = strspn(text, "0123456789");
    double value = strtod(text, NULL);
    bool ok = digits && !text[digits] && value >= o->least && value <= o->most;
    *number = ok ? (uint32_t)value : *number;
    return ok;
}

static bool read_real(const option *o, const char *text, double *number) {
    char *end;
    double value = strtod(text, &end);
    bool ok = end != text && !*end && value >= o->least && value <= o->most;
    *number = ok ? value : *number;
    return ok;
}

static bool read_float(const option *o, const char *text, float *number) {
    double value;
    bool ok = read_real(o, text, &value);
    if (ok && o->type == OPTION_SHARE) {
        value = value > 0.0 ? value / 100.0 : -1.0;
    }
    *number = ok ? (float)value : *number;
    return ok;
}

/* The number of the word of so many letters. */
static bool find_word(const char *words, const char *text, size_t length, uint32_t *number) {
    *number = 0;
    for (const char *word = words; *word; ++*number) {
        size_t letters = strcspn(word, "|");
        if (letters == length && !strncmp(word, text, length)) {
            return true;
        }
        word += letters + (word[letters] == '|');
    }
    return false;
}

static bool read_list(const option *o, const char *text, option_list *list) {
    while (list->count < OPTION_MOST_LISTED) {
        size_t length = strcspn(text, ",");
        if (!find_word(o->value, text, length, &list->items[list->count])) {
            return false;
        }
        list->count++;
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
    return false;
}

static bool read_value(const option *o, const char *text, void *member) {
    switch (o->type) {
    case OPTION_WHOLE: return read_whole(o, text, member);
    case OPTION_REAL: return read_real(o, text, member);
    case OPTION_FLOAT:
    case OPTION_SHARE: return read_float(o, text, member);
    case OPTION_WORD: return find_word(o->value, text, strlen(text), member);
    case OPTION_LIST: return read_list(o, text, member);
    default: *(const char **)member = text; return true;
    }
}

static int refuse_value(const reading *r, const option *o, const char *text) {
    char bounds[64];
    bounds_text(o, bounds);
    switch (o->type) {
    case OPTION_WHOLE: return refuse(r, "%s takes a whole number, %s, not \"%s\"", o->name, bounds, text);
    case OPTION_REAL:
    case OPTION_FLOAT:
    case OPTION_SHARE: return refuse(r, "%s takes a number, %s, not \"%s\"", o->name, bounds, text);
    case OPTION_LIST:
        return refuse(r, "%s takes up to %d of %s, commas between, not \"%s\"", o->name, OPTION_MOST_LISTED, o->value,
                      text);
    default: return refuse(r, "%s takes %s, not \"%s\"", o->name, o->value, text);
    }
}

/* ---- help -------------------------------------------------------------------------------------------------------- */

static void print_program(const option_program *p, FILE *to) {
    (void)fprintf(to, "usage: %s VERB [OPTION...]\n", p->name);
    for (uint32_t v = 0; v < p->verb_count; v++) {
        (void)fprintf(to, "  %-9s%s\n", p->verbs[v].name, p->verbs[v].summary);
    }
    (void)fprintf(to, "%s VERB --help lists the options of a verb\nexit status: %s\n", p->name, p->statuses);
}

/* The first of so many words. */
static void word_text(const char *words, uint32_t number, char text[64]) {
    while (number--) {
        words += strcspn(words, "|") + 1;
    }
    (void)snprintf(text, 64, "%.*s", (int)strcspn(words, "|"), words);
}

/* What holds where the option is not given, as far as that is a value within its bounds. */
static void default_text(const option *o, const void *member, char text[64]) {
    double value = NAN;
    text[0] = '\0';
    if (o->type == OPTION_TEXT && *(const char *const *)member) {
        (void)snprintf(text, 64, "%s", *(const char *const *)member);
    } else if (o->type == OPTION_WORD) {
        word_text(o->value, *(const uint32_t *)member, text);
    } else if (o->type == OPTION_WHOLE) {
        value = *(const uint32_t *)member;
    } else if (o->type == OPTION_REAL) {
        value = *(const double *)member;
    }
    if (value >= o->least && value <= o->most) {
        (void)snprintf(text, 64, "%.10g", value);
    }
}

/* Words of a text from a column on, in lines of WIDTH. */
static void print_words(const char *text, int column) {
    int at = column;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > WIDTH) {
            printf("\n%*s", column, "");
            at = column;
        }
        at += printf("%s%.*s", at > column ? " " : "", length, text);
        text += length + (text[length] == ' ');
    }
    printf("\n");
}

static void print_option(const option *o, const void *member) {
    char head[128];
    char text[512];
    char bounds[64] = "";
    char normal[64];
    (void)snprintf(head, sizeof head, "  %s%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "",
                   o->type == OPTION_LIST ? "[,...]" : "");
    default_text(o, member, normal);
    if (is_number(o)) {
        bounds_text(o, bounds);
    }
    bool both = bounds[0] && normal[0];
    bool any = bounds[0] || normal[0];
    (void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s", o->help, any ? " (" : "", bounds, both ? "; " : "",
                   normal[0] ? "default " : "", normal, any ? ")" : "");
    printf("%-*s", COLUMN, head);
    if (strlen(head) >= COLUMN) {
        printf("\n%*s", COLUMN, "");
    }
    print_words(text, COLUMN);
}

static void print_verb(const reading *r) {
    const option_program *p = r->program;
    const option_verb *v = verb_of(r);
    printf("usage: %s%s%s%s%s [OPTION...]\n%s\n%soptions:\n", p->name, v->name ? " " : "", v->name ? v->name : "",
           v->operands ? " " : "", v->operands ? v->operands : "", v->summary, v->help ? v->help : "");
    for (uint32_t i = 0; i < p->option_count; i++) {
        if (p->options[i].verbs >> r->verb & 1) {
            print_option(&p->options[i], member_of(r, p->options[i].member));
        }
    }
    printf("exit status: %s\n", p->statuses);
}

/* ---- the command line -------------------------------------------------------------------------------------------- */

static bool find_verb(const option_program *p, const char *name, uint32_t *verb) {
    for (*verb = 0; *verb < p->verb_count; ++*verb) {
        if (!strcmp(p->verbs[*verb].name, name)) {
            return true;
        }
    }
    return false;
}

static bool is_help(const char *text) {
    return !strcmp(text, "--help") || !strcmp(text, "-h");
}

static int choose_verb(const option_program *p, int argc, char **argv, uint32_t *verb) {
    *verb = 0;
    if (argc > 1 && find_verb(p, argv[1], verb)) {
        return OPTIONS_READ;
    }
    if (argc > 1 && is_help(argv[1])) {
        print_program(p, stdout);
        return 0;
    }
    if (argc > 1) {
        (void)fprintf(stderr, "%s: no verb %s\n", p->name, argv[1]);
    }
    print_program(p, stderr);
    return WRONG;
}

static const option *find_option(const reading *r, const char *name) {
    for (uint32_t i = 0; i < r->program->option_count; i++) {
        const option *o = &r->program->options[i];
        if (o->verbs >> r->verb & 1 && !strcmp(o->name, name)) {
            return o;
        }
    }
    return NULL;
}

/* Of no verb, or of others. */
static int refuse_option(const reading *r, const char *name) {
    const option_program *p = r->program;
    uint32_t verbs = 0;
    for (uint32_t i = 0; i < p->option_count; i++) {
        verbs |= strcmp(p->options[i].name, name) ? 0 : p->options[i].verbs;
    }
    if (!verbs) {
        return refuse(r, "no option %s", name);
    }
    char others[256] = "";
    for (uint32_t v = 0; v < p->verb_count; v++) {
        size_t used = strlen(others);
        if (verbs >> v & 1) {
            (void)snprintf(others + used, sizeof others - used, "%s%s", used ? ", " : "", p->verbs[v].name);
        }
    }
    return refuse(r, "%s is an option of %s", name, others);
}

/* A word without a dot or a slash is no file to write to, but the next argument. */
static bool is_file(const char *text) {
    return !strcmp(text, "-") || (text[0] != '-' && strpbrk(text, "./"));
}

/* *i moves on over its value. */
static int take_option(const reading *r, int argc, char **argv, int *i) {
    const option *o = find_option(r, argv[*i]);
    if (!o) {
        return refuse_option(r, argv[*i]);
    }
    void *member = member_of(r, o->member);
    const char *value = *i + 1 < argc ? argv[*i + 1] : NULL;
    if (o->type == OPTION_FLAG) {
        *(bool *)member = true;
        return OPTIONS_READ;
    }
    if (o->type == OPTION_FILE && !(value && is_file(value))) {
        *(const char **)member = "-";
        return OPTIONS_READ;
    }
    if (!value) {
        return refuse(r, "%s takes %s, and nothing follows", o->name, o->value);
    }
    ++*i;
    return read_value(o, value, member) ? OPTIONS_READ : refuse_value(r, o, value);
}

/* Those that have to be there are. */
static int need_options(const reading *r) {
    for (uint32_t i = 0; i < r->program->option_count; i++) {
        const option *o = &r->program->options[i];
        if (o->type == OPTION_NEED && o->verbs >> r->verb & 1 && !*(const char **)member_of(r, o->member)) {
            return refuse(r, "needs %s %s", o->name, o->value);
        }
    }
    return OPTIONS_READ;
}

int options_read(const option_program *program, int argc, char **argv, uint32_t *verb, void *arguments) {
    bool several = program->verbs[0].name != NULL;
    int first = several ? 2 : 1;
    int status = several ? choose_verb(program, argc, argv, verb) : OPTIONS_READ;
    if (status != OPTIONS_READ) {
        return status;
    }
    *verb = several ? *verb : 0;
    reading r = {program, *verb, arguments};
    const option_verb *v = verb_of(&r);
    /* Before any other, as the help says what the arguments hold without them. */
    for (int i = first; i < argc; i++) {
        if (is_help(argv[i])) {
            print_verb(&r);
            return 0;
        }
    }
    option_operands *operands = member_of(&r, program->operands);
    for (int i = first; i < argc && status == OPTIONS_READ; i++) {
        if (argv[i][0] == '-') {
            status = take_option(&r, argc, argv, &i);
        } else if (operands->count == v->most) {
            status = refuse(&r, "%s is one argument too many", argv[i]);
        } else {
            operands->items[operands->count++] = argv[i];
        }
    }
    if (status == OPTIONS_READ && operands->count < v->least) {
        status = refuse(&r, "needs %s", v->operands);
    }
    return status == OPTIONS_READ ? need_options(&r) : status;
}
