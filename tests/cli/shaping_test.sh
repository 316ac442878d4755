#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is written and what a mask may be: check_shaping.py says what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR; the cases of the field are read from BACKDROP_SHARED_DIR, when it is
# there.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
skip() {
    echo "skipped: $*"
    exit 77
}

python=
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import numpy, PIL' 2> /dev/null || python=$one
done
[ -n "$python" ] || skip 'no Python with numpy and PIL'
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache PYTHONPYCACHEPREFIX=$work
checks=$source/tests/cli/check_shaping.py
"$python" -m py_compile "$checks" || exit 1
! command -v pyflakes3 > /dev/null || pyflakes3 "$checks" || exit 1
awk 'length > 120 { print FILENAME ":" FNR ": over 120 columns"; bad = 1 } END { exit bad }' "$checks" || exit 1
"$build/backdrop" devices --json 2> /dev/null | grep -qE '"usable":[[:space:]]*true' || skip 'no device that can be used'
"$python" "$checks"
