#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Pictures against Debian's Pillow: check_forms.py and check_more_forms.py say what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR; BACKDROP_SHARED_DIR may name a folder.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
# shellcheck source=tests/support/python.sh
. "$source/tests/support/python.sh"
need_library
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export PYTHONPYCACHEPREFIX=$work
# Pillow's libtiff says on standard error what it cannot write.
for checks in "$source"/tests/python/check_{,more_}forms.py; do
    check_source "$checks"
    "$python" -W ignore "$checks" 2> "$work/said" || { cat "$work/said"; exit 1; }
    tail -n 4 "$work/said"
done
