/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "help.h"
#include "nearest.h"
#include "options.h"

#define R (1u << CLI_REPLACE)
#define S (1u << CLI_SEGMENT)
#define D (1u << CLI_DEVICES)
#define M (1u << CLI_MODELS)
#define T (1u << CLI_TUNE)
#define A (1u << CLI_MATTE)
#define FLAG(name, letter, member, verbs)                                                                              \
    { name, letter, false, verbs, offsetof(cli_options, member) }
#define TEXT(name, letter, member, verbs)                                                                              \
    { name, letter, true, verbs, offsetof(cli_options, member) }

typedef struct option {
    const char *name;
    char letter;    /* 0: none */
    bool has_value; /* the member is a const char *, else a bool */
    unsigned verbs; /* that take it */
    size_t member;
} option;

static const option options[] = {
    FLAG("help", 'h', help, R | S | D | M | T | A),
    FLAG("version", 0, version, R | S | D | M | T | A),
    FLAG("quiet", 'q', quiet, R | S | D | M | T | A),
    FLAG("verbose", 'v', verbose, R | S | T | A),
    FLAG("json", 0, json, R | S | D | M | T | A),
    TEXT("device", 0, device, R | S | T | A),
    TEXT("kernels", 0, kernels, R | S | T | A),
    TEXT("model", 0, model, R | S | T | A),
    TEXT("class-names", 0, names, R | S | M | A),
    TEXT("size", 0, size, R | S | T | M | A),
    TEXT("precision", 0, precision, R | S | T | A),
    TEXT("quantised", 0, quantised, R | S | T | M | A),
    TEXT("output-stride", 0, output_stride, R | S | T | M | A),
    TEXT("tta", 0, tta, R | S | A),
    FLAG("classic", 0, classic, R | S),
    TEXT("output", 'o', output, R | A),
    TEXT("output-dir", 0, output_dir, R),
    FLAG("no-tune", 0, no_tune, R),
    TEXT("tune-share", 0, tune_share, R),
    TEXT("background", 0, background, R),
    TEXT("format", 0, format, R | S),
    TEXT("quality", 'Q', quality, R | S),
    TEXT("class", 0, classes, R | A),
    TEXT("matte", 0, matte, R | A),
    TEXT("coarse", 0, coarse, R | A),
    TEXT("trimap", 0, trimap, R | A),
    TEXT("matte-in", 0, matte_in, R | A),
    TEXT("matte-out", 0, matte_out, R),
    TEXT("depth", 0, depth, R | A),
    TEXT("keep", 0, keep, R | A),
    TEXT("islands", 0, islands, R | A),
    FLAG("fill-holes", 0, fill_holes, R | A),
    TEXT("shrink", 0, shrink, R | A),
    TEXT("grow", 0, grow, R | A),
    TEXT("feather", 0, feather, R | A),
    TEXT("blend", 0, blend, R),
    TEXT("foreground", 0, foreground, R),
    TEXT("fit", 0, fit, R),
    TEXT("gravity", 0, gravity, R),
    TEXT("blur-background", 0, blur_background, R),
    TEXT("harmonize", 0, harmonize, R),
    TEXT("light-wrap", 0, light_wrap, R),
    TEXT("color", 0, color, R),
    TEXT("blur", 0, blur, R),
    FLAG("transparent", 0, transparent, R),
    TEXT("labels", 0, labels, S),
    TEXT("overlay", 0, overlay, S),
    TEXT("logits", 0, logits, S),
    FLAG("photo-size", 0, photo_size, S),
};

typedef struct parser {
    cli *run;
    char **arguments; /* those left, NULL at the end */
    bool seen[CLI_COUNT(options)];
} parser;

static void store(parser *p, const option *found, const char *value) {
    char *member = (char *)&p->run->options + found->member;
    if (found->has_value) {
        memcpy(member, &value, sizeof value);
    } else {
        *(bool *)member = true;
    }
    p->seen[found - options] = true;
}

/* Stores an option; its value, when it has one, is attached or the next argument. */
static bool take(parser *p, const option *found, const char *attached) {
    const char *value = attached;
    if (found->has_value && !value) {
        value = *p->arguments;
        if (!value) {
            return cli_fail(p->run, CLI_USAGE, "--%s needs a value; see backdrop %s --help", found->name,
                            cli_verb_name(p->run->options.verb));
        }
        p->arguments++;
    }
    store(p, found, value);
    return true;
}

static bool unknown_option(parser *p, const char *text, size_t length) {
    cli_verb verb = p->run->options.verb;
    const option *nearest = NULL;
    unsigned fewest = length < 5 ? 2 : 3; /* more are no slip */
    for (size_t i = 0; i < CLI_COUNT(options); i++) {
        unsigned slips = cli_slips(text, length, options[i].name);
        if ((options[i].verbs >> verb & 1u) && slips < fewest) {
            nearest = &options[i];
            fewest = slips;
        }
    }
    return cli_fail(p->run, CLI_USAGE, "unknown option --%.*s; %s%s%ssee backdrop %s --help", (int)length, text,
                    nearest ? "is it --" : "", nearest ? nearest->name : "", nearest ? "? Else " : "",
                    cli_verb_name(verb));
}

static bool parse_long(parser *p, const char *text) {
    size_t length = strcspn(text, "=");
    const char *attached = text[length] ? text + length + 1 : NULL;
    for (size_t i = 0; i < CLI_COUNT(options); i++) {
        if (strlen(options[i].name) == length && !strncmp(options[i].name, text, length)) {
            if (attached && !options[i].has_value) {
                return cli_fail(p->run, CLI_USAGE, "--%s takes no value", options[i].name);
            }
            return take(p, &options[i], attached);
        }
    }
    return unknown_option(p, text, length);
}

/* One argument of short options: -qv, -Q90, -o OUT. */
static bool parse_short(parser *p, const char *text) {
    while (*text) {
        const option *found = NULL;
        for (size_t i = 0; i < CLI_COUNT(options); i++) {
            found = options[i].letter == *text ? &options[i] : found;
        }
        if (!found) {
            return cli_fail(p->run, CLI_USAGE, "unknown option -%c; %ssee backdrop %s --help", *text,
                            access(p->arguments[-1], F_OK) ? "" : "a file of that name goes after --; else ",
                            cli_verb_name(p->run->options.verb));
        }
        text++;
        if (found->has_value) {
            return take(p, found, *text ? text : NULL);
        }
        store(p, found, NULL);
    }
    return true;
}

static void add_operand(parser *p, char *text) {
    cli_options *to = &p->run->options;
    for (int v = 0; v < CLI_VERB_COUNT && !to->verb_given && !to->operand_count; v++) {
        if (!strcmp(text, cli_verb_name((cli_verb)v))) {
            to->verb = (cli_verb)v;
            to->verb_given = true;
            return;
        }
    }
    to->operands[to->operand_count++] = text;
}

/* What comes first and is no file may be a slip. */
static bool check_first(const parser *p) {
    cli_options *to = &p->run->options;
    const char *text = to->operand_count ? to->operands[0] : NULL;
    if (!text || to->verb_given || to->help || cli_is_dash(text) || !access(text, F_OK)) {
        return true;
    }
    if (!strcmp(text, "help")) {
        to->help = true;
        for (int v = 0; v < CLI_VERB_COUNT && to->operand_count > 1; v++) {
            if (!strcmp(to->operands[1], cli_verb_name((cli_verb)v))) {
                to->verb = (cli_verb)v;
                to->verb_given = true;
            }
        }
        return true;
    }
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        if (cli_slips(text, strlen(text), cli_verb_name((cli_verb)v)) < 3) {
            return cli_fail(p->run, CLI_USAGE, "no file '%s'; is it backdrop %s?", text, cli_verb_name((cli_verb)v));
        }
    }
    return *text || cli_fail(p->run, CLI_USAGE, "a file's name is empty");
}

static bool check_verb(const parser *p) {
    cli_verb verb = p->run->options.verb;
    for (size_t i = 0; i < CLI_COUNT(options); i++) {
        if (p->seen[i] && !(options[i].verbs >> verb & 1u)) {
            return cli_fail(p->run, CLI_USAGE, "backdrop %s has no option --%s; see backdrop %s --help",
                            cli_verb_name(verb), options[i].name, cli_verb_name(verb));
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
    return check_first(&p) && check_verb(&p);
}

bool cli_parse_integer(const char *text, long low, long high, long *value) {
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return end != text && !*end && !errno && *value >= low && *value <= high;
}

bool cli_parse_number(const char *text, float low, float high, float *value) {
    char *end;
    *value = strtof(text, &end);
    return end != text && !*end && *value >= low && *value <= high;
}

bool cli_parse_radius(cli *run, const char *name, const char *text, float most, float *pixels) {
    return !text || (cli_parse_number(text, 0.0f, most, pixels) && *pixels > 0.0f) ||
           cli_fail(run, CLI_USAGE, "--%s takes a number of pixels above 0 and up to %.0f, not '%s'", name,
                    (double)most, text);
}

bool cli_parse_precision(cli *run, bd_precision *precision) {
    static const char *const names[] = {[BD_PRECISION_AUTO] = "auto",
                                        [BD_PRECISION_FP32] = "fp32",
                                        [BD_PRECISION_FP16] = "fp16",
                                        [BD_PRECISION_FAST16] = "fast16"};
    const char *text = run->options.precision ? run->options.precision : "auto";
    for (unsigned i = 0; i < CLI_COUNT(names); i++) {
        if (!strcmp(text, names[i])) {
            *precision = (bd_precision)i;
            return true;
        }
    }
    return cli_fail(run, CLI_USAGE, "--precision %s is not auto, fp32, fp16 or fast16", text);
}

bool cli_parse_quantised(cli *run, bd_quantised *quantised) {
    const char *text = run->options.quantised ? run->options.quantised : "integer";
    *quantised = !strcmp(text, "float") ? BD_QUANTISED_FLOAT : BD_QUANTISED_INTEGER;
    return *quantised || !strcmp(text, "integer") ||
           cli_fail(run, CLI_USAGE, "--quantised %s is not integer or float", text);
}

bool cli_parse_size(const char *text, uint32_t *width, uint32_t *height) {
    enum { SIDE_MOST = 8192 };
    char first[8];
    size_t length = strspn(text, "0123456789");
    long w, h;
    if (!length || length >= sizeof first || (text[length] && text[length] != 'x')) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    const char *second = text[length] ? text + length + 1 : first;
    if (strspn(second, "0123456789") != strlen(second) || !cli_parse_integer(first, 1, SIDE_MOST, &w) ||
        !cli_parse_integer(second, 1, SIDE_MOST, &h)) {
        return false;
    }
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return true;
}

bool cli_parse_color(const char *text, uint8_t *rgba) {
    static const struct {
        const char *name, *code;
    } names[] = {{"black", "000000"},  {"white", "ffffff"},        {"gray", "808080"},   {"grey", "808080"},
                 {"silver", "c0c0c0"}, {"red", "ff0000"},          {"lime", "00ff00"},   {"green", "008000"},
                 {"blue", "0000ff"},   {"navy", "000080"},         {"yellow", "ffff00"}, {"magenta", "ff00ff"},
                 {"cyan", "00ffff"},   {"transparent", "00000000"}};
    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        text = strcasecmp(text, names[i].name) ? text : names[i].code;
    }
    text += *text == '#';
    char doubled[7];
    if (strlen(text) == 3) {
        (void)snprintf(doubled, sizeof doubled, "%c%c%c%c%c%c", text[0], text[0], text[1], text[1], text[2], text[2]);
        text = doubled;
    }
    size_t length = strlen(text);
    if ((length != 6 && length != 8) || strspn(text, "0123456789abcdefABCDEF") != length) {
        return false;
    }
    unsigned long value = strtoul(text, NULL, 16);
    value = length == 6 ? value << 8 | 0xff : value;
    for (int i = 0; i < 4; i++) {
        rgba[i] = (uint8_t)(value >> (24 - 8 * i));
    }
    return true;
}

static bool unknown_class(cli *run, const char *text, size_t length, const bd_model *model) {
    char known[400] = "";
    size_t used = 0;
    for (uint32_t c = 0; bd_model_class_name(model, c); c++) {
        const char *name = bd_model_class_name(model, c);
        size_t bytes = strlen(name);
        if (used + bytes + 3 > sizeof known) {
            break;
        }
        memcpy(known + used, c ? ", " : "", c ? 2 : 0);
        used += c ? 2 : 0;
        memcpy(known + used, name, bytes + 1);
        used += bytes;
    }
    return cli_fail(run, CLI_USAGE, "no class '%.*s'; there are: %s", (int)(length < 40 ? length : 40), text, known);
}

static bool add_class(cli *run, const char *text, size_t length, const bd_model *model, uint32_t count,
                      bd_class_set *set) {
    bool all = length == 3 && !strncasecmp(text, "all", 3), found = false;
    bool number = length > 0 && length < 4 && strspn(text, "0123456789") >= length;
    unsigned long wanted = number ? strtoul(text, NULL, 10) : 0;
    for (uint32_t c = 0; c < count; c++) {
        const char *name = bd_model_class_name(model, c);
        bool named = name && strlen(name) == length && !strncasecmp(name, text, length);
        if ((all && c > 0) || (number && c == wanted) || named) {
            set->words[c / 32] |= 1u << c % 32;
            found = true;
        }
    }
    return found || unknown_class(run, text, length, model);
}

bool cli_parse_classes(cli *run, const char *text, const bd_model *model, bd_class_set *set) {
    bd_model_info info;
    bd_model_get_info(model, &info);
    uint32_t count = info.class_count < 256 ? info.class_count : 256;
    *set = (bd_class_set){{0}};
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_class(run, text, length, model, count, set)) {
            return false;
        }
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
}
