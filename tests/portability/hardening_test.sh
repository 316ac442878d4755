#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Programs and libraries as they were built: position-independent, relocations read-only and bound at the start, no stack
# that can be executed, stacks guarded, and the C library's checked calls where the optimiser is on.
# Needs BACKDROP_BUILD_DIR.
set -uo pipefail
export LC_ALL=C
build=${BACKDROP_BUILD_DIR:?}
command -v readelf > /dev/null || { echo 'skipped: no readelf'; exit 77; }
setting() {
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
failures=0 files=0
complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# look FILE program|library
look() {
    local file=$1 kind=$2 header symbols
    files=$((files + 1))
    header=$(readelf -hldW "$file") || { complain "$file cannot be read"; return; }
    symbols=$(readelf -W --dyn-syms "$file")
    grep -q '^ *Type: *DYN' <<< "$header" || complain "$file: not position-independent"
    [ "$kind" = library ] || grep -q 'FLAGS_1.*\bPIE\b' <<< "$header" || complain "$file: no PIE"
    grep -q '^ *GNU_RELRO ' <<< "$header" || complain "$file: no RELRO"
    grep -qE 'BIND_NOW|FLAGS_1.*\bNOW\b' <<< "$header" || complain "$file: bound late, so RELRO is not full"
    grep -q '^ *GNU_STACK .* RW  *0x' <<< "$header" || complain "$file: its stack may be executed"
    ! grep -qE '^ *LOAD .* RWE ' <<< "$header" || complain "$file: memory that may be written and executed"
    grep -q '__stack_chk_fail' <<< "$symbols" || complain "$file: stacks are not guarded"
    if [ -n "$fortified" ]; then
        grep -qE '__[a-z]+_chk' <<< "$symbols" || complain "$file: no checked calls"
    fi
}

fortified=
case $(setting CMAKE_BUILD_TYPE) in
Release | RelWithDebInfo | MinSizeRel)
    [ "$(setting BACKDROP_SANITIZE)" = ON ] || ! readelf -W --dyn-syms "$build/backdrop" | grep -q '@GLIBC' || fortified=1
    ;;
esac
look "$build/backdrop" program
for file in "$build"/backdrop-*; do
    [ ! -x "$file" ] || look "$file" program
done
for file in "$build"/libbackdrop.so "$build"/frei0r-1/*.so; do
    [ ! -e "$file" ] || look "$file" library
done
printf '%d files%s\n' "$files" "${fortified:+, with checked calls}"
[ "$failures" -eq 0 ]
