#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# samples/viewer.c, built against the installed library, in a window of Xvfb with software Vulkan and Khronos validation,
# which stays silent: keys, mouse and drops come from viewer_user.py, which looks at the window's pixels. They are those
# that the command makes.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
skip() {
    echo "skipped: $1"
    exit 77
}
pkg-config --exists vulkan glfw3 || skip 'no Vulkan loader or no GLFW to link against (tools/setup --test)'
command -v Xvfb > /dev/null || skip 'no Xvfb (tools/setup --test)'
python=''
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import numpy, PIL, Xlib' 2> /dev/null || python=$one
done
[ -n "$python" ] || skip 'no Python with numpy, PIL and Xlib (tools/setup --test)'
weights=$source/weights
[ -d "$weights/cache/deeplabv3_mnv2_pascal" ] || skip 'no weights (weights/fetch)'

work=$(mktemp -d "$build/viewer.XXXXXX") || exit 1
server=''
finish() {
    [ -z "$server" ] || kill "$server"
    rm -rf "$work"
}
trap finish EXIT
cmake --install "$build" --prefix "$work/root" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
library=$(dirname "$(find "$work/root" -name 'libbackdrop.so' | head -n 1)")
[ -e "$library/libbackdrop.so" ] || { echo 'no library was installed'; exit 1; }
if nm -D "$library/libbackdrop.so" | grep -q __asan_init; then
    skip 'the program does not bring the runtime of a sanitized library'
fi
read -ra packages <<< "$(pkg-config --cflags --libs glfw3 vulkan)"
cc -std=c11 -Wall -Wextra -Wpedantic -Werror "-I$work/root/include" "$source"/samples/viewer.c \
    "$source"/samples/viewer_host.c "${packages[@]}" "-L$library" -lbackdrop "-Wl,-rpath,$library" -o "$work/viewer" || exit 1

export BACKDROP_WEIGHTS=$weights
for icd in /usr/share/vulkan/icd.d/lvp_icd*.json; do
    [ ! -e "$icd" ] || export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd
done

Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp 3> "$work/display" > /dev/null 2>&1 &
server=$!
for _ in $(seq 100); do
    [ ! -s "$work/display" ] || break
    sleep 0.1
done
DISPLAY=:$(cat "$work/display")
export DISPLAY
"$python" "$source/tests/consumer/viewer_user.py" "$build/backdrop" "$work/viewer" "$source/tools/samples" "$work"
