#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy, with the checks of .clang-tidy, over the sources of engine, tools, plugins and bench as this build compiles them.
set -u
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1

tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || { echo 'skipped: no clang-tidy'; exit 77; }
database=${BACKDROP_BUILD_DIR:?}/compile_commands.json
[ -f "$database" ] || { echo "$database is missing"; exit 1; }
mapfile -t files < <(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$database" | sort -u |
    grep -F -e "$BACKDROP_SOURCE_DIR/engine/" -e "$BACKDROP_SOURCE_DIR/tools/" -e "$BACKDROP_SOURCE_DIR/plugins/" -e "$BACKDROP_SOURCE_DIR/bench/")
[ "${#files[@]}" -gt 0 ] || { echo "no source file found in $database"; exit 1; }
# The static analyzer's budget for a function is 225,000 nodes, which takes twice the time and finds nothing more here.
less=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=100000)
# --quiet still counts suppressed warnings on stderr; failures of clang-tidy itself are on stdout.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" "$tidy" --quiet "${less[@]}" -p "$BACKDROP_BUILD_DIR" 2> /dev/null || exit 1
printf '%s files checked\n' "${#files[@]}"
