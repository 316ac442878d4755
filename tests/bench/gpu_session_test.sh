#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench/gpu_session rehearsed from end to end: every step runs or says why it cannot, a second run takes up what is
# missing, a step that hangs is stopped with all it started, no python is no failure, and a packed tree works.
# Needs BACKDROP_BUILD_DIR, BACKDROP_SOURCE_DIR, the weights, python3 and a Vulkan device; skipped (77) without.
set -uo pipefail
export LC_ALL=C
source=${BACKDROP_SOURCE_DIR:?} build=${BACKDROP_BUILD_DIR:?}
session=$source/bench/gpu_session
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENTS...: of the session; what it says is left in $work/said.
run() {
    local expected=$1 status
    shift
    "$session" --rehearse --tree "$build" --seconds 900 "$@" > "$work/said" 2>&1 < /dev/null
    status=$?
    [ "$status" -eq "$expected" ] || complain "gpu_session $*: status $status, expected $expected: $(cat "$work/said")"
}

says() {
    grep -qE -- "$1" "$work/said" || complain "it does not say \"$1\": $(cat "$work/said")"
}

[ -e "$source/weights/cache/deeplabv3_mnv2_pascal/model.json" ] || { echo 'skipped: no weights'; exit 77; }
[ -x "$build/backdrop-trace" ] || { echo "skipped: no benchmarks in $build"; exit 77; }
command -v python3 > /dev/null || { echo 'skipped: no python3'; exit 77; }
ASAN_OPTIONS=detect_leaks=0 "$build/backdrop" devices > /dev/null 2>&1 || { echo 'skipped: no Vulkan device'; exit 77; }

check_usage() {
    run 2 --steps first,nothing
    says 'no step nothing'
    run 2 --skip nothing
    run 2 --seconds long
    run 2 sideways
    run 3 --tree "$work/nowhere"
}

check_whole() {
    local file step
    run 0 --out "$work/out" --archive "$work/out.tar.gz"
    cat "$work/said"
    says '^0 steps failed'
    # What needs a GPU's PyTorch is excused.
    for step in $("$session" --list | awk '{ print $1 }'); do
        case $step in
        peers | compile | compile-max | resnet50-peers) says "^$step +[0-9]+ s  (ok|not here)" ;;
        *) says "^$step +[0-9]+ s  ok" ;;
        esac
    done
    for file in device.txt summary.txt first.jpg defaults-fp32.json defaults-fp16.csv trace-fp16.csv checks.txt \
        candidates-fp16.csv candidates-fp16.txt candidates-fp32.csv network-fp32.json e2e.json video.json start.json \
        resnet50-fp32.json resnet50-candidates-fp16.csv kernels.csv tables.md; do
        [ -s "$work/out/$file" ] || complain "no $file"
        tar -tzf "$work/out.tar.gz" "out/$file" > /dev/null 2>&1 || complain "no $file in the archive"
    done
    [ ! -e "$work/out.tar.gz.part" ] || complain 'a part of an archive was left'
    grep -qE '^[0-9]+,(conv|block)[^,]*_f16_' "$work/out/trace-fp16.csv" || complain 'no convolution in the trace'
}

check_nodes() {
    local csv=$work/out/candidates-fp16.csv text
    text=$(python3 "$source/bench/nodes" "$csv") || complain "bench/nodes: $text"
    grep -q '^best of all' <<< "$text" && grep -q ', 0 wrong' <<< "$text" || complain "bench/nodes says: $text"
    # As a run that was cut off leaves it; then with one result wrong; then none at all.
    head -c "$(($(wc -c < "$csv") - 20))" "$csv" > "$work/cut.csv"
    python3 "$source/bench/nodes" "$work/cut.csv" > /dev/null || complain 'bench/nodes: a line that is cut off'
    sed '3s/,right,/,WRONG,/' "$csv" > "$work/wrong.csv"
    python3 "$source/bench/nodes" "$work/wrong.csv" > "$work/said" && complain 'bench/nodes: a wrong candidate is fine'
    says '^WRONG '
    head -n 1 "$csv" > "$work/none.csv"
    python3 "$source/bench/nodes" "$work/none.csv" 2> /dev/null && complain 'bench/nodes: nothing is fine'
}

check_resuming() {
    rm "$work/out/trace.done" "$work/out/trace-fp32.csv"
    run 0 --out "$work/out" --skip peers,compile,compile-max,resnet50-peers
    says '^first +done before'
    says '^trace +[0-9]+ s  ok'
    says '^kernels +done before'
    [ -s "$work/out/trace-fp32.csv" ] || complain 'a step was not taken up'
    run 0 --out "$work/out" --steps trace
    says '^trace +done before'
    run 0 --out "$work/out" --steps trace --fresh
    says '^trace +[0-9]+ s  ok'
    [ ! -e "$work/out/first.done" ] || complain '--fresh left what was there'
}

# A tree whose trace never ends, and whose checks do not either.
check_hanging() {
    local hanging=$work/hanging file name pid
    mkdir "$hanging"
    for file in "$build"/*; do
        [ ! -x "$file" ] || ln -s "$file" "$hanging/"
    done
    rm "$hanging"/{backdrop-trace,kernel_fusion_test}
    for name in backdrop-trace kernel_fusion_test; do
        printf '%s\n' '#!/bin/sh' "echo \$\$ > '$work/$name.pid'" 'exec sleep 600' > "$hanging/$name"
        chmod +x "$hanging/$name"
    done
    for name in trace,start checks; do
        run 1 --tree "$hanging" --out "$work/stopped-$name" --steps "$name" --seconds 8
        says '^(trace|checks) +[0-9]+ s  FAILED: stopped after'
        says '^1 steps failed'
    done
    [ ! -e "$work/stopped-checks/checks.done" ] || complain 'a step that was stopped counts as done'
    grep -q '^start .*left out' "$work/stopped-trace,start/summary.txt" || complain 'a step began without time'
    for name in backdrop-trace kernel_fusion_test; do
        pid=$(cat "$work/$name.pid") || complain "$name did not run"
        ! kill -0 "$pid" 2> /dev/null || { complain "$name still runs"; kill "$pid"; }
    done
}

check_no_python() {
    local file
    mkdir "$work/bin"
    for file in /usr/local/bin/* /usr/bin/* /bin/*; do
        case ${file##*/} in python*) ;; *) ln -s "$file" "$work/bin/" 2> /dev/null ;; esac
    done
    PATH=$work/bin run 0 --out "$work/no-python" --steps trace,peers,resnet50,compile
    says '^trace +[0-9]+ s  ok'
    says '^peers +[0-9]+ s  not here'
    says 'no python3'
    says '^resnet50 +[0-9]+ s  not here'
}

check_pack() {
    local bytes
    "$session" --pack "$work/pack.tar.gz" --build "$build" > "$work/said" 2>&1 || complain "--pack: $(cat "$work/said")"
    bytes=$(wc -c < "$work/pack.tar.gz")
    echo "packed: $bytes bytes"
    # With a sanitizer's symbols it is another matter.
    [ "$bytes" -lt 40000000 ] || grep -q 'BACKDROP_SANITIZE:BOOL=ON' "$build/CMakeCache.txt" || complain "the pack has $bytes bytes"
    run 0 --tree "$work/pack.tar.gz" --out "$work/packed" --steps trace,checks
}

check_usage
check_whole
check_nodes
check_resuming
check_hanging
check_no_python
check_pack
[ "$failures" -eq 0 ] || { printf '%d failures\n' "$failures"; exit 1; }
printf 'ok\n'
