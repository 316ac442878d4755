#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Animations as photos: every frame is done, with its delay, and played as often, where the output holds that. Compared with
# Pillow's frames. Needs BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR; no network is asked.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
field=${BACKDROP_SHARED_DIR:-}/data/field/09-animation-silently-first-frame
# shellcheck source=tests/support/python.sh
. "$source/tests/support/python.sh"
need_device
for form in GIF WebP; do
    "$build/backdrop" --version | grep -q "^writes: .*$form" || skip "a build that writes no $form"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cd "$work" || exit 1
failures=0
complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

"$python" - << 'PYTHON' || exit 1
from PIL import Image, ImageDraw
frames = []
for i in range(4):
    frame = Image.new('RGB', (64, 48), (40, 120, 30))
    ImageDraw.Draw(frame).rectangle((30 + 4 * i, 10, 45 + 4 * i, 40), fill=(250, 30 + 40 * i, 20))
    frames.append(frame)
half = Image.new('L', (64, 48))
half.paste(255, (32, 0, 64, 48))
half.save('half.png')
frames[0].save('still.png')
delays = [50, 120, 70, 200]
more = dict(save_all=True, append_images=frames[1:], duration=delays)
frames[0].save('in.gif', loop=2, **more)
frames[0].save('in.png', loop=3, **more)
frames[0].save('in.webp', loop=3, lossless=True, **more)
PYTHON
mkdir photos
cp in.gif photos/a.gif
cp still.png photos/b.png
cp in.webp photos/c.webp

# same FILE IN TOLERANCE: the right half is IN's in every frame, the left one transparent.
same() {
    "$python" - "$@" << 'PYTHON' || complain "$1 of $2"
import sys
import numpy as np
from PIL import Image, ImageSequence


def read(path):
    image = Image.open(path)
    frames = [(np.asarray(frame.convert('RGBA')).astype(int), frame.info.get('duration'))
              for frame in ImageSequence.Iterator(image)]
    loop = image.info.get('loop')  # Netscape's block counts repetitions, the others how often it is played
    return frames, loop and loop + 1 if path.endswith('.gif') else loop


(made, loop), (wanted, wanted_loop) = read(sys.argv[1]), read(sys.argv[2])
assert len(made) == len(wanted), f'{len(made)} frames'
assert loop == wanted_loop, f'played {loop} times, not {wanted_loop}'
for (a, delay), (b, wanted_delay) in zip(made, wanted):
    width = a.shape[1] // 2
    assert delay == wanted_delay, f'{delay} ms, not {wanted_delay}'
    assert a.shape == b.shape and not a[:, :width, 3].any(), 'the left half'
    assert abs(a[:, width:] - b[:, width:]).max() <= int(sys.argv[3]), abs(a[:, width:] - b[:, width:]).max()
PYTHON
}

for from in gif png webp; do
    for to in gif png webp; do
        "$build/backdrop" in.$from --matte-in half.png --transparent -o out.$to $([ $to != webp ] || echo --lossless) \
            > said 2>&1 || complain "$from to $to: $(cat said)"
        [ ! -s said ] || complain "$from to $to says: $(cat said)"
        same out.$to in.$from $([ $to = gif ] && echo 16 || echo 0)
    done
    "$build/backdrop" in.$from --matte-in half.png --color blue -o out.jpg > said 2>&1 || complain "$from to jpg"
    grep -q 'an animation, of which only the first of 4 frames is taken' said || complain "$from to jpg says: $(cat said)"
done
"$build/backdrop" - --matte-in half.png --transparent --format png -o - < in.gif > out.png 2> said || complain 'standard input'
same out.png in.gif 0
told=$("$build/backdrop" in.gif --matte-in half.png --transparent -o out.png --json)
grep -q '"frames":.4' <<< "$told" && grep -q '"frames_found":.4' <<< "$told" || complain 'no frames in JSON'
"$build/backdrop" in.gif --matte-in half.png --feather 8 --transparent -o soft.gif > said 2>&1 || complain 'a soft edge'
[ "$(grep -c 'no half transparency' said)" -eq 1 ] || complain "a soft edge says: $(cat said)"
# Many: each as its own, stills among them.
"$build/backdrop" photos --key '#28781e' --transparent --output-dir all > said 2>&1 || complain "many: $(cat said)"
grep -q '3 files: 3 done' said || complain "many says: $(cat said)"
"$python" -c "
from PIL import Image
for name, count in ('a', 4), ('b', 1), ('c', 4):
    image = Image.open(f'all/{name}.png')
    assert getattr(image, 'n_frames', 1) == count, (name, image.n_frames)
    for i in range(count):
        image.seek(i)
        alpha = image.convert('RGBA').getchannel('A')
        assert alpha.getpixel((34 + 4 * i, 20)) == 255 and alpha.getpixel((3, 3)) == 0, (name, i)
" || complain 'frames of many'
# --matte-out is an animation of mattes; --crop cuts all frames alike, to what holds the subject of every one.
key=(--key '#28781e')
moves() { # FILE MATTES LEFT TOP WIDTH HEIGHT
    "$python" - "$@" << 'PYTHON' || complain "$1 and $2: the subject's place"
import sys
from PIL import Image
left, top, width, height = map(int, sys.argv[3:])
made, mattes = (Image.open(path) for path in sys.argv[1:3])
assert made.n_frames == mattes.n_frames == 4, (made.n_frames, mattes.n_frames)
for i in range(4):
    made.seek(i)
    mattes.seek(i)
    assert made.size == mattes.size == (width, height), (made.size, mattes.size)
    alpha, matte = made.convert('RGBA').getchannel('A'), mattes.convert('RGB')
    for x in range(width):
        for y in range(height):
            inside = 30 + 4 * i <= x + left <= 45 + 4 * i and 10 <= y + top <= 40
            assert alpha.getpixel((x, y)) == (255 if inside else 0), (i, x, y)
            assert matte.getpixel((x, y)) == ((255,) * 3 if inside else (0,) * 3), (i, x, y)
    assert made.info['duration'] == mattes.info['duration'] == (50, 120, 70, 200)[i], i
PYTHON
}
"$build/backdrop" in.png "${key[@]}" --transparent --matte-out mattes.png -o out.png > said 2>&1 || complain "mattes: $(cat said)"
[ ! -s said ] || complain "mattes say: $(cat said)"
moves out.png mattes.png 0 0 64 48
for from in png webp; do
    "$build/backdrop" in.$from "${key[@]}" --transparent --matte-out mattes.png --crop 0 -o out.png > said 2>&1 ||
        complain "--crop with mattes: $(cat said)"
    [ ! -s said ] || complain "--crop with mattes says: $(cat said)"
    moves out.png mattes.png 30 10 28 31
done
"$build/backdrop" - "${key[@]}" --transparent --crop 2 --format png -o - < in.webp > out.png 2> said || complain "--crop: $(cat said)"
"$build/backdrop" <(cat in.webp) "${key[@]}" --transparent --crop 2 -o piped.png 2> said || complain "a pipe: $(cat said)"
cmp out.png piped.png || complain 'an animation of a pipe is another one'
"$build/backdrop" in.webp "${key[@]}" --transparent --crop 2 -o out.gif --json > said 2>&1 || complain "--crop: $(cat said)"
grep -q '"frames":.4' said && tr -d ' \n\t' < said | grep -q '"crop":{"x":28,"y":8,"width":32,"height":35}' ||
    complain "--crop of an animation: $(cat said)"
"$build/backdrop" in.webp --matte-in half.png --transparent --matte-out mattes.png -o out.png || complain 'mattes of --matte-in'
same out.png in.webp 0
"$build/backdrop" photos "${key[@]}" --transparent --crop 0 --output-dir cut > said 2>&1 || complain "--crop of many: $(cat said)"
"$python" -c "
from PIL import Image
for name, count, width in ('a', 4, 28), ('b', 1, 16), ('c', 4, 28):
    image = Image.open(f'cut/{name}.png')
    assert (getattr(image, 'n_frames', 1), image.size) == (count, (width, 31)), (name, image.size)
" || complain '--crop of many'
if "$build/backdrop" --version | grep -q '^writes: .*TIFF'; then
    "$build/backdrop" in.webp "${key[@]}" --transparent --matte-out matte.tif -o out.png > said 2>&1 || complain "a TIFF: $(cat said)"
    grep -q 'an animation, of which only the first of 4 frames is taken' said || complain "a matte as TIFF says: $(cat said)"
fi
# Cut off in the third frame: an error, and nothing is written.
head -c $(($(stat -c %s in.gif) * 2 / 3)) in.gif > cut.gif
"$build/backdrop" cut.gif --matte-in half.png --transparent -o cut.png > said 2>&1 && complain 'a file that is cut off'
[ "$(wc -l < said)" -eq 1 ] && [ ! -e cut.png ] || complain "cut off: $(cat said)"
"$build/backdrop" cut.gif --matte-in half.png --color red -o cut.jpg > said 2>&1 && complain 'the first frame of a file that is cut off'
# Without a GIF's last byte, or a PNG's IEND, all frames are there: a note, and an error with --strict.
head -c -1 in.gif > end.gif
head -c -12 in.png > end.png
for from in gif png; do
    "$build/backdrop" end.$from --matte-in half.png --transparent -o out.png > said 2>&1 || complain "a $from without its end: $(cat said)"
    [ "$(cat said)" = "backdrop: end.$from: ${from^^}: the file's end is missing; all its pixels are there" ] ||
        complain "a $from without its end says: $(cat said)"
    same out.png in.$from 0
    "$build/backdrop" end.$from --matte-in half.png --color red --strict -o strict.png > said 2>&1
    [ $? -eq 4 ] && [ "$(wc -l < said)" -eq 1 ] && [ ! -e strict.png ] || complain "--strict, $from: $(cat said)"
done
"$build/backdrop" end.gif --matte-in half.png --color red --strict -o strict.jpg > said 2>&1
[ $? -eq 4 ] && [ "$(wc -l < said)" -eq 1 ] && [ ! -e strict.jpg ] || complain "--strict of a GIF whose first frame is taken: $(cat said)"
if [ -d "$field" ]; then
    for from in gif png; do
        for to in gif png webp; do
            "$build/backdrop" "$field/in.$from" --matte-in "$field/../half.png" --transparent -o field.$to \
                $([ $to != webp ] || echo --lossless) || complain "field, $from to $to"
            same field.$to "$field/in.$from" $([ $to = gif ] && echo 24 || echo 0)
        done
    done
fi
[ "$failures" -eq 0 ] && echo ok
exit $((failures > 0))
