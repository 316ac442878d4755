#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Folders and many photos: what is taken from a folder, what results are called, what is never overwritten, what is told
# of each photo and of all, and that parts of a job make what the whole one does.
# Needs BACKDROP_BUILD_DIR, BACKDROP_SOURCE_DIR and python3; what needs the weights is left out when they are not fetched.
set -uo pipefail
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
export BACKDROP_WEIGHTS=$source/weights
backdrop=$build/backdrop person=$source/tools/samples/person.jpg scene=$source/tools/samples/autumn.jpg
command -v python3 > /dev/null || { printf 'there is no python3\n'; exit 77; }
"$backdrop" devices --json 2> /dev/null | grep -qE '"usable":[[:space:]]*true' || { printf 'there is no device\n'; exit 77; }
work=$(mktemp -d) || exit 1
trap 'fusermount -u "$work/card" 2> /dev/null; rm -rf "$work"' EXIT
failures=0
cd "$work" || exit 1

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENTS...
run() {
    local expected=$1 status
    shift
    "$backdrop" "$@" > stdout 2> stderr < /dev/null
    status=$?
    [ "$status" -eq "$expected" ] || complain "backdrop $*: status $status, expected $expected: $(cat stderr)"
}

# refuses TEXT ARGUMENTS...: status 2 and one line, with TEXT in it.
refuses() {
    local text=$1
    shift
    run 2 "$@"
    [ "$(wc -l < stderr)" -eq 1 ] && grep -qF -- "$text" stderr || complain "backdrop $*: no one line with '$text': $(cat stderr)"
}

says() {
    grep -qF -- "$1" stderr || complain "no '$1' in: $(cat stderr)"
}

# lines N: of standard error.
lines() {
    [ "$(wc -l < stderr)" -eq "$1" ] || complain "not $1 lines: $(cat stderr)"
}

# made FOLDER NAMES: its files are these.
made() {
    local found
    found=$(cd "$1" 2> /dev/null && find . -type f | sed 's,^\./,,' | sort | paste -sd ' ')
    [ "$found" = "$2" ] || complain "$1 has '$found' instead of '$2'"
}

# screen FILE [NUMBER]: a red square before green, and a picture of its own for every number.
screen() {
    awk -v n="${2:-0}" 'BEGIN { printf "P3 24 18 255\n"; for (y = 0; y < 18; y++) for (x = 0; x < 24; x++)
        print (x > 7 && x < 16 && y > 5 ? (200 + n % 50) " 20 " (n % 200) : "32 176 64") }' > "$1"
}
key=(--key '#20b040' --color white)

# Every line is a JSON object in valid UTF-8; the last one has the summary, which comes to $1 of it.
json() {
    python3 - "$1" << 'PYTHON' || complain "--json, wanted $1: $(tail -n 4 stdout)"
import json, sys
lines = [json.loads(line) for line in open("stdout", "rb").read().decode("utf-8").split("\n")[:-1]]
last = lines.pop()
wanted = dict(pair.split("=") for pair in sys.argv[1].split())
summary = last["summary"]
for key, value in wanted.items():
    assert summary[key] == int(value), (key, summary)
assert len(lines) == summary["files"] == summary["done"] + summary["skipped"] + summary["failed"], summary
assert sum("output" in line for line in lines) == summary["done"], lines
assert sum("skipped" in line for line in lines) == summary["skipped"], lines
assert sum("error" in line and "status" in line for line in lines) == summary["failed"], lines
PYTHON
}

check_folder() {
    mkdir -p in/sub/deeper in/.hidden in/empty
    screen in/b.ppm 1
    screen in/a.ppm 2
    screen in/sub/a.ppm 3
    screen in/sub/deeper/c.d.ppm 4
    screen in/.hidden/no.ppm
    screen in/.no.ppm
    printf 'text\n' > in/a.txt
    printf 'text\n' > in/notes.txt
    ln -s .. in/sub/up
    run 0 in "${key[@]}" --output-dir out --json
    made out 'a.png b.png'
    says '2 files are no pictures and were skipped: a.txt, notes.txt'
    says '4 files: 2 done, 2 skipped'
    lines 2
    json 'done=2 no_pictures=2 failed=0'
    [ "$(grep -o '"path":"in/[^"]*"' stdout | paste -sd ' ')" = '"path":"in/a.txt" "path":"in/a.ppm" "path":"in/b.ppm" "path":"in/notes.txt"' ] ||
        complain "the order: $(cat stdout)"
    run 0 in/ "${key[@]}" --recursive --output-dir deep --suffix -cut -q
    made deep 'a-cut.png b-cut.png sub/a-cut.png sub/deeper/c.d-cut.png'
    lines 0
    # As one by one; matte and segment take folders, too.
    run 0 in/sub/a.ppm "${key[@]}" -o one.png
    lines 0
    cmp one.png deep/sub/a-cut.png || complain 'a photo of a folder is not as alone'
    run 0 matte in "${key[@]:0:2}" --recursive --output-dir mattes --json
    json 'done=4 no_pictures=2'
    made mattes 'a.png b.png sub/a.png sub/deeper/c.d.png'
    run 0 matte in/b.ppm "${key[@]:0:2}" -o one.png
    cmp one.png mattes/b.png || complain 'a matte of a folder is not as alone'
    run 0 in/a.ppm "${key[@]}" --output-dir single
    lines 0
    run 3 in/none.ppm "${key[@]}" --output-dir single
    lines 1
    run 3 in/empty "${key[@]}" --output-dir out
    says 'no files in this folder; --recursive'
    run 3 in "${key[@]}" -o one.png
    says 'a folder, not a file; give --output-dir'
    # What was named and is no picture fails alone.
    run 4 in/a.txt in/a.ppm in/b.ppm "${key[@]}" --output-dir named
    made named 'a.png b.png'
    says '3 files: 2 done, 1 failed'
    lines 2
    run 4 in/a.txt in/a.ppm in/b.ppm "${key[@]}" --output-dir named -q
    lines 1
    for option in --recursive --skip-existing '--suffix x' '--on-clash skip' '--shard 1/2'; do
        # shellcheck disable=SC2086 # words
        refuses "${option%% *} goes with --output-dir" in/a.ppm "${key[@]}" -o one.png $option
    done
    refuses '--suffix is a part of a name' in "${key[@]}" --output-dir out --suffix a/b
    refuses '--shard takes I/N' in "${key[@]}" --output-dir out --shard 3/2
    refuses '--shard takes I/N' in "${key[@]}" --output-dir out --shard 2
    if [ "$(id -u)" -ne 0 ]; then
        chmod 0 in/sub/deeper
        run 3 in "${key[@]}" --recursive --output-dir out2
        says 'in/sub/deeper: Permission denied'
        made out2 'a.png b.png sub/a.png'
        chmod 755 in/sub/deeper
    fi
    # A picture that cannot be read here is not passed over: a JPEG without losses, a BMP with a JPEG in it, a PAM of five
    # channels, a PSD of many inks, a TIFF of a sensor's raw pixels.
    mkdir odd
    screen odd/a.ppm
    python3 - "$person" << 'PYTHON'
import struct, sys
jpeg = open(sys.argv[1], "rb").read()
tags = [(256, 4, 1, 2), (257, 4, 1, 2), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 32803), (273, 4, 1, 8), (277, 3, 1, 1),
        (278, 4, 1, 2), (279, 4, 1, 4)]
odd = {
    "b.jpg": jpeg.replace(b"\xff\xc0", b"\xff\xc3", 1),
    "c.bmp": b"BM" + struct.pack("<IIIIiiHHIIiiII", 54 + len(jpeg), 0, 54, 40, 512, 512, 1, 0, 4, len(jpeg), 0, 0, 0, 0) + jpeg,
    "d.pam": b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nTUPLTYPE inks\nENDHDR\n12345",
    "e.psd": b"8BPS" + struct.pack(">H6xHIIHHIIIH", 1, 5, 1, 1, 8, 7, 0, 0, 0, 0) + b"12345",
    "f.tif": b"II*\0" + struct.pack("<I4sH", 12, b"abcd", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4),
}
for name, data in odd.items():
    open("odd/" + name, "wb").write(data)
PYTHON
    run 4 odd "${key[@]}" --output-dir out3 --json
    json 'done=1 failed=5 no_pictures=0'
    [ "$(grep -c '"status":4' stdout)" -eq 5 ] || complain "statuses of pictures that cannot be read: $(cat stdout)"
    made out3 a.png
    lines 6
    # A folder of results in the folder of photos is none of photos.
    run 0 in "${key[@]}" --recursive --output-dir in/out -q
    run 0 in "${key[@]}" --recursive --output-dir in/out --json
    json 'done=4 no_pictures=2'
    # Nor is one that is not there yet, by whatever link.
    rm -r in/out
    ln -s ../later in/later
    run 0 in "${key[@]}" --recursive --output-dir ./later/ --json
    json 'done=4 no_pictures=2'
    run 0 in "${key[@]}" --recursive --output-dir later --json
    json 'done=4 no_pictures=2'
    rm -r later
    run 3 in "${key[@]}" --recursive --output-dir other
    says 'in/later: No such file or directory'
    rm -rf in odd out* deep mattes single named one.png later other
}

check_clashes() {
    mkdir in
    screen in/a.ppm 1
    screen in/a.pnm 2
    screen in/a-ppm.pnm 3
    printf 'text\n' > in/a.json
    refuses 'in/a.pnm and in/a.ppm would both become out/a.png' in "${key[@]}" --output-dir out
    [ ! -e out ] || complain 'a clash has made the folder'
    run 0 in "${key[@]}" --output-dir numbered --on-clash number
    made numbered 'a-pnm.png a-ppm-2.png a-ppm.png'
    run 0 in "${key[@]}" --output-dir suffixed --on-clash number --suffix _x
    made suffixed 'a-pnm_x.png a-ppm-2_x.png a-ppm_x.png'
    run 0 in "${key[@]}" --output-dir skipped --on-clash skip --json
    made skipped 'a-ppm.png a.png'
    says '1 photo was skipped, whose name another one has: a.ppm'
    json 'done=2 clashes=1 no_pictures=1'
    run 0 in/a.pnm "${key[@]}" -o one.png
    cmp one.png numbered/a-pnm.png && cmp one.png skipped/a.png || complain 'the names are not those of the photos'
    # The numbers are the same whatever a shard has to do.
    for i in 1 2 3; do
        run 0 in "${key[@]}" --output-dir sharded --on-clash number --shard $i/3 -q
    done
    diff -r numbered sharded || complain '--on-clash number depends on --shard'
    rm -rf in out numbered suffixed skipped sharded one.png
}

# Photos that come, go or are mended between runs are neither lost nor taken for others.
check_resuming() {
    local again=("${key[@]}" --output-dir out --on-clash number --skip-existing)
    mkdir in
    screen in/a.ppm 1
    : > in/a.pnm
    run 4 in "${again[@]}" --json
    made out a-ppm.png
    says in/a.pnm
    json 'done=1 failed=1 no_pictures=0'
    screen in/a.pnm 2
    screen in/a.PPM 3
    screen in/b.ppm 4
    run 0 in "${again[@]}" --json
    json 'done=3 existing=1'
    made out 'a-PPM.png a-pnm.png a-ppm.png b.png'
    screen in/b.pnm 5
    run 0 in "${again[@]}" --json
    json 'done=2 existing=3' # b.png is of an earlier run
    made out 'a-PPM.png a-pnm.png a-ppm.png b-pnm.png b-ppm.png b.png'
    for name in a.PPM a.pnm a.ppm b.pnm b.ppm; do
        run 0 "in/$name" "${key[@]}" -o one.png
        cmp one.png "out/${name/./-}.png" || complain "$name is another photo's"
    done
    # Numbers follow from who else is there: such photos are always done again.
    mkdir -p other
    screen other/a.ppm 6
    run 0 in/a.ppm other/a.ppm "${again[@]}" --json
    json 'done=2 existing=0'
    run 0 other/a.ppm in/a.ppm "${again[@]}" --json
    json 'done=2 existing=0'
    run 0 other/a.ppm "${key[@]}" -o one.png
    cmp one.png out/a-ppm.png || complain 'a photo was left alone, whose result is another one'\''s'
    # A photo that is named twice is one.
    run 0 in/b.ppm ./in/b.ppm in/b.ppm "${key[@]}" --output-dir twice
    says '2 photos were named twice, and taken once'
    says '1 file: 1 done'
    made twice b.png
    # A broken file that is called a picture fails, and one that is none is passed over.
    printf 'text\n' > in/c.jpg
    printf 'text\n' > in/d.text
    run 4 in "${key[@]}" --output-dir broken --on-clash number
    says 'in/c.jpg'
    says '1 file is no picture and was skipped: d.text'
    says '7 files: 5 done, 1 skipped, 1 failed'
    rm -rf in out other twice broken one.png
}

# A full disk ends the run.
check_full() {
    local i
    mkdir in out
    for i in 1 2 3 4 5 6; do screen "in/$i.ppm" "$i"; done
    ln -s /dev/full out/2.png
    run 7 in "${key[@]}" --output-dir out --json
    says 'out/2.png: cannot write: No space left on device'
    says '1 failed'
    says 'not begun, as there is no room for more'
    [ ! -e out/6.png ] || complain 'a full disk does not end the run'
    grep -qE '"not_begun":[34]' stdout || complain "--json of a full disk: $(tail -n 1 stdout)"
    rm -rf in out
}

check_overwriting() {
    mkdir in
    screen in/a.ppm 1
    screen in/b.ppm 2
    cp "$scene" in/scene.jpg
    run 0 in/a.ppm "${key[@]}" -o in/c.png
    ln -s ../in/c.png in/link.png
    ln in/c.png in/hard.png
    cp -r in before
    local over='would be overwritten'
    for name in in/c.png ./in/c.png in/../in/c.png "$work/in/c.png" in/link.png in/hard.png; do
        refuses "$over" in/c.png "${key[@]}" -o "$name"
        refuses "$over" in/a.ppm in/c.png "${key[@]:0:2}" -o "$name"
        refuses "$over" in/a.ppm "${key[@]:0:2}" --background in/c.png -o "$name"
        refuses "$over" in/a.ppm --matte-in in/c.png --color red -o "$name"
        refuses "$over" in/c.png "${key[@]}" -o new.png --matte-out "$name"
        refuses "$over" matte in/a.ppm --coarse in/c.png -o "$name"
        refuses "$over" segment in/c.png --labels "$name"
        refuses "$over" in/a.ppm --color red --model in/c.png -o "$name"
    done
    refuses 'new.png: two results' segment in/a.ppm --labels new.png --overlay new.png
    refuses 'are one file, and two results' segment in/a.ppm --labels new.png --overlay ./new.png
    refuses 'are one file, and two results' in/a.ppm "${key[@]}" -o in/new.png --matte-out in/../in/new.png
    ln -s in/new.png new-link.png
    refuses 'are one file, and two results' segment in/a.ppm --labels new-link.png --overlay in/new.png
    rm in/link.png in/hard.png before/link.png before/hard.png new-link.png
    refuses 'in/c.png is read, and would be overwritten; give another --output-dir' in "${key[@]}" --output-dir in
    refuses 'in/scene.jpg is read, and would be overwritten by the result in/./scene.jpg' \
        in/scene.jpg in/a.ppm "${key[@]}" --format jpeg --output-dir in/.
    cp in/scene.jpg in/a.jpg
    refuses 'in/a.jpg is read' in/b.ppm in/a.ppm "${key[@]:0:2}" --background in/a.jpg --format jpeg --output-dir in
    cp in/scene.jpg in/b.jpg
    refuses 'in/a.jpg is read' in/b.ppm in/a.ppm "${key[@]:0:2}" --background 'in/{name}.jpg' --format jpeg --output-dir in
    rm in/a.jpg in/b.jpg
    diff -r before in || complain 'something was overwritten'
    # Devices are nobody's file.
    run 0 in/a.ppm "${key[@]}" --format png -o /dev/null --matte-out /dev/null
    rm -rf in before
}

# What lies beside the photos that were named may be another photo.
check_beside() {
    mkdir in
    for name in a b; do screen in/$name.ppm 1; done
    cp "$scene" in/a.jpg
    cp in/a.jpg before.jpg
    refuses "in/a.jpg is there, in the photos' folder, and would be overwritten; give another" in/a.ppm in/b.ppm "${key[@]}" \
        --format jpeg --output-dir ./in
    made in 'a.jpg a.ppm b.ppm'
    run 0 in/a.ppm in/b.ppm "${key[@]}" --format jpeg --output-dir in --skip-existing
    made in 'a.jpg a.ppm b.jpg b.ppm'
    for _ in 1 2; do run 0 in/a.ppm in/b.ppm "${key[@]}" --format jpeg --output-dir in --suffix -cut; done
    made in 'a-cut.jpg a.jpg a.ppm b-cut.jpg b.jpg b.ppm'
    cmp in/a.jpg before.jpg || complain 'a photo that was not named was overwritten'
    rm -rf in before.jpg
}

# In a folder that makes no difference between A and a.
check_case() {
    local mounted=no
    mkdir in in/1 in/2 card
    screen in/1/A.ppm 1
    screen in/2/a.PPM 2
    if command -v mkfs.vfat > /dev/null && command -v fusefat > /dev/null && [ -w /dev/fuse ]; then
        truncate -s 16M card.img
        mkfs.vfat card.img > /dev/null && fusefat -o rw+ card.img card > /dev/null 2>&1 && mounted=yes
    fi
    if [ "$mounted" = yes ]; then
        refuses 'would both become card/new/out/a.png' in/1 in/2 "${key[@]}" --output-dir card/new/out
        for _ in 1 2; do run 0 in/1 in/2 "${key[@]}" --output-dir card/out --on-clash number; done
        made card 'out/A-ppm.png out/a-PPM-2.png'
        fusermount -u card
    else
        printf 'not looked at: a folder that makes no difference between A and a (dosfstools, fusefat)\n'
    fi
    run 0 in/1 in/2 "${key[@]}" --output-dir out
    made out 'A.png a.png'
    rm -rf in out card card.img
}

# inodes FOLDER: which files are there, and which they are.
inodes() {
    (cd "$1" && find . -type f -printf '%P %i %T@\n' | sort)
}

check_resume() {
    mkdir in
    for i in 1 2 3 4; do screen "in/$i.ppm" "$i"; done
    run 0 in "${key[@]}" --output-dir out -q
    cp -r out whole
    rm out/2.png
    inodes out > before
    run 0 in "${key[@]}" --output-dir out --skip-existing --json
    says '4 files: 1 done, 3 skipped'
    json 'done=1 existing=3'
    diff -r out whole || complain '--skip-existing makes another picture'
    [ -z "$(comm -23 before <(inodes out))" ] || complain '--skip-existing has done what was there'
    run 0 in "${key[@]}" --output-dir out --skip-existing
    says '4 files: 0 done, 4 skipped'
    if [ "$(id -u)" -ne 0 ]; then
        chmod 555 out
        run 0 in "${key[@]}" --output-dir out --skip-existing
        says '4 files: 0 done, 4 skipped'
        run 7 in "${key[@]}" --output-dir out
        chmod 755 out
    fi
    # Where results lie among the photos they are no photos when it is gone on.
    run 0 in "${key[@]}" --output-dir in --suffix -cut -q
    rm in/3-cut.png
    refuses 'in/1-cut.png is read, and would be overwritten; give --skip-existing' \
        in "${key[@]}" --output-dir in --suffix -cut
    run 0 in "${key[@]}" --output-dir in --suffix -cut --skip-existing --json
    json 'done=1 existing=3'
    [ "$(ls in | wc -l)" -eq 8 ] || complain "in place: $(ls in)"
    rm -rf in out whole before
}

check_backgrounds() {
    mkdir in backgrounds
    screen in/a.ppm 1
    screen in/b.ppm 2
    screen in/c.ppm 3
    cp "$scene" backgrounds/a.jpg
    cp "$person" backgrounds/c.jpg
    run 3 in "${key[@]:0:2}" --background 'backgrounds/{name}.jpg' --output-dir out --json
    made out 'a.png c.png'
    json 'done=2 failed=1'
    says 'backgrounds/b.jpg: No such file'
    for name in a c; do
        run 0 in/$name.ppm backgrounds/$name.jpg "${key[@]:0:2}" -o one.png
        cmp one.png out/$name.png || complain "the background of $name is another one"
        run 0 in/$name.ppm --background 'backgrounds/{name}.jpg' "${key[@]:0:2}" -o one.png
        cmp one.png out/$name.png || complain "--background {name} of one photo: $name"
    done
    printf 'text\n' > backgrounds/b.jpg
    run 4 in "${key[@]:0:2}" --background 'backgrounds/{name}.jpg' --output-dir out --json
    json 'done=2 failed=1 no_pictures=0'
    rm -rf in backgrounds out one.png
}

# Names of bytes that are no UTF-8 are valid in JSON, and lines come when photos are done.
check_json() {
    mkdir in
    local bad
    for bad in $'\377' $'a\300\200' $'\355\240\200' $'\364\220\200\200' $'cut\303' $'\303\251' $'q"\\\n\001'; do
        screen "in/$bad.ppm"
    done
    run 0 in "${key[@]}" --output-dir out --json
    json 'done=7 failed=0'
    grep -qaF $'\303\251.png' stdout || complain "a name of UTF-8 is another one: $(cat stdout)"
    run 0 $'in/\377.ppm' "${key[@]}" -o $'out/\376.png' --json
    python3 -c 'import json, sys; assert "\ufffd" in json.loads(sys.stdin.buffer.read().decode("utf-8"))["output"]["path"]' < stdout ||
        complain "--json of one photo: $(cat stdout)"
    run 3 $'in/\375.ppm' $'in/\377.ppm' "${key[@]}" --output-dir out --json
    json 'done=1 failed=1'
    # Whoever has read the first line and goes away stops the run: the others are not done yet.
    mkdir lines
    for i in $(seq 100); do screen "lines/$i.ppm" "$i"; done
    "$backdrop" lines "${key[@]}" --output-dir early --json 2> /dev/null | head -n 1 > stdout
    grep -q '"output"' stdout && [ "$(find early -type f | wc -l)" -lt 100 ] || complain "no line before the end: $(cat stdout)"
    "$backdrop" in "${key[@]}" --output-dir out --json > /dev/full 2> stderr
    [ $? -eq 7 ] || complain "--json on a full disk does not fail with 7: $(cat stderr)"
    rm -rf in out lines early
}

# Without -o standard output gets a PNG.
check_stdout() {
    screen a.ppm
    run 0 a.ppm "${key[@]}" -o one.png
    run 0 a.ppm "${key[@]}"
    cmp stdout one.png || complain 'standard output is not the picture'
    lines 0
    run 0 a.ppm "${key[@]}" --format jpeg
    head -c 2 stdout | cmp -s - <(printf '\377\330') || complain '--format jpeg without -o'
    run 0 matte a.ppm "${key[@]:0:2}" -o one.png
    run 0 matte a.ppm "${key[@]:0:2}"
    cmp stdout one.png || complain 'standard output is not the matte'
    refuses 'no output: give -o OUT' a.ppm "${key[@]}" --json
    refuses 'no output: give -o ALPHA.png' matte a.ppm "${key[@]:0:2}" --json
    if command -v script > /dev/null; then
        script -qec "$(printf '%q ' "$backdrop" a.ppm "${key[@]}")" /dev/null > stdout 2>&1 < /dev/null
        [ $? -eq 2 ] && grep -q 'no output: give -o OUT' stdout || complain "a terminal gets a picture: $(head -c 200 stdout)"
    fi
    rm -f a.ppm one.png
}

# peak FOLDER OUT: the most memory in KiB, of a run over a folder.
peak() {
    python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=open("stdout", "wb"), stderr=open("stderr", "wb")).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, status)' \
        "$backdrop" "$1" --recursive "${key[@]}" --output-dir "$2" --on-clash number --json
}

# 300 files of all kinds, of which none is lost; memory does not grow with their number; four parts make the same.
check_many() {
    local i name peak30 peak300 status
    mkdir -p small many/one many/two/three seeds
    for i in 0 1 2; do screen "seeds/$i.ppm" $i; done
    run 0 seeds/0.ppm "${key[@]}" -o seeds/0.png
    run 0 seeds/0.ppm "${key[@]}" -o seeds/0.jpg
    head -c 200 seeds/0.jpg > seeds/cut.jpg
    for ((i = 0; i < 300; i++)); do
        name=many/$((i % 2 ? 1 : 0))
        case $((i % 3)) in 0) name=many ;; 1) name=many/one ;; 2) name=many/two/three ;; esac
        name+=/p$(((i * 37 + 11) % 250))
        case $((i % 10)) in
        0 | 1 | 2 | 3 | 4) screen "$name-$i.ppm" $i ;;
        5) screen "$name.ppm" $i; printf 'a sidecar\n' > "$name.txt" ;;
        6) cp seeds/0.png "$name-$i.png" ;;
        7) cp seeds/0.jpg "$name-$i.jpg" ;;
        8) printf '{}' > "$name-$i.json" ;;
        9) [ $((i % 50)) -eq 49 ] && cp seeds/cut.jpg "$name-$i.jpg" || screen "$name-$i.ppm" $i ;;
        esac
    done
    local files
    files=$(find many -type f | wc -l)
    for ((i = 0; i < 30; i++)); do screen "small/$i.ppm" $i; done
    read -r peak30 status < <(peak small out30)
    [ "$status" -eq 0 ] || complain "30 photos: status $status: $(cat stderr)"
    read -r peak300 status < <(peak many out)
    [ "$status" -eq 4 ] || complain "$files files: status $status: $(cat stderr)"
    json "files=$files failed=6 no_pictures=60"
    [ "$(find out -type f | wc -l)" -eq $((files - 66)) ] || complain "$(find out -type f | wc -l) results of $files files"
    says "$files files: $((files - 66)) done, 60 skipped, 6 failed"
    printf '%s files; most memory: %s KiB of 30, %s KiB of all\n' "$files" "$peak30" "$peak300"
    [ $((peak300 * 10)) -le $((peak30 * 12)) ] || complain "memory grows: $peak30 to $peak300 KiB"
    # Other places, orders and times.
    mkdir elsewhere && cp -r many elsewhere/named
    for i in 3 1 4 2; do
        LC_ALL=C.UTF-8 "$backdrop" elsewhere/named/ --recursive "${key[@]}" --output-dir parts --on-clash number --shard $i/4 \
            --json > "part-$i" 2> stderr
        [ "$(find parts -type f | wc -l)" -gt 0 ] || complain 'a part has made nothing'
    done
    diff -r out parts || complain 'four parts do not make what one run does'
    [ "$(cat part-? | grep -o '"photo":{"path":"[^"]*"' | sort | uniq -d | wc -l)" -eq 0 ] &&
        [ "$(cat part-? | grep -c '"photo":')" -eq "$files" ] || complain 'a file is in two parts, or in none'
    rm -rf small many seeds out out30 elsewhere parts part-?
}

# Several photos come out as one by one; one that fails leaves the others alone.
check_series() {
    mkdir in out
    cp "$person" in/second.jpg
    run 0 "$person" "$scene" -o in/alone.png
    run 0 "$person" in/second.jpg "$scene" --background "$scene" --output-dir out --json
    [ "$(grep -c '"foreground_share"' stdout)" -eq 3 ] || complain "three photos: $(cat stdout)"
    says 'no person found in '"$scene"
    says '3 files: 3 done, 1 without the subject'
    lines 2
    cmp in/alone.png out/person.png && cmp in/alone.png out/second.png || complain 'a photo of several is not as alone'
    made out 'autumn.png person.png second.png'
    rm -f out/*
    run 3 "$person" in/missing.jpg in/second.jpg --background "$scene" --output-dir out
    says 'in/missing.jpg: No such file'
    says '3 files: 2 done, 1 failed'
    lines 2
    made out 'person.png second.png'
    run 3 in/missing.jpg "$person" --background "$scene" --output-dir out --json
    json 'done=1 failed=1'
    head -n 1 stdout | grep -q '"error":.*missing.jpg: No such file.*"status":3}$' || complain "a failure: $(cat stdout)"
    run 0 "$person" --color '#123456' --output-dir out/made
    made out/made person.png
    rm -rf in out
}

# What the network finds, and what it does not.
check_subject() {
    local few=(--size 129)
    mkdir in
    cp "$person" in/a.jpg
    cp "$scene" in/b.jpg
    run 0 in --color red "${few[@]}" --output-dir out --json
    says '2 files: 2 done, 1 without the subject'
    json 'done=2 without_subject=1'
    grep -q 'a.jpg.*"found":true,"empty":false' stdout && grep -q 'b.jpg.*"found":false' stdout || complain "found: $(cat stdout)"
    run 11 in --color red "${few[@]}" --output-dir failing --fail-empty --json
    json 'done=1 failed=1 without_subject=1'
    grep -q '"error":"no person found in in/b.jpg.*"status":11' stdout || complain "--fail-empty: $(cat stdout)"
    made failing a.png
    cmp out/a.png failing/a.png || complain '--fail-empty changes a picture'
    run 11 matte in/b.jpg "${few[@]}" --fail-empty -o one.png
    lines 1
    [ ! -e one.png ] || complain 'a photo without the subject has a result with --fail-empty'
    run 0 matte in/a.jpg "${few[@]}" --fail-empty -o one.png --json
    grep -q '"found":[[:space:]]*true' stdout || complain "matte: $(cat stdout)"
    # auto is the person where there is one, for one photo and for many, and else the largest class.
    run 0 in --color red "${few[@]}" --class auto --output-dir auto --json
    cmp out/a.png auto/a.png || complain '--class auto is not the person'
    grep -q 'a.jpg.*"class":"person"' stdout || complain "--class auto: $(cat stdout)"
    run 0 matte in/a.jpg "${few[@]}" --class auto -o auto.png
    cmp one.png auto.png || complain 'matte --class auto is not the person'
    # A model that calls the person otherwise has none.
    "$backdrop" models info --json | python3 -c 'import json, sys
print("\n".join({"person": "somebody", "dog": "person"}.get(n, n) for n in json.load(sys.stdin)["classes"]))' > names
    cp "$person" in/c.jpg
    run 0 in --color red "${few[@]}" --class-names names --class somebody --output-dir said -q
    run 0 in --color red "${few[@]}" --class-names names --class auto --output-dir renamed --json
    diff -r said renamed || complain '--class auto does not take the largest class'
    [ "$(grep -c '"class":"somebody"' stdout)" -eq 2 ] || complain "--class auto: $(cat stdout)"
    json 'done=3 without_subject=1'
    run 0 matte in/a.jpg "${few[@]}" --class-names names --class somebody -o one.png
    run 0 matte in/a.jpg "${few[@]}" --class-names names --class auto -o auto.png
    cmp one.png auto.png || complain 'matte --class auto does not take the largest class'
    run 0 in/a.jpg --color red "${few[@]}" --class-names names --class auto -o auto.png --matte-out matte.png --json
    cmp one.png matte.png || complain '--matte-out with --class auto is another matte'
    grep -q '"class":[[:space:]]*"somebody"' stdout || complain "--class auto of one photo: $(cat stdout)"
    run 0 in/a.jpg --color red "${few[@]}" --class-names names --class auto -o auto.png
    cmp said/a.png auto.png || complain '--class auto of one photo is not as of many'
    # segment: names are patterns.
    run 0 segment in "${few[@]}" --labels '{name}.png' --overlay 'seen-{name}.jpg' --logits '{name}.npy' --output-dir maps \
        --suffix _s --json
    made maps 'a_s.npy a_s.png b_s.npy b_s.png c_s.npy c_s.png seen-a_s.jpg seen-b_s.jpg seen-c_s.jpg'
    json 'done=3 failed=0'
    run 0 segment in/a.jpg "${few[@]}" --labels l.png --overlay o.jpg --logits x.npy
    cmp l.png maps/a_s.png && cmp o.jpg maps/seen-a_s.jpg && cmp x.npy maps/a_s.npy || complain 'segment of a folder is not as alone'
    rm maps/seen-b_s.jpg
    run 0 segment in "${few[@]}" --labels '{name}.png' --overlay 'seen-{name}.jpg' --logits '{name}.npy' --output-dir maps \
        --suffix _s --skip-existing
    says '3 files: 1 done, 2 skipped'
    [ "$(head -n 1 stdout)" = in/b.jpg ] || complain "segment's words: $(cat stdout)"
    refuses 'with --output-dir it is a name with {name} in it' segment in --labels a.png --output-dir maps
    refuses '--output-dir needs --labels' segment in --output-dir maps
    refuses 'two results' segment in --labels '{name}.png' --overlay '{name}.png' --output-dir other
    rm -rf in out failing auto said renamed maps names ./*.png ./*.jpg ./*.npy
}

# A pipe that is named is read as standard input is; one in a folder is not even opened.
check_pipes() {
    local way
    mkdir in
    screen in/a.ppm 1
    screen in/b.ppm 2
    mkfifo in/pipe.png
    run 0 in "${key[@]}" --output-dir out --json
    json 'done=2 failed=0'
    run 0 in/a.ppm "${key[@]}" -o one.png
    run 0 <(cat in/a.ppm) "${key[@]}" -o piped.png
    cmp one.png piped.png || complain 'a photo of a pipe is another one'
    cat in/a.ppm > in/pipe.png &
    run 0 in/pipe.png in/b.ppm "${key[@]}" --output-dir out -q
    cmp one.png out/pipe.png || complain 'a photo of a named pipe is another one'
    cat in/a.ppm | "$backdrop" /dev/stdin "${key[@]}" -o piped.png 2> stderr || complain "/dev/stdin: $(cat stderr)"
    cmp one.png piped.png || complain '/dev/stdin is not standard input'
    run 0 matte in/a.ppm "${key[@]:0:2}" -o matte.png
    for way in matte-in coarse trimap; do
        run 0 in/a.ppm --$way matte.png --color white -o one.png
        run 0 in/a.ppm --$way <(cat matte.png) --color white -o piped.png
        cmp one.png piped.png || complain "--$way of a pipe is another one"
    done
    run 0 in/a.ppm --matte-in matte.png in/b.ppm -o one.png
    run 0 <(cat in/a.ppm) --matte-in <(cat matte.png) <(cat in/b.ppm) -o piped.png
    cmp one.png piped.png || complain 'pipes for all inputs make another picture'
    refuses 'in/pipe.png and in/./pipe.png are one pipe, which can be read once' in/pipe.png in/./pipe.png -o one.png
    refuses 'only one input can be standard input' - - -o one.png
    cat in/a.ppm | "$backdrop" - /dev/stdin -o one.png 2> stderr && complain 'standard input is read twice'
    says 'are one pipe'
    run 4 /dev/null --color red -o one.png
    says '/dev/null: the file is empty'
    rm -rf in out one.png piped.png matte.png
}

# A text beside its picture: BACKDROP_SHARED_DIR's case.
check_field() {
    local photos=${BACKDROP_SHARED_DIR:-none}/data/field/08-sidecar-stops-batch/photos
    [ -d "$photos" ] || { printf 'not tried: there is no %s\n' "$photos"; return; }
    run 4 "$photos"/* --key '#6bff3a' --color white --output-dir out
    made out '0001.png 0002.png'
    says '0001.txt: not an image'
    says '3 files: 2 done, 1 failed'
    run 0 "$photos" --key '#6bff3a' --color white --output-dir folder
    diff -r out folder || complain 'a folder is not what its files are'
    rm -rf out folder
}

check_folder
check_clashes
check_resuming
check_full
check_overwriting
check_beside
check_case
check_resume
check_backgrounds
check_json
check_stdout
check_many
check_pipes
check_field
if "$backdrop" models --json 2> /dev/null | grep -qE '"fetched":[[:space:]]*true'; then
    check_series
    check_subject
else
    printf 'the weights are not fetched: what the network finds was not tested\n'
fi
if [ "$failures" -gt 0 ]; then
    printf '%d failures\n' "$failures"
    exit 1
fi
printf 'ok\n'
