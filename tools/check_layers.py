#!/usr/bin/env python3
"""Fail if a file includes what the layer rule does not grant it.

src/LAYERS lists the modules bottom to top, each with the modules it may include. Refused are: a
module that names one which is not below it (so cycles cannot be written), an include of a module
that is not granted, of another module's _priv.h, of a module nobody knows, a folder of src/ that
LAYERS does not list, and anything of src/ included from where only the public header may be used.
"""
import argparse
import pathlib
import re
import sys

import csource

# #include "a/b.h", #include <a/b.h>, and the #define of a name that is included later.
INCLUDE = re.compile(r'\s*#\s*(?:include|define\s+\w+)\s*(?:"([^"]+\.h)"|<([^>]+\.h)>)')
OUTSIDE = ("tools", "bench", "bindings", "examples", "demos", "src/adbc")
SUFFIXES = (".c", ".h", ".y", ".re", ".cpp", ".hpp")


def read_layers(root, complain):
    allowed = {}
    path = root / "src/LAYERS"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        module, _, rest = line.partition(":")
        below = set(rest.split())
        for name in sorted(below - allowed.keys()):
            complain(path, number, f"{module} names {name}, which is not below it")
        if module in allowed:
            complain(path, number, f"{module} is listed twice")
        allowed[module] = below
    return allowed


def includes(path):
    """(line number, quoted?, name) of every include of the file."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] is not None, match[1] or match[2]


def check_module_file(root, allowed, path, complain):
    here = path.relative_to(root / "src").parts[0]
    for number, quoted, name in includes(path):
        parts = pathlib.PurePosixPath(name).parts
        first = parts[0]
        if ".." in parts:
            complain(path, number, f"{name}: an include names module/file.h, never a way up")
        elif first == here or name == "llkv.h" or first == "llkv":
            continue
        elif first in allowed:
            if first not in allowed.get(here, ()):
                complain(path, number, f"{here} may not include {name}")
            elif name.endswith("_priv.h"):
                complain(path, number, f"{here} may not include {name}: it is private to {first}")
        elif quoted and len(parts) == 1:
            complain(path, number, f"{name}: an include names module/file.h")
        elif quoted:
            complain(path, number, f"{name}: there is no module {first}")


def check_outside_file(root, allowed, path, complain):
    for number, _, name in includes(path):
        parts = pathlib.PurePosixPath(name).parts
        reached = (path.parent / name).resolve()
        inside = (root / "src").resolve() in reached.parents
        if path.is_relative_to(root / "src/adbc"):
            inside = inside and (root / "src/adbc").resolve() not in reached.parents
        if inside or parts[0] == "src" or (parts[0] in allowed and not reached.exists()):
            complain(path, number, f"only llkv.h may be used here, not {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    root = parser.parse_args().root.resolve()
    bad = []

    def complain(path, number, text):
        bad.append(f"{path.relative_to(root)}:{number}: {text}")

    allowed = read_layers(root, complain)
    for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        if folder.name not in allowed and folder.name != "adbc":
            complain(folder, 1, f"LAYERS does not list the module {folder.name}")
    for path in csource.files(root, ["src"], SUFFIXES):
        parts = path.relative_to(root / "src").parts
        if len(parts) > 1 and parts[0] in allowed:
            check_module_file(root, allowed, path, complain)
    for path in csource.files(root, OUTSIDE, SUFFIXES):
        check_outside_file(root, allowed, path, complain)
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
