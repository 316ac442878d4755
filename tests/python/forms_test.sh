#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pictures against Debian's Pillow: check_forms.py and check_more_forms.py say what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR; BACKDROP_SHARED_DIR may name a folder.
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
export BACKDROP_LIBRARY=$build/libbackdrop.so.0 PYTHONPYCACHEPREFIX=$work
# Pillow's libtiff says on standard error what it cannot write.
for checks in "$source"/tests/python/check_{,more_}forms.py; do
    ! command -v pyflakes3 > /dev/null || pyflakes3 "$checks" || exit 1
    awk 'length > 120 { print FILENAME ":" FNR ": over 120 columns"; bad = 1 } END { exit bad }' "$checks" || exit 1
    "$python" -W ignore "$checks" 2> "$work/said" || { cat "$work/said"; exit 1; }
    tail -n 4 "$work/said"
done
