#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An install that was moved: a stranger's programs find it by CMake's find_package and by pkg-config, shared and static,
# in C11, C++17 and C++20, and its command runs and finds what belongs to it.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/consumer/common.sh
. "$here/common.sh"
work=$(mktemp -d "$build/consumer.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/elsewhere"
cmake --install "$build" --prefix "$work/first" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
prefix=$work/elsewhere/moved
mv "$work/first" "$prefix"
version=$(sed -n 's/^Version: //p' "$prefix"/lib*/pkgconfig/backdrop.pc)

# ---- CMake ----

find_it() { # FOLDER ARGUMENT...
    local folder=$1
    shift
    cmake -S "$work/$folder" -B "$work/$folder/build" "${tools[@]}" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DBACKDROP_WANTED=$version" "$@" > "$work/log" 2>&1
}
asks() { # WHAT: a project that asks for just that
    mkdir -p "$work/asks"
    rm -rf "$work/asks/build"
    printf 'cmake_minimum_required(VERSION 3.25)\nproject(asks LANGUAGES C)\nfind_package(backdrop %s)\n%s\n' "$1" \
        "message(STATUS \"found \${backdrop_FOUND}\")" > "$work/asks/CMakeLists.txt"
    find_it asks
}
cp -r "$here/host" "$work/host"
{ find_it host && cmake --build "$work/host/build"; } > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
run_hosts "$work/host/build"

for what in '' REQUIRED "$version REQUIRED" "$version EXACT REQUIRED COMPONENTS shared" 'REQUIRED COMPONENTS static'; do
    asks "$what"
    grep -qE 'found (1|TRUE)' "$work/log" || complain "find_package(backdrop $what) fails: $(cat "$work/log")"
done
IFS=. read -r major minor _ <<< "$version"
for what in "$major.$((minor + 1))" 99 'COMPONENTS gpu'; do
    asks "$what"
    grep -qE 'found (0|FALSE)' "$work/log" || complain "find_package(backdrop $what) succeeds"
done
PKG_CONFIG_LIBDIR=$work PKG_CONFIG_PATH='' asks 'COMPONENTS static'
grep -qE 'found (0|FALSE)' "$work/log" || complain 'the static library is found without what it needs'
grep -q 'static library needs' "$work/log" || complain "what the static library needs is not said: $(cat "$work/log")"
PKG_CONFIG_LIBDIR=$work PKG_CONFIG_PATH='' asks REQUIRED || complain 'without libjpeg there is not even the shared library'

# ---- pkg-config ----

# The static library alone in a folder, as -lbackdrop prefers the shared one.
cp -r "$prefix" "$work/static"
rm "$work"/static/lib*/libbackdrop.so*
library=$(dirname "$(find "$prefix" -name libbackdrop.so)")
cp "$here/host/host.c" "$work/host.cc"
for kind in shared static; do
    if [ "$kind" = shared ]; then
        export PKG_CONFIG_PATH=$library/pkgconfig
        flags="$(pkg-config --cflags --libs backdrop) -Wl,-rpath,$library"
    else
        export PKG_CONFIG_PATH=${library/$prefix/$work\/static}/pkgconfig
        flags=$(pkg-config --static --cflags --libs backdrop)
        [[ $flags == *-DBACKDROP_STATIC* ]] || complain "pkg-config --static does not define BACKDROP_STATIC: $flags"
    fi
    for program in "$cc -std=c11 $here/host/host.c" "$cxx -std=c++17 $work/host.cc" "$cxx -std=c++20 $work/host.cc"; do
        # shellcheck disable=SC2086 # words are meant
        $program -Wall -Wextra -Wpedantic -Werror $sanitize $flags -o "$work/program" || { complain "$kind: $program"; continue; }
        check_host "$work/program" "$kind"
    done
done
unset PKG_CONFIG_PATH

# A host's own library that links ours in need not show it.
# shellcheck disable=SC2086 # words are meant
{ printf '#include <backdrop.h>\nint plugin(void) {\n    return bd_version_number();\n}\n' > "$work/plugin.c" &&
    $cc -shared -fPIC $sanitize "$work/plugin.c" $flags -Wl,--exclude-libs,libbackdrop.a -o "$work/plugin.so"; } || complain 'a plug-in'
nm -D --defined-only "$work/plugin.so" | grep ' bd_' && complain 'a plug-in shows what it has linked in'

# ---- the manual ----

# What it says of building, with its program, whose picture is the command's.
manual=$work/manual
snippet replace.c "$manual"
# The header begins with the same program.
sed -n '/^ \* A program, replace.c:/,/^ \* Conventions/s/^ \*     //p' "$source/engine/backdrop.h" > "$work/header.c"
cmp -s <(grep -v '^$' "$manual/replace.c") "$work/header.c" || complain 'the program in backdrop.h is not the one of the manual'
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$cc" "$sanitize" > "$work/bin/cc"
chmod +x "$work/bin/cc"
model=$source/weights/cache/deeplabv3_mnv2_pascal/model.json photo=$source/tools/samples/person.jpg
scene=$source/tools/samples/autumn.jpg
[ ! -f "$model" ] || BACKDROP_WEIGHTS=$source/weights "$prefix/bin/backdrop" "$photo" "$scene" -o "$work/wanted.png" -q > "$work/log" 2>&1 || rm -f "$work/wanted.png"
[ -f "$work/wanted.png" ] || echo 'without weights or a device the manual'\''s program is only built and started'
try_manual() { # PROGRAM WAY
    LD_LIBRARY_PATH=$library "$1" > "$work/log" 2>&1
    grep -q '^usage: replace' "$work/log" || complain "the manual's $2: $(cat "$work/log")"
    [ -f "$work/wanted.png" ] || return 0
    LD_LIBRARY_PATH=$library "$1" "$model" "$photo" "$scene" "$work/made.png" > "$work/log" 2>&1
    cmp "$work/made.png" "$work/wanted.png" || complain "the manual's $2 makes another picture than the command: $(cat "$work/log")"
    rm -f "$work/made.png"
}
for way in installed static; do
    snippet "$way/CMakeLists.txt" "$manual"
    cp "$manual/replace.c" "$manual/$way"
    { cmake -S "$manual/$way" -B "$manual/$way/build" "${tools[@]}" "-DCMAKE_PREFIX_PATH=$prefix" &&
        cmake --build "$manual/$way/build"; } > "$work/log" 2>&1 || complain "the manual's $way/CMakeLists.txt: $(tail -n 20 "$work/log")"
    try_manual "$manual/$way/build/replace" "$way/CMakeLists.txt"
done
for way in pkg-config static; do
    snippet "$way.sh" "$manual"
    (cd "$manual" && PATH=$work/bin:$PATH PKG_CONFIG_PATH=$library/pkgconfig sh -e "$way.sh") > "$work/log" 2>&1 ||
        complain "the manual's $way.sh: $(cat "$work/log")"
    try_manual "$manual/replace" "$way.sh"
    rm -f "$manual/replace"
done
if command -v meson > /dev/null; then
    snippet meson/meson.build "$manual"
    cp "$manual/replace.c" "$manual/meson"
    in_manual=(env PATH="$work/bin:$PATH" PKG_CONFIG_PATH="$library/pkgconfig" CC=cc)
    { "${in_manual[@]}" meson setup "$manual/meson/build" "$manual/meson" -Db_lundef=false &&
        "${in_manual[@]}" meson compile -C "$manual/meson/build"; } > "$work/log" 2>&1 || complain "the manual's meson.build: $(tail -n 20 "$work/log")"
    try_manual "$manual/meson/build/replace" meson.build
else
    echo 'not tried: there is no meson'
fi

# ---- what is there ----

# The sanitizers bring symbols of their own.
foreign=$(nm -D --defined-only "$library/libbackdrop.so" | awk '$3 !~ /^(bd_[a-z0-9_]+$|_init$|_fini$|__|_ZN?[0-9]*__(asan|ubsan|sanitizer))/ { print $3 }' | head)
[ -z "$foreign" ] || [ -n "$sanitize" ] || complain "the library shows other names than ours: $foreign"
found=$(grep -rIlF -e "$work" -e "$build" -e "$source" "$prefix")
[ -z "$found" ] || complain "an installed file says where it was made: $found"
for path in bin/backdrop bin/backdrop-fetch-weights include/backdrop.h share/backdrop/manifest.json \
    share/backdrop/python/backdrop.py share/doc/backdrop/LICENSE \
    share/man/man1/backdrop.1 share/man/man1/backdrop-matte.1 share/bash-completion/completions/backdrop \
    share/zsh/site-functions/_backdrop share/fish/vendor_completions.d/backdrop.fish; do
    [ -s "$prefix/$path" ] || complain "$path is not installed"
done

# ---- the command ----

run() { # ARGUMENT...: the installed command, of a user who has nothing yet
    env -i PATH=/usr/bin:/bin HOME="$work/home" ASAN_OPTIONS="$ASAN_OPTIONS" "$@" > "$work/said" 2>&1
}
run "$prefix/bin/backdrop" --version || complain "the command does not start: $(cat "$work/said")"
run "$prefix/bin/backdrop" models
grep -q 'not fetched; run backdrop-fetch-weights' "$work/said" || complain "without weights: $(cat "$work/said")"
run "$prefix/bin/backdrop" models info
grep -q "run backdrop-fetch-weights deeplabv3_mnv2_pascal" "$work/said" || complain "without weights: $(cat "$work/said")"
ln -s "$prefix/bin/backdrop" "$work/linked"
if [ -d "$source/weights/cache" ]; then
    mkdir -p "$work/home/.local/share/backdrop"
    ln -s "$(realpath "$source/weights/cache")" "$work/home/.local/share/backdrop/cache"
    for program in "$prefix/bin/backdrop" "$work/linked"; do
        run "$program" models verify deeplabv3_mnv2_pascal || complain "weights that were fetched: $(cat "$work/said")"
        run "$program" models info || complain "weights that were fetched: $(cat "$work/said")"
    done
    if command -v node > /dev/null; then
        run PATH="$PATH" "$prefix/bin/backdrop-fetch-weights" --check || complain "the script and the command differ: $(cat "$work/said")"
    fi
fi
[ "$failures" -eq 0 ] || exit 1
echo ok
