#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# samples/offscreen.c, a host with a Vulkan device of its own, built against the installed library and run with Khronos
# validation: it stays silent, and the picture is the scene with the figure in it. The header serves C++, too.
set -u
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
unset LD_PRELOAD # the compilers have leaks of their own
pkg-config --exists vulkan || { echo 'skipped: no Vulkan loader to link against'; exit 77; }
work=$(mktemp -d "$build/offscreen.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/root" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
library=$(dirname "$(find "$work/root" -name 'libbackdrop.so' | head -n 1)")
[ -e "$library/libbackdrop.so" ] || { echo 'no library was installed'; exit 1; }
if nm -D "$library/libbackdrop.so" | grep -q __asan_init; then
    echo 'skipped: the program does not bring the runtime of a sanitized library'
    exit 77
fi

cat > "$work/header.cc" <<'CODE'
#include <backdrop_vulkan.h>
int main() {
    bd_vulkan_image image{};
    image.struct_size = sizeof image;
    return bd_session_wait_images(nullptr, nullptr) == BD_OK;
}
CODE
# Colours of three places: the figure, and the sky and the ground beside it.
cat > "$work/look.c" <<'CODE'
#include <backdrop.h>
#include <stdio.h>
int main(int argc, char **argv) {
    bd_error error;
    bd_image image;
    if (argc != 2 || bd_image_read(argv[1], NULL, &image, &error)) return 1;
    static const int at[][2] = {{320, 300}, {100, 100}, {100, 400}};
    for (int i = 0; i < 3; i++) {
        const uint8_t *p = image.pixels + at[i][1] * image.stride_bytes + 4 * at[i][0];
        printf("%d %d %d %d\n", p[0], p[1], p[2], p[3]);
    }
    printf("%ux%u\n", image.width, image.height);
    bd_image_finish(&image);
    return 0;
}
CODE
warnings=(-Wall -Wextra -Wpedantic -Werror "-I$work/root/include")
link=("-L$library" -lbackdrop "-Wl,-rpath,$library")
read -ra vulkan <<< "$(pkg-config --cflags --libs vulkan)"
cc -std=c11 "${warnings[@]}" "$source/samples/offscreen.c" "${vulkan[@]}" "${link[@]}" -o "$work/offscreen" || exit 1
cc -std=c11 "${warnings[@]}" "$work/look.c" "${link[@]}" -o "$work/look" || exit 1
cxx=$(command -v c++ || command -v clang++)
if [ -n "$cxx" ]; then
    "$cxx" -std=c++17 "${warnings[@]}" "$work/header.cc" "${link[@]}" -o "$work/header" || exit 1
fi

layer=VK_LAYER_KHRONOS_validation
VK_INSTANCE_LAYERS=$layer VK_LAYER_ENABLES=VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT \
    "$work/offscreen" "$work/out.png" > "$work/said" 2>&1
status=$?
cat "$work/said"
if [ "$status" -ne 0 ] || [ -s "$work/said" ]; then
    echo "offscreen: exit status $status, and it said the above"
    exit 1
fi
"$work/look" "$work/out.png" > "$work/seen" || exit 1
printf '%s\n' '153 28 38 255' '122 181 242 255' '125 115 102 255' 640x480 > "$work/expected"
diff "$work/expected" "$work/seen" && echo 'the figure stands in the scene'
