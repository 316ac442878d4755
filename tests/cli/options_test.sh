#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The rows of tools/options.c are the options: each verb's help lists those it takes, docs/options.md has a heading
# "### `--name ...` (verbs)" for each, and nothing names one that is not there.
# Needs BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR.
set -uo pipefail
export LC_ALL=C
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop rows=tools/options.c readme=README.md docs=docs/options.md
problems=0

problem() {
    printf '%s\n' "$1"
    problems=$((problems + 1))
}

# "name verb" of every option and verb that takes it; those of any verb have "any".
pairs=$(sed -nE "s/^    (FLAG|TAKE|SET)\(\"([a-z-]+)\", (0|'.'), [a-z_.]+, ([A-Z_ |]+),.*/\2 \4/p" "$rows" |
    sed -E 's/CLI_ANY_VERB/any/; s/\bR\b/replace/; s/\bS\b/segment/; s/\bD\b/devices/; s/\bM\b/models/; s/\bT\b/tune/; s/\bA\b/matte/' |
    awk '{ for (i = 2; i <= NF; i++) if ($i != "|") print $1, $i }' | sort)
names=$(cut -d ' ' -f 1 <<< "$pairs" | uniq)
found=$(grep -cE '^    (FLAG|TAKE|SET)\(' "$rows")
read_rows=$(grep -cE "^    (FLAG|TAKE|SET)\(\"[a-z-]+\", (0|'.'), [a-z_.]+, [A-Z_ |]+," "$rows")
[ "$found" -gt 40 ] && [ "$found" -eq "$read_rows" ] ||
    { echo "$rows: $read_rows of $found rows were understood"; exit 1; }
[ -z "$(uniq -d <<< "$pairs")" ] || problem "$rows: more than one row for $(uniq -d <<< "$pairs" | tr '\n' ';')"

# listed VERB: the options in a help, a line each.
listed() {
    # shellcheck disable=SC2086 # no verb is no argument
    "$backdrop" $1 --help | sed -nE 's/^  (-., )?--([a-z-]+)( .*|$)/\2/p' | sort
}

for verb in '' replace segment devices models tune matte; do
    wanted=$(awk -v verb="${verb:-any}" '$2 == verb { print $1 }' <<< "$pairs")
    [ "$(listed "$verb")" = "$wanted" ] ||
        problem "backdrop $verb --help: $(diff <(printf '%s\n' "$wanted") <(listed "$verb") | grep '^[<>]' | tr '\n' ' ')"
done

# named FILE: the options that a text names, but for those of other programs.
named() {
    sed -E '/^ *(build\/)?backdrop-[a-z]/d; s/cmake [^`]*//g; s/(tools|bench|weights|tests)\/[a-z]+( --[a-z]+)+//g' "$1" |
        grep -oE '(^|[^a-zA-Z0-9-])--[a-z][a-z-]*' | sed 's/.*--/--/; s/^--//' | sort -u
}

for file in "$readme" $docs; do
    while read -r name; do
        problem "$file names --$name, which is no option"
    done < <(comm -13 <(printf '%s\nname\n' "$names" | sort) <(named "$file"))
done

headings=$(grep -E '^### `--' "$docs")
described=$(sed -E 's/^### `--([a-z-]+).*/\1/' <<< "$headings" | sort)
[ "$described" = "$names" ] ||
    problem "$docs: headings: $(diff <(printf '%s\n' "$names") <(printf '%s\n' "$described") | grep '^[<>]' | tr '\n' ' ')"
while read -r name; do
    verbs=$(awk -v name="$name" '$1 == name { print $2 }' <<< "$pairs" | paste -sd ' ')
    [ "$(wc -w <<< "$verbs")" -lt 6 ] && [ "$verbs" != any ] || verbs='all verbs'
    said=$(grep -E "^### \`--${name}[ \`]" <<< "$headings" | sed -E 's/.*\((.*)\)$/\1/; s/,//g')
    [ "$said" = "$verbs" ] || [ "$(tr ' ' '\n' <<< "$said" | sort | paste -sd ' ')" = "$verbs" ] ||
        problem "$docs: --$name is said to be of: $said; it is of: $verbs"
done < <(comm -12 <(printf '%s\n' "$names") <(printf '%s\n' "$described"))

printf '%s rows of %s options checked, %s problems\n' "$found" "$(wc -l <<< "$names")" "$problems"
[ "$problems" -eq 0 ]
