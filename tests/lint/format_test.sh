#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C file is as clang-format leaves it. Versions differ in taste, so only version 14 (Debian 12's) judges.
set -u
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1

formatter=$(command -v clang-format-14 || command -v clang-format) || { echo 'skipped: no clang-format'; exit 77; }
"$formatter" --version | grep -q 'version 14\.' || { echo 'skipped: clang-format is not version 14'; exit 77; }
mapfile -t files < <(find engine shaders tools plugins tests bench samples -name '*.[ch]' | sort)
[ "${#files[@]}" -gt 0 ] || { echo 'no C file found'; exit 1; }
"$formatter" --dry-run -Werror --ferror-limit=5 "${files[@]}" || { echo "to repair: $formatter -i FILE"; exit 1; }
printf '%s files checked\n' "${#files[@]}"
