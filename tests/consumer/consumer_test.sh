#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stranger's programs: the installed header and library from C11 and C++17, and nothing but bd_ symbols to see.
set -eu
build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
work=$(mktemp -d "$build/consumer.XXXXXX")
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/root" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }

cat > "$work/consumer.c" <<'CODE'
#include <backdrop.h>
#include <stdio.h>
#include <string.h>
int main(void) {
    bd_error error;
    bd_model *model = 0;
    if (bd_model_open("no such file", 0, &model, &error) != BD_ERR_FILE_NOT_FOUND || model) {
        return 1;
    }
    printf("%s %s\n", bd_version(), error.message);
    return strstr(error.message, "no such file") ? 0 : 1;
}
CODE
cp "$work/consumer.c" "$work/consumer.cc"

library=$(dirname "$(find "$work/root" -name 'libbackdrop.so' | head -n 1)")
flags="-Wall -Wextra -Wpedantic -Werror -I$work/root/include"
link="-L$library -lbackdrop -Wl,-rpath,$library"
# The library of a sanitized build needs the runtime, which a plain program does not bring.
if nm -D "$library/libbackdrop.so" | grep -q __asan_init; then
    flags="$flags -fsanitize=address,undefined"
    c=clang cc=clang++
else
    c=cc cc=c++
fi
command -v "$cc" > /dev/null || cc=clang++
for program in "$c -std=c11 $work/consumer.c" "$cc -std=c++17 $work/consumer.cc"; do
    # shellcheck disable=SC2086 # words are meant
    $program $flags $link -o "$work/consumer"
    "$work/consumer"
done

foreign=$(nm -D --defined-only "$library/libbackdrop.so" | awk '$2 == "T" && $3 !~ /^(bd_|_init|_fini|__(asan|ubsan|sanitizer|lsan|interceptor))/ { print $3 }' | head)
if [ -n "$foreign" ] && ! nm -D "$library/libbackdrop.so" | grep -q __asan_init; then
    printf 'symbols that are not ours: %s\n' "$foreign"
    exit 1
fi
