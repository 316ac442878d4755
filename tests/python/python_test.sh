#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# python/backdrop.py with Debian's numpy: check_module.py says what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
skip() {
    echo "skipped: $*"
    exit 77
}

! grep -q '^BACKDROP_SANITIZE:[A-Z]*=ON' "$build/CMakeCache.txt" || skip 'a sanitized library, which Python cannot load'
[ -e "$build/libbackdrop.so.0" ] || skip 'there is no shared library'
python=
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import numpy, PIL' 2> /dev/null || python=$one
done
[ -n "$python" ] || skip 'no Python with numpy and PIL'
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export BACKDROP_LIBRARY=$build/libbackdrop.so.0 BACKDROP_WEIGHTS=$source/weights
export XDG_CACHE_HOME=$work/cache PYTHONPYCACHEPREFIX=$work
files=("$source/python/backdrop.py" "$source/tests/python/check_module.py")
"$python" -m py_compile "${files[@]}" || exit 1
! command -v pyflakes3 > /dev/null || pyflakes3 "${files[@]}" || exit 1
awk 'length > 120 { print FILENAME ":" FNR ": over 120 columns"; bad = 1 } END { exit bad }' "${files[@]}" || exit 1
if ! "$build/backdrop" models info > "$work/said" 2>&1 || ! "$build/backdrop" devices > "$work/said" 2>&1; then
    "$python" "${files[1]}" Interface Library || exit 1
    skip "without weights and a device, its pictures: $(tail -n 1 "$work/said")"
fi
"$python" "${files[1]}"
