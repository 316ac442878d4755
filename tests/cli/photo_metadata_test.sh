#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the command keeps of a photo's metadata, as exiftool reads it, and what it does with files that lack their end.
# Needs BACKDROP_BUILD_DIR, BACKDROP_SOURCE_DIR and, for the field's files, BACKDROP_SHARED_DIR.
set -uo pipefail
export LC_ALL=C
field=${BACKDROP_SHARED_DIR:-/nowhere}/data/field
# shellcheck source=tests/support/metadata.sh
. "${BACKDROP_SOURCE_DIR:?}/tests/support/metadata.sh"

photo photo.jpg
picture plain.ppm 64 48
mask upright.pgm 64 48
mask turned.pgm 48 64
run 0 plain.ppm --matte-in upright.pgm --color '#336699' -o plain.jpg
[ "$(exiftool -s3 -EXIF:all -XMP:all -IPTC:all -Comment plain.jpg | wc -l)" -eq 0 ] || complain 'metadata from nowhere'
are photo.jpg "ThumbnailLength $(wc -c < thumb.jpg)" 'XMP-exif:ExifImageWidth 64'

# check FILE: all that was in the photo is there and right.
check() {
    local density='JFIF:XResolution 300'
    [ "${1##*.}" = jpg ] || density='PNG-pHYs:PixelsPerUnitX 11811'
    are "$1" 'Make MadeUp' 'Model Test 1' 'EXIF:Copyright (c) nobody' 'DateTimeOriginal 2020:01:02 03:04:05' \
        'EXIF:GPSLatitude 48.5' 'EXIF:Orientation 1' 'EXIF:ExifImageWidth 48' 'EXIF:ExifImageHeight 64' \
        'EXIF:XResolution 300' 'ThumbnailImage -' 'ThumbnailLength -' $'XMP-dc:Title caf\xc3\xa9' \
        'XMP-tiff:Orientation 1' 'XMP-exif:ExifImageWidth 48' 'IPTC:Keywords one, two' 'Comment by hand' \
        'ImageWidth 48' 'Warning -' 'Error -' "$density"
}

for first in jpg png; do
    run 0 photo.jpg --matte-in turned.pgm --color white -o "first.$first"
    [ ! -s stderr ] || complain "first.$first: $(cat stderr)"
    check "first.$first"
    for second in jpg png; do
        run 0 "first.$first" --matte-in turned.pgm --color white -o "second.$second"
        check "second.$second"
    done
    run 0 photo.jpg --matte-in turned.pgm --color white --strip -o "bare.$first"
    [ -z "$(exiftool -s3 -EXIF:all -XMP:all -IPTC:all -Comment "bare.$first")" ] || complain "--strip keeps: bare.$first"
done
run 0 photo.jpg --matte-in turned.pgm --color white -o out.png --matte-out matte.png
are matte.png 'Make -' 'Comment -'

# Each photo of several has its own.
for i in 1 2 3; do
    cp photo.jpg "many$i.jpg"
    exiftool -q -overwrite_original -Make="Maker $i" "many$i.jpg"
done
exiftool -q -overwrite_original -all= many2.jpg
picture many4.ppm 9 9
run 0 many?.jpg many4.ppm --key '#787878' --color white --output-dir done -q
are done/many1.png 'Make Maker 1'
are done/many2.png 'Make -'
are done/many3.png 'Make Maker 3'
are done/many4.png 'Make -'

# By way of WebP, which holds EXIF and XMP.
if "$backdrop" --version | grep -q '^writes: .*WebP'; then
    run 0 photo.jpg --matte-in turned.pgm --color white -o by.webp
    run 0 by.webp --key '#787878' --color white -o back.jpg
    for file in by.webp back.jpg; do
        are "$file" 'Make MadeUp' 'ThumbnailImage -' 'EXIF:Orientation 1' 'XMP-exif:ExifImageWidth 48'
    done
    run 0 photo.jpg --matte-in turned.pgm --color white --strip -o by.webp
    are by.webp 'Make -' 'XMP-exif:ExifImageWidth -'
fi

# TIFF, from and to: all but comments, which become descriptions.
if "$backdrop" --version | grep -q '^writes: .*TIFF'; then
    told=('Make MadeUp' 'Model Test 1' 'EXIF:Copyright (c) nobody' 'DateTimeOriginal 2020:01:02 03:04:05'
        'EXIF:GPSLatitude 48.5' 'EXIF:Orientation 1' 'EXIF:XResolution 300' 'ThumbnailImage -'
        $'XMP-dc:Title caf\xc3\xa9' 'XMP-tiff:Orientation 1' 'IPTC:Keywords one, two' 'ImageWidth 48' 'ImageHeight 64'
        'EXIF:ImageDescription by hand' 'Warning -' 'Error -')
    run 0 photo.jpg --matte-in turned.pgm --color white -o by.tif
    [ ! -s stderr ] || complain "by.tif: $(cat stderr)"
    are by.tif "${told[@]}" 'EXIF:ExifImageWidth 48' 'XMP-exif:ExifImageWidth 48'
    run 0 plain.ppm --matte-in upright.pgm --color white -o plain8.tif
    { printf 'P6 64 48 65535\n'; head -c $((64 * 48 * 6)) /dev/zero | tr '\0' 'x'; } > deep.ppm
    run 0 deep.ppm --matte-in upright.pgm --color white -o plain16.tif
    for bits in 8 16; do
        cp "plain$bits.tif" made.tif
        exiftool -q -overwrite_original -tagsfromfile photo.jpg -all:all -n -Orientation=6 -ImageDescription='by hand' \
            made.tif || complain "exiftool writes no TIFF of $bits bits"
        for form in tif jpg png; do
            run 0 made.tif --matte-in turned.pgm --color white -o "from.$form"
            [ ! -s stderr ] || complain "from.$form of $bits bits: $(cat stderr)"
            are "from.$form" "${told[@]}"
        done
        are from.tif "BitsPerSample $bits $bits $bits"
        are from.jpg 'JFIF:XResolution 300'
        are from.png 'PNG-pHYs:PixelsPerUnitX 11811'
    done
    # exiftool finds nothing in them that it does not find in those without metadata, or in the photo's entries.
    for file in plain8 by from; do
        exiftool -a -s3 -validate -warning "$file.tif" | grep -v -e Warning -e OK -e ' is not allowed in TIFF$' \
            -e 'Missing required TIFF' > "$file.found"
    done
    for file in by from; do
        cmp -s plain8.found "$file.found" || complain "$file.tif: $(cat "$file.found")"
        checked=$((checked + 1))
    done
    if command -v tiffinfo > /dev/null; then
        for file in by from; do
            tiffcp "$file.tif" copied.tif 2> warned && [ ! -s warned ] || complain "tiffcp $file.tif: $(cat warned)"
            tiffinfo "$file.tif" 2> /dev/null | grep 'GPS directory within directory 0' > /dev/null || complain "tiffinfo $file.tif"
            are copied.tif 'Make MadeUp' 'EXIF:XResolution 300' # tiffcp takes few tags along
        done
    else
        echo 'not looked at: no tiffinfo'
    fi
    # Pixels an inch that no EXIF says.
    run 0 plain.ppm --matte-in upright.pgm --color white -o only.jpg
    exiftool -q -overwrite_original -JFIF:ResolutionUnit=inches -JFIF:XResolution=240 -JFIF:YResolution=240 only.jpg
    run 0 only.jpg --matte-in upright.pgm --color white -o only.tif
    [ ! -s stderr ] || complain "only.tif: $(cat stderr)"
    are only.tif 'EXIF:XResolution 240' 'EXIF:YResolution 240' 'EXIF:ResolutionUnit 2'
    run 0 by.tif --matte-in turned.pgm --color white --strip -o bare.tif
    [ -z "$(exiftool -s3 -Make -Copyright -XResolution -XMP:all -IPTC:all -ExifIFD:all -GPS:all bare.tif)" ] ||
        complain '--strip keeps: bare.tif'
fi

# The end is missing: a note, and one; with --strict, or where pixels are missing, status 4.
for form in jpg png; do
    run 0 plain.ppm --matte-in upright.pgm --color '#336699' -o "whole.$form"
    head -c -2 "whole.$form" > "short.$form"
    run 0 "short.$form" --matte-in upright.pgm --color white -o "out.$form"
    [ "$(grep -c "short.$form.*end is missing" stderr)" -eq 1 ] && [ "$(wc -l < stderr)" -eq 1 ] ||
        complain "short.$form: $(cat stderr)"
    run 4 "short.$form" --matte-in upright.pgm --color white --strict -o "out.$form"
    run 4 plain.ppm --matte-in "short.$form" --color white --strict -o "out.$form"
    head -c -60 "whole.$form" > "half.$form"
    run 4 "half.$form" --matte-in upright.pgm --color white -o "out.$form"
    checked=$((checked + 4))
done

if [ -d "$field/04-metadata-lost" ]; then
    for form in jpg png; do
        run 0 "$field/04-metadata-lost/in.jpg" --matte-in "$field/half.png" --color white -o "field.$form"
        are "field.$form" 'Make MadeUp' 'Model Test 1' 'Copyright (c) nobody' 'ModifyDate 2020:01:02 03:04:05'
        run 0 "$field/04-metadata-lost/in.png" --matte-in "$field/half.png" --color white -o "field_png.$form"
    done
    are field.jpg 'JFIF:XResolution 300'
    are field_png.jpg 'JFIF:XResolution 300'
    are field_png.png 'PNG-pHYs:PixelsPerUnitX 11811'
    for form in long short; do
        run 0 "$field/06-orientation-long/$form.jpg" --matte-in "$field/half_t.png" --transparent -o "$form.png"
        are "$form.png" 'ImageWidth 48' 'ImageHeight 64'
    done
else
    echo 'not looked at: BACKDROP_SHARED_DIR has no data/field'
fi
finish 100
