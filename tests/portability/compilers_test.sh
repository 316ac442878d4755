#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The sources of library and command compile without a warning with each compiler that is here: gcc and clang, in C11 and C17 and
# pedantic; with musl's C library; for Windows. So do the public headers, in C++17 and C++20 too. Nothing is linked.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR, which has the headers that are made.
set -u
export LC_ALL=C
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1
build=${BACKDROP_BUILD_DIR:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
[ -f "$build/shaders/shaders.h" ] || { echo "$build/shaders/shaders.h is missing"; exit 1; }

find engine tools -name '*.c' ! -path 'engine/reference/*' > "$work/all"
grep -v '/platform[/_].*windows\.c$' "$work/all" > "$work/posix"
grep -v '/platform[/_].*posix\.c$' "$work/all" > "$work/windows"
[ -s "$work/posix" ] || { echo 'no source found'; exit 1; }
# Codecs (cmake/codecs.cmake): those that the build has, for compilers with this system's headers; else none.
codec='^engine/image/(webp|gif|openjpeg|tiff|heif|jxl)(_[a-z_]+)?\.c$'
codecs=()
while read -r name; do
    codecs+=("-D$name")
done < <(grep -ohE 'BD_(HAS_[A-Z]+|LIBRARY_[A-Z]+=[^ ]+)' "$build/build.ninja" 2> /dev/null | tr -d '\\' | sort -u)
there=$(printf '%s\n' "${codecs[@]}" | sed -n 's/^-DBD_HAS_//p' | tr '[:upper:]\n' '[:lower:]|' | sed 's/|$//')
grep -vE "$codec" "$work/posix" > "$work/plain"
{ cat "$work/plain"; grep -E "$codec" "$work/posix" | grep -E "/(${there:-none})(_[a-z_]+)?\.c$"; } > "$work/native"
grep -vE "$codec" "$work/windows" > "$work/windows.plain" && mv "$work/windows.plain" "$work/windows"
for folder in $(pkg-config --cflags-only-I libopenjp2 2> /dev/null); do
    codecs+=(-isystem "${folder#-I}")
done

# Only the headers that are of no system, for compilers that have their own system's.
multiarch=$("${CC:-cc}" -print-multiarch 2> /dev/null)
mkdir "$work/include"
for header in jpeglib.h jmorecfg.h jerror.h jconfig.h png.h pngconf.h pnglibconf.h zlib.h zconf.h lcms2.h \
    cjson nettle vulkan vk_video stb; do
    for folder in /usr/include "/usr/include/$multiarch" /usr/local/include; do
        [ ! -e "$folder/$header" ] || ln -sfn "$folder/$header" "$work/include/$header"
    done
done

warnings=(-pedantic -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wundef -Wvla -Werror -DBACKDROP_BUILDING -fsyntax-only)
ours=(-I. -Iengine -Ishaders "-I$build/shaders" -isystem "$work/include" -isystem "$work/include/stb")
wrong=0 ran=0

has() {
    command -v "$1" > /dev/null || { printf 'skipped: no %s\n' "$1"; return 1; }
}

# compile LIST COMPILER FLAG...: every source of LIST, some at once.
compile() {
    local list=$1
    shift
    has "$1" || return
    ran=$((ran + 1))
    if xargs -P "$(nproc)" -n 8 "$@" "${warnings[@]}" "${ours[@]}" < "$work/$list" > "$work/said" 2>&1; then
        printf '%s %s: %d files\n' "$1" "$2" "$(wc -l < "$work/$list")"
    else
        grep -E 'error|warning' "$work/said" | head -n 20
        printf 'FAILED: %s\n' "$*"
        wrong=$((wrong + 1))
    fi
}

# headers COMPILER LANGUAGE STANDARD FLAG...: each public header alone, and all of them.
headers() {
    local compiler=$1 language=$2 standard=$3 header failed=no
    shift 3
    has "$compiler" || return
    # A compiler of C does not always come with the one of C++.
    "$compiler" -x "$language" -std="$standard" -fsyntax-only /dev/null > /dev/null 2>&1 ||
        { printf 'skipped: %s has no %s\n' "$compiler" "$standard"; return; }
    ran=$((ran + 1))
    for header in engine/backdrop*.h; do
        printf '#include <%s>\n' "$(basename "$header")" |
            "$compiler" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Wundef -Werror -fsyntax-only "$@" \
                -Iengine -isystem "$work/include" - || failed=yes
    done
    if [ "$failed" = yes ]; then
        printf 'FAILED: public headers, %s -std=%s %s\n' "$compiler" "$standard" "$*"
        wrong=$((wrong + 1))
    else
        printf 'public headers: %s -std=%s %s\n' "$compiler" "$standard" "$*"
    fi
}

for standard in c11 c17; do
    compile native gcc -std=$standard "${codecs[@]}"
    compile native clang -std=$standard "${codecs[@]}"
done
compile plain musl-gcc -std=c11
compile windows x86_64-w64-mingw32-gcc -std=c11
for compiler in gcc clang x86_64-w64-mingw32-gcc; do
    headers "$compiler" c c11
    headers "$compiler" c c17
    headers "$compiler" c++ c++17
    headers "$compiler" c++ c++20
done
# A program that links the static library, and the library's own build.
headers x86_64-w64-mingw32-gcc c c11 -DBACKDROP_STATIC
headers x86_64-w64-mingw32-gcc c c11 -DBACKDROP_BUILDING

printf '%d ways, %d wrong\n' "$ran" "$wrong"
[ "$ran" -gt 0 ] || exit 77
[ "$wrong" -eq 0 ]
