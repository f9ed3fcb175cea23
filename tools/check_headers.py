#!/usr/bin/env python3
"""Fail if a header does not compile alone: every one as C17, the public ones as C++ too.

Templates (*.inc.h) are exempt: they are included with parameters.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

import csource

C_FLAGS = """-std=c17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wcast-qual -Wundef -Werror -Wno-unused-function""".split()
CPP_FLAGS = "-std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror".split()


def compile_alone(root, path, language):
    compiler, flags = (os.environ.get("CC", "gcc"), C_FLAGS) if language == "c" else (
        os.environ.get("CXX", "g++"), CPP_FLAGS)
    folders = ["include"]
    if path.is_relative_to(root / "src"):
        folders += ["src", "build/dev/gen", "build/release/gen"]
    if path.is_relative_to(root / "tools"):
        folders += ["tools"]
    command = [compiler, *flags, *(f"-I{root / folder}" for folder in folders),
               "-fsyntax-only", "-x", language, "-"]
    # Twice: a header without a guard shows here as well.
    text = f'#include "{path}"\n#include "{path}"\nextern int nothing_else;\n'
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return f"{path.relative_to(root)}: does not compile alone as {language}\n{done.stderr.strip()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    root = parser.parse_args().root.resolve()
    work = [(path, "c") for path in csource.files(root, ["include", "src", "tools"], (".h",))
            if not path.name.endswith(".inc.h")]
    work += [(path, "c++") for path in csource.files(root, ["include"], (".h",))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda item: compile_alone(root, *item), work)
        bad = [result for result in results if result]
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
