#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the command says of networks and is told of them: what one is fed, labels inside of files, sizes out of all
# proportion, and what exit statuses these have. Needs BACKDROP_BUILD_DIR and BACKDROP_SOURCE_DIR; the inputs from the field are in BACKDROP_SHARED_DIR.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop corpus=${BACKDROP_SOURCE_DIR:?}/tests/fuzz/corpus
field=${BACKDROP_SHARED_DIR:-$BACKDROP_SOURCE_DIR/../shared}/data/field/02-onnx-input-range
broken=${BACKDROP_SHARED_DIR:-$BACKDROP_SOURCE_DIR/../shared}/data/broken
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENTS...: the command, its output in $work/stdout and $work/stderr.
run() {
    local wanted=$1 status
    shift
    "$backdrop" "$@" > "$work/stdout" 2> "$work/stderr"
    status=$?
    [ $status = "$wanted" ] || complain "$*: status $status, not $wanted: $(cat "$work/stderr")"
}

# prints PATTERN, notes PATTERN: a line of standard output, of standard error.
prints() {
    grep -qE -e "$1" "$work/stdout" || complain "nothing printed like '$1' but: $(cat "$work/stdout")"
}
notes() {
    [ "$(grep -cE -e "$1" "$work/stderr")" = 1 ] || complain "not one note like '$1' but: $(cat "$work/stderr")"
}
quiet() {
    [ ! -s "$work/stderr" ] || complain "a note: $(cat "$work/stderr")"
}

# ---- what a network is fed ----

onnx=$corpus/onnx/network.onnx lite=$corpus/tflite
run 0 models info "$lite/float.tflite"
prints '^fed +-1\.\.1, mean 0.5,0.5,0.5, deviation 0.5,0.5,0.5, rgb; by what the trainer'
quiet
run 0 models info "$lite/labels_described.tflite"
prints '^fed .*; by TensorFlow Lite.s metadata in the file$'
prints '^classes +0 nothing, 1 somebody, 2 M.*ll \?\?$'
quiet
run 0 models info "$lite/labels.tflite" --json
prints '"known_by":	"trainer"'
prints '"classes":	\["nothing", "somebody", '
run 0 models info "$lite/labels.tflite" --class-names "$(printf 'a\nb\nc\n' > "$work/names" && echo "$work/names")"
prints '^classes +0 a, 1 b, 2 c$'
run 0 models info "$lite/labels_few.tflite"
notes 'labels_few.tflite: the file has 2 labels, the network 3 classes'
run 0 models info "$lite/labels_few.tflite" --json
prints '"note":	"labels_few'
run 0 models info "$lite/metadata_broken.tflite" -q
quiet
run 6 models info "$lite/edgetpu.tflite"
notes 'compiled for Edge TPUs; the file that it was made from works'
run 0 models info "$onnx"
prints '; by the graph, which'
quiet
run 0 models info "$lite/float.tflite" --input-range 0..255 --channels bgr
prints '^fed +0\.\.255, mean 0,0,0, deviation 0.003922,.*, bgr; by --input-range$'
run 0 models info "$lite/float.tflite" --input-range 0.5/0.25,0.5,1 --json
prints '"mean":	\[0.5, 0.5, 0.5\]'
prints '"deviation":	\[0.25, 0.5, 1\]'
prints '"range":	\[-2, 2\]'
for range in '' 0 0..2 1/ /1 1/0 1,2/1 1,2,3/1,2 1,2,3,4/1 1/1/1 nan/1 0.5/inf 1x/1 imagenet/1; do
    run 2 models info "$lite/float.tflite" "--input-range=$range"
done
run 2 models info "$lite/float.tflite" --channels grb

run 0 models info "$corpus/onnx/dynamic.onnx"
notes "dynamic.onnx: does not tell what it is fed; ImageNet's mean and deviation are assumed; where that is wrong, give --input-range$"

# Of a model without names class 0 is the background, and none to be recommended.
run 0 "$BACKDROP_SOURCE_DIR/tools/samples/person.jpg" --color red --model "$lite/float.tflite" --class 1 -o "$work/none.png"
notes "no class 1 found in .*person.jpg; found: class 2; try --class '2'$"
rm -f "$work/none.png"

# ---- the case from the field: one network exported to expect three ranges ----

if [ -d "$field" ]; then
    for case in range01_torch:0..1 range01_other:0..1 range255:0..255; do
        file=$field/${case%:*}.onnx range=${case#*:}
        run 0 models info "$file"
        prints '; by assumption: the file does not tell$'
        notes "${case%:*}.onnx: does not tell what it is fed; .* assumed; where that is wrong"
        run 0 segment "$field/in.png" --model "$file" --input-range "$range" --labels "$work/${case%:*}.png"
        quiet
    done
    cmp "$work/range255.png" "$work/range01_torch.png" || complain 'ranges that are said give other labels (torch)'
    cmp "$work/range255.png" "$work/range01_other.png" || complain 'ranges that are said give other labels'
    python=/usr/bin/python3
    if "$python" -c 'import numpy, PIL' 2> /dev/null; then
        "$python" - "$work/range255.png" "$field/expected.png" << 'TEXT' || complain 'labels are not expected.png'
import sys
import numpy as np
from PIL import Image
got, expected = (np.array(Image.open(path)) for path in sys.argv[1:])
sys.exit(got.shape != expected.shape or int((got != expected).sum()))
TEXT
    else
        printf 'not compared with expected.png: there is no numpy or PIL\n'
    fi
else
    printf 'not tried: %s is not there\n' "$field"
fi

# ---- out of all proportion ----

if [ -f "$broken/pad_mid.onnx" ]; then
    run 6 models info "$broken/pad_mid.onnx"
    notes '^backdrop: .*pad_mid.onnx: node y: operation conv makes a map of 16031x16031 from a photo of 33x33'
    [ "$(wc -l < "$work/stderr")" = 1 ] || complain 'more than one line'
    run 6 segment "$field/in.png" --model "$broken/pad_mid.onnx" --labels "$work/none.png"
    [ ! -e "$work/none.png" ] || complain 'labels of a network that was refused'
fi

# What a device has no memory for is --size where that was given, else the model. 4 GB of activations are no matter to
# other devices.
if command -v python3 > /dev/null && "$backdrop" devices 2> /dev/null | grep -q llvmpipe; then
    cat > "$work/make.py" << 'TEXT'
import struct, sys
def number(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])
def put(key, value):
    return number(key << 3) + number(value) if isinstance(value, int) else number(key << 3 | 2) + number(len(value)) + value
def weights(name, out, into):
    return put(5, b"".join(put(1, n) for n in (out, into, 1, 1)) + put(2, 1) + put(8, name) + put(9, struct.pack("<f", .01) * out * into))
def value(key, name, *dims):
    shape = put(2, b"".join(put(1, put(1, n)) for n in dims))
    return put(key, put(1, name) + put(2, put(1, put(1, 1) + shape)))
def conv(source, kernel, made):
    return put(1, put(1, source) + put(1, kernel) + put(2, made) + put(3, made) + put(4, b"Conv"))
side = int(sys.argv[2])
graph = (conv(b"x", b"a", b"h") + conv(b"h", b"b", b"y") + put(2, b"g") + weights(b"a", 256, 3) + weights(b"b", 2, 256) +
         value(11, b"x", 1, 3, side, side) + value(12, b"y", 1, 2, side, side))
open(sys.argv[1], "wb").write(put(1, 8) + put(7, graph) + put(8, put(2, 13)))
TEXT
    python3 "$work/make.py" "$work/small.onnx" 65 && python3 "$work/make.py" "$work/middle.onnx" 513 &&
        python3 "$work/make.py" "$work/large.onnx" 2049 || exit 1
    printf 'P6 2 2 255\n............' > "$work/photo.ppm"
    on=(--device llvmpipe --input-range 0..1)
    for case in '0 small' '0 large --size 65' '5 small --size 2049' '5 large --size 2049' '5 middle --tta 0.5,4' '6 large'; do
        read -ra words <<< "$case"
        run "${words[0]}" segment "$work/photo.ppm" --model "$work/${words[1]}.onnx" "${on[@]}" "${words[@]:2}"
        [ "${words[0]}" = 0 ] || notes "^backdrop: .*${words[1]}.onnx: with an input of 2049x2049 it takes 4366 MB of llvmpipe .* which has no room"
    done
    run 6 tune --model "$work/large.onnx" "${on[@]}"
    run 5 tune --model "$work/small.onnx" "${on[@]}" --size 2049
else
    printf 'not tried: a model that is too large for llvmpipe\n'
fi

[ $failures = 0 ] && printf 'all as it should be\n'
exit $((failures > 0))
