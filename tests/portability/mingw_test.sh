#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Library and command for Windows build, the library exports what the shared one exports here, and where Wine is, the
# command reads and writes files with any name and makes the picture that it makes here.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C.UTF-8
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1
here=${BACKDROP_BUILD_DIR:?}
build=$here/mingw
if ! command -v x86_64-w64-mingw32-gcc > /dev/null || [ ! -e build-mingw-libraries/done ]; then
    echo 'skipped: no compiler or no libraries for Windows (tools/setup --mingw)'
    exit 77
fi
work=$(mktemp -d) || exit 1
server=
finish() {
    [ -z "$server" ] || kill "$server"
    rm -rf "$work"
}
trap finish EXIT
failures=0
complain() {
    printf 'FAILED: %s\n' "$1"
    failures=$((failures + 1))
}

cmake --preset mingw -B "$build" > "$work/log" 2>&1 && cmake --build "$build" >> "$work/log" 2>&1 ||
    { tail -n 30 "$work/log"; echo 'FAILED: it does not build'; exit 1; }
nm -D --defined-only "$here/libbackdrop.so" | awk '$2 == "T" { print $3 }' | sort > "$work/here"
x86_64-w64-mingw32-nm --defined-only "$build/libbackdrop.dll.a" | awk '$2 == "T" { print $3 }' | sort > "$work/there"
[ -s "$work/here" ] || complain 'no function of the shared library was found'
diff "$work/here" "$work/there" || complain 'the libraries export other functions'
printf '%d functions exported\n' "$(wc -l < "$work/there")"

# ---- run ----

wine=$(command -v wine64 || command -v wine) || {
    echo 'not run: no Wine (tools/setup --wine)'
    exit $((failures > 0))
}
export WINEPREFIX=$work/wine WINEDEBUG=-all
run() { # STATUS ARGUMENT...: the command's output is in $work/out and $work/err
    local wanted=$1 status
    shift
    timeout 300 "$wine" "$build/backdrop.exe" "$@" > "$work/out" 2> "$work/err"
    status=$?
    [ "$status" -eq "$wanted" ] || { complain "status $status instead of $wanted: $*"; cat "$work/err"; }
}
says() {
    grep -qF -- "$1" "$work/err" || { complain "does not say: $1"; cat "$work/err"; }
}

run 0 --version # the first run makes Wine's folder
run 0 --version
[ "$(head -n 1 "$work/out" | tr -d '\r')" = "$("$here/backdrop" --version | head -n 1)" ] || complain '--version is another one'
folder="$work/ä 図"
mkdir -p "$folder/empty"
photo="$folder/ü 写真.jpg"
cp tools/samples/person.jpg "$photo"
run 3 "$folder/none.jpg" --color red -o "$folder/x.png"
says "none.jpg: "
run 3 "$folder/empty" --color red -o "$folder/x.png"
says 'a folder, not a file'
run 7 "$photo" --color red -o "$folder/none/x.png"
run 6 "$photo" --color red -o "$folder/x.png" --model "$folder/empty"
says 'a folder without an exported network'

if [ ! -d weights/cache/deeplabv3_mnv2_pascal ] || ! command -v Xvfb > /dev/null; then
    echo 'no photo was replaced: no weights, or no Xvfb, without which Wine has no Vulkan (tools/setup --wine)'
    exit $((failures > 0))
fi
Xvfb -displayfd 3 -screen 0 640x480x24 -nolisten tcp 3> "$work/display" > /dev/null 2>&1 &
server=$!
for _ in $(seq 100); do
    [ ! -s "$work/display" ] || break
    sleep 0.1
done
DISPLAY=:$(cat "$work/display")
export DISPLAY
size=(--size 129) # enough of the network
"$here/backdrop" -q "$photo" --color red "${size[@]}" -o "$work/here.png" || complain 'no picture here'
run 0 -q "$photo" --color red "${size[@]}" --output-dir "$folder/öut"
cmp "$work/here.png" "$folder/öut/ü 写真.png" || complain 'another picture'
run 0 -q - --color red "${size[@]}" --format png -o - < "$photo"
cmp "$work/here.png" "$work/out" || complain 'another picture through pipes'
run 2 -q "$photo" --color red "${size[@]}" --output-dir "$folder/öut/../" --format jpeg
says 'would be overwritten'
find "$folder" -name '*.backdrop*' | grep . && complain 'a temporary was left'
find "$WINEPREFIX" -type d -path '*/AppData/Local/backdrop/cache' | grep -q . || complain 'no cache folder was made'

[ "$failures" -eq 0 ]
