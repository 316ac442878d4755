#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stranger's project that takes this one in by add_subdirectory: it gets the library alone, without -Werror, and its
# own targets are compiled as if nothing had been taken in. And the library by itself does not ask for nettle.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
work=$(mktemp -d "$build/subdirectory.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

cached() { # NAME: of this build
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
tools=(-G "$(cached CMAKE_GENERATOR)" "-DCMAKE_C_COMPILER=$(cached CMAKE_C_COMPILER)"
    "-DCMAKE_C_COMPILER_LAUNCHER=$(cached CMAKE_C_COMPILER_LAUNCHER)")
cc=$(command -v c++ || command -v clang++) || { echo 'skipped: no C++ compiler'; exit 77; }

mkdir "$work/project" "$work/stranger" || exit 1
cat > "$work/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES C CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_subdirectory("${BACKDROP}" backdrop)
foreach(source consumer.c consumer.cc)
  get_filename_component(extension ${source} EXT)
  string(REPLACE "." "consumer_" name ${extension})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE backdrop)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Werror)
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF CXX_STANDARD 17 CXX_EXTENSIONS OFF)
endforeach()
add_executable(plain plain.c)
CMAKE
cat > "$work/project/consumer.c" <<'CODE'
#include <backdrop.h>
#include <string.h>
int main(void) {
    bd_error error;
    bd_model *model = 0;
    return bd_model_open("no such file", 0, &model, &error) == BD_ERR_FILE_NOT_FOUND && !model &&
                   strstr(error.message, "no such file")
               ? 0
               : 1;
}
CODE
cp "$work/project/consumer.c" "$work/project/consumer.cc"
# What our warnings, or C11 without extensions, would not let through.
cat > "$work/project/plain.c" <<'CODE'
int visible;
int main(int argc, char **argv) {
    typeof(argc) unused, numbers[argc];
    return (int)sizeof numbers > 1000;
}
CODE

cmake -S "$work/project" -B "$work/stranger" "${tools[@]}" "-DCMAKE_CXX_COMPILER=$cc" "-DBACKDROP=$source" \
    -DCMAKE_BUILD_TYPE=Debug > "$work/log" 2>&1 && cmake --build "$work/stranger" -j "$(nproc)" >> "$work/log" 2>&1 ||
    { tail -n 40 "$work/log"; exit 1; }
for name in consumer_c consumer_cc plain; do
    "$work/stranger/$name" || complain "$name ends with $?"
done

found=$(find "$work/stranger" -name CMakeFiles -prune -o -type f -perm -u+x -printf '%f\n' | sort | tr '\n' ' ')
[[ $found =~ ^consumer_c\ consumer_cc\ libbackdrop\.so\.[0-9.]+\ plain\ $ ]] || complain "more was built than asked for: $found"
needed=$(readelf -d "$work/stranger/consumer_c" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
[[ $needed =~ ^libbackdrop\.so\.[0-9]+\ libc\.so\.[0-9]+\ $ ]] || complain "a consumer is linked with $needed"
commands=$work/stranger/compile_commands.json
grep '"command"' "$commands" | grep -F "$source/engine/" | grep -q -e -Werror && complain 'the library has -Werror'
grep '"command"' "$commands" | grep -F "$source/engine/" | grep -qv -e '-std=c11' && complain 'the library is not in C11'
grep '"command"' "$commands" | grep 'plain\.c' | grep -qE -e ' -(W|std|f)' && complain "our options: $(grep 'plain\.c' "$commands")"
grep '"command"' "$commands" | grep 'consumer\.cc*' | grep -qE -e ' -(Wshadow|Wundef|f[a-z-]*=)' && complain "our options: $(grep consumer "$commands")"

cmake -S "$source" -B "$work/library" "${tools[@]}" -DBACKDROP_CLI=OFF -DBACKDROP_BENCH=OFF > "$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
for folder in stranger library; do
    grep -E '^(NETTLE|CMOCKA)' "$work/$folder/CMakeCache.txt" && complain "$folder asks for what the library does without"
done
[ "$failures" -eq 0 ] || exit 1
echo ok
