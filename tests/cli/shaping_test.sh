#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is written and what a mask may be: check_shaping.py says what is looked at.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR; the cases of the field are read from BACKDROP_SHARED_DIR, when it is
# there.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
# shellcheck source=tests/support/python.sh
. "$source/tests/support/python.sh"
need_device
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache PYTHONPYCACHEPREFIX=$work
checks=$source/tests/cli/check_shaping.py
check_source "$checks"
"$python" "$checks"
