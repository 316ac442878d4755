#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The man pages and the shells' completions that the build writes: each has the options that the command's help has, the
# formatters have nothing to say of the pages, and the completions are tried in real shells.
# Needs BACKDROP_BUILD_DIR.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop pages=$BACKDROP_BUILD_DIR/pages
verbs=(replace matte segment devices models tune)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
problems=0 tried=0

problem() {
    printf '%s\n' "$1"
    problems=$((problems + 1))
}

# listed [VERB]: the options in a help, a line each.
listed() {
    "$backdrop" "$@" --help | sed -nE 's/^  (-., )?--([a-z-]+)( .*|$)/--\2/p' | sort
}

# ---- man ----

for verb in '' "${verbs[@]}"; do
    page=$pages/backdrop${verb:+-$verb}.1
    # shellcheck disable=SC2086,SC1003 # no verb is no argument
    difference=$(diff <(listed $verb) <(sed -nE 's/^(\\fB\\-.\\fR, )?\\fB\\-\\-([a-z\\-]+)\\fR.*/--\2/p' "$page" | tr -d '\\' | sort)) ||
        problem "$page has other options than the help: $difference"
    if command -v mandoc > /dev/null; then
        # A date would say when it was built, or be stale.
        said=$(mandoc -T lint -W warning "$page" | grep -v 'missing date')
        [ -z "$said" ] || problem "$said"
    fi
    if command -v man > /dev/null; then
        said=$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 > "$work/page")
        [ -z "$said" ] || problem "$page: $said"
        grep -qi "^ *backdrop${verb:+-$verb} .*- *[a-z]" "$work/page" || problem "$page has no name line"
        # What roff takes for requests, or escapes that it does not know, would be missing.
        for word in $(listed ${verb:+"$verb"}); do
            grep -qE -e "$word( |$)" "$work/page" || problem "$page does not show $word"
        done
    fi
done
for shell in mandoc man zsh fish; do
    command -v "$shell" > /dev/null || printf 'not tried: there is no %s\n' "$shell"
done

# ---- bash ----

mkdir "$work/files" "$work/files/folder" && touch "$work/files/photo.jpg" "$work/files/matte of it.png" || exit 1
# expect_bash WORDS... -- REPLY: what is offered for the last word.
expect_bash() {
    local words=() reply
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    tried=$((tried + 1))
    # shellcheck disable=SC2016 # for the other bash
    reply=$(cd "$work/files" && bash --norc -uc '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _backdrop
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' "$pages/backdrop.bash" "${words[@]}" 2>&1 | sort | tr '\n' ' ')
    [ "$reply" = "$2" ] || problem "bash: ${words[*]}: '$reply' instead of '$2'"
}
bash -n "$pages/backdrop.bash" || problem 'bash cannot read its completions'
bash --norc -c '. "$0"; complete -p backdrop' "$pages/backdrop.bash" | grep -q 'complete -F _backdrop backdrop' ||
    problem 'bash completes nothing for backdrop'
all=$(printf '%s\n' "${verbs[@]}" folder 'matte of it.png' photo.jpg | sort | tr '\n' ' ')
for verb in "${verbs[@]}"; do
    expect_bash backdrop "$verb" - -- "$({ listed "$verb"; listed; } | sort | tr '\n' ' ')"
    expect_bash backdrop "${verb:0:3}" -- "$(printf '%s\n' "$verb" "$([ "$verb" != matte ] || echo 'matte of it.png')" | grep . | sort | tr '\n' ' ')"
done
expect_bash backdrop '' -- "$all"
expect_bash backdrop photo.jpg '' -- 'folder matte of it.png photo.jpg '
expect_bash backdrop photo.jpg --ma -- '--matte --matte-in --matte-out --max-pixels '
expect_bash backdrop matte photo.jpg --ma -- '--matte --matte-in --max-pixels '
expect_bash backdrop --model x mat -- 'matte matte of it.png '
expect_bash backdrop --fit '' -- 'contain cover stretch tile '
expect_bash backdrop photo.jpg --fit = c -- 'contain cover '
expect_bash backdrop photo.jpg --fit = -- 'contain cover stretch tile '
expect_bash backdrop matte photo.jpg -o '' -- 'folder matte of it.png '
expect_bash backdrop photo.jpg -o '' -- 'folder matte of it.png photo.jpg '
expect_bash backdrop --output-dir '' -- 'folder '
expect_bash backdrop --tune-share '' -- ''
expect_bash backdrop models '' -- 'folder info list matte of it.png photo.jpg verify '
expect_bash backdrop models --fit '' -- 'contain cover stretch tile '

# ---- zsh and fish ----

if command -v zsh > /dev/null; then
    zsh -n "$pages/_backdrop" || problem 'zsh cannot read its completions'
    head -n 1 "$pages/_backdrop" | grep -q '^#compdef backdrop$' || problem 'zsh would not find its completions'
fi
if command -v fish > /dev/null; then
    expect_fish() { # LINE REPLY
        local reply
        tried=$((tried + 1))
        # shellcheck disable=SC2016 # for fish
        reply=$(cd "$work/files" && HOME=$work fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$pages/backdrop.fish" "$1" 2>&1 |
            cut -f 1 | sort | tr '\n' ' ')
        [ "$reply" = "$2" ] || problem "fish: $1: '$reply' instead of '$2'"
    }
    fish -n "$pages/backdrop.fish" || problem 'fish cannot read its completions'
    for verb in "${verbs[@]}"; do
        expect_fish "backdrop $verb --" "$({ listed "$verb"; listed; } | sort | tr '\n' ' ')"
    done
    expect_fish 'backdrop --fit ' 'contain cover stretch tile '
    expect_fish 'backdrop matte photo.jpg --depth ' '16 8 '
    expect_fish 'backdrop models --fit' ''
    expect_fish 'backdrop --output-dir ' 'folder/ '
fi

printf '%s completions tried, %s problems\n' "$tried" "$problems"
[ "$problems" -eq 0 ]
