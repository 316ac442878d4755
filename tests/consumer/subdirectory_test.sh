#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stranger's project that takes this one in by add_subdirectory: it gets the library alone, without -Werror, its own
# targets are compiled as if nothing had been taken in, and nothing is installed or left in its folders.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/consumer/common.sh
. "$here/common.sh"
# The same folder each time, so that a compiler cache knows what it compiles.
work=$build/subdirectory
[ "$(cached CMAKE_GENERATOR)" = Ninja ] || { echo 'skipped: looks into files of Ninja'; exit 77; }
rm -rf "$work"
mkdir "$work" || exit 1
trap 'rm -rf "$work"' EXIT

configure() { # FOLDER ARGUMENT...
    local folder=$1
    shift
    cmake -S "$here/host" -B "$work/$folder" "${tools[@]}" "-DBACKDROP_SOURCE=$source" "$@" > "$work/log" 2>&1 ||
        { tail -n 40 "$work/log"; exit 1; }
}
without_known() { # what the build type and this build's sanitizers bring
    sed "s/ ${sanitize:-no such flag}//g; s/ -DNDEBUG//g"
}
listed() {
    find "$source" \( -path "$source/build*" -o -name .git -o -path '*/weights/cache' \) -prune -o -print | sort
}

# Which library it is follows the host's choice, also when that changes.
for choice in STATIC: SHARED:-DBUILD_SHARED_LIBS=ON STATIC:-DBUILD_SHARED_LIBS=OFF SHARED:-DBACKDROP_BUILD_SHARED=ON; do
    # shellcheck disable=SC2086 # no argument is none
    configure choice ${choice#*:}
    grep -q "backdrop::backdrop is a ${choice%%:*}_LIBRARY" "$work/log" ||
        complain "with '${choice#*:}' $(grep 'backdrop::backdrop is' "$work/log")"
done

listed > "$work/before"
configure host -DBACKDROP_BUILD_SHARED=ON -DBACKDROP_BUILD_STATIC=ON
cmake --build "$work/host" -j "$(nproc)" > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
listed | comm -13 "$work/before" - | while read -r path; do
    printf 'written into the source: %s\n' "$path"
done | grep . && complain 'the build writes into the source'

run_hosts "$work/host"
"$work/host/plain" || complain "plain ends with $?"
found=$(find "$work/host" -name CMakeFiles -prune -o -type f -perm -u+x -printf '%f\n' | sort | grep -v '^host_' | tr '\n' ' ')
[[ $found =~ ^libbackdrop\.so\.[0-9.]+\ plain\ $ ]] || complain "more was built than asked for: $found"
found=$(find "$work/host" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vE '^(host[._].*|plain|backdrop|CMake.*|cmake_install.cmake|compile_commands.json|\.?ninja.*|build.ninja|\.ninja.*|Makefile)$')
[ -z "$found" ] || complain "in the folder of the host: $found"

commands=$work/host/compile_commands.json
grep '"command"' "$commands" | grep -F "$source/engine/" | grep -q -e -Werror && complain 'the library has -Werror'
grep '"command"' "$commands" | grep -F "$source/engine/" | grep -qv -e '-std=c11' && complain 'the library is not in C11'
grep '"command"' "$commands" | grep 'plain\.c' | without_known | grep -qE -e ' -(W|std|f|I|D)' &&
    complain "our options: $(grep 'plain\.c' "$commands")"
# Of a user's options, those that are ours: the folder of the public headers, and a definition with the static library.
ours=$(grep '"command"' "$commands" | grep -vF "$source/engine/" | grep -E 'host\.cc?' | grep -oE -e ' -(I|D|isystem|f|W)[^ ]*( [^- ][^ ]*)?' | grep -vE ' -W(all|extra|pedantic|error)' |
    without_known | sed "s/^ //; s|$work/host/||; s/ .*//" | grep . | sort -u | tr '\n' ' ')
[ "$ours" = '-DBACKDROP_STATIC -Ibackdrop/include ' ] || complain "a user of the library is compiled with $ours"
found=$(cd "$work/host/backdrop/include" && find . -mindepth 1 -printf '%P\n' | sort | diff - <(cd "$source/engine" && find . -maxdepth 1 -name '*.h' -printf '%P\n' | sort)) ||
    complain "the folder of public headers has others than engine/: $found"

cmake --install "$work/host" --prefix "$work/prefix" > "$work/log" 2>&1
[ ! -e "$work/prefix" ] || complain "a host's install has $(find "$work/prefix" -type f)"
configure choice -DBACKDROP_INSTALL=ON
grep -q 'libbackdrop' "$work/choice/backdrop/cmake_install.cmake" || complain 'BACKDROP_INSTALL does not install the library'

# The manual's project, as far as it differs from the host above.
snippet subproject/CMakeLists.txt "$work"
snippet replace.c "$work/subproject"
ln -s "$source" "$work/subproject/backdrop"
{ cmake -S "$work/subproject" -B "$work/subproject/build" "${tools[@]}" &&
    cmake --build "$work/subproject/build" --target CMakeFiles/replace.dir/replace.c.o; } > "$work/log" 2>&1 ||
    complain "the manual's CMakeLists.txt: $(tail -n 20 "$work/log")"
grep -A 20 '^build replace:' "$work/subproject/build/build.ninja" | grep -q 'LINK_LIBRARIES = .*libbackdrop\.a' ||
    complain 'the manual'\''s project does not link the static library'

cmake -S "$source" -B "$work/library" "${tools[@]}" -DBACKDROP_CLI=OFF -DBACKDROP_BENCH=OFF > "$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
for folder in host library; do
    grep -E '^(BACKDROP_NETTLE|CMOCKA)' "$work/$folder/CMakeCache.txt" && complain "$folder asks for what the library does without"
done
[ "$failures" -eq 0 ] || exit 1
echo ok
