#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# backdrop-bench miou on the labelled VOC photos, against what the stored labels of an independent engine gave.
set -u
data=$BACKDROP_SHARED_DIR/data
model=${BACKDROP_MODEL:-$BACKDROP_SOURCE_DIR/weights/cache/deeplabv3_mnv2_pascal/model.json}
for need in "$data/voc" "$data/golden/voc/miou.txt" "$model"; do
    [ -e "$need" ] || { echo "skipped: no $need"; exit 77; }
done
out=$("$BACKDROP_BUILD_DIR/backdrop-bench" miou --model "$model" --nearest "$data/voc") || exit 1
printf '%s\n' "$out"
status=0
expect() { # NAME WANTED FOUND: within 0.1 points
    awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(b != "" && d < 0.001 && d > -0.001) }' ||
        { echo "$1: $3, expected $2"; status=1; }
}
wanted() { grep -o "$1 [0-9.]*[0-9]" "$data/golden/voc/miou.txt" | head -n 1 | grep -o '[0-9.]*$'; }
for class in background aeroplane person tvmonitor; do
    expect "$class" "$(wanted "$class")" "$(sed -n "s/.*$class  *IoU \([0-9.]*\).*/\1/p" <<< "$out")"
done
expect mean "$(wanted 'mean of those four')" "$(sed -n 's/.*labels \([0-9.]*\);.*/\1/p' <<< "$out")"
expect accuracy "$(wanted 'pixel accuracy')" "$(sed -n 's/.*pixel accuracy \([0-9.]*\).*/\1/p' <<< "$out")"
exit $status
