# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests of what the command keeps of metadata, as exiftool reads it; sourced by bash scripts under tests/, which end
# with a call of finish. Makes a folder and goes there. Needs BACKDROP_BUILD_DIR.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop
command -v exiftool > /dev/null || { echo 'skipped: no exiftool'; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 checked=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENTS...
run() {
    local expected=$1 status
    shift
    "$backdrop" "$@" > stdout 2> stderr
    status=$?
    [ "$status" -eq "$expected" ] || complain "backdrop $*: status $status, expected $expected: $(cat stderr)"
}

# are FILE "TAG VALUE"...: tags as numbers, not words; "-": none.
are() {
    local file=$1 tags=()
    shift
    for pair; do tags+=("-${pair%% *}"); done
    printf '%s\n' "$@" > wanted
    exiftool -n -f -s3 "${tags[@]}" "$file" > found 2> /dev/null
    printf '%s\n' "${tags[@]#-}" | paste -d ' ' - found | cmp -s - wanted ||
        complain "$file: $(printf '%s\n' "${tags[@]#-}" | paste -d ' ' - found | diff - wanted | grep '^[<>]' | tr '\n' ';')"
    checked=$((checked + $#))
}

# Left half background, right half foreground; turned where a photo is.
picture() { # FILE WIDTH HEIGHT
    { printf 'P6 %d %d 255\n' "$2" "$3"; head -c $(($2 * $3 * 3)) /dev/zero | tr '\0' 'x'; } > "$1"
}
mask() { # FILE WIDTH HEIGHT
    {
        printf 'P2 %d %d 255\n' "$2" "$3"
        for ((i = 0; i < $2 * $3; i++)); do echo $((i % $2 < $2 / 2 ? 0 : 255)); done
    } > "$1"
}

# photo FILE: turned, with all that a JPEG holds, and a thumbnail.
photo() {
    picture photo.ppm 64 48
    mask photo.pgm 64 48
    run 0 photo.ppm --matte-in photo.pgm --color '#336699' -o "$1"
    run 0 photo.ppm --matte-in photo.pgm --color '#993333' -o thumb.jpg
    exiftool -q -overwrite_original -n -Make=MadeUp -Model='Test 1' -Copyright='(c) nobody' -EXIF:Orientation=6 \
        -DateTimeOriginal='2020:01:02 03:04:05' -GPSLatitude=48.5 -GPSLatitudeRef=N -XResolution=300 -YResolution=300 \
        -EXIF:ResolutionUnit=2 -JFIF:ResolutionUnit=1 -ExifImageWidth=64 -ExifImageHeight=48 '-ThumbnailImage<=thumb.jpg' \
        -XMP-tiff:Orientation=6 -XMP-dc:Title=$'caf\xc3\xa9' -XMP-exif:ExifImageWidth=64 -IPTC:Keywords=one \
        -IPTC:Keywords=two -Comment='by hand' "$1" || complain 'exiftool writes no photo'
}

# finish LEAST: how many checks there have to be.
finish() {
    printf '%d checks, %d failures\n' "$checked" "$failures"
    [ "$checked" -gt "$1" ] && [ "$failures" -eq 0 ]
}
