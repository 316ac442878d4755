#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Forms of picture files on the command line: names and --format, depth, transparency, what a build lacks. Pixels are
# compared by way of PNG. Needs BACKDROP_BUILD_DIR and a Vulkan device.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work" || exit 1
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

run() { # STATUS ARGUMENTS...
    local expected=$1 status
    shift
    "$backdrop" "$@" > stdout 2> stderr < /dev/null
    status=$?
    [ "$status" -eq "$expected" ] || complain "backdrop $*: status $status, expected $expected: $(cat stderr)"
}

says() {
    grep -qF -- "$1" stderr || complain "no '$1' in: $(cat stderr)"
}

begins() { # FILE MAGIC
    [ "$(head -c "${#2}" "$1" | tr '\0' '.')" = "$2" ] || complain "$1 does not begin with $2"
}

forms=$("$backdrop" --version) || exit 1
can() { # reads|writes FORM
    grep -E "^$1: " <<< "$forms" | grep -qE "[ ,]$2(,|$)"
}

"$backdrop" devices > /dev/null 2>&1 || { echo 'skipped: no Vulkan device'; exit 77; }
# A photo of many colours, and a matte with every grey.
{ printf 'P6 64 32 255\n'; for ((i = 0; i < 2048; i++)); do printf "\\$(printf %o $((i % 64 * 4)))\\$(printf %o $((i / 64 * 8)))\\$(printf %o $((i * 7 % 256)))"; done; } > photo.ppm
{ printf 'P5 64 32 255\n'; for ((i = 0; i < 2048; i++)); do printf "\\$(printf %o $((i / 4 % 256)))"; done; } > matte.pgm
{ printf 'P5 64 32 255\n'; head -c 2048 /dev/zero | tr '\0' '\377'; } > white.pgm
cut=(photo.ppm --matte-in matte.pgm --transparent)

# same PICTURE FILE: the picture is the one in the PNG file.
same() {
    run 0 "$1" --matte-in white.pgm --transparent -o "$1.again.png"
    run 0 "$2" --matte-in white.pgm --transparent -o wanted.png
    cmp -s "$1.again.png" wanted.png || complain "$1 is not $2"
}

run 0 "${cut[@]}" -o cut.png
run 0 photo.ppm --matte-in matte.pgm --color white -o flat.jpg
for name in flat.jpeg flat.jpe flat.jfif flat.JPG; do
    run 0 photo.ppm --matte-in matte.pgm --color white -o "$name"
    cmp -s "$name" flat.jpg || complain "$name is no JPEG"
done
run 0 photo.ppm --matte-in matte.pgm --color white --format jpg -o - && cmp -s stdout flat.jpg || complain '--format jpg'
run 2 "${cut[@]}" -o flat.jpg
says 'JPEG has no transparency'
run 2 "${cut[@]}" -o cut.xcf
says 'ends in none of .jpg, .png'
run 2 photo.ppm --matte-in matte.pgm --color white --lossless -o flat.jpg
says 'JPEG always loses'
run 0 "${cut[@]}" --lossless -o same.png
cmp -s same.png cut.png || complain '--lossless changes a PNG'

if can writes WebP; then
    run 0 "${cut[@]}" --lossless -o cut.webp
    begins cut.webp RIFF
    same cut.webp cut.png
    cp cut.webp called.jpg
    same called.jpg cut.png
    run 0 "${cut[@]}" -o lossy.webp
    run 0 "${cut[@]}" -Q 20 -o small.webp
    [ "$(wc -c < small.webp)" -lt "$(wc -c < lossy.webp)" ] || complain '--quality is nothing to WebP'
    run 0 "${cut[@]}" --format webp -o - && cmp -s stdout lossy.webp || complain '--format webp'
    run 2 "${cut[@]}" --lossless -Q 20 -o small.webp
    says '--quality does not go with it'
    run 0 photo.ppm --matte-in matte.pgm --color white -o flat.webp
    run 0 photo.ppm flat.webp --matte-in matte.pgm -o over.png
    printf 'WebP\n'
else
    run 2 "${cut[@]}" -o cut.webp
    says 'WebP cannot be written: this build has no libwebp'
fi

if can writes TIFF; then
    run 0 "${cut[@]}" -o cut.tif
    begins cut.tif II
    same cut.tif cut.png
    for name in cut.tiff cut.TIF; do
        run 0 "${cut[@]}" -o "$name" && cmp -s "$name" cut.tif || complain "$name is no TIFF"
    done
    for name in tif tiff; do
        run 0 "${cut[@]}" --format "$name" -o - && cmp -s stdout cut.tif || complain "--format $name"
    done
    # A matte of 16 bits, and as a photo of that depth.
    for depth in 8 16; do
        run 0 matte photo.ppm --matte-in matte.pgm --feather 3 --depth "$depth" -o "m$depth.png"
        run 0 matte photo.ppm --matte-in matte.pgm --feather 3 --depth "$depth" -o "m$depth.tif"
        run 0 matte photo.ppm --matte-in "m$depth.tif" --depth 16 -o a.png
        run 0 matte photo.ppm --matte-in "m$depth.png" --depth 16 -o b.png
        cmp -s a.png b.png || complain "the matte of $depth bits is another one as TIFF"
        same "m$depth.tif" "m$depth.png"
    done
    run 0 m16.tif --matte-in white.pgm --transparent -o deep.png
    [ "$(od -An -tu1 -j24 -N1 deep.png | tr -d ' ')" = 16 ] || complain 'a TIFF of 16 bits became a PNG of 8'
    run 0 m16.png --matte-in white.pgm --transparent -o deep.tif
    same deep.tif deep.png
    for name in out.tif out.png; do
        run 0 photo.ppm --matte-in matte.pgm --feather 2 --transparent --matte-out "$name" -o cut.png
    done
    same out.tif out.png
    printf 'TIFF\n'
else
    run 2 matte photo.ppm --matte-in matte.pgm -o m.tif
    says 'TIFF cannot be written: this build has no libtiff'
fi
run 2 matte photo.ppm --matte-in matte.pgm -o m.jpg
says 'a name that ends so'

if ! can writes AVIF; then
    run 2 "${cut[@]}" -o cut.avif
    says 'AVIF cannot be written: this build has no libheif'
fi
for form in WebP:webp TIFF:tif AVIF:avif; do
    ! can writes "${form%:*}" || {
        run 0 photo.ppm --key '#404040' --transparent --format "${form#*:}" --output-dir many 2> /dev/null
        [ -s "many/photo.${form#*:}" ] || complain "--output-dir writes no ${form#*:}"
    }
done
# A matte of many is written as one is: PNG or TIFF.
key=(--key '#404040')
for form in png tiff; do
    [ $form = png ] || can writes TIFF || continue
    ending=${form%f}
    run 0 matte photo.ppm "${key[@]}" --depth 16 -o "one.$ending"
    run 0 matte photo.ppm "${key[@]}" --depth 16 --format $form --output-dir mattes
    cmp -s "mattes/photo.$ending" "one.$ending" || complain "a matte of many is no $form"
    run 0 matte photo.ppm "${key[@]}" --depth 16 --format $form -o one.xyz
    cmp -s one.xyz "one.$ending" || complain "matte --format $form"
    run 0 matte photo.ppm "${key[@]}" --depth 16 --format $form -o -
    cmp -s stdout "one.$ending" || complain "matte --format $form -o -"
done
run 2 matte photo.ppm "${key[@]}" --format jpeg --output-dir mattes
says '--format is png or tiff'
can writes TIFF || {
    run 2 matte photo.ppm "${key[@]}" --format tiff --output-dir mattes
    says 'mattes: TIFF cannot be written: this build has no libtiff'
}
# Numbers of pixels; the photo has 2048.
for most in 3000 3K 3k 1m 1G 0; do
    run 0 photo.ppm --matte-in white.pgm --color white --max-pixels $most -o most.png
done
for most in 2047 2k 2K; do
    run 5 photo.ppm --matte-in white.pgm --color white --max-pixels $most -o most.png
    says 'photo.ppm: 64x32 pixels are too many: the limit is 20'
done
for most in K 2T 2kk 1.5M -1; do
    run 2 photo.ppm --matte-in white.pgm --color white --max-pixels=$most -o most.png
    says "--max-pixels takes a number such as 50000000, 500K, 50M or 2G, 0 for no limit, not '$most'"
done

# A photo longer than a JPEG may be, whose finished matte is as long.
{ printf 'P6\n65501 2\n255\n'; head -c $((65501 * 6)) /dev/zero; } > long.ppm
{ printf 'P5\n65501 2\n255\n'; head -c $((65501 * 2)) /dev/zero | tr '\0' '\377'; } > long.pgm
run 0 long.ppm --matte-in long.pgm --color red --matte-out long_matte.png -o long.png
run 0 long.ppm --matte-in long_matte.png --color red -o again.png
cmp -s long.png again.png || complain "a long photo's matte is not what was written"
run 5 long.ppm --matte-in long.pgm --color red -o long.jpg
says 'backdrop: long.jpg: JPEG holds sides of up to 65500 pixels, not 65501x2'
[ ! -e long.jpg ] || complain 'a JPEG that is too long'
run 5 long.ppm --key '#123456' --color red --matte-out half.png -o long.jpg
says 'long.jpg: JPEG holds'
[ ! -e half.png ] || complain 'half of what was asked for'
run 2 photo.ppm --matte-in white.pgm --color red --matte-out - -o -
says 'standard output takes one of the files or --json, not several'

# What cannot be read is named.
printf 'RIFF\0\0\0\0WEBPVP8 ' > bad.webp
printf 'II*\0\0\0\0\0' > bad.tif
printf '\0\0\0\14ftypavif\0\0\0\0' > bad.avif
for form in WebP:webp TIFF:tif AVIF:avif; do
    run 4 "bad.${form#*:}" --matte-in white.pgm --transparent -o none.png
    says "${form%:*}"
    can reads "${form%:*}" || says 'this build has no lib'
    [ "$(wc -l < stderr)" -eq 1 ] || complain "more than a line: $(cat stderr)"
done
[ "$failures" -eq 0 ]
