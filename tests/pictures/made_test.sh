#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pictures that Pillow, ImageMagick, libvips and exiftool write, read pixel for pixel as Pillow and libvips read them:
# made_pictures.py says which. Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
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
for program in convert vips exiftool; do
    command -v "$program" > /dev/null || skip "no $program; tools/setup --test installs it"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export BACKDROP_LIBRARY=$build/libbackdrop.so.0 PYTHONPYCACHEPREFIX=$work/python
mkdir "$work/pictures"
script=$source/tests/pictures/made_pictures.py
! command -v pyflakes3 > /dev/null || pyflakes3 "$script" || exit 1
awk 'length > 120 { print FILENAME ":" FNR ": over 120 columns"; bad = 1 } END { exit bad }' "$script" || exit 1
"$python" "$script" "$work/pictures"
