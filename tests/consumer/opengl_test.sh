#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# samples/opengl.c, a host that draws with OpenGL, built against the installed library and run on software OpenGL: its
# picture is the command's, byte for byte, through memory that both APIs share, where they can, and through the host's.
# The same with Khronos validation, which stays silent.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
for module in vulkan egl gl; do
    pkg-config --exists "$module" || { echo "skipped: no $module to build against"; exit 77; }
done
[ -x "$build/backdrop" ] || { echo 'skipped: no command to compare with'; exit 77; }
work=$(mktemp -d "$build/opengl.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/root" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
library=$(dirname "$(find "$work/root" -name 'libbackdrop.so' | head -n 1)")
[ -e "$library/libbackdrop.so" ] || { echo 'no library was installed'; exit 1; }
if nm -D "$library/libbackdrop.so" | grep -q __asan_init; then
    echo 'skipped: the program does not bring the runtime of a sanitized library'
    exit 77
fi

# A figure in front of a green screen, and a scene of another size, full of detail.
cat > "$work/draw.c" <<'CODE'
#include <backdrop.h>
static uint8_t pixels[480][641][4];
static int save(const char *path, uint32_t w, uint32_t h) {
    const bd_image image = {.width = w, .height = h, .stride_bytes = sizeof pixels[0], .pixels = pixels[0][0]};
    return bd_image_write(path, &image, NULL, NULL);
}
int main(int argc, char **argv) {
    unsigned seed = 1;
    for (int y = 0; y < 480; y++) {
        for (int x = 0; x < 641; x++) {
            int on = (x - 320) * (x - 320) + (y - 130) * (y - 130) < 4900 || (y > 190 && x > 220 && x < 420);
            pixels[y][x][0] = on ? 160 + x % 32 : 26;
            pixels[y][x][1] = on ? 40 + y % 64 : 178;
            pixels[y][x][2] = on ? 38 : 51;
        }
    }
    if (argc != 3 || save(argv[1], 641, 480)) return 1;
    for (int y = 0; y < 333; y++)
        for (int x = 0; x < 500; x++)
            for (int c = 0; c < 3; c++) pixels[y][x][c] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    return save(argv[2], 500, 333);
}
CODE
warnings=(-Wall -Wextra -Wpedantic -Werror "-I$work/root/include")
link=("-L$library" -lbackdrop "-Wl,-rpath,$library")
read -ra apis <<< "$(pkg-config --cflags --libs egl gl vulkan)"
cc -std=c11 "${warnings[@]}" "$source/samples/opengl.c" "${apis[@]}" "${link[@]}" -o "$work/opengl" || exit 1
cc -std=c11 "${warnings[@]}" "$work/draw.c" "${link[@]}" -o "$work/draw" || exit 1

photo=$work/photo.png scene=$work/scene.png
"$work/draw" "$photo" "$scene" || exit 1
"$build/backdrop" "$photo" "$scene" --key auto -o "$work/expected.png" > "$work/said" 2>&1 || { cat "$work/said"; exit 1; }
export LIBGL_ALWAYS_SOFTWARE=1
failures=0
check() { # NAME PROGRAM ARGUMENT...: prints a line on OpenGL, and one on the way that pixels took
    local name=$1
    shift
    "$@" "$photo" "$scene" "$work/$name.png" > "$work/said" 2>&1
    local status=$?
    cat "$work/said"
    if [ "$status" -eq 1 ] && grep -qx 'there is no EGL display with OpenGL' "$work/said"; then
        echo 'skipped: no OpenGL driver'
        exit 77
    fi
    if [ "$status" -ne 0 ] || [ "$(wc -l < "$work/said")" -ne 2 ]; then
        echo "FAILED: $name: exit status $status, and it said the above"
        failures=$((failures + 1))
    elif ! cmp "$work/expected.png" "$work/$name.png"; then
        echo "FAILED: $name: another picture than the command's"
        failures=$((failures + 1))
    fi
}
check shared "$work/opengl"
shared=$(sed -n 2p "$work/said")
check copied "$work/opengl" --copy
grep -qx "through the host's memory: --copy" "$work/said" || { echo 'FAILED: --copy was not followed'; failures=1; }
if [[ $shared == through* ]]; then
    echo "not tried: sharing memory; $shared"
fi
# Mesa hides what it is told to; other drivers ignore that.
check missing env MESA_EXTENSION_OVERRIDE=-GL_EXT_memory_object_fd "$work/opengl"
check validated env VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation \
    VK_LAYER_ENABLES=VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT "$work/opengl"
[ "$failures" -eq 0 ] && echo "the command's picture, each time"
