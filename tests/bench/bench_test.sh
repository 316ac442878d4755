#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The benchmark programs on a small network with made-up weights: every promised field is there with a sane value, wrong
# logits are found before anything is timed, what is exported as ONNX reads back, charts are drawn,
# what compilers say is compared, and a stream of frames asks for nothing anew.
# Needs BACKDROP_BUILD_DIR, BACKDROP_SOURCE_DIR, python3 and a Vulkan device; skipped (77) without one of the last two.
set -uo pipefail
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
bench=$build/backdrop-bench
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENTS...: of backdrop-bench.
run() {
    local expected=$1 status
    shift
    "$bench" "$@" > "$work/stdout" 2> "$work/stderr" < /dev/null
    status=$?
    [ "$status" -eq "$expected" ] ||
        complain "backdrop-bench $*: status $status, expected $expected: $(tail -n 3 "$work/stderr")"
}

# holds EXPRESSION: over d, the JSON object that standard output was. Python's assert says which part did not.
holds() {
    python3 - "$work/stdout" "$1" <<'PYTHON' || complain "not so: $1"
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2], {"d": d, "json": json}))
PYTHON
}

[ -x "$bench" ] || { echo "skipped: no backdrop-bench in $build"; exit 77; }
command -v python3 > /dev/null || { echo 'skipped: no python3'; exit 77; }
# The drivers of a sanitized run leak; that is not what is asked here.
ASAN_OPTIONS=detect_leaks=0 "$build/backdrop" devices > /dev/null 2>&1 || { echo 'skipped: no Vulkan device'; exit 77; }
# Python is no program of ours: nothing may be loaded into it.
python3() { env -u LD_PRELOAD python3 "$@"; }

# refuses TEXT ARGUMENTS...: with a line that says what is wrong.
refuses() {
    local text=$1
    shift
    run 2 "$@"
    grep -qF -e "$text" "$work/stderr" || complain "backdrop-bench $*: $(cat "$work/stderr")"
}

check_usage() {
    local verb
    run 0 --help
    for verb in $(sed -n 's/^  \([a-z0-9]*\) .*/\1/p' "$work/stdout"); do
        run 0 "$verb" --help
        grep -q "^usage: backdrop-bench $verb" "$work/stdout" && grep -qF -e '--model M' "$work/stdout" ||
            complain "$verb --help: $(cat "$work/stdout")"
    done
    run 2
    refuses 'no verb sideways' sideways
    refuses '1 to 1000, not "0"' network --runs 0
    refuses '1 to 1000, not "2x"' network --runs 2x
    refuses '--runs takes N, and nothing follows' network --runs
    refuses '1 to 8192, not "0"' network --size 0
    refuses '--precision takes auto|fp32|fp16|fast16, not "fp64"' network --precision fp64
    refuses 'no option --no-such-option' network --no-such-option
    refuses '--photo is an option of e2e' network --photo x
    refuses 'else is one argument too many' network else
    refuses 'needs REFERENCE_DIR' compare
    refuses '0 to 1, not "2"' compare "$work" --labels-share 2
    refuses 'not "best,worst"' matte "$work" --mode best,worst
    refuses '--islands takes a number, 0 to 100, not "101"' matte "$work" --islands 101
    refuses '--keep takes all|largest, not "some"' matte "$work" --keep some
    refuses '--every takes a whole number, 1 to 1000000, not "0"' matte "$work" --every 0
    refuses 'needs --out FOLDER|FILE' sheet x.jpg
    run 1 network --model "$work/nothing.json"
    run 1 e2e --model "$model" --megapixels lots
}

check_network() {
    run 0 network --model "$model" --runs 1 --validation --json
    holds 'isinstance(d, dict) and all(d[key] for key in ("device", "driver", "model", "checked_against", "kernels"))'
    holds 'd["input"] == "65x65" and d["output_stride"] == 8 and d["precision"] in ("fp32", "fp16")'
    holds 'd["dispatches"] >= len(d["nodes"]) > 20'
    holds '0 < d["network_ms"]["min"] <= d["network_ms"]["median"] <= d["network_ms"]["max"] and d["network_ms"]["runs"] == 1'
    holds 'd["gflops"] > 0 and 0 < d["peak_share"] < 2 and 0 < d["roofline_share"] < 5'
    holds 'd["peaks"]["copy_gbytes_per_s"] > 0.1 and d["peaks"]["fma_gflops"] > 1'
    holds '0 <= d["max_logit_error"] <= 1e-3 and d["logits_compared"] == 9 * 9 * 21'
    holds 'abs(d["gflops"] - 2e-6 * d["multiply_adds"] / d["network_ms"]["median"]) < 1e-3 * d["gflops"]'
    holds 'all(n["ms"] > 0 and n["bytes"] > 0 and n["kernel"] for n in d["nodes"])'
    holds 'sum(n["multiply_adds"] for n in d["nodes"]) == d["multiply_adds"]'
    run 0 network --model "$model" --runs 3 --json "$work/network-fp32.json" --csv "$work/nodes.csv"
    grep -q 'network: median' "$work/stdout" || complain 'no table on standard output beside --json FILE'
    [ "$(wc -l < "$work/nodes.csv")" -gt 20 ] || complain 'the CSV is short'
    # Half precision: works, or says that the device cannot.
    "$bench" network --model "$model" --runs 1 --precision fp16 > /dev/null 2> "$work/stderr"
    case $? in
    0) ;;
    3) grep -q BD_ERR_UNSUPPORTED "$work/stderr" || complain "fp16 refused without a reason: $(cat "$work/stderr")" ;;
    *) complain "fp16: $(cat "$work/stderr")" ;;
    esac
}

# Stored logits that are right, and the same with one of them changed.
check_reference() {
    mkdir "$work/reference"
    printf 'run\nquit\n' | "$bench" serve --model "$model" --dump "$work/reference" > "$work/stdout" 2> "$work/stderr" ||
        complain "serve: $(cat "$work/stderr")"
    [ "$(wc -l < "$work/stdout")" -eq 2 ] || complain "serve answered: $(cat "$work/stdout")"
    python3 - "$work/reference" <<'PYTHON' || complain 'no reference could be made'
import pathlib, struct, sys, zlib
folder = pathlib.Path(sys.argv[1])
pixels = (folder / "input.u8").read_bytes()
side = 65
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + pixels[y * side * 3 : (y + 1) * side * 3] for y in range(side))
(folder / "made.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0))
                                  + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (9, 9, 21), }".ljust(117) + "\n"
logits = (folder / "logits.f32").read_bytes()
(folder / "made.logits.npy").write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + logits)
PYTHON
    run 0 network --model "$model" --runs 1 --json --reference "$work/reference"
    holds 'd["max_logit_error"] == 0 and "made.logits.npy" in d["checked_against"]'
    # The last logit, plus something.
    printf '\0\0\200\100' | dd of="$work/reference/made.logits.npy" bs=1 seek=$((128 + 9 * 9 * 21 * 4 - 4)) conv=notrunc 2> /dev/null
    run 1 network --model "$model" --runs 1 --json --reference "$work/reference"
    grep -q WRONG "$work/stderr" && [ ! -s "$work/stdout" ] || complain "a wrong logit was not found: $(cat "$work/stderr")"
    run 1 network --model "$model" --runs 1 --json --reference "$work/nowhere"
}

check_others() {
    run 0 kernels --model "$model" --runs 1 --json
    holds 'len(d["sets"]) >= 2 and all("groups" in s or "unsupported" in s for s in d["sets"])'
    holds 'any(s["precision"] == "fp32" and s["groups"] and s["max_logit_error"] <= 1e-3 for s in d["sets"] if "groups" in s)'
    run 0 start --model "$model" --runs 1 --json
    holds 'all(0 < d[w]["first_dispatch_ms"]["median"] < d[w]["first_result_ms"]["median"] for w in ("cold", "warm"))'
    run 0 e2e --model "$model" --runs 1 --megapixels 0.05,0.2 --json
    holds '[p["size"] for p in d["photos"]] == ["258x194", "516x387"]'
    holds 'all(0 < p["network_ms"]["median"] < p["replace_ms"]["median"] < p["total_ms"]["median"] for p in d["photos"])'
    cp "$work/stdout" "$work/e2e.json"
}

# A stream of frames: nothing is asked for anew, and where more sets take turns than the library keeps that is found.
check_frames() {
    local frames=(frames --model "$model" --frame-size 96x64 --in-flight 2)
    run 0 "${frames[@]}" --frames 24 --vary 4 --validation --json
    holds '[p["path"] for p in d["paths"]] == ["images", "memory"] and d["is_steady"]'
    holds 'd["device"] and d["driver"] and d["precision"] and d["input"] == "65x65" and d["output_stride"] == 8'
    holds 'all([s["size"] for s in p["sets"]] == ["96x64", "72x48", "96x64", "72x48"] for p in d["paths"])'
    holds 'all(0 < s["own_cpu_ms"]["median"] < s["cpu_ms"]["max"] and s["wall_ms"]["min"] > 0 for p in d["paths"] for s in p["sets"])'
    holds 'all(p["steady"]["frames"] == 8 and p["steady"]["vulkan_calls_per_frame"] > 1 for p in d["paths"])'
    holds 'all(m["host_bytes"] > 0 and m["device_bytes"] > 0 for p in d["paths"] for m in p["marks"])'
    run 1 "${frames[@]}" --frames 28 --vary 6 --coarse --path images
    grep -q 'NOT STEADY' "$work/stderr" || complain "six sets in turns: $(cat "$work/stderr")"
    run 1 "${frames[@]}" --frames 16 --vary 4
    grep -q 'more than 16 --frames' "$work/stderr" || complain "too few frames: $(cat "$work/stderr")"
    run 1 "${frames[@]}" --frame-size 96
    grep -q 'WIDTHxHEIGHT' "$work/stderr" || complain "half a size: $(cat "$work/stderr")"
}

check_export() {
    local text
    "$build/backdrop-export" "$model" "$work/m.onnx" || complain 'the export failed'
    text=$(python3 "$source/bench/peers/onnx_file.py" "$work/m.onnx") || complain 'the ONNX file cannot be read'
    grep -qF 'input x [1, 3, 65, 65], output logits [1, 21, 9, 9], opset 13' <<< "$text" || complain "in the ONNX file: $text"
    # 53 convolutions of the backbone, 9 of the head, two of those of the folded image pooling.
    grep -qF 'Conv 62,' <<< "$text" && grep -qF 'MaxPool 1' <<< "$text" || complain "in the ONNX file: $text"
    head -c 5000 "$work/m.onnx" > "$work/cut.onnx"
    python3 "$source/bench/peers/onnx_file.py" "$work/cut.onnx" 2> /dev/null && complain 'half an ONNX file was accepted'
    "$build/backdrop-export" "$work/cut.onnx" "$work/o.onnx" 2> /dev/null && complain 'what is no model was exported'
    [ ! -e "$work/o.onnx" ] || complain 'a failed export left a file'
    if command -v node > /dev/null; then
        node "$source/bench/peers/run.mjs" "$work/m.onnx" --modules "$work" -- "$bench" serve --dump "$work" 2> "$work/stderr"
        [ $? -eq 3 ] || complain "without onnxruntime: $(cat "$work/stderr")"
    fi
}

check_sheet() {
    local sheet=("$bench" sheet "$source/tools/samples/person.jpg" --model "$model" --width 64)
    mkdir "$work/sheets"
    "${sheet[@]}" --out "$work/sheets" --validation > "$work/stdout" 2> "$work/stderr" ||
        complain "sheet: $(cat "$work/stderr")"
    python3 - "$work/sheets/person.png" <<'PYTHON' || complain 'the contact sheet is not eight tiles in two rows'
import struct, sys
width, height = struct.unpack(">II", open(sys.argv[1], "rb").read(24)[16:])
assert width == 8 + 4 * 72 and height > 8 + 2 * (8 + 16 + 32), (width, height)
PYTHON
    "${sheet[@]}" --out "$work/sheets/two.png" --tiles photo,classic --background "$source/tools/samples/person.jpg" \
        > "$work/stdout" 2> "$work/stderr" || complain "sheet --tiles: $(cat "$work/stderr")"
    [ -s "$work/sheets/two.png" ] || complain 'no sheet at the path that was given'
    "${sheet[@]}" --out "$work/sheets" --tiles photo,moon 2> "$work/stderr"
    [ $? -eq 2 ] || complain "an unknown tile: $(cat "$work/stderr")"
}

# Mattes of a mask's square with known errors. The picture is 300x400: its diagonal is 500, 1.2 % of it 6, 0.8 % 4.
make_masks() {
    mkdir "$work/photos" "$work/masks" "$work/mattes"
    python3 - "$work" <<'PYTHON'
import pathlib, struct, sys, zlib
folder, w, h = pathlib.Path(sys.argv[1]), 300, 400
def write(path, value, scale=1):
    rows = b"".join(b"\0" + bytes(value(x // scale, y // scale) for x in range(w * scale)) for y in range(h * scale))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">2I5B", w * scale, h * scale, 8, 0, 0, 0, 0)
    (folder / path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1))
                                + chunk(b"IEND", b""))
square = lambda x, y, left=100: left <= x < left + 100 and 100 <= y < 200
mattes = {
    "1": lambda x, y: 255 * square(x, y),
    "2": lambda x, y: 255 * square(x, y, 103),
    "3": lambda x, y: (153 if x < 150 else 255) * square(x, y),
    "10": lambda x, y: 255 * (square(x, y) and y < 150),
    "11": lambda x, y: 255 * (square(x, y) or (x < 20 and y < 20)),
    "12": lambda x, y: 0,
}
for name, matte in mattes.items():
    write(f"photos/{name}.png", lambda x, y: (x * 5 + y * 3) % 256)
    write(f"masks/{name}.png", lambda x, y: (1 if name == "3" else 255) * square(x, y))
    write(f"mattes/{name}.png", matte, 2 if name == "1" else 1)
write("photos/alone.png", lambda x, y: 0)
PYTHON
}

check_masks() {
    local photos=$work/photos masks=("--masks" "$work/masks")
    make_masks || complain 'no masks could be made'
    refuses_not() { run 1 "$@"; [ -s "$work/stderr" ] || complain "no reason: $*"; }
    refuses_not matte "$photos" --sheet "$work/x"
    refuses_not matte "$photos" "${masks[@]}" --simulate logits
    refuses_not matte "$photos" "${masks[@]}" --mattes "$work/mattes" --modes best
    refuses_not matte "$photos" --masks "$work/nowhere"
    refuses_not matte "$photos" "${masks[@]}" --mattes "$work/mattes" --from 6

    VK_DRIVER_FILES=/nowhere VK_ICD_FILENAMES=/nowhere run 0 matte "$photos" "${masks[@]}" --mattes "$work/mattes" \
        --sheet "$work/worst" --json
    grep -qF '1 photos have no mask' "$work/stderr" || complain "a photo without a mask: $(cat "$work/stderr")"
    holds '[p["name"] for p in d["photos"]] == ["1", "2", "3", "10", "11", "12"]'
    is_score() {
        holds "all(abs(v - dict([(p['name'], p) for p in d['photos']])['$1']['mattes'][k]) < 1e-4 for k, v in dict($2).items())"
    }
    is_score 1 'iou=1, bf2=1, bf8=1, ghost=0, lost=0, stray=0, sad=0'
    # Of the 400 pixels of the edge, 99 of each horizontal side and 4 at the end of a vertical one are near enough.
    is_score 2 'iou=97/103, bf2=202/400, bf8=1, ghost=0, lost=0, stray=0, sad=0.6'
    is_score 3 'iou=1, bf2=1, bf8=1, ghost=50, lost=20, stray=0, sad=2'
    is_score 10 'iou=0.5, ghost=0, lost=50, stray=0, sad=5'
    is_score 11 'iou=100/104, ghost=0, lost=0, stray=4, sad=0.4'
    is_score 12 'iou=0, bf2=0, bf8=0, ghost=0, lost=100, stray=0, sad=10'
    holds 'd["worst"]["mattes"] == ["12", "10", "2", "11", "1", "3"]'
    holds 'abs(d["mean"]["mattes"]["ghost"] - 50 / 6) < 1e-6'
    holds 'abs(d["mean"]["mattes"]["pooled_iou"] - (1 + .97 + 1 + .5 + 1) / (1 + 1.03 + 1 + 1 + 1.04 + 1)) < 1e-6'
    [ -s "$work/worst/worst-mattes.png" ] || complain 'no sheet of the worst'

    run 0 matte "$photos" "${masks[@]}" --model "$model" --modes soft,refine --every 4 --from 1 --islands 0 \
        --save-mattes "$work/saved" --validation --json "$work/made.json"
    grep -q '^refine  ' "$work/stdout" || complain "no table: $(cat "$work/stdout")"
    run 0 matte "$photos" "${masks[@]}" --mattes "$work/saved/refine" --every 4 --from 1 --json
    holds '[p["name"] for p in d["photos"]] == ["2", "12"]'
    holds "d['mean']['mattes'] == json.load(open('$work/made.json'))['mean']['refine']"
}

check_charts() {
    python3 - "$work" <<'PYTHON' || complain 'no peers file'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
ours = json.loads((folder / "network-fp32.json").read_text())
summary = lambda v: {"median": v, "min": v / 2, "max": v * 2, "runs": 3}
peers = [{"peer": "one & <another>", "ms": summary(5.0), "ratio": summary(1.5)}, {"peer": "none", "failed": "not here"}]
(folder / "peers-test.json").write_text(json.dumps({"ours": ours, "peers": peers}))
PYTHON
    python3 "$source/bench/chart" "$work" > "$work/stdout" || complain 'bench/chart failed'
    grep -qF '2 charts' "$work/stdout" || complain "charts: $(cat "$work/stdout")"
    python3 - "$work" <<'PYTHON' || complain 'a chart is not XML, or lacks bars'
import pathlib, sys, xml.etree.ElementTree as tree
folder = pathlib.Path(sys.argv[1])
for name, bars in (("nodes-network-fp32.svg", 20), ("peers.svg", 2)):
    assert len(tree.parse(folder / name).getroot().findall("{http://www.w3.org/2000/svg}rect")) >= bars, name
assert "one & <another> |" in (folder / "tables.md").read_text()
PYTHON
    mkdir "$work/empty"
    python3 "$source/bench/chart" "$work/empty" 2> /dev/null && complain 'charts of nothing'
}

check_compilers() {
    local kept=$source/bench/results/compilers/navi21.csv
    sed 's/,\([0-9]*\),\([0-9]*\)$/,\10,\2/' "$kept" > "$work/slower.csv"
    "$source/bench/compilers" "$kept" > "$work/one.md" || complain 'bench/compilers of one table failed'
    grep -q '^| all | [0-9]' "$work/one.md" || complain "one table: $(head -n 12 "$work/one.md")"
    "$source/bench/compilers" "$kept" "$work/slower.csv" > "$work/two.md" || complain 'bench/compilers of two failed'
    # fp32, fp16 and fast16.
    [ "$(grep -c '^| all |.*+900.0 %' "$work/two.md")" -eq 3 ] || complain "two tables: $(head -n 12 "$work/two.md")"
    "$source/bench/compilers" "$work/none.csv" 2> /dev/null
    [ $? -eq 1 ] || complain 'bench/compilers read what is not there'
}

model=$work/small/model.json
python3 "$source/bench/peers/make_model.py" "$work/small" --size 65 --width 0.1 || complain 'no model could be made'
check_usage
check_network
check_reference
check_others
check_frames
check_export
check_sheet
check_masks
check_charts
check_compilers
[ "$failures" -eq 0 ] || { printf '%d failures\n' "$failures"; exit 1; }
printf 'ok\n'
