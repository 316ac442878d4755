#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library's symbols, structs and enums are those of tests/abi/baseline.txt, or the version was raised as they ask for
# it. First on small headers that are changed here: what has to be found is found.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
export LC_ALL=C
unset LD_PRELOAD # the compilers have leaks of their own
abi=${BACKDROP_SOURCE_DIR:?}/tests/abi/abi.py
command -v python3 > /dev/null || { echo 'skipped: no python3'; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0 tried=0

write() { # SED-EXPRESSION: the headers, changed
    mkdir -p "$work/headers"
    sed -e "$1" > "$work/headers/small.h" << 'C'
#include <stdbool.h>
#include <stddef.h>
#define BD_API __attribute__((visibility("default")))
#define BD_VERSION_MAJOR 0
#define BD_VERSION_MINOR 3
#define BD_VERSION_PATCH 7
typedef struct bd_thing bd_thing;
typedef enum bd_kind { BD_KIND_A = 0, BD_KIND_B = 1 } bd_kind;
typedef struct bd_params {
    size_t struct_size;
    bd_kind kind;
    const char *name;
    bool last; /* params */
} bd_params;
typedef struct bd_plain {
    int x; /* plain */
} bd_plain;
typedef int (*bd_hook)(void *user);
BD_API int bd_first(const bd_params *params);
BD_API void bd_second(bd_thing *thing, bd_plain plain);
C
}
# expect STATUS SED-EXPRESSION [TEXT]: the changed headers are judged so, and TEXT is said.
expect() {
    local status
    tried=$((tried + 1))
    write "$2"
    python3 "$abi" check --headers "$work/headers" --baseline "$work/baseline" > "$work/said" 2>&1
    status=$?
    if [ "$status" -ne "$1" ] || ! grep -qF -e "${3-}" "$work/said"; then
        printf 'FAILED: status %s instead of %s for %s:\n' "$status" "$1" "$2"
        cat "$work/said"
        failures=$((failures + 1))
    fi
}
write ''
python3 "$abi" renew --unreleased --headers "$work/headers" --baseline "$work/baseline" > "$work/said" || { cat "$work/said"; exit $?; }

patch='s/PATCH 7/PATCH 8/' minor='s/MINOR 3/MINOR 4/'
expect 0 ''
expect 0 "$patch"
expect 1 's/PATCH 7/PATCH 6/' 'went back'
for added in 's/^BD_API int bd_first/BD_API int bd_third(void);\n&/' 's/BD_KIND_B = 1/&, BD_KIND_C = 2/' \
    's/^.*params \*\//&\n    void *more;/' 's/^typedef struct bd_plain/typedef struct bd_new { int a; } bd_new;\n&/'; do
    expect 1 "$added" 'raise BD_VERSION_PATCH or _MINOR'
    expect 0 "$added; $patch"
done
for broken in '/bd_first/d' 's/int bd_first/long bd_first/' 's/BD_KIND_B = 1/BD_KIND_B = 2/' 's/, BD_KIND_B = 1//' \
    's/^.*params \*\//    bool before;\n&/' 's/^.*params \*\//&\n    bool padding;/' '/const char \*name/d' \
    's/const char \*name/const int *name/' 's/int x;/long x;/' 's/^.*plain \*\//&\n    int more;/' 's/(void \*user)/(int user)/'; do
    expect 1 "$broken; $patch" 'raise BD_VERSION_MINOR'
    expect 0 "$broken; $minor"
done
expect 1 's/^BD_API void/void/' 'bd_second is declared without BD_API'
write 's/int x;/long x;/'
python3 "$abi" renew --headers "$work/headers" --baseline "$work/baseline" > /dev/null && { echo 'FAILED: renewed without a higher version'; failures=1; }
write "s/int x;/long x;/; $minor"
python3 "$abi" renew --headers "$work/headers" --baseline "$work/baseline" > /dev/null || { echo 'FAILED: not renewed'; failures=1; }
grep -qx 'version = 0.4.7' "$work/baseline" || { echo 'FAILED: the baseline is not renewed'; failures=1; }
printf '%s changes tried, %s failures\n' "$tried" "$failures"

python3 "$abi" check --library "${BACKDROP_BUILD_DIR:?}/libbackdrop.so" || failures=$((failures + 1))
[ "$failures" -eq 0 ]
