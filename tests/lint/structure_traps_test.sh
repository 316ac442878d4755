#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# structure_test.sh on small trees that are made here: it passes a sound one and finds what is wrong with each other.
# Needs BACKDROP_SOURCE_DIR.
set -uo pipefail
export LC_ALL=C
check=${BACKDROP_SOURCE_DIR:?}/tests/lint/structure_test.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 tried=0

complain() {
    printf 'FAILED: %s\n' "$1"
    cat "$work/said"
    failures=$((failures + 1))
}

# A sound tree: engine/low.c <- engine/deep/mid.c <- tools/top.c, types.h without a .c.
make_tree() {
    rm -rf "$work/tree" "$work/a build"
    mkdir -p "$work/a build" "$work/tree/engine/deep" "$work/tree/tools" "$work/tree/shaders/push"
    cd "$work/tree" || exit 1
    cat > engine/types.h <<'C'
#ifndef TYPES_H
#define TYPES_H
#include "push/push.h"
/* int not_declared(void); */
typedef int (*callback)(int value); /* int nor_this(void); */
typedef struct table {
    int (*call)(int value), count;
} table;
#define CALL(x) \
    used(x)
enum { FIRST = 1, SECOND = FIRST + (1 << 2) };
static inline int twice(int value) {
    if (value) {
        return 2 * value;
    }
    return 0;
}
_Static_assert(sizeof(int) >= 2, "int used(void); {");
#endif
C
    printf '#define PUSH 1\n' > shaders/push/push.h
    cat > engine/low.h <<'C'
#ifndef LOW_H
#define LOW_H
#include "types.h"
int low(int value);
extern const int low_table[3];
#endif
C
    cat > engine/low.c <<'C'
#include "low.h"
const int low_table[3] = {1, 2, 3};
static int hidden(int value) {
    return value;
}
int low(int value) {
    return hidden(twice(value));
}
C
    cat > engine/deep/mid.h <<'C'
#ifndef MID_H
#define MID_H
#include "low.h"
int mid(int value,
        int other) __attribute__((noinline));
void *mid_text(
    const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
C
    cat > engine/deep/mid.c <<'C'
#include "mid.h"
int mid(int value,
        int other) {
    return low(value) + low_table[other];
}
void *mid_text(const char *format, ...) {
    return (void *)format;
}
C
    printf 'int backdrop(void);\nint nowhere(void);\n' > engine/backdrop.h
    printf 'int top(int value);\n' > tools/top.h
    cat > tools/top.c <<'C'
#include "deep/mid.h"
#include "top.h"
int top(int value) {
    return mid(value, 1);
}
int main(void) {
    return top(0);
}
C
}

# build [NAME]: an object for every file, but none for NAME.
build() {
    local file object
    while IFS= read -r file; do
        object="$work/a build/tools/CMakeFiles/made.dir/__/$file.o"
        mkdir -p "$(dirname "$object")"
        "${CC:-cc}" -c -Iengine -Ishaders -o "$object" "$file" || { echo 'the made tree does not compile'; exit 1; }
    done < <(find engine tools -name '*.c' ! -name "${1-}")
}

# judge STATUS TEXT...: the check ends so and says each text; the next tree is a sound one.
judge() {
    local wanted=$1 status text
    shift
    tried=$((tried + 1))
    BACKDROP_SOURCE_DIR=$work/tree BACKDROP_BUILD_DIR="$work/a build" bash "$check" > "$work/said" 2>&1
    status=$?
    [ "$status" -eq "$wanted" ] || complain "status $status instead of $wanted, for: $*"
    for text; do
        grep -qF -- "$text" "$work/said" || complain "does not say: $text"
    done
    make_tree
}

# expect STATUS TEXT...: the same after a build.
expect() {
    build
    judge "$@"
}

# add_long BETWEEN: a function of 77 lines and those of its signature, in which BETWEEN follows the bracket.
add_long() {
    printf 'int long_one(%bint value);\nint long_one(%bint value) {\n' "$1" "$1"
    yes '    value++;' | head -n 77
    printf '    return value;\n}\n'
} >> engine/low.c

make_tree
expect 0 'build: 3 objects, 0 wrong' 'circles of calls: 6 symbols defined, 3 uses in other files, 0 wrong' \
    'circles of includes: 7 includes in 9 files, 0 wrong' 'declarations: 5 declarations in 4 headers, 0 wrong' \
    'names: 6 files of engine/, 0 wrong' 'sizes: 8 files, 7 functions, 0 wrong'

printf 'int mid(int value, int other);\nint low_back(void) {\n    return mid(0, 0);\n}\n' >> engine/low.c
expect 1 'circle of 2 files, in it' 'engine/low.c -(mid)-> engine/deep/mid.c' \
    'circles of calls: 7 symbols defined, 4 uses in other files, 1 wrong'

# By way of a table, around three files, one of them in tools/.
printf 'int top(int value);\nint (*const low_calls[])(int) = {top};\n' >> engine/low.c
expect 1 'circle of 3 files, in it' 'engine/deep/mid.c -(low)-> engine/low.c -(top)-> tools/top.c'

# add_step STEP CODE [HEADER]: engine/photo/STEP.c, whose bd_STEP_add returns CODE.
add_step() {
    mkdir -p engine/photo
    printf 'int bd_%s_add(void);\n' "$1" > "engine/photo/$1.h"
    printf '#include "%s.h"\n' "$1" "${3:-$1}" > "engine/photo/$1.c"
    printf 'int bd_%s_add(void) {\n    return %s;\n}\n' "$1" "$2" >> "engine/photo/$1.c"
}

add_step resample 0
add_step look 'bd_resample_add()' resample
add_step matting 'bd_look_add()' look
expect 0 'steps: 2 steps added, 0 wrong'
add_step resample 0
add_step composite 'bd_resample_add()' resample
expect 1 'engine/photo/composite.c: adds a step of engine/photo/resample.c: bd_resample_add' 'steps: 1 steps added, 1 wrong'
add_step resample 0
expect 1 'no step is added'

sed -i 's/^#endif$/#include "deep\/mid.h"\n&/' engine/types.h
expect 1 'circle of 3 files, in it' 'engine/types.h -(include)-> engine/deep/mid.h' \
    'circles of includes: 8 includes in 9 files, 1 wrong'

printf '#ifndef SELF\n#define SELF\n#include "push/push.h"\n#endif\n' >> shaders/push/push.h
expect 1 'shaders/push/push.h: includes itself'

printf 'int mid(int value,\n        int other);\n' >> engine/low.h
expect 1 'engine/low.h: declares of engine/deep/mid.c: mid' 'declarations: 6 declarations in 4 headers, 1 wrong'

printf 'extern const int low_table[3];\n' >> engine/types.h
expect 1 'engine/types.h: declares of engine/low.c: low_table'

printf 'struct table *lost(void);\n' >> tools/top.h
expect 1 'tools/top.h: declares what no object defines: lost'

printf '#define X 1\n' > engine/deep/types.h
expect 1 'engine/types.h: the name stands in engine/deep, too'

printf 'int other_low(void) {\n    return 0;\n}\n' > engine/deep/low.c
expect 1 'engine/low.c: the name stands in engine/deep, too'

add_long ''
expect 0 'sizes: 8 files, 8 functions, 0 wrong'
add_long '\n    '
expect 1 'engine/low.c:11: a function of 81 lines, more than 80'

yes '/* */' | head -n 593 >> engine/deep/mid.c
expect 1 'engine/deep/mid.c: 601 lines, more than 600'
yes '/* */' | head -n 600 > tools/wide.h
expect 0 'sizes: 9 files, 7 functions, 0 wrong'

# Each system has its own half of a file, which the build here may lack; but a name alone makes none.
mkdir engine/platform
printf 'int halves(void);\n' | tee engine/platform/halves.h tools/platform.h > engine/platform/none_windows.h
printf 'int halves(void) {\n    return 0;\n}\n' > engine/platform/halves_posix.c
printf '#include <windows.h>\n' | tee engine/platform/halves_windows.c > tools/platform_windows.c
sed -i 's/halves/own/' tools/platform.h
sed 's/halves/own/' engine/platform/halves_posix.c > tools/platform_posix.c
build '*_windows.c'
judge 0 'build: 5 objects, 0 wrong' 'declarations: 7 declarations in 6 headers, 0 wrong'
printf 'int late(void) {\n    return 0;\n}\n' > engine/late_windows.c
build '*_windows.c'
judge 1 'engine/late_windows.c: has no object in the build'

# It cannot pass on nothing, nor on a part.
judge 1 'no object was found'
rm -rf engine/* tools/* shaders
expect 1 'no source, no header or no object was found'
rm -r engine/deep engine/low.c
printf 'int main(void) {\n    return 0;\n}\n' > tools/top.c
expect 1 'no file uses another one' 'engine/low.h: declares what no object defines: low low_table'
printf 'int late(void) {\n    return 0;\n}\n' > engine/late.c
build late.c
judge 1 'build: 3 objects, 1 wrong' 'engine/late.c: has no object in the build'

printf '%d trees tried, %d failures\n' "$tried" "$failures"
[ "$failures" -eq 0 ]
