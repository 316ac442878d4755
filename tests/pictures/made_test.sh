#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pictures that Pillow, ImageMagick, libvips and exiftool write, read pixel for pixel as Pillow and libvips read them:
# made_pictures.py says which. Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
# shellcheck source=tests/support/python.sh
. "$source/tests/support/python.sh"
need_library
for program in convert vips exiftool; do
    command -v "$program" > /dev/null || skip "no $program; tools/setup --test installs it"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export PYTHONPYCACHEPREFIX=$work/python
mkdir "$work/pictures"
script=$source/tests/pictures/made_pictures.py
check_source "$script"
"$python" "$script" "$work/pictures"
