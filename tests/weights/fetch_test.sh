#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# weights/fetch against a package of two small files and an npm that packs it locally: no network is used.
set -u
fetch=${BACKDROP_SOURCE_DIR:?}/weights/fetch
command -v node > /dev/null || { echo 'skipped: node is not installed'; exit 77; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/weights" "$work/bin" "$work/package/net"
cp "$fetch" "$work/weights/fetch"
printf 'graph' > "$work/package/net/model.json"
printf 'numbers' > "$work/package/net/shard1"
sum() { sha256sum < "$1" | cut -d ' ' -f 1; }
cat > "$work/weights/manifest.json" << JSON
{ "default": "tiny", "models": [ { "name": "tiny", "file": "model.json", "form": "tfjs", "origin": "npm:tiny@1.0.0",
  "folder": "net", "licence": "MIT", "bytes": 12, "files": [
  { "path": "model.json", "bytes": 5, "sha256": "$(sum "$work/package/net/model.json")" },
  { "path": "shard1", "bytes": 7, "sha256": "$(sum "$work/package/net/shard1")" } ] } ] }
JSON
cat > "$work/bin/npm" << 'SCRIPT'
#!/bin/sh
echo "$*" >> "$NPM_CALLS"
[ -z "${NPM_FAILS:-}" ] || { echo 'npm ERR! network request failed' >&2; exit 1; }
tar -czf tiny-1.0.0.tgz -C "$NPM_PACKAGE" package
SCRIPT
chmod +x "$work/bin/npm"
export NPM_CALLS=$work/calls NPM_PACKAGE=$work
touch "$NPM_CALLS"

failures=0 program=$work/weights/fetch
# expect CODE PATTERN ARGUMENT...: weights/fetch exits with CODE and its output matches PATTERN.
expect() {
    local code=$1 pattern=$2 output status
    shift 2
    output=$(PATH="$work/bin:$PATH" "$program" "$@" 2>&1)
    status=$?
    if [ "$status" -ne "$code" ] || ! grep -q -- "$pattern" <<< "$output"; then
        printf 'fetch %s: exit %s, expected %s with "%s"; output:\n%s\n' "$*" "$status" "$code" "$pattern" "$output"
        failures=$((failures + 1))
    fi
}
check() { # DESCRIPTION COMMAND...
    local what=$1
    shift
    "$@" || { printf 'not so: %s\n' "$what"; failures=$((failures + 1)); }
}
cached() { [ "$(cat "$work/weights/cache/tiny/"* 2> /dev/null)" = graphnumbers ]; }
no_leftovers() { [ -z "$(find "$work/weights/cache" -name '.fetch.*')" ]; }
calls() { [ "$(wc -l < "$NPM_CALLS")" -eq "$1" ]; }

expect 2 'not in' unknown
expect 2 'usage' --frobnicate
expect 1 'model.json is missing' --check
expect 0 'not fetched' --list
NPM_FAILS=1 expect 4 'network request failed'
check 'a failed download leaves nothing' no_leftovers
expect 0 'tiny is in'
check 'the files are in the cache' cached
check 'nothing temporary is left' no_leftovers
check 'npm was called twice so far' calls 2
NPM_FAILS=1 expect 0 ''
check 'a right cache needs no npm' calls 2
expect 0 'there and right' --check
expect 0 '(fetched)' --list

printf 'graph, changed' > "$work/weights/cache/tiny/model.json"
expect 1 'model.json has SHA-256' --check
expect 0 'tiny is in' tiny
check 'a wrong cache is replaced' cached
rm "$work/weights/cache/tiny/shard1"
printf 'poisoned' > "$work/package/net/shard1"
expect 5 'shard1 has SHA-256'
check 'a wrong download does not reach the cache' test ! -e "$work/weights/cache/tiny/shard1"
rm "$work/package/net/shard1"
expect 5 'does not hold'
check 'nothing temporary is left after a wrong download' no_leftovers

# Installed: the manifest is nobody's to write, so weights go to the user's data. By a link, too, as from a bin folder.
printf 'numbers' > "$work/package/net/shard1"
mkdir -p "$work/prefix/bin" "$work/prefix/share/backdrop" "$work/data" "$work/elsewhere"
cp "$fetch" "$work/prefix/bin/backdrop-fetch-weights"
cp "$work/weights/manifest.json" "$work/prefix/share/backdrop"
cp "$work/weights/manifest.json" "$work/elsewhere"
ln -s "$work/prefix/bin/backdrop-fetch-weights" "$work/bin/linked"
chmod a-w "$work/prefix/share/backdrop"
program=$work/bin/linked
unset BACKDROP_WEIGHTS
export XDG_DATA_HOME=$work/data
expect 1 "^backdrop-fetch-weights: $work/data/backdrop/cache/tiny: model.json is missing" --check
expect 0 "backdrop-fetch-weights: tiny is in $work/data/backdrop/cache/tiny"
check 'the weights are in the data folder' test -f "$work/data/backdrop/cache/tiny/shard1"
check 'nothing is beside the manifest' test ! -e "$work/prefix/share/backdrop/cache"
expect 0 '(fetched)' --list
XDG_DATA_HOME='' HOME=$work/home expect 0 "tiny is in $work/home/.local/share/backdrop/cache/tiny"
BACKDROP_WEIGHTS=$work/elsewhere expect 0 "tiny is in $work/elsewhere/cache/tiny"
chmod u+w "$work/prefix/share/backdrop"
mv "$work/data/backdrop/cache" "$work/prefix/share/backdrop"
NPM_FAILS=1 expect 0 'there and right' --check
NPM_FAILS=1 expect 0 ''
check 'what lies beside the manifest serves' test ! -e "$work/data/backdrop/cache"

program=$work/weights/fetch
rm "$work/bin/npm"
for tool in bash node env readlink cat sed grep head tail cut wc find tar gzip mktemp mkdir mv rm chmod dirname sha256sum; do
    ln -sf "$(command -v "$tool")" "$work/bin/$tool"
done
PATH=$work/bin expect 3 'npm is not installed'
rm "$work/bin/node"
PATH=$work/bin expect 3 'node .* is not installed'

[ "$failures" -eq 0 ]
