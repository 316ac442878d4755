#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source names its licence, none is over 800 lines, and nothing names a path of somebody's machine or a registry.
set -u
export LC_ALL=C
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1

list_files() {
    git ls-files --cached --others --exclude-standard 2> /dev/null ||
        find . -type f -not -path './.git/*' -not -path './build*' -not -path './weights/cache/*' | sed 's|^\./||'
}

sources=() texts=()
while IFS= read -r file; do
    [ -f "$file" ] || continue
    # Binary files, empty ones included, are pictures, arrays and corpora.
    grep -qI . "$file" || continue
    texts+=("$file")
    case $file in
    *.c | *.h | *.comp | *.glsl | *.in | *.cmake | */CMakeLists.txt | CMakeLists.txt | *.sh | *.py) sources+=("$file") ;;
    *) [[ $(head -c 2 "$file") != '#!' ]] || sources+=("$file") ;;
    esac
done < <(list_files | sort -u)
[ "${#sources[@]}" -gt 0 ] || { echo 'no source found'; exit 1; }

problems=0
problem() {
    printf '%s\n' "$1"
    problems=$((problems + 1))
}

for file in "${sources[@]}"; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || problem "$file: no SPDX tag in its first three lines"
    lines=$(wc -l < "$file")
    [ "$lines" -le 800 ] || problem "$file: $lines lines, more than 800"
done
# The brackets keep this line from finding itself.
while IFS= read -r line; do
    problem "$line"
done < <(grep -nEI '(^|[^A-Za-z0-9_.}*-])/([w]ork|[r]oot|[h]ome)/|[r]egistry\.[a-z]|[/]tmp/bash' "${texts[@]}" /dev/null)

printf '%s sources and %s texts checked\n' "${#sources[@]}" "${#texts[@]}"
[ "$problems" -eq 0 ]
