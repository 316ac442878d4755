# SPDX-License-Identifier: MIT
# For tests that are written in Python, by a shell that has `build`: skip, and `python`, which has numpy and PIL.

skip() {
    echo "skipped: $*"
    exit 77
}

python=
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import numpy, PIL' 2> /dev/null || python=$one
done
[ -n "$python" ] || skip 'no Python with numpy and PIL'

# The library that Python loads, as BACKDROP_LIBRARY.
need_library() {
    ! grep -q '^BACKDROP_SANITIZE:[A-Z]*=ON' "${build:?}/CMakeCache.txt" || skip 'a sanitized library, which Python cannot load'
    [ -e "$build/libbackdrop.so.0" ] || skip 'there is no shared library'
    export BACKDROP_LIBRARY=$build/libbackdrop.so.0
}

need_device() {
    "${build:?}/backdrop" devices --json 2> /dev/null | grep -qE '"usable":[[:space:]]*true' || skip 'no device that can be used'
}

# check_source FILE...: what Python and we ask of a program. Its byte code goes to PYTHONPYCACHEPREFIX.
check_source() {
    "$python" -m py_compile "$@" || exit 1
    ! command -v pyflakes3 > /dev/null || pyflakes3 "$@" || exit 1
    awk 'length > 120 { print FILENAME ":" FNR ": over 120 columns"; bad = 1 } END { exit bad }' "$@" || exit 1
}
