/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tools/help.h"
#include "tools/options.h"
#include "tools/pages/complete.h"

typedef enum value_kind { VALUE_NONE, VALUE_FILE, VALUE_FOLDER, VALUE_WORDS, VALUE_ANY } value_kind;

static value_kind kind_of(const cli_option *option) {
    switch (option->kind->type) {
    case CLI_FLAG: return VALUE_NONE;
    case CLI_TEXT: /* a file, in most */
    case CLI_FILE_IN:
    case CLI_FILE_OUT: return VALUE_FILE;
    case CLI_FOLDER_OUT: return VALUE_FOLDER;
    default: return option->kind->choices ? VALUE_WORDS : VALUE_ANY;
    }
}

static void print_choices(const cli_option *option) {
    for (const cli_choice *choice = option->kind->choices; choice && choice->name; choice++) {
        printf("%s%s", choice == option->kind->choices ? "" : " ", choice->name);
    }
}

static const cli_option *row(size_t index) {
    size_t count;
    const cli_option *rows = cli_option_rows(&count);
    return index < count ? &rows[index] : NULL;
}

static bool is_first(size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (!strcmp(row(i)->name, row(index)->name)) {
            return false;
        }
    }
    return true;
}

/* Text between single quotes; apostrophe stands for one. */
static void print_quoted(const char *text, const char *apostrophe) {
    for (; *text; text++) {
        if (*text == '\'') {
            printf("%s", apostrophe);
        } else if (!strchr("`\"[]$\\", *text)) { /* which mean something to shells */
            (void)putchar(*text == '\n' ? ' ' : *text);
        }
    }
}

/* What the help says, up to where it goes into particulars. */
static void print_summary(const cli_option *option, const char *apostrophe) {
    enum { SHORT = 4, LONG = 72 };
    char text[1000];
    cli_option_fill(option, option->help, "", text, sizeof text);
    size_t length = 0;
    while (text[length] && (length < SHORT || (text[length] != ';' && strncmp(text + length, " (", 2) != 0))) {
        length++;
    }
    if (length > LONG) {
        for (length = LONG; text[length] != ' ' && text[length] != '\n'; length--) {
        }
    }
    text[length] = '\0';
    print_quoted(text, apostrophe);
}

/* The small words that a usage has behind the verb, such as list of "backdrop models [list] [options]". */
static void print_operands(cli_verb verb) {
    char form[40];
    (void)snprintf(form, sizeof form, " %s ", cli_verb_name(verb));
    const char *between = "", *usage = cli_verb_usage(verb);
    for (const char *at = strstr(usage, form); at && at < strstr(usage, "\n\n"); at = strstr(at + 1, form)) {
        const char *word = at + strlen(form) + (at[strlen(form)] == '[');
        size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz");
        if (length && strncmp(word, "options", length) != 0) {
            printf("%s%.*s", between, (int)length, word);
            between = " ";
        }
    }
}

static void print_verb_names(const char *between) {
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        printf("%s%s", v ? between : "", cli_verb_name((cli_verb)v));
    }
}

/* ---- bash ---- */

static const char bash_body[] =
    "_backdrop() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before='' verb='' options='' operands='' i\n"
    "    local kind='' words='' endings='' IFS=$' \\t\\n'\n"
    "    [ \"$COMP_CWORD\" -lt 2 ] || before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    # --name=value is three words here.\n"
    "    if [ \"$word\" = = ]; then\n"
    "        word=''\n"
    "    elif [ \"$before\" = = ]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        -*) ! _backdrop_value any \"${COMP_WORDS[i]}\" || i=$((i + 1)) ;;\n"
    "        =) ;;\n"
    "        *) verb=${COMP_WORDS[i]}; break ;;\n"
    "        esac\n"
    "    done\n"
    "    _backdrop_verb \"$verb\"\n"
    "    COMPREPLY=()\n"
    "    if _backdrop_value \"$verb\" \"$before\"; then\n"
    "        :\n"
    "    elif [ \"${word:0:1}\" = - ]; then\n"
    "        kind=words words=$options\n"
    "    else\n"
    "        kind=file endings='' words=$operands\n"
    "    fi\n"
    "    [ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
    "    [ \"$kind\" != folder ] || mapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
    "    if [ \"$kind\" = file ]; then\n"
    "        local files\n"
    "        mapfile -t files < <(\n"
    "            compgen -d -- \"$word\"\n"
    "            [ -n \"$endings\" ] || compgen -f -- \"$word\"\n"
    "            for i in $endings; do compgen -f -X \"!*$i\" -- \"$word\"; done\n"
    "        )\n"
    "        mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <([ ${#files[@]} -eq 0 ] || printf '%s\\n' \"${files[@]}\" "
    "| sort -u)\n"
    "    fi\n"
    "    case $kind in file | folder) compopt -o filenames 2> /dev/null ;; esac\n"
    "    return 0\n"
    "}\n"
    "complete -F _backdrop backdrop\n";

/* Whether a value is completed as that of the first row of the same name. */
static bool is_as_first(const cli_option *option) {
    const cli_option *first = option;
    for (size_t i = 0; first == option && row(i) && row(i) != option; i++) {
        first = strcmp(row(i)->name, option->name) ? option : row(i);
    }
    return first != option && kind_of(first) == kind_of(option) && first->kind->choices == option->kind->choices &&
           first->kind->endings == option->kind->endings;
}

static void print_bash_pattern(const char *between, const char *verb, const cli_option *option) {
    printf("%s%s:--%s", between, verb, option->name);
    if (option->letter) {
        printf(" | %s:-%c", verb, option->letter);
    }
}

static void print_bash_value(size_t index) {
    static const char *const kinds[] = {"", "file", "folder", "words", "any"};
    const cli_option *option = row(index);
    value_kind kind = kind_of(option);
    if (kind == VALUE_NONE || is_as_first(option)) {
        return;
    }
    printf("    ");
    if (is_first(index)) {
        print_bash_pattern("", "*", option);
    } else {
        const char *between = "";
        for (int v = 0; v < CLI_VERB_COUNT; v++) {
            if (cli_option_takes(option, (cli_verb)v)) {
                print_bash_pattern(between, cli_verb_name((cli_verb)v), option);
                between = " | ";
            }
        }
    }
    printf(") kind='%s'", kinds[kind]);
    if (kind == VALUE_WORDS) {
        printf(" words='");
        print_choices(option);
        printf("'");
    }
    if (option->kind->endings) {
        printf(" endings='%s'", option->kind->endings);
    }
    printf(" ;;\n");
}

void pages_print_bash(void) {
    printf(
        "# SPDX-License-Identifier: MIT\n# bash completion for backdrop, made from the option rows of the command.\n");
    printf("_backdrop_verb() { # VERB: sets options and operands\n    case $1 in\n");
    for (int v = 0; v <= CLI_VERB_COUNT; v++) {
        /* Whatever else comes first is a photo of replace's; nothing may become a verb. */
        cli_verb verb = v < CLI_VERB_COUNT ? (cli_verb)v : CLI_REPLACE;
        printf("    %s) options='", v < CLI_VERB_COUNT ? cli_verb_name(verb) : "*");
        for (size_t i = 0; row(i); i++) {
            if (cli_option_takes(row(i), verb)) {
                printf("--%s ", row(i)->name);
            }
        }
        printf("' operands='");
        if (v < CLI_VERB_COUNT) {
            print_operands(verb);
        }
        printf("' ;;\n");
    }
    printf("    esac\n    [ -n \"$1\" ] || operands='");
    print_verb_names(" ");
    printf("'\n}\n_backdrop_value() { # VERB OPTION: sets kind, words and endings of the option's value; fails when it "
           "has none\n"
           "    kind='' words='' endings=''\n    case $1:$2 in\n");
    /* Backwards, since the first row of a name is for all verbs that have no other. */
    size_t count;
    (void)cli_option_rows(&count);
    for (size_t i = count; i-- > 0;) {
        print_bash_value(i);
    }
    printf("    *) return 1 ;;\n    esac\n}\n%s", bash_body);
}

/* ---- zsh ---- */

/* ".png .tif" as the pattern *.(png|tif). */
static void print_zsh_endings(const char *endings) {
    if (!endings) {
        return;
    }
    const bool many = strchr(endings, ' ');
    printf(" -g \"*.%s", many ? "(" : "");
    for (const char *at = endings; *at; at++) {
        if (*at == ' ') {
            printf("|");
        } else if (*at != '.') {
            printf("%c", *at);
        }
    }
    printf("%s\"", many ? ")" : "");
}

static void print_zsh_action(const cli_option *option) {
    switch (kind_of(option)) {
    case VALUE_NONE: return;
    case VALUE_FILE:
        printf(":%s:_files", option->value);
        print_zsh_endings(option->kind->endings);
        return;
    case VALUE_FOLDER: printf(":%s:_files -/", option->value); return;
    case VALUE_WORDS:
        printf(":%s:(", option->value);
        print_choices(option);
        printf(")");
        return;
    case VALUE_ANY: printf(":%s: ", option->value); return;
    }
}

static void print_zsh_option(const cli_option *option) {
    bool flag = kind_of(option) == VALUE_NONE;
    if (option->letter) {
        printf("            '(-%c --%s)-%c%s[", option->letter, option->name, option->letter, flag ? "" : "+");
        print_summary(option, "'\\''");
        printf("]");
        print_zsh_action(option);
        printf("'\n            '(-%c --%s)--%s%s[", option->letter, option->name, option->name, flag ? "" : "=");
    } else {
        printf("            '--%s%s[", option->name, flag ? "" : "=");
    }
    print_summary(option, "'\\''");
    printf("]");
    print_zsh_action(option);
    printf("'\n");
}

void pages_print_zsh(void) {
    printf("#compdef backdrop\n# SPDX-License-Identifier: MIT\n# Made from the option rows of the "
           "command.\n_backdrop_operands() {\n"
           "    [[ -n $verb ]] || _values command");
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        printf(" \\\n        '%s[", cli_verb_name((cli_verb)v));
        print_quoted(cli_verb_summary((cli_verb)v), "'\\''");
        printf("]'");
    }
    printf("\n    [[ -z $operands ]] || compadd -- ${=operands}\n    _files\n}\n_backdrop() {\n"
           "    local verb='' operands='' word\n    local -a specs\n"
           "    for word in ${words[2,CURRENT-1]}; do\n        case $word in\n        -*) ;;\n        ");
    print_verb_names("|");
    printf(") verb=$word; break ;;\n        *) verb=replace; break ;;\n        esac\n    done\n    case $verb in\n");
    for (int v = CLI_VERB_COUNT - 1; v >= 0; v--) {
        /* replace, the first, is what it is without a verb. */
        printf("    %s) operands='", v ? cli_verb_name((cli_verb)v) : "*");
        print_operands((cli_verb)v);
        printf("'\n        specs=(\n");
        for (size_t i = 0; row(i); i++) {
            if (cli_option_takes(row(i), (cli_verb)v)) {
                print_zsh_option(row(i));
            }
        }
        printf("        ) ;;\n");
    }
    printf("    esac\n    _arguments -s -S $specs '*:operand:_backdrop_operands'\n}\n_backdrop \"$@\"\n");
}

/* ---- fish ---- */

static void print_fish_condition(const cli_option *option) {
    if (option->verbs == CLI_ANY_VERB) {
        return;
    }
    /* Without a verb it is replace. */
    bool replaces = cli_option_takes(option, CLI_REPLACE);
    printf(" -n '%s__fish_seen_subcommand_from", replaces ? "not " : "");
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        if (cli_option_takes(option, (cli_verb)v) != replaces) {
            printf(" %s", cli_verb_name((cli_verb)v));
        }
    }
    printf("'");
}

static void print_fish_option(const cli_option *option) {
    static const char *const kinds[] = {"", " -r -F", " -x -a '(__fish_complete_directories)'", " -x", " -x"};
    printf("complete -c backdrop");
    print_fish_condition(option);
    if (option->letter) {
        printf(" -s %c", option->letter);
    }
    printf(" -l %s%s", option->name, kinds[kind_of(option)]);
    if (kind_of(option) == VALUE_WORDS) {
        printf(" -a '");
        print_choices(option);
        printf("'");
    }
    printf(" -d '");
    print_summary(option, "\\'");
    printf("'\n");
}

void pages_print_fish(void) {
    printf(
        "# SPDX-License-Identifier: MIT\n# fish completion for backdrop, made from the option rows of the command.\n");
    for (int v = 0; v < CLI_VERB_COUNT; v++) {
        printf("complete -c backdrop -n '__fish_use_subcommand' -a %s -d '", cli_verb_name((cli_verb)v));
        print_quoted(cli_verb_summary((cli_verb)v), "\\'");
        printf("'\n");
    }
    printf("complete -c backdrop -n '__fish_seen_subcommand_from models' -a '");
    print_operands(CLI_MODELS);
    printf("'\n");
    for (size_t i = 0; row(i); i++) {
        print_fish_option(row(i));
    }
}
