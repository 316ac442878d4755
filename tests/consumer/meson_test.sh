#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual's Meson project where no Backdrop is installed: its wrap file brings the sources, and Meson builds them.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -u
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/consumer/common.sh
. "$here/common.sh"
command -v meson > /dev/null || { echo 'skipped: no meson'; exit 77; }
command -v git > /dev/null || { echo 'skipped: no git'; exit 77; }
# The same folder each time, so that a compiler cache knows what it compiles.
work=$build/meson
rm -rf "$work"
mkdir "$work" || exit 1
trap 'rm -rf "$work"' EXIT

# A repository of the tree as it is, with what the library is made of.
mkdir "$work/repository"
cp -r "$source"/{CMakeLists.txt,LICENSE,cmake,engine,shaders} "$work/repository" || exit 1
git -C "$work/repository" init -q && git -C "$work/repository" add . &&
    git -C "$work/repository" -c user.name=test -c user.email=test@example.org commit -qm all || exit 1
for file in replace.c meson/meson.build meson/subprojects/backdrop.wrap; do
    snippet "$file" "$work"
done
mv "$work/replace.c" "$work/meson"
sed -i "s|^url = .*|url = file://$work/repository|" "$work/meson/subprojects/backdrop.wrap"
launcher=$(cached CMAKE_C_COMPILER_LAUNCHER)
{ CC="${launcher:+$launcher }$cc" PKG_CONFIG_PATH='' meson setup "$work/build" "$work/meson" &&
    meson compile -C "$work/build" replace; } > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
grep -q 'backdrop: YES' "$work/log" || complain "the library was not built as a subproject: $(cat "$work/log")"
"$work/build/replace" > "$work/log" 2>&1
grep -q '^usage: replace' "$work/log" || complain "the program does not start: $(cat "$work/log")"

# A key needs no weights: with shaders that are not there it would fail.
cp "$here/host/host.c" "$work/meson/replace.c"
meson compile -C "$work/build" replace > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
check_host "$work/build/replace" static
[ "$failures" -eq 0 ] || exit 1
echo ok
