#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Metadata of AVIF, HEIC, JPEG XL and GIF, and of animations, as exiftool reads what the command makes of them. Needs
# BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR; what no program here can make is left out and named.
set -uo pipefail
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?}
# shellcheck source=tests/support/metadata.sh
. "$source/tests/support/metadata.sh"

reads() { "$backdrop" --version | grep -q "^reads: .*$1"; }
writes() { "$backdrop" --version | grep -q "^writes: .*$1"; }
leave_out() { echo "not looked at: $*"; }

# notes WORD: one line is said, and it has the word.
notes() {
    [ "$(wc -l < stderr)" -eq 1 ] && grep -q "$1" stderr || complain "not one note of $1: $(cat stderr)"
    checked=$((checked + 1))
}

# check FILE WIDTH HEIGHT: the photo's EXIF and XMP.
check() {
    are "$1" 'Make MadeUp' 'Model Test 1' 'EXIF:Copyright (c) nobody' 'DateTimeOriginal 2020:01:02 03:04:05' \
        'EXIF:GPSLatitude 48.5' 'EXIF:Orientation 1' "EXIF:ExifImageWidth $2" "EXIF:ExifImageHeight $3" \
        'EXIF:XResolution 300' 'ThumbnailImage -' 'ThumbnailLength -' $'XMP-dc:Title caf\xc3\xa9' \
        'XMP-tiff:Orientation 1' "XMP-exif:ExifImageWidth $2" "ImageWidth $2" "ImageHeight $3" 'Warning -' 'Error -'
}

photo photo.jpg
mask half.pgm 64 48
mask turned.pgm 48 64

# ---- AVIF ----

if writes AVIF && "$backdrop" photo.jpg --matte-in turned.pgm --color white -o try.avif 2> /dev/null; then
    run 0 photo.jpg --matte-in turned.pgm --color white -o by.avif
    notes 'metadata of the photo that is not written to AVIF: IPTC, texts'
    check by.avif 48 64
    for form in jpg png; do
        run 0 by.avif --matte-in turned.pgm --color white -o "by_avif.$form"
        [ ! -s stderr ] || complain "by_avif.$form: $(cat stderr)"
        check "by_avif.$form" 48 64
    done
    are by_avif.jpg 'JFIF:XResolution 300'
    run 0 photo.jpg --matte-in turned.pgm --color white --strip -o bare.avif
    are bare.avif 'Make -' 'XMP-dc:Title -'
    # Turned by the file's own word only, whatever EXIF says.
    cp "$source/tests/unit/pictures/turned7.avif" turned7.avif
    if exiftool -q -overwrite_original -n -Make=MadeUp -EXIF:Orientation=6 turned7.avif 2> /dev/null; then
        are turned7.avif 'EXIF:Orientation 6'
        run 0 turned7.avif --key white --color white -o turned7.png
        run 0 "$source/tests/unit/pictures/turned7.avif" --key white --color white --strip -o plain7.png
        run 0 turned7.avif --key white --color white --strip -o stripped7.png
        cmp -s plain7.png stripped7.png || complain 'EXIF turns an AVIF'
        are turned7.png 'Make MadeUp' 'EXIF:Orientation 1' 'ImageWidth 12' 'ImageHeight 16'
    else
        leave_out 'exiftool writes no EXIF into AVIF'
    fi
else
    leave_out 'AVIF, which this build or system does not write'
fi

# ---- HEIC ----

if reads HEIC && heif-enc photo.jpg -o by.heic > /dev/null 2>&1; then
    # Later versions take EXIF's orientation for the file's own.
    if "$backdrop" by.heic --matte-in half.pgm --color white -o by_heic.jpg 2> /dev/null; then
        check by_heic.jpg 64 48
    else
        run 0 by.heic --matte-in turned.pgm --color white -o by_heic.jpg
        check by_heic.jpg 48 64
    fi
else
    leave_out 'HEIC, which no program here writes'
fi

# ---- JPEG XL ----

if reads 'JPEG XL' && command -v cjxl > /dev/null && cjxl photo.jpg by.jxl > /dev/null 2>&1; then
    grep -qa brobExif by.jxl || leave_out 'boxes that are deflated'
    for form in jpg png; do
        run 0 by.jxl --matte-in turned.pgm --color white -o "by_jxl.$form"
        check "by_jxl.$form" 48 64
    done
    # Behind the codestream, and the block as it is.
    exiftool -b -Exif photo.jpg > block
    cjxl --container=0 photo.ppm bare.jxl > /dev/null 2>&1
    box() { # TYPE FILE
        local size=$(($(wc -c < "$2") + 8))
        # shellcheck disable=SC2059 # is a format
        printf "$(printf '\\%o\\%o\\%o\\%o' $((size >> 24)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))$1"
        cat "$2"
    }
    { printf '\0\0\0\0'; cat block; } > boxed
    printf '\r\n\207\n' > signature
    printf 'jxl \0\0\0\0jxl ' > kind
    { box 'JXL ' signature; box ftyp kind; box jxlc bare.jxl; box Exif boxed; } > behind.jxl
    run 0 behind.jxl --matte-in half.pgm --color white -o behind.png
    are behind.png 'Make MadeUp' 'EXIF:Orientation 1' 'EXIF:ExifImageWidth 64' 'ImageWidth 64' 'ThumbnailLength -'
else
    leave_out 'JPEG XL, which no program here writes'
fi

# ---- GIF and animations ----

if writes GIF; then
    run 0 photo.jpg --matte-in turned.pgm --color white -o by.gif
    notes 'metadata of the photo that is not written to GIF: EXIF, IPTC'
    are by.gif 'Comment by hand' $'XMP-dc:Title caf\xc3\xa9' 'XMP-exif:ExifImageWidth 48' 'Warning -'
    run 0 by.gif --matte-in turned.pgm --color white -o by_gif.jpg
    are by_gif.jpg 'Comment by hand' $'XMP-dc:Title caf\xc3\xa9' 'XMP-tiff:Orientation 1'
fi
if ! writes GIF || ! command -v convert > /dev/null || ! convert -delay 5 photo.ppm \( photo.ppm -negate \) start.gif; then
    leave_out 'animations, which need ImageMagick and a build that writes GIF'
    finish 0
    exit
fi
run 0 start.gif --matte-in half.pgm --color white -o anim.png
exiftool -q -overwrite_original -TagsFromFile photo.jpg -EXIF:all -XMP:all -ThumbnailImage -EXIF:Orientation#=1 anim.png &&
    exiftool -q -overwrite_original -Comment='by hand' anim.png || complain 'exiftool writes no PNG'
frames() { are "$1" 'AnimationFrames 2'; }
frames anim.png
are anim.png "ThumbnailLength $(wc -c < thumb.jpg)"
run 0 anim.png --matte-in half.pgm --color white -o anim1.png
check anim1.png 64 48
frames anim1.png
are anim1.png 'Comment by hand' 'PNG-pHYs:PixelsPerUnitX 11811'
run 0 anim1.png --matte-in half.pgm --color white -o anim1.gif
notes 'anim1.gif: metadata of the photo that is not written to GIF: EXIF, pixels an inch'
are anim1.gif 'Comment by hand' $'XMP-dc:Title caf\xc3\xa9' 'FrameCount 2'
run 0 anim1.gif --matte-in half.pgm --color white -o anim2.gif
are anim2.gif 'Comment by hand' $'XMP-dc:Title caf\xc3\xa9' 'FrameCount 2' 'Warning -'
run 0 anim1.png --matte-in half.pgm --color white --strip -o bare.png
are bare.png 'Make -' 'XMP-dc:Title -' 'Comment -' 'AnimationFrames 2'
# The first frame alone keeps it, too.
run 0 anim1.png --matte-in half.pgm --color white -o first.jpg
check first.jpg 64 48
# A turned animation is upright in every frame.
cp anim.png turn.png
exiftool -q -overwrite_original -n -EXIF:Orientation=6 turn.png
run 0 turn.png --matte-in turned.pgm --color white -o upright.png
check upright.png 48 64
frames upright.png
# Of several photos, each has its own.
cp anim1.png other.png
exiftool -q -overwrite_original -Make=Other other.png
run 0 anim1.png other.png start.gif --key '#787878' --color white --output-dir done -q
are done/anim1.png 'Make MadeUp' 'AnimationFrames 2'
are done/other.png 'Make Other' 'AnimationFrames 2'
are done/start.png 'Make -' 'AnimationFrames 2'
# What is lost is said once.
run 0 anim1.png other.png photo.jpg --key '#787878' --color white --format gif --output-dir gifs
[ "$(grep -c 'metadata of the photo' stderr)" -eq 1 ] && grep -q 'gifs/anim1.gif: metadata of the photo' stderr ||
    complain "several photos: $(cat stderr)"
if writes WebP; then
    run 0 anim1.png --matte-in half.pgm --color white -o anim.webp
    notes 'metadata of the photo that is not written to WebP: texts'
    check anim.webp 64 48
    run 0 anim.webp --matte-in half.pgm --color white -o anim2.png
    [ ! -s stderr ] || complain "anim2.png: $(cat stderr)"
    check anim2.png 64 48
    frames anim2.png
    run 0 anim.webp --matte-in half.pgm --color white -o anim3.gif
    notes 'metadata of the photo that is not written to GIF: EXIF'
    are anim3.gif $'XMP-dc:Title caf\xc3\xa9' 'FrameCount 2'
    run 0 anim.webp --matte-in half.pgm --color white --strip -o bare.webp
    are bare.webp 'Make -' 'XMP-dc:Title -'
else
    leave_out 'WebP, which this build does not write'
fi
finish 100
