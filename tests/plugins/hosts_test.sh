#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The installed frei0r plug-in in ffmpeg, GStreamer and melt, at an even and an odd size: their frames are the command's,
# byte for byte, as RGBA goes in and out. The manual's lines run as they stand.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD
[ -e "$build/frei0r-1/backdrop.so" ] || { echo 'skipped: no plug-in was built (Debian: frei0r-plugins-dev)'; exit 77; }
if nm -D "$build/frei0r-1/backdrop.so" | grep -q __asan_init; then
    echo 'skipped: hosts do not bring the runtime of a sanitized library'
    exit 77
fi
command -v ffmpeg > /dev/null || { echo 'skipped: no ffmpeg (tools/setup --hosts)'; exit 77; }
[ -f "$source/weights/cache/deeplabv3_mnv2_pascal/model.json" ] || { echo 'skipped: no weights (weights/fetch brings them)'; exit 77; }
"$build/backdrop" devices > /dev/null 2>&1 || { echo 'skipped: no Vulkan device'; exit 77; }
work=$(mktemp -d "$build/hosts.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

cmake --install "$build" --prefix "$work/prefix" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
plugin=$(find "$work/prefix" -path '*/frei0r-1/backdrop.so')
[ -n "$plugin" ] || { echo 'no plug-in was installed'; exit 1; }
found=$(nm -D --defined-only "$plugin" | awk '$3 !~ /^f0r_/ { print $3 }' | head)
[ -z "$found" ] || complain "the plug-in shows other names than frei0r's: $found"
export FREI0R_PATH=${plugin%/*} GST_REGISTRY=$work/registry
scene=$source/tools/samples/autumn.jpg
# The plug-in finds the weights of its own install.
unset BACKDROP_WEIGHTS
export XDG_DATA_HOME=$work/data
ln -s "$(realpath "$source/weights/cache")" "$work/prefix/share/backdrop/cache"

raw() { # PICTURE OUT
    ffmpeg -v error -y -i "$1" -f rawvideo -pix_fmt rgba "$2" < /dev/null
}
ffmpeg_run() { # WIDTH HEIGHT IN OUT PARAMETERS...
    ffmpeg -v error -y -f rawvideo -pix_fmt rgba -video_size "$1x$2" -i "$3" -vf "frei0r=backdrop:$5" \
        -f rawvideo -pix_fmt rgba "$4" < /dev/null
}
gstreamer_run() { # the same, with GStreamer's properties
    gst-launch-1.0 -q filesrc location="$3" ! rawvideoparse format=rgba width="$1" height="$2" ! \
        frei0r-filter-backdrop "${@:5}" ! filesink location="$4"
}
melt_run() { # the same, with MLT's; melt reads a file by its name, so IN is a PNG
    melt "avformat:${3%.raw}.png" in=0 out=0 -attach frei0r.backdrop "${@:5}" -consumer "avformat:$4" f=rawvideo \
        vcodec=rawvideo mlt_image_format=rgba pix_fmt=rgba width="$1" height="$2" rescale=none progressive=1 an=1 real_time=-1
}

# check NAME WANTED HOST WIDTH HEIGHT IN PARAMETER...
check() {
    local name=$1 wanted=$2 host=$3 width=$4 height=$5 in=$6
    shift 6
    rm -f "$work/out.raw"
    "${host}_run" "$width" "$height" "$in" "$work/out.raw" "$@" > "$work/log" 2>&1 || complain "$host, $name, fails: $(tail -n 5 "$work/log")"
    cmp "$work/out.raw" "$wanted" || complain "$host, $name: not the command's picture: $(tail -n 5 "$work/log")"
    ! grep '^backdrop:' "$work/log" || complain "$host, $name: said"
    checked=$((checked + 1))
}

checked=0
programs=(ffmpeg:ffmpeg gstreamer:gst-launch-1.0 melt:melt)
for size in 160x120 157x117; do
    width=${size%x*} height=${size#*x}
    photo=$work/$size
    ffmpeg -v error -y -i "$source/tools/samples/person.jpg" -vf "scale=$width:$height" -pix_fmt rgb24 "$photo.png" < /dev/null || exit 1
    raw "$photo.png" "$photo.raw" || exit 1
    "$build/backdrop" -q "$photo.png" "$scene" -o "$photo-picture.png" &&
        "$build/backdrop" -q "$photo.png" --color 204080 -o "$photo-color.png" &&
        "$build/backdrop" -q "$photo.png" --transparent -o "$photo-transparent.png" || exit 1
    for what in picture color transparent; do
        raw "$photo-$what.png" "$photo-$what.raw" || exit 1
    done
    for row in "${programs[@]}"; do
        host=${row%%:*}
        if ! command -v "${row#*:}" > /dev/null; then
            printf 'not tried: there is no %s (tools/setup --hosts)\n' "${row#*:}"
            continue
        fi
        case $host in
        ffmpeg) color='color|0|#204080' ;;
        *) color='background=color' ;;
        esac
        of_color=("$color")
        [ "$host" != gstreamer ] || of_color+=(color-r=0.12549020 color-g=0.25098039 color-b=0.50196078)
        [ "$host" != melt ] || of_color+=('color=#204080')
        named=background=
        [ "$host" != ffmpeg ] || named=''
        # ffmpeg 5 hands over rows of a multiple of 16 bytes, which no frei0r filter knows of: see the manual.
        if [ "$host" = ffmpeg ] && [ $((width % 4)) -ne 0 ]; then
            continue
        fi
        check "picture, $size" "$photo-picture.raw" "$host" "$width" "$height" "$photo.raw" "$named$scene"
        if [ $((width % 2)) -eq 0 ]; then
            check "color, $size" "$photo-color.raw" "$host" "$width" "$height" "$photo.raw" "${of_color[@]}"
        else
            check "transparent, $size" "$photo-transparent.raw" "$host" "$width" "$height" "$photo.raw" "${named}transparent"
        fi
    done
done

# ffmpeg at an odd size, by the manual's way: the command's picture of the padded photo, and of that the photo's part.
pad='pad=ceil(iw/4)*4:ih' photo=$work/157x117
ffmpeg -v error -y -i "$photo.png" -vf "$pad" -pix_fmt rgb24 "$work/padded.png" < /dev/null
"$build/backdrop" -q "$work/padded.png" "$scene" -o "$work/padded-out.png" || exit 1
ffmpeg -v error -y -i "$work/padded-out.png" -vf crop=157:117:0:0 -f rawvideo -pix_fmt rgba "$work/wanted.raw" < /dev/null
ffmpeg -v error -y -i "$photo.png" -vf "$pad,frei0r=backdrop:$scene,crop=157:117:0:0" -f rawvideo -pix_fmt rgba "$work/out.raw" < /dev/null
cmp "$work/out.raw" "$work/wanted.raw" || complain 'ffmpeg, padded: not the command'\''s picture'

# A clip of three frames with a model that is not there: the frames pass, and one line says so.
ffmpeg -v error -y -loop 1 -i "$work/160x120.png" -frames:v 3 -f rawvideo -pix_fmt rgba "$work/clip.raw" < /dev/null
ffmpeg -v error -y -f rawvideo -pix_fmt rgba -video_size 160x120 -i "$work/clip.raw" \
    -vf 'frei0r=backdrop:blur|0.2|black|cover||refine|person|/nowhere/model.json' -f rawvideo -pix_fmt rgba "$work/out.raw" \
    < /dev/null > "$work/log" 2>&1 || complain "with a bad model ffmpeg fails: $(cat "$work/log")"
cmp "$work/out.raw" "$work/clip.raw" || complain 'with a bad model frames do not pass unchanged'
[ "$(grep -c '^backdrop:' "$work/log")" -eq 1 ] || complain "with a bad model this was said: $(cat "$work/log")"

# The manual's commands, in a folder that has what they name.
mkdir "$work/manual" && cd "$work/manual" || exit 1
ffmpeg -v error -y -loop 1 -i "$work/160x120.png" -frames:v 2 -r 25 -c:v libx264 -pix_fmt yuv420p in.mp4 < /dev/null &&
    cp "$scene" beach.jpg || exit 1
sed -n '/^<!-- hosts.sh -->$/,/^[^ <]/s/^    //p' "$source/docs/plugins.md" > lines
[ "$(wc -l < lines)" -ge 3 ] || complain 'the manual has no lines for hosts'
while IFS= read -r line; do
    command -v "${line%% *}" > /dev/null || continue
    rm -f out.*
    bash -c "$line" < /dev/null > "$work/log" 2>&1 || complain "the manual's '$line' fails: $(tail -n 5 "$work/log")"
    [ -s out.mp4 ] || [ -s out.mov ] || [ -s out.png ] || complain "the manual's '$line' writes nothing: $(tail -n 5 "$work/log")"
    ! grep '^backdrop:' "$work/log" || complain "the manual's '$line' says this"
done < lines

printf '%d frames compared\n' "$checked"
[ "$failures" -eq 0 ]
