#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The built command on the samples and on bad input: exit statuses, one-line errors, no partial output.
# Needs BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR; what needs the weights is skipped (77) when they are not fetched.
#
# With BACKDROP_KEEP_OUTPUTS=FOLDER (an empty one) FOLDER/N/ gets the files that the Nth successful command wrote, and its
# standard output when that is a picture. Two builds make the same when this line says the same after a run of each:
#     (cd FOLDER && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum)
set -uo pipefail
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
export BACKDROP_WEIGHTS=$source/weights
backdrop=$build/backdrop person=$source/tools/samples/person.jpg scene=$source/tools/samples/autumn.jpg
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/out" "$work/in"
failures=0
kept=${BACKDROP_KEEP_OUTPUTS-} successes=0
[ -z "$kept" ] || { mkdir -p "$kept" && kept=$(cd "$kept" && pwd); } || exit 1

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# Name, inode and time of every file that a command may have written.
list_files() {
    find "$work" -path "$work/cache" -prune -o -type f ! -path "$work/std*" -printf '%P\t%i\t%T@\n' | sort
}

# keep_outputs BEFORE: copies what is new since list_files said BEFORE.
keep_outputs() {
    local before=$1 folder name
    successes=$((successes + 1))
    folder=$kept/$(printf '%04d' "$successes")
    while IFS=$'\t' read -r name _; do
        mkdir -p "$(dirname "$folder/$name")" && cp "$work/$name" "$folder/$name" || complain "$name is not kept"
    done < <(comm -13 <(printf '%s\n' "$before") <(list_files))
    ! head -c 8 "$work/stdout" | grep -qa '^.PNG' || { mkdir -p "$folder" && cp "$work/stdout" "$folder/"; }
}

# run STATUS ARGUMENTS...: status, and on failure exactly one line that begins with "backdrop: ".
run() {
    local expected=$1 status before=
    shift
    [ -z "$kept" ] || before=$(list_files)
    "$backdrop" "$@" > "$work/stdout" 2> "$work/stderr" < "${input:-/dev/null}"
    status=$?
    [ -z "$kept" ] || [ "$status" -ne 0 ] || keep_outputs "$before"
    [ "$status" -eq "$expected" ] || complain "backdrop $*: status $status, expected $expected: $(cat "$work/stderr")"
    if [ "$expected" -ne 0 ]; then
        [ "$(wc -l < "$work/stderr")" -eq 1 ] && grep -q '^backdrop: ' "$work/stderr" ||
            complain "backdrop $*: not one line: $(cat "$work/stderr")"
    fi
}

# says TEXT: the last error has it.
says() {
    grep -qF -- "$1" "$work/stderr" || complain "no '$1' in: $(cat "$work/stderr")"
}

# Nothing was left in the output folder, not even a temporary.
left_nothing() {
    [ -z "$(ls -A "$work/out")" ] || complain "left behind: $(ls -A "$work/out")"
    rm -rf "${work:?}/out"
    mkdir "$work/out"
}

# pnm FILE WIDTH HEIGHT: a grey picture.
pnm() {
    { printf 'P5 %d %d 255\n' "$2" "$3"; head -c $(($2 * $3)) /dev/zero | tr '\0' 'x'; } > "$work/in/$1"
}

# pnm_ramp FILE: a picture whose columns grow brighter.
pnm_ramp() {
    { printf 'P2 200 1 255\n'; seq 1 200; } > "$work/in/$1"
}

# size FILE: width and height of a PNG.
size() {
    od -An -tu1 -j16 -N8 "$1" | awk '{ print ($3 * 256 + $4) "x" ($7 * 256 + $8) }'
}

check_usage() {
    local out=$work/out/o.png
    run 0 --help
    run 0 replace --help
    run 0 segment -h
    run 0 devices --help
    run 0 models --help
    grep -q 'exit status' "$work/stdout" || complain 'help does not list the exit statuses'
    run 0 --version
    grep -qE '^backdrop [0-9]+\.[0-9]+\.[0-9]+$' "$work/stdout" || complain "version: $(cat "$work/stdout")"
    sed -n 2p "$work/stdout" | grep -q '^reads: JPEG, PNG, .*PNM' || complain "reads: $(cat "$work/stdout")"
    sed -n 3p "$work/stdout" | grep -q '^writes: JPEG, PNG' || complain "writes: $(cat "$work/stdout")"
    run 2
    run 2 --no-such-option
    run 2 -z
    run 2 "$person" "$scene" --json
    says 'no output: give -o OUT'
    run 2 "$person" "$scene" -o
    run 2 "$person" -o "$out"
    run 2 "$person" "$scene" --transparent -o "$out"
    run 2 "$person" "$scene" --fit sideways -o "$out"
    run 2 "$person" "$scene" --foreground maybe -o "$out"
    says 'multilevel, blur or off'
    run 2 "$person" "$scene" --classic --fit cover -o "$out"
    run 2 "$person" "$scene" --gravity up -o "$out"
    run 2 "$person" "$scene" --gravity 20%,101% -o "$out"
    run 2 "$person" "$scene" --fit stretch --gravity north -o "$out"
    run 2 "$person" --color red --gravity north -o "$out"
    run 2 "$person" "$scene" --blur-background 0 -o "$out"
    run 2 "$person" "$scene" --harmonize a-lot -o "$out"
    run 2 "$person" --transparent --harmonize mean -o "$out"
    run 2 "$person" --blur 3 --light-wrap 4 -o "$out"
    run 2 "$person" "$scene" --light-wrap soft -o "$out"
    run 2 "$person" --blur 3 --blur-background 3 -o "$out"
    run 2 "$person" --color '#12345' -o "$out"
    run 2 "$person" --blur -3 -o "$out"
    run 2 "$person" --transparent -o "$work/out/o.jpg"
    run 2 "$person" "$scene" -o "$work/out/o.xcf"
    for keep in some point= point=1 point=1,2,3 point=-1,2 point=x,y; do
        run 2 "$person" "$scene" -o "$out" --keep "$keep"
        says point=X,Y
    done
    run 2 "$person" "$scene" -o "$out" --keep largest --islands 2
    run 2 "$person" "$scene" -o "$out" --islands 101
    run 2 "$person" "$scene" -o "$out" --shrink 1 --grow 1
    for option in shrink grow feather; do
        run 2 matte "$person" -o "$out" --$option=-1
        run 2 matte "$person" -o "$out" --$option 1001
        run 2 matte "$person" -o "$out" --$option nan
        run 2 "$person" "$scene" -o "$out" --$option 1 --classic
        says --$option
    done
    run 2 "$person" "$scene" -o "$out" --fill-holes --classic
    for mask in --classic '--matte soft' "--matte-in $person"; do
        # shellcheck disable=SC2086
        run 2 "$person" "$scene" -o "$out" --guide-blur off $mask
        says --guide-blur
    done
    run 2 segment "$person" --keep largest
    run 2 "$person" "$scene" one too many -o "$out"
    run 2 "$person" "$scene" --json -o -
    run 2 - - -o "$out"
    run 2 "$person" "$scene" --background "$scene" -o "$out"
    run 2 "$person" --background "$scene" --color '#123456' -o "$out"
    run 2 "$person" --transparent --output-dir "$work/out" -o "$out"
    run 2 "$person" - --transparent --output-dir "$work/out"
    run 2 "$person" --transparent --output-dir "$work/out" --tune-share 101
    run 2 "$person" --transparent -o "$out" --tune-share 3
    run 2 "$person" --transparent --output-dir "$work/out" --format jpeg
    run 2 "$person" --transparent --output-dir "$work/out" --matte-out "$out"
    pnm person.png 4 4
    run 2 "$person" "$work/in/person.png" --transparent --output-dir "$work/out"
    says 'would both become'
    run 7 "$person" --transparent --output-dir "$work/nowhere/deep"
    cp "$person" "$work/in/own.jpg"
    run 2 "$work/in/own.jpg" --color '#123456' --output-dir "$work/in" --format jpeg
    says 'would be overwritten'
    cmp -s "$person" "$work/in/own.jpg" || complain 'a photo was overwritten'
    run 2 "$person" "$scene" -o "$out" --matte-out "$out"
    run 2 segment "$person" --labels "$out" --overlay "$out"
    says 'two results'
    run 2 "$person" -o "$out" --blur 0
    says '--blur takes a number of pixels above 0 and up to 10000'
    run 2 "$person" --blur 20000 -o "$out"
    says '--blur takes a number of pixels above 0 and up to 10000'
    run 2 "$person" "$scene" --blur-background nan -o "$out"
    says --blur-background
    run 2 "$person" "$scene" --light-wrap 1001 -o "$out"
    says '--light-wrap takes a number of pixels above 0 and up to 1000'
    run 2 "$person" --colour red -o "$out"
    says 'is it --color?'
    run 2 "$person" --trans -o "$out"
    says 'is it --transparent?'
    run 2 "$person" --outp "$out"
    says 'is it --output?'
    run 2 "$person" --classi -o "$out"
    says 'is it --classic?'
    run 2 "$person" --zzzzzz -o "$out"
    says 'unknown option --zzzzzz; see backdrop replace --help'
    run 2 segmnt "$person"
    says "no file 'segmnt'; is it backdrop segment?"
    run 2 '' "$scene" -o "$out"
    says 'name is empty'
    run 0 help
    grep -q 'exit status' "$work/stdout" || complain 'backdrop help is no help'
    run 0 help matte
    grep -q '^usage: backdrop matte' "$work/stdout" || complain 'backdrop help matte is not about it'
    (cd "$work/in" && : > -dash.jpg && run 2 -dash.jpg "$scene" -o "$out"; says 'goes after --'; exit "$failures")
    failures=$?
    run 2 "$person" --color reddish -o "$out"
    says 'a name of CSS'
    run 2 "$person" --color white -o "$work/out/o.jpg" -Q 101
    says '--quality is 1 to 100'
    run 3 "$work/in" "$scene" -o "$out"
    says 'a folder, not a file'
    run 2 matte - --trimap - -o "$out"
    says 'only one input can be standard input'
    run 2 matte "$person" -o "$work/out/o.jpg"
    says 'o.jpg: what is written is .png'
    run 2 "$person" "$scene" -o "$out" --matte-out "$work/out/o.jpeg"
    run 2 segment "$person" --labels "$work/out/o.jpg"
    run 2 segment "$person" --logits "$work/out/o.png"
    says '.npy'
    run 2 - "$scene" --matte-in - -o "$out"
    says 'only one input can be standard input'
    run 2 matte - --coarse - -o "$out"
    says 'only one input can be standard input'
    run 2 devices -v
    run 2 models --verbose
    run 2 matte "$person" --colour red -o "$out"
    says 'backdrop matte --help'
    run 2 segment
    run 2 segment "$person" --fit cover
    run 2 segment "$person" --labels - --json
    run 2 devices please
    run 7 "$person" "$scene" -o "$work/nowhere/o.png"
    mkdir "$work/in/folder.png"
    run 7 "$person" "$scene" -o "$work/in/folder.png"
    "$backdrop" --help > /dev/full 2> /dev/null
    [ $? -eq 7 ] || complain '--help on a full disk does not fail with 7'
    left_nothing
}

# From 16 photos on software devices may take other kernels, which have to give the same.
check_long_series() {
    local photos=() i
    run 0 "$person" "$scene" -o "$work/in/alone.png"
    for i in $(seq 16); do
        cp "$person" "$work/in/long$i.jpg"
        photos+=("$work/in/long$i.jpg")
    done
    run 0 "${photos[@]}" --background "$scene" --output-dir "$work/out"
    for i in $(seq 16); do
        cmp -s "$work/in/alone.png" "$work/out/long$i.png" || complain "long$i.png is not as alone"
    done
    rm -f "$work"/out/* "$work"/in/long*
}

# A series tunes meanwhile, a little in every run, until all is tuned; its photos stay as they are without.
check_tuning() {
    local photos=() i runs=0 cache=$work/cache
    for i in $(seq 24); do
        pnm_ramp "tuned$i.pgm"
        photos+=("$work/in/tuned$i.pgm")
    done
    series() {
        XDG_CACHE_HOME=$cache run 0 "${photos[@]}" --model "$source/tests/fuzz/corpus/onnx/network.onnx" --size 33 \
            --class 1 --kernels storage --precision fp32 --transparent --output-dir "$work/out" --json "$@"
    }
    series --tune-share 100 --no-tune
    ! grep -q '"tuning"' "$work/stdout" || complain "--no-tune: $(cat "$work/stdout")"
    [ -z "$(ls "$cache"/backdrop/tuning-* 2> /dev/null)" ] || complain '--no-tune has tuned'
    mv "$work/out" "$work/plain"
    local kept= # how many runs it takes is a matter of time
    while [ "$runs" -lt 30 ]; do
        series --tune-share 100
        grep -q '"tuning"' "$work/stdout" || break
        runs=$((runs + 1))
        if grep -q '"default_ms"' "$work/stdout"; then
            grep -q '^tuned storage fp32 network ' "$cache"/backdrop/tuning-* || complain 'no word of it in the file'
        else
            ! grep -q '^tuned ' "$cache"/backdrop/tuning-* || complain 'tuned, and not done'
        fi
        [ "$runs" -gt 1 ] || diff -r "$work/plain" "$work/out" || complain 'photos change when kernels are tuned'
    done
    [ "$runs" -gt 0 ] && [ "$runs" -lt 30 ] || complain "$runs runs tuned"
    ! grep -q '^trial ' "$cache"/backdrop/tuning-* || complain 'trials stay in the file'
    printf 'tuned in %d runs\n' "$runs"
    rm -rf "${work:?}/plain" "$cache" "$work"/in/tuned*
    rm -rf "${work:?}/out"
    mkdir "$work/out"
}

check_bad_pictures() {
    local out=$work/out/o.png
    : > "$work/in/empty.jpg"
    printf 'not a picture at all\n' > "$work/in/text.png"
    head -c 3000 "$person" > "$work/in/cut.jpg"
    # A 200000x200000 greyscale PNG, all header.
    printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\003\r@\0\003\r@\b\0\0\0\0\304\236\254\323' > "$work/in/bomb.png"
    run 3 "$work/in/missing.jpg" "$scene" -o "$out"
    says missing.jpg
    run 3 "$person" "$work/in/missing.jpg" -o "$out"
    run 3 "$work/in" "$scene" -o "$out"
    run 4 "$work/in/empty.jpg" "$scene" -o "$out"
    says empty.jpg
    run 4 "$work/in/text.png" "$scene" -o "$out"
    run 4 "$work/in/cut.jpg" "$scene" -o "$out"
    says cut.jpg
    input=$work/in/text.png run 4 - "$scene" -o "$out"
    says 'standard input'
    "$backdrop" "$work/in/bomb.png" "$scene" -o "$out" 2> "$work/stderr"
    case $? in 4 | 5) ;; *) complain "the decompression bomb: $(cat "$work/stderr")" ;; esac
    run 6 "$person" "$scene" -o "$out" --model no_such_model
    run 6 "$person" "$scene" -o "$out" --model "$work/in/text.png"
    says 'text.png: a text, not an exported network'
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' > "$work/in/pointer.pb"
    run 6 models info "$work/in/pointer.pb"
    says 'pointer.pb: a pointer of Git LFS'
    printf '\n\n<!DOCTYPE html>\n<html>\n' > "$work/in/page.tflite"
    run 6 models info "$work/in/page.tflite"
    says 'page.tflite: an HTML page'
    BACKDROP_WEIGHTS=$work/in run 6 models
    check_folders
    left_nothing
}

# A folder is the only network in it, if there is one; what exists is a path though its name has no slash.
check_folders() {
    local folder=$work/in/$'a f\303\266lder'
    mkdir -p "$folder/saved" "$folder/none"
    run 6 models info "$folder/none"
    says "none: a folder without an exported network"
    printf '\010\001\022\012\012\007"\005serve\022\003\012\001x' > "$folder/saved/saved_model.pb"
    run 6 models info "$folder/saved"
    says 'saved_model.pb: a TensorFlow SavedModel, whose weights lie apart'
    cp "$BACKDROP_SOURCE_DIR/tests/fuzz/corpus/tflite/float.tflite" "$folder/none/n.tflite"
    : > "$folder/none/model.ckpt-1.index"
    run 0 models info "$folder/none/"
    pushd "$folder" > /dev/null || return
    run 0 models info none
    cp "$folder/none/n.tflite" "$folder/none/m.tflite"
    run 6 models info "$folder/none"
    says 'a folder of 2 networks; name one, such as m.tflite or n.tflite'
    ln -s nowhere "$folder/link"
    run 6 models info link
    says 'link: No such file or directory'
    popd > /dev/null || return
    mkfifo "$folder/pipe"
    run 6 models info "$folder/pipe"
    says 'pipe: not a regular file'
    rm -r "$folder"
}

# models verify tells what is right, wrong and missing.
check_verify() {
    local weights=$work/in/weights
    mkdir -p "$weights/cache/tiny"
    printf 'graph' > "$weights/cache/tiny/model.json"
    printf 'numbers' > "$weights/cache/tiny/shard"
    sum() { sha256sum < "$weights/cache/tiny/$1" | cut -d ' ' -f 1; }
    printf '{ "default": "tiny", "models": [ { "name": "tiny", "file": "model.json", "files": [
        { "path": "model.json", "sha256": "%s" }, { "path": "shard", "sha256": "%s" } ] } ] }' \
        "$(sum model.json)" "$(sum shard)" > "$weights/manifest.json"
    BACKDROP_WEIGHTS=$weights run 0 models verify
    printf 'numbert' > "$weights/cache/tiny/shard"
    BACKDROP_WEIGHTS=$weights run 6 models verify tiny
    says '1 file missing or not as in the manifest'
    grep -q '^right .*model\.json$' "$work/stdout" || complain 'models verify does not see what is right'
    grep -q '^WRONG .*shard$' "$work/stdout" || complain 'models verify does not see what is wrong'
    rm "$weights/cache/tiny/shard"
    BACKDROP_WEIGHTS=$weights run 6 models verify
    grep -q '^MISSING .*shard$' "$work/stdout" || complain 'models verify does not see what is missing'
    BACKDROP_WEIGHTS=$weights run 6 models verify other
    rm -r "$weights"
}

check_quantised() {
    local samples=$BACKDROP_SOURCE_DIR/tests/fuzz/corpus/tflite
    run 0 models info "$samples/integers.tflite"
    grep -q "^arithmetic *integer, as TensorFlow Lite's$" "$work/stdout" || complain 'models info names no integers'
    run 0 models info "$samples/integers.tflite" --quantised float --json
    grep -q '"arithmetic":[[:space:]]*"float"' "$work/stdout" || complain '--quantised float is not heard'
    run 0 models info "$samples/inexact.tflite"
    says 'runs in float: node logits: operation CONV_2D: its sums would not be exact in float32'
    grep -q '^arithmetic *float: quantised, but node logits: ' "$work/stdout" || complain 'models info gives no reason'
    run 2 models info "$samples/integers.tflite" --quantised maybe
    says '--quantised maybe is not integer or float'
    # A photo of another size and shape than the network's.
    run 0 segment "$person" --model "$samples/integers_uint8.tflite" --labels "$work/out/integers.png" --json
    run 2 replace "$person" --color white -o "$work/out/none.png" --quantised 8
    rm -f "$work/out"/*
    left_nothing
}

check_mattes() {
    local out=$work/out
    run 0 matte "$person" --matte refine -o "$out/refine.png"
    run 0 matte "$person" --matte best -o "$out/best.png"
    [ "$(size "$out/best.png")" = 512x512 ] || complain "--matte best: $(size "$out/best.png")"
    ! cmp -s "$out/refine.png" "$out/best.png" || complain '--matte best is refine'
    run 0 matte "$person" --matte best -o "$out/again.png"
    cmp "$out/best.png" "$out/again.png" || complain '--matte best is not the same twice'
    run 0 matte "$person" --matte best --size 65 -v -o "$out/larger.png"
    says 'larger look'
    run 0 matte "$person" --matte best --size 65 --rule off -v -o "$out/larger.png"
    [ "$(grep -c ': network  ' "$work/stderr")" -eq 1 ] || complain "--rule off: $(cat "$work/stderr")"
    run 0 matte "$person" --matte best --size 1041x65 -v -o "$out/larger.png"
    [ "$(grep -c 'larger look' "$work/stderr")" -eq 0 ] || complain "--size 1041x65: $(cat "$work/stderr")"
    run 2 matte "$person" --matte finest -o "$out/again.png"
    rm -f "$out"/*
    left_nothing
}

check_devices() {
    local out=$work/out/o.png
    run 0 devices
    run 0 devices --json
    grep -q '"driver"' "$work/stdout" || complain 'devices --json names no driver'
    VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent run 8 devices
    run 0 models
    run 0 models --json
    if [ "$fetched" ]; then
        run 0 models info
        run 0 models info --size 321x513
        grep -q '321 x 513' "$work/stdout" || complain 'models info --size 321x513 says another size'
        for size in 0 x 12x 8193 5x0 5x5x5 -3; do
            run 2 models info "--size=$size"
        done
        printf 'background\r\nsomebody\n' > "$work/in/two.txt"
        printf '%s\n' nothing {1..19} last > "$work/in/twentyone.txt"
        run 2 models info --output-stride 12
        run 6 models info --output-stride 16
        run 0 models info --class-names "$work/in/twentyone.txt"
        grep -q '0 nothing, .* 20 last' "$work/stdout" || complain 'models info names other classes'
        run 2 models info --class-names "$work/in/two.txt"
        says 'two.txt: 2 names, the model has 21 classes'
        run 2 models info --class-names cityscapes
        says 'cityscapes: 19 names, the model has 21 classes'
        run 2 models info --class-names ade20k
        says 'ade20k: 150 names, the model has 21 classes'
        run 0 models info --class-names voc
        run 3 models info --class-names "$work/in/missing.txt"
        run 8 "$person" "$scene" -o "$out" --device 'no such device'
        VK_DRIVER_FILES=/nonexistent VK_ICD_FILENAMES=/nonexistent run 8 "$person" "$scene" -o "$out"
        run 2 "$person" "$scene" -o "$out" --class person,dragon
        says 'tvmonitor'
    fi
    left_nothing
}

# A matte of two squares, 40 and 10 pixels wide, brought by hand and shaped: no network.
check_shapes() {
    local out=$work/out matte=$work/in/squares.pgm
    pnm photo.pgm 100 60
    awk 'BEGIN { printf "P5 100 60 255\n"; for (y = 0; y < 60; y++) for (x = 0; x < 100; x++)
        printf "%s", (x >= 10 && x < 50 && y >= 10 && y < 50) || (x >= 70 && x < 80 && y >= 20 && y < 30) ? "z" : "\001" }' > "$matte"
    sed -i 's/z/\xff/g' "$matte"
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" -o "$out/all.png"
    input=$matte run 0 matte "$work/in/photo.pgm" --matte-in - -o "$out/piped.png"
    cmp -s "$out/all.png" "$out/piped.png" || complain '--matte-in - is not as from a file'
    { printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (60, 100), }"
        tail -c 6000 "$matte"; } > "$work/in/squares.npy"
    input=$work/in/squares.npy run 0 matte "$work/in/photo.pgm" --matte-in - -o "$out/piped.png"
    cmp -s "$out/all.png" "$out/piped.png" || complain '--matte-in - of NumPy is not as from a file'
    input=/dev/null run 4 matte "$work/in/photo.pgm" --matte-in - -o "$out/none.png"
    says 'standard input'
    run 0 "$work/in/photo.pgm" --matte-in "$matte" --color white -o "$out/a.png"
    run 0 "$work/in/photo.pgm" --matte-in "$matte" --color '#fff' -o "$out/b.png"
    run 0 "$work/in/photo.pgm" --matte-in "$matte" --color '#ffffff' -o "$out/none.png"
    cmp -s "$out/a.png" "$out/none.png" && cmp -s "$out/b.png" "$out/none.png" || complain 'white is not #fff, #ffffff'
    rm "$out/none.png"
    # JPEG lays what is transparent over white, and says so.
    { printf 'P5 100 60 255\n'; head -c 6000 /dev/zero; } > "$work/in/black.pgm"
    { printf 'P5 100 60 255\n'; head -c 6000 /dev/zero | tr '\0' '\377'; } > "$work/in/white.pgm"
    run 0 "$work/in/photo.pgm" --matte-in "$work/in/black.pgm" --transparent -o "$out/clear.png"
    run 0 "$work/in/photo.pgm" "$out/clear.png" --matte-in "$work/in/black.pgm" -o "$out/flat.jpg" -Q 100
    says 'flat.jpg: JPEG has no transparency'
    run 0 "$work/in/photo.pgm" "$out/clear.png" --matte-in "$work/in/black.pgm" -o "$out/flat.jpg" -Q 100 -q
    [ ! -s "$work/stderr" ] || complain "-q notes: $(cat "$work/stderr")"
    run 0 matte "$work/in/photo.pgm" --matte-in "$out/flat.jpg" -o "$out/flat.png"
    run 0 matte "$work/in/photo.pgm" --matte-in "$work/in/white.pgm" -o "$out/white.png"
    cmp -s "$out/flat.png" "$out/white.png" || complain 'nothing at all is not white in JPEG'
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --keep largest -o "$out/largest.png"
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --keep point=20,20 -o "$out/point.png"
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --keep point=75,25 -o "$out/other.png"
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --islands 10 -o "$out/islands.png"
    cmp -s "$out/largest.png" "$out/point.png" || complain '--keep largest is not what --keep point=20,20 is'
    cmp -s "$out/largest.png" "$out/islands.png" || complain '--keep largest is not what --islands 10 is'
    cmp -s "$out/largest.png" "$out/all.png" && complain '--keep largest keeps all'
    cmp -s "$out/largest.png" "$out/other.png" && complain '--keep point=75,25 is --keep largest'
    run 2 matte "$work/in/photo.pgm" --matte-in "$matte" --keep point=60,5 -o "$out/none.png"
    says 'no foreground at 60,5'
    run 2 "$work/in/photo.pgm" "$scene" --matte-in "$matte" --keep point=100,5 -o "$out/none.png"
    says 'outside the photo of 100x60'
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --grow 2.5 --feather 4 --fill-holes -o "$out/grown.png"
    run 0 matte "$work/in/photo.pgm" --matte-in "$matte" --shrink 2.5 --depth 16 -o "$out/shrunk.png"
    # The matte that is written is the one that was used: given back, it is not shaped again.
    run 0 "$work/in/photo.pgm" "$scene" --matte-in "$matte" --shrink 2.5 --depth 16 --matte-out "$out/used.png" \
        -o "$out/a.png"
    cmp -s "$out/used.png" "$out/shrunk.png" || complain '--matte-out is not the shaped matte'
    run 0 "$work/in/photo.pgm" "$scene" --matte-in "$out/used.png" -o "$out/b.png"
    cmp -s "$out/a.png" "$out/b.png" || complain 'with --matte-out the matte is shaped twice'
    [ ! -e "$out/none.png" ] || complain 'a matte of nothing was written'
    rm -rf "${out:?}"/*
}

# A trimap that knows the left and the right third: no network.
check_trimap() {
    local out=$work/out trimap=$work/in/trimap.pgm
    pnm photo.pgm 90 60
    awk 'BEGIN { printf "P5 90 60 255\n"; for (y = 0; y < 60; y++) for (x = 0; x < 90; x++)
        printf "%s", x < 30 ? "b" : x < 60 ? "u" : "f" }' | sed '$s/b/\x00/g; $s/f/\xff/g' > "$trimap"
    run 0 matte "$work/in/photo.pgm" --trimap "$trimap" -o "$out/best.png"
    run 0 matte "$work/in/photo.pgm" --trimap "$trimap" --matte best -o "$out/same.png"
    run 0 matte "$work/in/photo.pgm" --trimap "$trimap" --matte refine --coarse "$trimap" -o "$out/refine.png"
    cmp -s "$out/best.png" "$out/same.png" || complain '--trimap alone is not --matte best'
    run 0 matte "$work/in/photo.pgm" --matte-in "$trimap" -o "$out/in.png"
    cmp -s "$out/best.png" "$out/in.png" && complain '--trimap solves nothing'
    run 0 "$work/in/photo.pgm" "$scene" --trimap "$trimap" --feather 3 --matte-out "$out/used.png" -o "$out/a.png"
    run 0 "$work/in/photo.pgm" "$scene" --matte-in "$out/used.png" -o "$out/b.png"
    rm -rf "${out:?}"/*
    pnm small.pgm 45 30
    run 2 matte "$work/in/photo.pgm" --trimap "$work/in/small.pgm" -o "$out/none.png"
    says "small.pgm: 45x30; a trimap has the photo's size, 90x60"
    run 3 matte "$work/in/photo.pgm" --trimap "$work/in/missing.png" -o "$out/none.png"
    run 4 matte "$work/in/photo.pgm" --trimap "$source/README.md" -o "$out/none.png"
    run 2 matte "$work/in/photo.pgm" --trimap "$trimap" --matte hard -o "$out/none.png"
    says '--trimap is for --matte refine or best'
    run 2 matte "$work/in/photo.pgm" --trimap "$trimap" --matte-in "$trimap" -o "$out/none.png"
    run 2 matte "$work/in/photo.pgm" --trimap "$trimap" --keep largest -o "$out/none.png"
    says '--keep does not go with it'
    run 2 "$work/in/photo.pgm" "$scene" --trimap "$trimap" --classic -o "$out/none.png"
    run 2 "$work/in/photo.pgm" --background "$scene" --trimap "$trimap" --output-dir "$out"
    left_nothing
}

# screen NAME COLOR: a square before a colour, in octal.
screen() {
    local row='' band='' x y
    for ((x = 0; x < 60; x++)); do
        row+=$2
        if ((x >= 20 && x < 40)); then band+='\340\254\214'; else band+=$2; fi
    done
    { printf 'P6 60 60 255\n'; for ((y = 0; y < 60; y++)); do
        # shellcheck disable=SC2059 # bytes
        if ((y >= 20)); then printf "$band"; else printf "$row"; fi
    done; } > "$work/in/$1"
}

# A key alone: no network.
check_key() {
    local out=$work/out photo=$work/in/screen.ppm
    screen screen.ppm '\040\260\100'
    pnm photo.pgm 60 60
    run 0 matte "$photo" --key auto -o "$out/auto.png" --model "$work/missing" -v
    grep -q 'key #20b040, on [0-9]* % of the border' "$work/stderr" || complain 'matte -v does not tell the key'
    run 0 matte "$photo" --key '#20b040' -o "$out/colour.png" -v
    ! grep -q 'on .* of the border' "$work/stderr" || complain 'a colour that was given is said to be found'
    run 0 matte "$photo" --key 20b040 --key-tolerance 4 --key-softness 8 --key-shadow keep -o "$out/kept.png"
    cmp -s "$out/auto.png" "$out/colour.png" || complain '--key auto is not --key #20b040'
    run 0 "$photo" --key auto --color white --json --matte-out "$out/used.png" -o "$out/a.png"
    cmp -s "$out/auto.png" "$out/used.png" || complain '--matte-out is not the matte of the key'
    grep -q '"color":.*"#20b040"' "$work/stdout" || complain 'replace --json does not tell the key'
    run 0 "$photo" --key auto --color white -o "$out/b.png"
    cmp -s "$out/a.png" "$out/b.png" || complain 'with --matte-out a key gives another picture'
    run 0 "$photo" --key auto --key-spill 0 --transparent -o "$out/c.png"
    run 0 "$photo" --key auto --output-dir "$out/many" --background "$scene" --json
    grep -q '"color":.*"#20b040"' "$work/stdout" || complain 'a series does not tell the key'
    rm -rf "${out:?}"/*
    run 2 matte "$scene" --key auto -o "$out/none.png"
    says "$scene: no uniform background: only"
    for other in '--matte hard' '--coarse -' '--trimap -' '--matte-in -'; do
        # shellcheck disable=SC2086 # words
        run 2 matte "$photo" --key auto $other -o "$out/none.png"
        says "--key makes the matte from a colour; --${other:2:3}"
    done
    for other in '--rule off' '--bias 1' '--looks 2' '--guide-blur off'; do
        # shellcheck disable=SC2086 # words
        run 2 matte "$photo" --key auto $other -o "$out/none.png"
        says "${other%% *}"
    done
    for other in '--class cat' '--tta flip' '--size 257'; do
        # shellcheck disable=SC2086 # words
        run 2 matte "$photo" --key auto $other -o "$out/none.png"
        says "--key alone does not ask the network; ${other%% *}"
    done
    for other in --coarse --trimap --matte-in; do
        run 2 matte "$photo" $other "$photo" --bias 1 -o "$out/none.png"
        says "$other takes the network's place; --bias"
    done
    run 2 matte "$photo" --rule off --looks 2 -o "$out/none.png"
    run 2 matte "$photo" --levels 90,10 -o "$out/none.png"
    says '--levels takes LOW,HIGH'
    run 2 matte "$photo" --levels 10,90 --threshold 50 -o "$out/none.png"
    run 2 matte "$photo" --key purplish -o "$out/none.png"
    says '--key is auto,'
    run 2 matte "$photo" --key '#20b04080' -o "$out/none.png"
    run 2 matte "$photo" --key-tolerance 3 -o "$out/none.png"
    says '--key-tolerance needs --key'
    run 2 matte "$photo" --key auto --key-with person -o "$out/none.png"
    run 2 "$photo" --key-spill 3 --transparent -o "$out/none.png"
    run 2 "$photo" "$scene" --key auto --classic -o "$out/none.png"
    says '--key does not go with it'
    left_nothing
}

check_pictures() {
    local out=$work/out
    run 0 replace "$person" "$scene" -o "$out/a.png" --json
    grep -q '"timings"' "$work/stdout" || complain 'replace --json has no timings'
    [ "$(size "$out/a.png")" = 512x512 ] || complain "replace: $(size "$out/a.png")"
    run 0 "$person" --color '#336699' -o "$out/b.jpg" -Q 80 -v
    grep -q 'driver' "$work/stderr" || complain '-v names no driver'
    input=$person run 0 - --transparent --class all -o - -q
    cmp -s -n 8 "$work/stdout" "$out/a.png" || complain 'standard output is not a PNG'
    run 0 "$person" --blur 8 -o "$out/c.png"
    pnm_ramp wide.pgm
    for where in northwest 0,0% southeast; do
        run 0 "$person" "$work/in/wide.pgm" --gravity "$where" -o "$out/$where.png"
    done
    cmp -s "$out/northwest.png" "$out/0,0%.png" || complain '--gravity 0,0% is not northwest'
    ! cmp -s "$out/northwest.png" "$out/southeast.png" || complain '--gravity southeast is northwest'
    run 0 "$person" "$scene" --foreground blur --blur-background 9 --harmonize full --light-wrap 6 \
        -o "$out/southeast.png"
    rm -f "$out/northwest.png" "$out/southeast.png" "$out/0,0%.png"
    # The looks' sizes are factors of --size.
    run 0 matte "$person" --size 129 -o "$work/plain.png"
    run 0 matte "$person" --size 129 --tta 1.5 -o "$work/look.png"
    run 0 matte "$person" --size 129 --tta flip -o "$work/flip.png"
    cmp -s "$work/plain.png" "$work/look.png" && complain '--tta 1.5 changes nothing'
    cmp -s "$work/plain.png" "$work/flip.png" && complain '--tta flip changes nothing'
    # Where the device binds less than a tensor, it comes in bands; what is too large all the same is told by its size.
    if grep -q llvmpipe <("$backdrop" devices); then
        run 5 matte "$person" --size 4097 -o "$out/x.png"
        says "an input of 4097x4097 is too large for llvmpipe"
    fi
    run 2 matte "$person" --tta flip,9 -o "$out/x.png"
    run 2 matte "$person" --tta flip,,1.5 -o "$out/x.png"
    run 0 "$person" "$scene" --classic -o "$out/d.png"
    [ "$(size "$out/d.png")" = 513x513 ] || complain "--classic: $(size "$out/d.png")"
    run 0 segment "$person" --labels "$out/l.png" --overlay "$out/o.png" --logits "$out/x.npy" --json
    grep -q '"person"' "$work/stdout" || complain 'nobody found'
    [ "$(size "$out/l.png")" = 513x513 ] || complain "labels: $(size "$out/l.png")"
    [ "$(stat -c %s "$out/x.npy")" -eq $((128 + 65 * 65 * 21 * 4)) ] || complain 'the .npy has the wrong size'
    run 0 segment "$person" --labels "$out/l.png" --photo-size
    [ "$(size "$out/l.png")" = 512x512 ] || complain "labels --photo-size: $(size "$out/l.png")"
    [ "$(ls -A "$out" | wc -l)" -eq 7 ] || complain "more files than asked for: $(ls -A "$out")"
    pnm dot.pgm 1 1
    pnm strip.pgm 20000 10
    for name in dot strip; do
        run 0 "$work/in/$name.pgm" "$scene" -o "$out/$name.png"
        run 0 "$person" "$work/in/$name.pgm" --fit contain -o "$out/$name.png"
    done
    run 0 "$work/in/strip.pgm" "$work/in/dot.pgm" --fit tile -o "$out/strip.png"
    [ "$(size "$out/strip.png")" = 20000x10 ] || complain "strip: $(size "$out/strip.png")"
    run 0 segment "$work/in/dot.pgm" --overlay "$out/dot.png"
    rm -rf "${out:?}"/*

    # What was there stays when the disk is full.
    "$backdrop" "$person" "$scene" --format png -o - > /dev/full 2> "$work/stderr"
    [ $? -eq 7 ] || complain "a full disk: $(cat "$work/stderr")"
    run 7 "$person" "$scene" --format png -o /dev/full
    [ -c /dev/full ] || complain '/dev/full was replaced'
    left_nothing
}

# What is missing in a photo is said; what is done twice is not.
check_notes() {
    local out=$work/out
    run 0 "$person" "$scene" --class cat -o "$out/a.png" --json
    says "no cat found in $person; found: person"
    says "try --class 'person'"
    grep -q '"foreground_share":[[:space:]]*0,' "$work/stdout" || complain "no share of 0: $(cat "$work/stdout")"
    run 0 "$person" "$scene" --class cat --matte-out "$out/m.png" -o "$out/a.png" --quiet
    [ ! -s "$work/stderr" ] || complain "-q does not silence the note: $(cat "$work/stderr")"
    printf 'P2 2 2 255\n0 0 0 0\n' > "$work/in/none.pgm"
    run 0 matte "$person" --bias -20 -o "$out/m.png" --json
    says "the person in $person is too small or faint to be kept"
    grep -q '"empty":[[:space:]]*true' "$work/stdout" || complain "not empty: $(cat "$work/stdout")"
    run 0 matte "$person" --coarse "$work/in/none.pgm" --keep largest -o "$out/m.png"
    says "nothing of $person is foreground"
    run 0 matte "$person" --matte best --looks 1 --size 129 -o "$out/m.png" -v
    ! grep -q 'larger look' "$work/stderr" || complain "--looks 1 takes a larger look"
    run 0 matte "$scene" --class person,dog -o "$out/m.png"
    says "no dog or person found in $scene, nor anything else"
    run 0 matte "$person" -o "$out/m.png" --json
    grep -q '"empty":[[:space:]]*false' "$work/stdout" || complain "empty: $(cat "$work/stdout")"
    grep -qE '"foreground_share":[[:space:]]*0\.4' "$work/stdout" || complain "share: $(cat "$work/stdout")"
    [ ! -s "$work/stderr" ] || complain "a note where a person is: $(cat "$work/stderr")"
    cp "$scene" "$work/in/two"$'\n'"lines.jpg"
    run 0 matte "$work/in/two"$'\n'"lines.jpg" -o "$out/m.png"
    [ "$(wc -l < "$work/stderr")" -eq 1 ] || complain "a note of several lines: $(cat "$work/stderr")"
    # Labels and overlay come from one run of the network.
    run 0 segment "$person" --labels "$out/l.png" --overlay "$out/o.png" -v
    [ "$(grep -c ' labels ' "$work/stderr")" -eq 1 ] || complain "segment: $(cat "$work/stderr")"
    run 0 segment "$person" --overlay "$out/p.png" --labels "$out/l.png" --photo-size
    rm -rf "${out:?}"/*
}

# A picture whose colours are no sRGB keeps them: a profile in PNG and in JPEG; one that is broken is a warning.
check_profiles() {
    local out=$work/out
    # One pixel of light as it is (gAMA 1.0).
    printf '%b' '\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\001\000\000\000\001\010\002\000\000\000\220w' \
        'S\336\000\000\000\004gAMA\000\001\206\240\061\350\226_\000\000\000\014IDATx\234cH\061:\001\000\002' \
        '\134\001_G\045t\333\000\000\000\000IEND\256B`\202' \
        > "$work/in/light.png"
    run 0 "$work/in/light.png" "$scene" -o "$out/a.png"
    grep -qa iCCP "$out/a.png" || complain 'the PNG lost its colours'
    run 0 "$out/a.png" "$scene" -o "$out/b.jpg"
    grep -qa ICC_PROFILE "$out/b.jpg" || complain 'the JPEG lost its colours'
    run 0 "$person" "$work/in/light.png" -o "$out/c.png"
    ! grep -qa iCCP "$out/c.png" || complain 'the photo took the colours of its background'
    { head -c 2 "$person"; printf '\377\342\0\030ICC_PROFILE\0\001\001no thing'; tail -c +3 "$person"; } > "$work/in/odd.jpg"
    run 0 "$work/in/odd.jpg" "$scene" -o "$out/d.png"
    says 'colour profile is ignored'
    run 0 -q "$work/in/odd.jpg" "$scene" -o "$out/d.png"
    [ ! -s "$work/stderr" ] || complain "-q warns: $(cat "$work/stderr")"
    rm -rf "${out:?}"/*
}

# depth FILE: bits of a PNG's samples.
depth() {
    od -An -tu1 -j24 -N1 "$1" | tr -d ' '
}

# A PNG of 16 bits on either side makes one of 16; what cannot hold them has 8.
check_depth() {
    local out=$work/out ours=$work/in/half.pgm
    { printf 'P5 64 48 255\n'; head -c 1536 /dev/zero; head -c 1536 /dev/zero | tr '\0' '\377'; } > "$ours"
    pnm shallow.pgm 64 48
    run 0 matte "$work/in/shallow.pgm" --coarse "$ours" --depth 16 -o "$work/in/deep.png"
    local deep=$work/in/deep.png shallow=$work/in/shallow.pgm
    [ "$(depth "$deep")" = 16 ] || complain 'no photo of 16 bits to test with'
    run 0 "$deep" --color '#102030' --matte-in "$ours" -o "$out/a.png"
    [ "$(depth "$out/a.png")" = 16 ] || complain '16 bits were lost'
    run 0 "$shallow" "$deep" --matte-in "$ours" -o "$out/b.png"
    [ "$(depth "$out/b.png")" = 16 ] || complain "16 bits of the background were lost"
    run 0 "$deep" "$deep" --matte-in "$ours" --matte-out "$out/m.png" --light-wrap 3 --harmonize mean -o "$out/c.png"
    [ "$(depth "$out/c.png")$(depth "$out/m.png")" = 168 ] || complain 'the depths of picture and matte'
    run 0 "$deep" --blur 3 --matte-in "$ours" --format png -o -
    [ "$(depth "$work/stdout")" = 16 ] || complain '16 bits were lost on the way to standard output'
    run 0 "$shallow" "$shallow" --matte-in "$ours" -o "$out/d.png"
    [ "$(depth "$out/d.png")" = 8 ] || complain '16 bits came from nowhere'
    run 0 "$deep" "$deep" --matte-in "$ours" -o "$out/e.jpg"
    [ ! -s "$work/stderr" ] || complain "a JPEG of 16 bits: $(cat "$work/stderr")"
    if [ -n "$fetched" ]; then
        run 0 "$deep" "$deep" --classic -o "$out/f.png"
        says '--classic knows 8 bits only'
        [ "$(depth "$out/f.png")" = 8 ] || complain '--classic has 16 bits'
        run 0 "$deep" "$shallow" --background "$shallow" --output-dir "$out/many"
        [ "$(depth "$out/many/deep.png")$(depth "$out/many/shallow.png")" = 168 ] || complain 'the depths of a series'
    fi
    rm -rf "${out:?}"/*
}

fetched=$("$backdrop" models --json 2> /dev/null | grep -E '"fetched":[[:space:]]*true' || true)
usable=$("$backdrop" devices --json 2> /dev/null | grep -E '"usable":[[:space:]]*true' || true)
check_usage
check_bad_pictures
check_devices
[ -z "$usable" ] || check_shapes
[ -z "$usable" ] || check_depth
[ -z "$usable" ] || check_trimap
[ -z "$usable" ] || check_key
[ -z "$usable" ] || check_long_series
[ -z "$usable" ] || check_tuning
check_verify
[ -z "$usable" ] || check_quantised
[ -z "$fetched" ] || check_pictures
[ -z "$fetched" ] || check_mattes
[ -z "$fetched" ] || check_notes
[ -z "$fetched" ] || check_profiles
if [ "$failures" -gt 0 ]; then
    printf '%d failures\n' "$failures"
    exit 1
fi
if [ -z "$fetched" ]; then
    printf 'the weights are not fetched: only usage and bad input were tested\n'
    exit 77
fi
printf 'ok\n'
