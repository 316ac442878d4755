#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command as a process: signals, limits and closed pipes end it in order, with nothing left behind; where results go
# that are named by links, and what happens to files that may not be written to; one line on failure.
# Needs BACKDROP_BUILD_DIR and a device; without one it is skipped (77).
set -uo pipefail
export LC_ALL=C
build=${BACKDROP_BUILD_DIR:?}
backdrop=$build/backdrop
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
mkdir "$work/out" "$work/cache"
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

"$backdrop" devices > "$work/stdout" 2> "$work/stderr"
[ $? -ne 8 ] || { echo "skipped: $(cat "$work/stderr")"; exit 77; }

# A photo that does not compress, and its matte: no network is needed.
{ printf 'P6 240 160 255\n'; awk 'BEGIN { srand(1); for (i = 0; i < 115200; i++) printf "%c", 33 + int(90 * rand()) }'; } \
    > "$work/photo.ppm"
{ printf 'P5 240 160 255\n'; head -c 38400 /dev/zero | tr '\0' '\200'; } > "$work/matte.pgm"
make=("$backdrop" "$work/photo.ppm" --matte-in "$work/matte.pgm" --color red -o)

# ended STATUS TEXT: the last command's status was this, and its one line has the text.
ended() {
    [ "$status" -eq "$1" ] || complain "status $status, not $1: $(cat "$work/stderr")"
    [ -z "$2" ] || { [ "$(wc -l < "$work/stderr")" -eq 1 ] && grep -qF -- "$2" "$work/stderr"; } ||
        complain "not the one line with '$2': $(cat "$work/stderr")"
}

left_nothing() {
    [ -z "$(ls -A "$work/out")" ] || complain "left behind: $(ls -A "$work/out")"
    rm -rf "${work:?}/out"
    mkdir "$work/out"
}

# ---- limits and pipes ----

"${make[@]}" "$work/out/whole.png" 2> "$work/stderr"
status=$?
ended 0 ''
[ "$(wc -c < "$work/out/whole.png")" -gt 66000 ] || complain 'the picture is too small for what follows'
rm -f "$work/out/whole.png"

(ulimit -f 8; exec "${make[@]}" "$work/out/limited.png") 2> "$work/stderr"
status=$?
ended 7 'limited.png: cannot write: File too large'
left_nothing

# A reader that leaves: of standard output it is an error, of the notes it is not.
{ "${make[@]}" - 2> "$work/stderr"; echo $? > "$work/status"; } | :
status=$(cat "$work/status")
ended 7 'standard output: cannot write: Broken pipe'
{ "${make[@]}" "$work/out/unheard.png" -v 2>&1 > /dev/null; echo $? > "$work/status"; } | :
status=$(cat "$work/status")
[ "$status" -eq 0 ] && [ -s "$work/out/unheard.png" ] || complain "who reads no notes gets no picture: status $status"
rm -f "$work/out/unheard.png"

# ---- signals while a result is written ----

# Between the temporary and its renaming the process is held, here by a rename that takes its time.
cat > "$work/slow.c" <<'C'
#include <stdlib.h>
#include <time.h>
int rename(const char *from, const char *to) {
    (void)from;
    (void)to;
    const struct timespec minute = {.tv_sec = 60};
    (void)nanosleep(&minute, NULL);
    return -1;
}
C
if grep -q '^BACKDROP_SANITIZE:BOOL=ON' "$build/CMakeCache.txt" ||
    ! "${CC:-cc}" -shared -fPIC -o "$work/slow.so" "$work/slow.c" 2> /dev/null; then
    echo 'signals are not tried: nothing can be preloaded here'
else
    for name in INT TERM HUP QUIT; do
        # Of a shell that is not interactive the children in the background ignore INT and QUIT.
        env --default-signal="$name" LD_PRELOAD="$work/slow.so" "${make[@]}" "$work/out/never.png" 2> "$work/stderr" &
        process=$!
        for ((i = 0; i < 600; i++)); do
            [ -z "$(ls -A "$work/out")" ] && kill -0 "$process" 2> /dev/null || break
            sleep 0.1
        done
        [ -n "$(ls -A "$work/out")" ] || complain "$name: no temporary"
        kill -s "$name" "$process" 2> /dev/null
        wait "$process" 2> /dev/null
        status=$?
        [ "$status" -eq $((128 + $(kill -l "$name"))) ] || complain "$name: status $status"
        left_nothing
    done
fi

# ---- where results go ----

mkdir "$work/out/below"
ln -s below/picture.png "$work/out/link.png"
for _ in new old; do
    "${make[@]}" "$work/out/link.png" 2> "$work/stderr"
    status=$?
    ended 0 ''
    [ -L "$work/out/link.png" ] && [ -s "$work/out/below/picture.png" ] || complain 'a link is not written through'
done
[ "$(ls -A "$work/out/below")" = picture.png ] || complain "left behind: $(ls -A "$work/out/below")"
chmod 6755 "$work/out/below/picture.png"
"${make[@]}" "$work/out/link.png" 2> "$work/stderr"
[ "$(stat -c %a "$work/out/below/picture.png")" = 755 ] || complain "mode $(stat -c %a "$work/out/below/picture.png")"
ln -sf loop.png "$work/out/loop.png"
"${make[@]}" "$work/out/loop.png" 2> "$work/stderr"
status=$?
ended 7 'loop.png: cannot write: Too many levels of symbolic links'

# Root may write to everything, so it takes another's place.
chmod 444 "$work/out/below/picture.png"
chmod 777 "$work" "$work/out" "$work/out/below" "$work/cache"
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "${#as[@]}" -ne 0 ] && ! "${as[@]}" "$backdrop" --version > /dev/null 2>&1; then
    echo 'files that may not be written to are not tried: nobody may run the command'
else
    before=$(cksum < "$work/out/below/picture.png")
    "${as[@]}" "${make[@]}" "$work/out/below/picture.png" 2> "$work/stderr"
    status=$?
    ended 7 'picture.png: cannot write: Permission denied'
    [ "$(cksum < "$work/out/below/picture.png")" = "$before" ] || complain 'a file was written that may not be'
fi
[ "$(ls -A "$work/out/below")" = picture.png ] || complain "left behind: $(ls -A "$work/out/below")"

# ---- one line ----

# A note of the photo is not said where the run fails. The profile of this one makes no sense.
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\2\0\0\0\x90wS\xde\0\0\0\3iCCPx\0\0\x84\x32\xba\x59\0\0\0\fIDATx\x9cc\xf8\xcf\xc0\0\0\3\1\1\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82' \
    > "$work/odd.png"
printf 'P5 1 1 255\nx' > "$work/one.pgm"
"$backdrop" "$work/odd.png" --matte-in "$work/one.pgm" --color red -o "$work/out/odd.png" 2> "$work/stderr"
status=$?
ended 0 'odd.png: PNG: iCCP'
"$backdrop" "$work/odd.png" --matte-in "$work/matte.pgm" --color red -o "$work/out/odd.png" 2> "$work/stderr"
status=$?
ended 2 'a matte has the photo'

# The cause is said of a path of any length.
long=$work/$(printf 'folder-%03d/' {1..360})name.jpg
"$backdrop" "$long" --color red -o "$work/out/long.png" 2> "$work/stderr"
status=$?
ended 3 '/.../'
grep -q '/name\.jpg: No such file or directory$' "$work/stderr" || complain "no cause: $(cat "$work/stderr")"
"${make[@]}" "$long" 2> "$work/stderr"
status=$?
ended 7 'name.jpg: cannot write: No such file or directory'

# ---- what a device cannot do is not the caller's fault ----

"${make[@]}" "$work/out/x.png" --kernels none_such 2> "$work/stderr"
status=$?
ended 2 'no kernel set none_such; there is: '
sets=$(sed -n 's/.*there is: //p' "$work/stderr" | tr -d ,)
for set in $sets; do
    "${make[@]}" "$work/out/x.png" --kernels "$set" 2> "$work/stderr"
    status=$?
    [ "$status" -eq 0 ] || ended 8 "cannot run kernel set $set"
done
exit $((failures > 0))
