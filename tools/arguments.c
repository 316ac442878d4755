/* SPDX-License-Identifier: MIT
 * The command line, told apart by the rows of options.c. */
#include <string.h>

#include "arguments.h"
#include "nearest.h"
#include "platform/file_system.h"
#include "values.h"

typedef struct parser {
    cli *run;
    char **arguments; /* those left, NULL at the end */
} parser;

static void store(parser *p, const cli_option *found, const char *value) {
    char *member = (char *)&p->run->options + found->member;
    if (found->kind->type == CLI_FLAG) {
        *(bool *)member = true;
    } else if (!found->sets) {
        memcpy(member, &value, sizeof value);
    }
    p->run->given[found->member] = value;
}

/* "-" and -0.5 are values. */
static bool is_like_option(const char *text) {
    return text[0] == '-' && text[1] && !strchr(".0123456789", text[1]);
}

/* Stores an option; its value, when it has one, is attached or the next argument. */
static bool take(parser *p, const cli_option *found, const char *attached) {
    const char *value = found->kind->type == CLI_FLAG ? "" : attached;
    if (!value) {
        value = *p->arguments;
        if (!value) {
            return cli_fail(p->run, CLI_USAGE, "--%s needs a value; see backdrop %s --help", found->name,
                            cli_verb_name(p->run->options.verb));
        }
        if (!found->kind->dashed && is_like_option(value)) {
            return cli_fail(p->run, CLI_USAGE, "--%s needs a value, and %.100s is an option; --%s=%.100s takes it",
                            found->name, value, found->name, value);
        }
        p->arguments++;
    }
    store(p, found, value);
    return true;
}

/* Of two names that are as near as each other: one that begins so, and the shorter one of these. */
static bool is_nearer(const char *name, const char *other, const char *text, size_t length) {
    return !strncmp(name, text, length) && (strncmp(other, text, length) != 0 || strlen(name) < strlen(other));
}

static bool unknown_option(parser *p, const char *text, size_t length) {
    cli_verb verb = p->run->options.verb;
    const cli_option *nearest = NULL;
    unsigned fewest = length < 5 ? 2 : 3; /* more are no slip */
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        unsigned slips = cli_slips(text, length, rows[i].name);
        if (cli_option_takes(&rows[i], verb) &&
            (slips < fewest || (nearest && slips == fewest && is_nearer(rows[i].name, nearest->name, text, length)))) {
            nearest = &rows[i];
            fewest = slips;
        }
    }
    return cli_fail(p->run, CLI_USAGE, "unknown option --%.*s; %s%s%ssee backdrop %s --help", (int)length, text,
                    nearest ? "is it --" : "", nearest ? nearest->name : "", nearest ? "? Else " : "",
                    cli_verb_name(verb));
}

static bool parse_long(parser *p, const char *text) {
    size_t length = strcspn(text, "="), count;
    const char *attached = text[length] ? text + length + 1 : NULL;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (strlen(rows[i].name) == length && !strncmp(rows[i].name, text, length)) {
            if (attached && rows[i].kind->type == CLI_FLAG) {
                return cli_fail(p->run, CLI_USAGE, "--%s takes no value", rows[i].name);
            }
            return take(p, &rows[i], attached);
        }
    }
    return unknown_option(p, text, length);
}

/* One argument of short options: -qv, -Q90, -Q=90, -o OUT. */
static bool parse_short(parser *p, const char *text) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    while (*text) {
        const cli_option *found = NULL;
        for (size_t i = 0; i < count; i++) {
            found = rows[i].letter == *text ? &rows[i] : found;
        }
        if (!found) {
            return cli_fail(p->run, CLI_USAGE, "unknown option -%c; %ssee backdrop %s --help", *text,
                            bd_path_look(p->arguments[-1]) ? "a file of that name goes after --; else " : "",
                            cli_verb_name(p->run->options.verb));
        }
        text++;
        if (found->kind->type != CLI_FLAG) {
            return take(p, found, *text ? text + (*text == '=') : NULL);
        }
        store(p, found, "");
    }
    return true;
}

static void add_operand(parser *p, char *text) {
    cli_options *to = &p->run->options;
    if (!to->verb_given && !to->operand_count && cli_verb_find(text, &to->verb)) {
        to->verb_given = true;
    } else {
        to->operands[to->operand_count++] = text;
    }
}

/* NULL: none is near. */
static const char *nearest_verb(const char *text) {
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        if (cli_slips(text, strlen(text), cli_verb_name((cli_verb)v)) < 3) {
            return cli_verb_name((cli_verb)v);
        }
    }
    return NULL;
}

/* What comes first and is no file may be a slip. */
static bool check_first(const parser *p) {
    cli_options *to = &p->run->options;
    const char *text = to->operand_count ? to->operands[0] : NULL;
    if (!text || to->verb_given || to->help || cli_is_dash(text) || bd_path_look(text)) {
        return true;
    }
    if (!strcmp(text, "help")) {
        const char *verb = to->operand_count > 1 ? to->operands[1] : NULL;
        to->help = true;
        to->verb_given = verb && cli_verb_find(verb, &to->verb);
        const char *nearest = verb ? nearest_verb(verb) : NULL;
        return !verb || to->verb_given ||
               cli_fail(p->run, CLI_USAGE, "backdrop has no verb '%.100s'; %s%s%ssee backdrop --help", verb,
                        nearest ? "is it " : "", nearest ? nearest : "", nearest ? "? Else " : "");
    }
    const char *nearest = nearest_verb(text);
    if (nearest) {
        return cli_fail(p->run, CLI_USAGE, "no file '%s'; is it backdrop %s?", text, nearest);
    }
    return *text || cli_fail(p->run, CLI_USAGE, "a file's name is empty");
}

static bool check_verb(const parser *p) {
    cli_verb verb = p->run->options.verb;
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (p->run->given[rows[i].member] && !cli_option_takes(cli_option_find(rows[i].member, verb), verb)) {
            return cli_fail(p->run, CLI_USAGE, "backdrop %s has no option --%s; see backdrop %s --help",
                            cli_verb_name(verb), rows[i].name, cli_verb_name(verb));
        }
    }
    return true;
}

bool cli_parse(cli *run, int argc, char **argv) {
    parser p = {.run = run, .arguments = argv + (argc > 0)};
    run->options.operands = p.arguments; /* of those that were read */
    bool only_operands = false;
    while (*p.arguments) {
        char *text = *p.arguments++;
        bool done = true;
        if (only_operands || text[0] != '-' || !text[1]) {
            add_operand(&p, text);
        } else if (!strcmp(text, "--")) {
            only_operands = true;
        } else if (text[1] == '-') {
            done = parse_long(&p, text + 2);
        } else {
            done = parse_short(&p, text + 1);
        }
        if (!done) {
            return false;
        }
    }
    return check_first(&p) && check_verb(&p) && (run->options.help || run->options.version || cli_values_set(run));
}
