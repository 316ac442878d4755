#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# python/backdrop.py with Debian's numpy: check_module.py says what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
# shellcheck source=tests/support/python.sh
. "$source/tests/support/python.sh"
need_library
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export BACKDROP_WEIGHTS=$source/weights
export XDG_CACHE_HOME=$work/cache PYTHONPYCACHEPREFIX=$work
files=("$source/python/backdrop.py" "$source/tests/python/check_module.py")
check_source "${files[@]}"
if ! "$build/backdrop" models info > "$work/said" 2>&1 || ! "$build/backdrop" devices > "$work/said" 2>&1; then
    "$python" "${files[1]}" Interface Library || exit 1
    skip "without weights and a device, its pictures: $(tail -n 1 "$work/said")"
fi
"$python" "${files[1]}"
