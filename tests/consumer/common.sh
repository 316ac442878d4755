# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of users' builds share. Sets source, build, failures, cc, cxx, tools (CMake's arguments) and sanitize
# (flags, of a sanitized build); who sources it sets work, a folder.
export LC_ALL=C
# shellcheck disable=SC2034 # read by who sources this
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
export ASAN_OPTIONS=detect_leaks=0 # and so have drivers
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

cached() { # NAME: of this build
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}

# snippet NAME FOLDER: FOLDER/NAME as the manual has it, behind the line <!-- NAME -->.
snippet() {
    mkdir -p "$(dirname "$2/$1")"
    awk -v mark="<!-- $1 -->" '
        $0 == mark { on = 1; next }
        on && /^    / { for (; blank > 0; blank--) print ""; print substr($0, 5); begun = 1; next }
        on && /^$/ { blank += begun; next }
        on { exit }' "$source"/docs/embedding.md > "$2/$1"
    [ -s "$2/$1" ] || complain "the manual has no $1"
}

cc=$(cached CMAKE_C_COMPILER)
case $cc in
*clang*) cxx=$(command -v clang++ || command -v c++) ;;
*) cxx=$(command -v c++ || command -v clang++) ;;
esac
[ -n "$cxx" ] || { echo 'skipped: no C++ compiler'; exit 77; }
tools=(-G "$(cached CMAKE_GENERATOR)" "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx"
    "-DCMAKE_C_COMPILER_LAUNCHER=$(cached CMAKE_C_COMPILER_LAUNCHER)" -DCMAKE_BUILD_TYPE=RelWithDebInfo)
sanitize=''
if [ "$(cached BACKDROP_SANITIZE)" = ON ]; then
    sanitize=-fsanitize=address,undefined
    tools+=("-DCMAKE_C_FLAGS=$sanitize" "-DCMAKE_CXX_FLAGS=$sanitize")
fi

# run_hosts FOLDER: runs each program that CMake made of host/, and looks at what it is linked with.
run_hosts() {
    local name
    for name in shared_C11 shared_CXX17 shared_CXX20 static_C11 static_CXX17 static_CXX20; do
        check_host "$1/host_$name" "${name%_*}"
    done
}

# check_host PROGRAM shared|static
check_host() {
    local needed
    # shellcheck disable=SC2154
    "$1" > "$work/said" 2>&1 || { complain "$1 ends with $?"; cat "$work/said"; }
    needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
    if [ "$2" = static ]; then
        [[ $needed == *libjpeg* && $needed != *libbackdrop* ]] || complain "$1 is linked with $needed"
    else
        [[ $needed == *libbackdrop.so.0* && $needed != *libjpeg* ]] || complain "$1 is linked with $needed"
    fi
}
