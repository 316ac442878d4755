#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How the files of engine/ and tools/ hang together: no circle of calls between object files or of includes, headers that
# declare what their own .c defines, unique names, bounded sizes. Calls are read from the build's objects.
# Needs BACKDROP_SOURCE_DIR and BACKDROP_BUILD_DIR.
set -uo pipefail
export LC_ALL=C
cd "${BACKDROP_SOURCE_DIR:?}" || exit 1
build=${BACKDROP_BUILD_DIR:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
problems=0

# result NAME: counts the lines of $work/problems, shows them, then the last line of $work/counts.
result() {
    local found
    found=$(wc -l < "$work/problems")
    cat "$work/problems"
    printf '%s: %s, %d wrong\n' "$1" "$(tail -n 1 "$work/counts")" "$found"
    problems=$((problems + found))
}

# circles < "FROM TO WORD" lines: a line for each group of files that reach each other, with its shortest circle.
# shellcheck disable=SC2016 # awk's variables
circles() {
    awk '
        # Tarjan, Depth-first search and linear graph algorithms, 1972.
        function visit(at,    list, count, i, to, size, group) {
            number[at] = low[at] = ++clock
            stack[++depth] = at
            on[at] = 1
            count = split(next_of[at], list, " ")
            for (i = 1; i <= count; i++) {
                to = list[i]
                if (!(to in number)) visit(to)
                if (on[to] && low[to] < low[at]) low[at] = low[to]
            }
            if (low[at] != number[at]) return
            do {
                group[++size] = stack[depth]
                member[stack[depth]] = at
                on[stack[depth]] = 0
            } while (stack[depth--] != at)
            if (size > 1) say(group, size)
        }
        function say(group, size,    i, best, text) {
            for (i = 1; i <= size; i++) {
                text = shortest(group[i])
                if (best == "" || split(text, words, " ") < split(best, words, " ")) best = text
            }
            print "circle of " size " files, in it " best
        }
        # Breadth first, within the group; the first edge that comes back ends it.
        function shortest(start,    queue, from, head, tail, at, list, count, i, text) {
            queue[tail = 1] = start
            for (head = 1; head <= tail; head++) {
                at = queue[head]
                count = split(next_of[at], list, " ")
                for (i = 1; i <= count; i++) {
                    if (list[i] == start) {
                        text = " -(" word[at, start] ")-> " start
                        for (; at != start; at = from[at]) text = " -(" word[from[at], at] ")-> " at text
                        return start text
                    }
                    if (list[i] in member == 0 || member[list[i]] != member[start] || list[i] in from) continue
                    from[list[i]] = at
                    queue[++tail] = list[i]
                }
            }
        }
        $1 != $2 && !(($1, $2) in word) {
            word[$1, $2] = $3
            next_of[$1] = next_of[$1] " " $2
            order[++edges] = $1
        }
        END {
            for (e = 1; e <= edges; e++) if (!(order[e] in number)) visit(order[e])
        }'
}

# Every object of a file that still is there, once; a build may hold some files twice.
(cd "$build" && find . -name '*.c.o') | sort | awk '
    {
        source = $0
        sub(/.*\.dir\/(__\/)*/, "", source)
        sub(/\.o$/, "", source)
        if (source ~ /^(engine|tools)\// && !(source in seen) && (getline line < source) >= 0) print source, $0
        seen[source] = 1
        close(source)
    }' > "$work/objects"
find engine tools -name '*.c' | sort > "$work/sources"
find engine tools -name '*.h' | sort > "$work/headers"
[ -s "$work/sources" ] && [ -s "$work/headers" ] && [ -s "$work/objects" ] ||
    { echo "no source, no header or no object was found below $PWD and $build"; exit 1; }
# What is for Windows has none in this build.
other_system='/platform[/_][a-z_]*windows\.[ch]$'
cut -d ' ' -f 1 "$work/objects" | sort | comm -13 - "$work/sources" | grep -v "$other_system" | sed 's/$/: has no object in the build/' \
    > "$work/problems"
wc -l < "$work/objects" | sed 's/ *$/ objects/' > "$work/counts"
result 'build'

# ---- calls ----

cut -d ' ' -f 2 "$work/objects" | tr '\n' '\0' | (cd "$build" && xargs -0 nm -gPA) > "$work/symbols"
awk -v objects="$work/objects" '
    BEGIN { while ((getline line < objects) > 0) { split(line, part, " "); source[part[2] ":"] = part[1] } }
    { print source[$1], ($3 == "U" || $3 == "w" ? "needs" : "defines"), $2 }' "$work/symbols" > "$work/uses"
awk -v uses="$work/uses" '
    $2 == "defines" { owner[$3] = $1 }
    END {
        while ((getline line < uses) > 0) {
            split(line, part, " ")
            if (part[2] == "needs" && part[3] in owner) print part[1], owner[part[3]], part[3]
        }
    }' "$work/uses" > "$work/calls"
circles < "$work/calls" > "$work/problems"
printf '%d symbols defined, %d uses in other files\n' "$(grep -c ' defines ' "$work/uses")" \
    "$(wc -l < "$work/calls")" > "$work/counts"
[ -s "$work/calls" ] || echo 'no file uses another one' >> "$work/problems"
result 'circles of calls'

# ---- steps ----

# A step of a photo adds no other step but those it is made of; matting.c is a recipe.
made_of='
    background resample
    look resample
    foreground fusion
'
awk -v made_of="$made_of" '
    function step_of(file) {
        if (file !~ /^engine\/photo\//) return ""
        sub(/.*\//, "", file)
        sub(/\.c$/, "", file)
        return file
    }
    BEGIN {
        count = split(made_of, word, " ")
        for (i = 1; i < count; i += 2) may[word[i], word[i + 1]] = 1
    }
    $3 ~ /_add$/ {
        from = step_of($1)
        to = step_of($2)
        if (from != "" && to != "" && from != "matting" && !((from, to) in may)) print $1 ": adds a step of " $2 ": " $3
    }' "$work/calls" > "$work/problems"
printf '%d steps added\n' "$(awk '$2 ~ /^engine\/photo\// && $3 ~ /_add$/' "$work/calls" | wc -l)" > "$work/counts"
[ ! -d engine/photo ] || grep -qE ' engine/photo/.*_add$' "$work/calls" || echo 'no step is added' >> "$work/problems"
result 'steps'

# ---- includes ----

find engine tools shaders/push -name '*.[ch]' 2> /dev/null | sort > "$work/files"
awk '
    function resolve(file, header,    folder) {
        folder = file
        sub(/[^\/]*$/, "", folder)
        return (folder header) in known ? folder header : ("engine/" header) in known ? "engine/" header : \
            ("shaders/" header) in known ? "shaders/" header : ""
    }
    { known[$0] = 1; files[NR] = $0 }
    END {
        for (f = 1; f <= NR; f++) {
            while ((getline line < files[f]) > 0) {
                if (line !~ /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/) continue
                split(line, part, "\"")
                if (resolve(files[f], part[2]) != "") print files[f], resolve(files[f], part[2]), "include"
            }
            close(files[f])
        }
    }' "$work/files" > "$work/includes"
circles < "$work/includes" > "$work/problems"
awk '$1 == $2 { print $1 ": includes itself" }' "$work/includes" >> "$work/problems"
printf '%d includes in %d files\n' "$(wc -l < "$work/includes")" "$(wc -l < "$work/files")" > "$work/counts"
[ -s "$work/includes" ] || echo 'no file includes another one' >> "$work/problems"
result 'circles of includes'

# ---- headers ----

# "HEADER NAME" of every function and variable that a header declares. What the compiler's attributes, types, bodies and
# static functions hold is no declaration of another file's.
grep -vE "^engine/backdrop[a-z_]*\.h$|$other_system" "$work/headers" > "$work/private"
awk '
    function declare(text,    name) {
        gsub(/__attribute__ *\(\([^()]*(\([^()]*\))?[^()]*\)\)/, "", text)
        if (text ~ /^[ \t]*(typedef|static|_Static_assert|static_assert)/ || text ~ /^[ \t]*$/) return
        if (match(text, /[A-Za-z_][A-Za-z0-9_]* *\(/)) name = substr(text, RSTART, RLENGTH)
        else if (text ~ /^[ \t]*extern /) { name = text; sub(/ *\[.*/, "", name); sub(/.*[ *]/, "", name) }
        sub(/ *\($/, "", name)
        if (name != "") print file, name
    }
    function read(text,    i, c) {
        for (i = 1; i <= length(text); i++) {
            c = substr(text, i, 1)
            if (c == "{") { if (!depth++) body = statement ~ /\) *$/ }
            else if (c == "}") { if (!--depth && body) statement = "" }
            else if (depth) continue
            else if (c == ";") { declare(statement); statement = "" }
            else statement = statement c
        }
        statement = statement " "
    }
    {
        file = $0
        statement = ""; depth = 0; comment = 0; continued = 0
        while ((getline line < file) > 0) {
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            if (comment) { if (!sub(/^.*\*\//, "", line)) continue; comment = 0 }
            while (match(line, /\/\*/)) {
                rest = substr(line, RSTART + 2)
                line = substr(line, 1, RSTART - 1)
                if (!(comment = !index(rest, "*/"))) line = line " " substr(rest, index(rest, "*/") + 2)
                if (comment) break
            }
            sub(/\/\/.*/, "", line)
            directive = continued || line ~ /^[ \t]*#/
            continued = directive && line ~ /\\$/
            if (!directive) read(line)
        }
        close(file)
    }' "$work/private" > "$work/declared"
awk -v uses="$work/uses" '
    BEGIN {
        while ((getline line < uses) > 0) {
            split(line, part, " ")
            if (part[2] == "defines") owner[part[3]] = part[1]
        }
    }
    {
        own = $1
        sub(/\.h$/, "", own)
        if (owner[$2] == own ".c" || owner[$2] == own "_posix.c") next
        at = owner[$2] == "" ? "what no object defines" : "of " owner[$2]
        if (!(($1, at) in names)) order[++groups] = $1 SUBSEP at
        names[$1, at] = names[$1, at] " " $2
    }
    END {
        for (g = 1; g <= groups; g++) {
            split(order[g], part, SUBSEP)
            print part[1] ": declares " part[2] ":" names[order[g]]
        }
    }' "$work/declared" > "$work/problems"
printf '%d declarations in %d headers\n' "$(wc -l < "$work/declared")" "$(wc -l < "$work/private")" > "$work/counts"
[ -s "$work/declared" ] || echo 'no header declares anything' >> "$work/problems"
result 'declarations'

# ---- names ----

grep -h '^engine/' "$work/sources" "$work/headers" | sort | awk '
    {
        folder = stem = $0
        sub(/\/[^\/]*$/, "", folder)
        sub(/.*\//, "", stem)
        sub(/\.[ch]$/, "", stem)
        if (stem in place && place[stem] != folder) print $0 ": the name stands in " place[stem] ", too"
        else place[stem] = folder
    }' > "$work/problems"
printf '%d files of engine/\n' "$(cat "$work/sources" "$work/headers" | grep -c '^engine/')" > "$work/counts"
result 'names'

# ---- sizes ----

# A function begins where a line at the margin opens one, and ends at the next brace there, as clang-format leaves it.
sort "$work/sources" "$work/headers" | awk -v counts="$work/counts" '
    {
        file = $0
        number = first = 0
        while ((getline line < file) > 0) {
            number++
            if (line ~ /^[A-Za-z_][^;=]*\(/ && line !~ /;$/ && line !~ /^typedef|^#/) first = number
            if (line ~ /^}/ && first) {
                functions++
                lines = number - first + 1
                if (lines > 80) print file ":" first ": a function of " lines " lines, more than 80"
            }
            if (line ~ /^}/ || line ~ /;$/ && line !~ /^[ \t]/) first = 0
        }
        close(file)
        if (number > 600) print file ": " number " lines, more than 600"
    }
    END {
        print NR " files, " functions + 0 " functions" > counts
        if (!functions) print "no function was found"
    }' > "$work/problems"
result 'sizes'

[ "$problems" -eq 0 ]
