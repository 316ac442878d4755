#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A second opinion from another software device: SwiftShader, which Debian ships inside the package chromium. Every kernel that it can run
# against its reference, and the sample's classic composite equal to lavapipe's (the golden's) byte for byte.
set -u
icd=$(find /usr/lib/chromium -name 'vk_swiftshader_icd.json' 2> /dev/null | head -n 1)
if [ -z "$icd" ]; then
    echo 'skipped: no SwiftShader (tools/setup --swiftshader installs it)'
    exit 77
fi
export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd
unset LD_PRELOAD
cd "${BACKDROP_BUILD_DIR:?}" || exit 1
./backdrop devices | grep -q SwiftShader || { echo 'SwiftShader does not open'; exit 1; }
./kernels_test && ./kernel_pictures_test || exit 1
model=${BACKDROP_MODEL:-${BACKDROP_SOURCE_DIR:?}/weights/cache/deeplabv3_mnv2_pascal/model.json}
[ -f "$model" ] || exit 0
samples=$BACKDROP_SOURCE_DIR/tools/samples
picture=$(mktemp "$PWD/swiftshader.XXXXXX.png")
trap 'rm -f "$picture"' EXIT
./backdrop -q "$samples/person.jpg" "$samples/autumn.jpg" --classic --model "$model" -o "$picture" || exit 1
unset VK_DRIVER_FILES VK_ICD_FILENAMES
other=$(mktemp "$PWD/lavapipe.XXXXXX.png")
trap 'rm -f "$picture" "$other"' EXIT
./backdrop -q "$samples/person.jpg" "$samples/autumn.jpg" --classic --model "$model" -o "$other" || exit 1
cmp "$picture" "$other"
