/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/help.h"
#include "tools/pages/man.h"

/* Text for roff, of length bytes. Where a line begins, a full stop or an apostrophe would be a request. */
static void print_text(const char *text, size_t length) {
    bool begins = true;
    for (size_t i = 0; i < length; i++) {
        static const char *const escapes[128] = {
            ['\\'] = "\\e", ['-'] = "\\-", ['\''] = "\\(aq", ['`'] = "\\(ga", ['^'] = "\\(ha", ['~'] = "\\(ti"};
        unsigned char c = (unsigned char)text[i];
        const char *escape = c < 128 ? escapes[c] : NULL;
        if (escape) {
            printf("%s", escape);
        } else {
            printf("%s%c", begins && c == '.' ? "\\&" : "", c);
        }
        begins = c == '\n';
    }
}

static void print_all(const char *text) {
    print_text(text, strlen(text));
}

/* The forms of "usage: backdrop ...\n       backdrop ...\n"; returns what follows the empty line. */
static const char *print_forms(const char *usage) {
    printf(".SH SYNOPSIS\n.nf\n");
    const char *line = usage + strlen("usage: ");
    for (; *line && *line != '\n'; line += *line == '\n') {
        line += strspn(line, " ");
        size_t length = strcspn(line, "\n");
        print_text(line, length);
        printf("\n");
        line += length;
    }
    printf(".fi\n");
    return *line ? line + 1 : line;
}

static void print_option(const cli_option *option) {
    char text[1000];
    printf(".TP\n");
    if (option->letter) {
        printf("\\fB\\-%c\\fR, ", option->letter);
    }
    printf("\\fB\\-\\-");
    print_all(option->name);
    printf("\\fR%s", *option->value ? " \\fI" : "");
    print_all(option->value);
    printf("%s\n", *option->value ? "\\fR" : "");
    cli_option_fill(option, option->help, "", text, sizeof text);
    print_all(text);
    printf("\n");
}

static void print_options(cli_verb verb) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    printf(".SH OPTIONS\n");
    for (size_t i = 0; i < count; i++) {
        bool of_any = rows[i].verbs == CLI_ANY_VERB;
        if (verb == CLI_VERB_COUNT ? of_any : !of_any && cli_option_takes(&rows[i], verb)) {
            print_option(&rows[i]);
        }
    }
}

static void print_verbs(void) {
    printf(".SH COMMANDS\n");
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        printf(".TP\n\\fBbackdrop\\-%s\\fR(1)\n", cli_verb_name((cli_verb)v));
        print_all(cli_verb_summary((cli_verb)v));
        printf("\n");
    }
    printf(".PP\nWithout a command it is replace.\n");
}

static void print_statuses(void) {
    printf(".SH \"EXIT STATUS\"\n");
    const char *text = cli_statuses() + strlen("exit status: ");
    while (*text) {
        size_t length = strcspn(text, "\n");
        print_text(text, length);
        printf("\n");
        text += length;
        text += strspn(text, "\n ");
    }
}

static void print_surroundings(void) {
    static const char *const entries[][2] = {
        {"BACKDROP_WEIGHTS",
         "The folder of manifest.json, which lists the models, and of cache, which has their files."},
        {"XDG_DATA_HOME",
         "The folder whose backdrop/cache has the weights that backdrop-fetch-weights brought; without it "
         "~/.local/share."},
        {"XDG_CACHE_HOME",
         "The folder whose backdrop has compiled pipelines and tuned kernels, which may be removed at any "
         "time; without it ~/.cache."},
    };
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        printf(".TP\n.B ");
        print_all(entries[i][0]);
        printf("\n");
        print_all(entries[i][1]);
        printf("\n");
    }
    printf(".SH FILES\n.TP\n.I share/backdrop/manifest.json\nThe models, beside the command\\(aqs prefix. Their "
           "weights are not "
           "a part of Backdrop: \\fBbackdrop\\-fetch\\-weights\\fR brings them once, for the user who runs it.\n");
}

static void print_see_also(cli_verb verb) {
    printf(".SH \"SEE ALSO\"\n");
    const char *between = "";
    if (verb != CLI_VERB_COUNT) {
        printf("\\fBbackdrop\\fR(1)");
        between = ",\n";
    }
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        if ((cli_verb)v != verb) {
            printf("%s\\fBbackdrop\\-%s\\fR(1)", between, cli_verb_name((cli_verb)v));
            between = ",\n";
        }
    }
    printf("\n");
}

void pages_print_man(cli_verb verb) {
    bool whole = verb == CLI_VERB_COUNT;
    const char *name = whole ? "" : cli_verb_name(verb);
    printf(".\\\" SPDX-License-Identifier: MIT\n.\\\" Made from the option rows of the command.\n.TH BACKDROP%s",
           whole ? "" : "\\-");
    for (const char *c = name; *c; c++) {
        printf("%c", toupper((unsigned char)*c));
    }
    printf(" 1 \"\" \"Backdrop %d.%d.%d\" \"User Commands\"\n.SH NAME\nbackdrop%s%s \\- ", BD_VERSION_MAJOR,
           BD_VERSION_MINOR, BD_VERSION_PATCH, whole ? "" : "\\-", name);
    print_all(whole ? "replaces the background of a photo" : cli_verb_summary(verb));
    printf("\n");
    const char *rest = print_forms(whole ? cli_overview() : cli_verb_usage(verb));
    printf(".SH DESCRIPTION\n");
    print_all(rest);
    if (whole) {
        print_verbs();
    }
    print_options(verb);
    print_statuses();
    if (whole) {
        print_surroundings();
    }
    print_see_also(verb);
}
