#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/scale.md on this machine: a folder in four parts, by GNU parallel and by an array of jobs on a Slurm of one node that
# is started here. One worker is killed and the job resumed: nothing is lost, nothing is done twice, and the results are
# those of one run.
# Needs BACKDROP_BUILD_DIR and python3; what is not installed (tools/setup --test, --slurm) is left out.
set -uo pipefail
export LC_ALL=C
backdrop=${BACKDROP_BUILD_DIR:?}/backdrop
command -v python3 > /dev/null || { printf 'there is no python3\n'; exit 77; }
"$backdrop" devices --json 2> /dev/null | grep -qE '"usable":[[:space:]]*true' || { printf 'there is no device\n'; exit 77; }
work=$(mktemp -d) || exit 1
failures=0 tried=0
cd "$work" || exit 1

# stop NAME: the daemon that has written its process id to NAME.pid; waits until it is gone.
stop() {
    local pid
    pid=$(cat "$work/$1.pid" 2> /dev/null) || return
    kill "$pid" 2> /dev/null
    for _ in $(seq 100); do
        kill -0 "$pid" 2> /dev/null || return
        sleep 0.1
    done
}

clean_up() {
    for daemon in slurmd slurmctld munged; do stop $daemon; done
    rm -rf "$work"
}
trap clean_up EXIT

complain() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# 24 photos in two folders, large enough that a worker takes a while over each.
python3 - << 'PYTHON' || exit 1
import os
for i in range(24):
    folder = "photos/" + "ab"[i % 2]
    os.makedirs(folder, exist_ok=True)
    green, red = bytes([32, 176, 64]), bytes([200, 10 * i, 30])
    row, band = green * 800, green * 300 + red * 200 + green * 300
    with open(f"{folder}/{i}.ppm", "wb") as file:
        file.write(b"P6 800 600 255\n" + row * 150 + band * 450)
PYTHON
export backdrop work
options='--recursive --key #20b040 --color white'
# shellcheck disable=SC2086 # words
"$backdrop" photos $options --output-dir whole -q || complain 'one run'

# worker FOLDER PART: part PART of 4; the worker whose kill-PART is there dies when its first photo is done.
cat > worker << 'WORKER'
#!/usr/bin/env bash
cd "$work" || exit 1
out=$1 part=${2:-$SLURM_ARRAY_TASK_ID}
mkfifo "lines-$part" || exit 1
"$backdrop" photos --recursive --key '#20b040' --color white --output-dir "$out" --skip-existing --shard "$part/4" --json \
    > "lines-$part" 2> "said-$part" &
while read -r line; do
    printf '%s\n' "$line" >> "log-$out"
    if [ -e "kill-$part" ]; then
        rm "kill-$part"
        kill -KILL $!
    fi
done < "lines-$part"
rm "lines-$part"
wait $!
WORKER
chmod +x worker

# inodes FOLDER: which files are there, and which they are.
inodes() {
    (cd "$1" && find . -type f ! -name '.backdrop.*' -printf '%P %i %T@\n' | sort)
}

# The largest part, so that there is something left when its worker is killed.
victim=1 most=0
for part in 1 2 3 4; do
    # shellcheck disable=SC2086 # words
    count=$("$backdrop" photos $options --output-dir whole --skip-existing --shard $part/4 --json 2> /dev/null |
        grep -c '"skipped":"existing"')
    [ "$count" -gt "$most" ] && victim=$part most=$count
done
[ "$most" -ge 4 ] && [ "$most" -lt 24 ] || complain "the largest part has $most of 24 photos"

# try NAME COMMAND...: runs a job whose workers write to NAME, with one of them killed, and then again.
try() {
    local out=$1
    shift
    tried=$((tried + 1))
    : > "kill-$victim"
    "$@" > job 2>&1 && complain "$out: nobody was killed: $(cat job)"
    [ ! -e "kill-$victim" ] || complain "$out: the worker was not there: $(cat job)"
    inodes "$out" > before
    local left=$((24 - $(wc -l < before)))
    [ "$left" -gt 0 ] && [ "$left" -lt 24 ] || complain "$out: $left of 24 are left"
    "$@" > job 2>&1 || complain "$out: gone on with: $(cat job said-*)"
    find "$out" -name '.backdrop.*' -delete # of the writing that was killed
    diff -r whole "$out" || complain "$out: not what one run makes"
    [ -z "$(comm -23 before <(inodes "$out"))" ] || complain "$out: what was there was done again"
    [ -z "$(grep -o '"output":{"path":"[^"]*"' "log-$out" | sort | uniq -d)" ] || complain "$out: something was done twice"
    printf '%s: one of 4 workers killed, %s of 24 photos left, then done\n' "$out" "$left"
}

if command -v parallel > /dev/null; then
    try parallel parallel --will-cite -j 2 ./worker parallel ::: 1 2 3 4
else
    printf 'not tried: there is no GNU parallel (tools/setup --test)\n'
fi

# ---- Slurm ----

start_slurm() {
    local host port=$((20000 + RANDOM % 20000))
    host=$(hostname -s)
    head -c 1024 /dev/urandom > munge.key && chmod 400 munge.key && mkdir state spool || return 1
    munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
        --log-file="$work/munged.log" --seed-file="$work/munged.seed" || return 1
    cat > slurm.conf << CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$work/slurm.conf
    slurmctld -f slurm.conf && slurmd -f slurm.conf || return 1
    for _ in $(seq 100); do
        [ "$(sinfo -h -o %T 2> /dev/null)" != idle ] || return 0
        sleep 0.2
    done
    return 1
}

missing=''
for program in slurmctld slurmd sbatch munged; do
    command -v $program > /dev/null || missing+=" $program"
done
if [ -n "$missing" ]; then
    printf 'not tried: there is no%s (tools/setup --slurm)\n' "$missing"
elif start_slurm; then
    try slurm sbatch --wait --array=1-4 --output="$work/task-%a" worker slurm
else
    complain "Slurm does not start: $(tail -n 5 munged.log slurmctld.log slurmd.log 2>&1)"
fi

if [ "$failures" -gt 0 ]; then
    printf '%d failures\n' "$failures"
    exit 1
fi
[ "$tried" -gt 0 ] || exit 77
printf 'ok\n'
