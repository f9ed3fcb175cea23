#!/usr/bin/env python3
"""Fail if a library lets anything out but llkv_*: check_symbols.py LIBRARY...

A shared library is read by its dynamic symbols, an archive by its global ones.
"""
import argparse
import pathlib
import re
import subprocess
import sys

PUBLIC = re.compile(r"^(llkv_\w+|LLKV_\d+)$")


def exported(path):
    shared = ".so" in path.name
    command = ["nm", "--defined-only", "--format=posix", "-D" if shared else "-g", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) >= 2:
            yield fields[0].split("@")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", type=pathlib.Path, nargs="+")
    bad = []
    for library in parser.parse_args().libraries:
        names = set(exported(library))
        if not any(name.startswith("llkv_") for name in names):
            bad.append(f"{library.name}: exports nothing of llkv")
        bad += [f"{library.name}: exports {name}" for name in sorted(names) if not PUBLIC.match(name)]
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
