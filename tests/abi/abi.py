#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library's binary interface as text, and whether it changed as its version allows.

    abi.py check [--headers DIR] [--library FILE] [--baseline FILE]
    abi.py renew [--unreleased] [the same]

The baseline is the interface of the version that it names. With the same version in the headers nothing may differ. With
a higher one, additions may: functions, enum values, types, and members behind the end of a struct that begins with
struct_size. Anything else asks for a higher minor version (for a higher major one from 1.0 on).

Exit status: 0 as allowed, 1 not, 2 usage, 77 no clang or another machine than the baseline's."""
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
MACHINES = ("x86_64", "aarch64")  # whose C types have the same sizes


def declarations(headers, clang, flags):
    """Clang's declarations of what is called bd_..., of all public headers."""
    with tempfile.TemporaryDirectory() as work:
        source = os.path.join(work, "all.c")
        with open(source, "w") as file:
            file.writelines(f'#include "{name}"\n' for name in headers)
        text = subprocess.run([clang, *flags, "-std=c11", "-fsyntax-only", "-Xclang", "-ast-dump=json", "-Xclang",
                               "-ast-dump-filter=bd_", source], check=True, stdout=subprocess.PIPE, text=True).stdout
    found, decoder, at = [], json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        node, at = decoder.raw_decode(text, at)
        found.append(node)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def measure(headers, compiler, flags, expressions):
    """The values of C expressions, as the compiler has them."""
    with tempfile.TemporaryDirectory() as work:
        source, program = os.path.join(work, "measure.c"), os.path.join(work, "measure")
        with open(source, "w") as file:
            file.writelines(f'#include "{name}"\n' for name in headers)
            file.write("#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n")
            file.writelines(f'    printf("%lld\\n", (long long)({expression}));\n' for expression in expressions)
            file.write("    return 0;\n}\n")
        subprocess.run([compiler, *flags, "-std=c11", "-w", source, "-o", program], check=True)
        lines = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return dict(zip(expressions, map(int, lines)))


def describe(folder, clang, compiler):
    """{key: value}: "function NAME" its type, "enum NAME CONSTANT" a number, "struct NAME" its bytes, "struct NAME
    MEMBER" offset, bytes and type, "type NAME" what it stands for."""
    headers = sorted(name for name in os.listdir(folder) if name.endswith(".h"))
    flags = [f"-I{folder}", *subprocess.run(["pkg-config", "--cflags", "vulkan"], stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True).stdout.split()]
    found, asked = {}, {}
    for node in declarations(headers, clang, flags):
        kind, name, inner = node["kind"], node.get("name"), node.get("inner", [])
        if kind == "FunctionDecl":
            if node.get("storageClass") == "static":
                continue
            if not any(part["kind"] == "VisibilityAttr" for part in inner):
                sys.exit(f"{name} is declared without BD_API")
            found[f"function {name}"] = node["type"]["qualType"]
        elif kind == "EnumDecl":
            for part in inner:
                asked[f"enum {name} {part['name']}"] = [part["name"]]
        elif kind == "RecordDecl" and node.get("completeDefinition"):
            asked[f"struct {name}"] = [f"sizeof(struct {name})"]
            for part in inner:
                if part["kind"] == "FieldDecl":
                    member = f"((struct {name} *)0)->{part['name']}"
                    # An unnamed type is called by the file and line that it is in.
                    found[f"struct {name} {part['name']}"] = re.sub(
                        r"\(unnamed (\w+) at [^)]*\)", r"(unnamed \1)", part["type"]["qualType"])
                    asked[f"struct {name} {part['name']}"] = [f"offsetof(struct {name}, {part['name']})", f"sizeof({member})"]
        elif kind == "TypedefDecl" and not re.match(r"(struct|enum) " + name + "$", node["type"]["qualType"]):
            found[f"type {name}"] = node["type"]["qualType"]
    version = ["BD_VERSION_MAJOR", "BD_VERSION_MINOR", "BD_VERSION_PATCH"]
    expressions = sorted({each for expressions in asked.values() for each in expressions})
    values = measure(headers, compiler, flags, version + expressions)
    for key, expressions in asked.items():
        found[key] = " ".join([*(str(values[each]) for each in expressions), *([found[key]] if key in found else [])])
    return ".".join(str(values[number]) for number in version), found


def order(item):
    """Members of a struct by offset, the rest by name."""
    words = item[0].split()
    member = words[0] == "struct" and len(words) == 3
    return words[0], words[1], len(words), int(item[1].split()[0]) if member else 0, words[-1]


def write(path, version, found):
    with open(path, "w") as file:
        file.write("# SPDX-License-Identifier: MIT\n# Written by tests/abi/abi.py renew. Sizes and offsets are bytes; a member "
                   "has its offset, its size and its type.\n")
        file.write(f"version = {version}\n")
        file.writelines(f"{key} = {value}\n" for key, value in sorted(found.items(), key=order))


def read(path):
    with open(path) as file:
        found = dict(line.rstrip("\n").split(" = ", 1) for line in file if not line.startswith("#"))
    return found.pop("version"), found


def compare(old, new):
    """(what breaks programs, what is only added), each in words."""
    breaks, adds = [], []
    for key in sorted(old.keys() | new.keys(), key=lambda key: order((key, new.get(key, old.get(key))))):
        words = key.split()
        struct = f"struct {words[1]}"
        grows = words[0] == "struct" and struct in old and old.get(f"{struct} struct_size", "").startswith("0 ")
        if key not in old:
            inside = len(words) == 3 and struct in old
            at_end = grows and inside and int(new[key].split()[0]) >= int(old[struct])
            fine = words[0] != "struct" or not inside or at_end
            (adds if fine else breaks).append(f"{key} is new: {new[key]}")
        elif key not in new:
            breaks.append(f"{key} is gone")
        elif old[key] != new[key]:
            larger = grows and len(words) == 2 and int(new[key]) > int(old[key])
            (adds if larger else breaks).append(f"{key} was {old[key]} and is {new[key]}")
    return breaks, adds


def numbers(version):
    return [int(number) for number in version.split(".")]


def judge(old_version, old, new_version, new):
    """Problems, in words."""
    breaks, adds = compare(old, new)
    before, now = numbers(old_version), numbers(new_version)
    raised = now[:1] > before[:1] if before[0] else now[:2] > before[:2]
    problems = []
    if now < before:
        problems.append(f"the version went back from {old_version} to {new_version}")
    if breaks and not raised:
        problems += [*breaks, f"this breaks programs built for {old_version}, and the version is {new_version}: raise "
                     f"BD_VERSION_{'MAJOR' if before[0] else 'MINOR'} in engine/backdrop_base.h"]
    if adds and now <= before:
        problems += [*adds, f"this is more than {old_version} has: raise BD_VERSION_PATCH or _MINOR in engine/backdrop_base.h"]
    return problems, len(breaks), len(adds)


def exported(library):
    text = subprocess.run(["nm", "-D", "--defined-only", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[-1] for line in text.splitlines() if re.match(r"bd_", line.split()[-1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["check", "renew"])
    parser.add_argument("--unreleased", action="store_true", help="renew: nobody has this version yet")
    parser.add_argument("--headers", default=os.path.join(SOURCE, "engine"))
    parser.add_argument("--library", help="whose symbols have to be the headers' functions")
    parser.add_argument("--baseline", default=os.path.join(HERE, "baseline.txt"))
    options = parser.parse_args()
    clang, compiler = shutil.which("clang"), shutil.which("cc") or shutil.which("clang")
    if not clang or platform.machine() not in MACHINES:
        print("skipped: no clang" if not clang else f"skipped: the baseline is not of {platform.machine()}")
        return 77
    version, found = describe(options.headers, clang, compiler)
    problems = []
    if options.library:
        functions = {key.split()[1] for key in found if key.startswith("function ")}
        symbols = exported(options.library)
        problems += [f"{name} is declared, and the library does not show it" for name in sorted(functions - symbols)]
        problems += [f"{name} is shown by the library, and no header has it" for name in sorted(symbols - functions)]
    if options.verb == "check" and not os.path.exists(options.baseline):
        sys.exit(f"there is no {options.baseline}: tests/abi/abi.py renew makes it")
    old_version, old = read(options.baseline) if os.path.exists(options.baseline) else ("0.0.0", {})
    more, broken, added = judge(old_version, old, version, found)
    if options.verb == "check" or not options.unreleased:
        problems += more
    if problems:
        print("\n".join(problems))
        print("tests/abi/abi.py renew makes this the baseline once the version is raised; renew --unreleased where nobody has "
              f"{version} yet.")
        return 1
    if options.verb == "renew":
        write(options.baseline, version, found)
    print(f"{version} against {old_version}: {len(found)} items, {broken} break older programs, {added} are added")
    return 0


sys.exit(main())
