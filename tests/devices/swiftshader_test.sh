#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A second opinion from another software device, whose subgroups are of 4: SwiftShader, which Debian ships inside the
# package chromium. Kernels of the storage set, mattes and composites by the public calls, against their references.
set -u
icd=/usr/lib/chromium/vk_swiftshader_icd.json
if [ ! -f "$icd" ]; then
    # A Chromium without it will not have it tomorrow either.
    [ "${CI:-}" != true ] || [ ! -d "${icd%/*}" ] || { echo 'Chromium is installed and has no SwiftShader'; exit 1; }
    echo 'skipped: no SwiftShader (tools/setup --swiftshader installs it)'
    exit 77
fi
export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd
unset LD_PRELOAD
cd "${BACKDROP_BUILD_DIR:?}" || exit 1
./backdrop devices | grep -q SwiftShader || { echo 'SwiftShader does not open'; exit 1; }
status=0
for program in subgroup_test kernels_test kernel_{pictures,mattes,components,light}_test composite_test; do
    printf '== %s\n' "$program"
    "./$program" || { printf '%s failed\n' "$program"; status=1; }
done
exit "$status"
