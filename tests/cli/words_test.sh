#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the command says to slips: before any file is read or device opened.
# Needs BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop person=${BACKDROP_SOURCE_DIR:?}/tools/samples/person.jpg
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# refuses STATUS TEXT ARGUMENTS...: one line, with TEXT in it.
refuses() {
    local expected=$1 text=$2 status
    shift 2
    "$backdrop" "$@" > stdout 2> stderr < /dev/null
    status=$?
    [ "$status" -eq "$expected" ] && [ "$(wc -l < stderr)" -eq 1 ] && grep -qF -- "$text" stderr ||
        complain "backdrop $*: status $status, expected $expected and '$text': $(cat stderr)"
}

# The next option is no value.
refuses 2 '--color needs a value, and -o is an option; --color=-o takes it' "$person" --color -o x.png
refuses 2 '--background needs a value, and --json is an option' "$person" --background --json -o x.png
refuses 2 '--class needs a value, and -q is an option' "$person" --class -q
refuses 2 '--output needs a value, and -Q is an option' "$person" -o -Q 80
refuses 2 "--blur takes a number of pixels above 0 and up to 10000, not '-0.5'" "$person" --blur -0.5 -o x.png
refuses 2 "not '-.5'" "$person" --blur -.5 -o x.png
refuses 2 "not '-o'" "$person" --color=-o -o x.png
refuses 2 'no background' "$person" --output-dir made --suffix -o
refuses 2 'no background' "$person" -o=x.png
refuses 2 "--quality is 1 to 100, not 'x'" "$person" --color red -Q=x -o x.jpg

# Files, folders and forms.
refuses 7 "$work: a folder, not a file; name a file in it" "$person" --color red -o "$work"
mkdir x.png
refuses 7 "x.png: a folder, not a file; name a file in it" "$person" --color red -o x.png
rmdir x.png
refuses 2 "--output-dir: the folder's name is empty" "$person" --color red --output-dir ''
refuses 4 'standard input: the file is empty' - --color red -o x.png
for form in PNG TIFF GIF; do
    refuses 2 "$form has no quality" "$person" --color red -Q 80 -o "x.${form,,}"
done
refuses 2 'GIF always loses' "$person" --color red --lossless -o x.gif
[ "$("$backdrop" replace --help | grep -c 'GIF')" -ge 2 ] || complain 'the help has no GIF'

for form in JPEG GIF; do
    refuses 2 "x.${form,,}: $form has 8 bits; --depth 16 does not go with it" "$person" --color red --depth 16 -o "x.${form,,}"
done
refuses 2 'done: JPEG has 8 bits' "$person" --color red --depth 16 --format jpeg --output-dir done
refuses 2 'JPEG has no colours where alpha is 0; --keep-hidden' "$person" --color red --keep-hidden -o x.jpg
refuses 2 'GIF has no colours where alpha is 0; --keep-hidden' "$person" --transparent --keep-hidden -o x.gif
refuses 2 "LOW,HIGH in percent, the lower first" "$person" --color red --levels 90,10 -o x.png
refuses 2 '--background needs a file'\''s name' "$person" --background '' -o x.png
refuses 2 '--matte-in needs a file'\''s name' "$person" --matte-in '' --color red -o x.png
refuses 2 'a file'\''s name is empty' "$person" '' -o x.png
refuses 5 'the limit is 1000; --max-pixels sets it' "$person" --key auto --color red --max-pixels 1K -o x.png
: > file
ln -s nowhere link
refuses 7 'file: not a folder' "$person" --color red --output-dir file
refuses 7 'link: a symbolic link to nothing' "$person" --color red --output-dir link
refuses 2 '--labels x/{name}.png: with --output-dir it is a name without a folder' \
    segment "$person" --labels 'x/{name}.png' --output-dir done
refuses 2 '--labels x.png: with --output-dir it is a name with {name} in it' \
    segment "$person" --labels x.png --output-dir done

# What beginners leave out.
refuses 2 'write the result with -o: backdrop a.jpg b.jpg -o out.png' a.jpg b.jpg out.png
refuses 2 'out.png: write the result with -o, as in: backdrop a.jpg --transparent -o out.png' a.jpg out.png --transparent
refuses 2 'out.png: write the result with -o, as in: backdrop a.jpg --color ... -o out.png' a.jpg out.png --color '#fff'
refuses 2 'too many arguments: c.jpg; replace takes one photo and its background, with --output-dir several' \
    a.jpg b.jpg c.jpg d.jpg -o x.png
refuses 2 "no file 'red'; is it --color 'red'?" "$person" red -o x.png
refuses 2 "no file '#20b040'; is it --color '#20b040'?" "$person" --background '#20b040' --output-dir done
: > red
refuses 4 'red: the file is empty' "$person" red -o x.png

# Sets of names.
refuses 2 "--class-names is voc, ade20k, cityscapes, person, or a file with a name a line, not 'coco'" \
    models info "$BACKDROP_SOURCE_DIR/tests/fuzz/corpus/onnx/batch.onnx" --class-names coco

# Terminals take C1, too, for orders.
refuses 3 'a??[31mb.jpg' $'a\xc2\x9b[31mb.jpg' --color red -o x.png
refuses 3 'a?[31mb.jpg' $'a\x1b[31mb.jpg' --color red -o x.png
refuses 3 $'\xc2\xa0\xc3\xa4.jpg' $'\xc2\xa0\xc3\xa4.jpg' --color red -o x.png

# Verbs.
refuses 2 "backdrop has no verb 'replase'; is it replace? Else see" help replase
refuses 2 "backdrop has no verb 'nothing'; see backdrop --help" help nothing
refuses 2 "no file 'matt'; is it backdrop matte?" matt "$person"

if [ "$failures" -gt 0 ]; then
    printf '%d failures\n' "$failures"
    exit 1
fi
printf 'ok\n'
