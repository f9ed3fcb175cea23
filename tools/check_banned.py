#!/usr/bin/env python3
"""Fail if the library calls what it must not, outside the one file where that is at home.

Memory comes from base/alloc.h, errors travel as codes, nothing is printed, nothing aborts. Also
refused everywhere in the tree: unfinished-work marks in code and paths of somebody's machine.
"""
import argparse
import pathlib
import re
import sys

import csource

ALLOCATION = """malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign valloc
    strdup strndup asprintf vasprintf getline""".split()
RULES = [
    # (names, files where they are at home, what to do instead)
    (ALLOCATION, {"src/base/alloc.c"}, "memory comes from base/alloc.h"),
    ("alloca strdupa strndupa".split(), set(), "the stack is bounded: use the arena"),
    ("printf vprintf fprintf vfprintf dprintf puts fputs putchar putc fputc perror psignal"
     .split(), set(), "the library never prints"),
    ("abort exit _exit _Exit quick_exit atexit raise err errx".split(), set(),
     "the library never ends the program: return a code"),
    ("setjmp _setjmp sigsetjmp longjmp siglongjmp".split(), {"src/base/os_fault.c"},
     "only the guard of mapped pages jumps"),
    ("sprintf vsprintf strcpy strcat stpcpy gets strncpy strncat".split(), set(),
     "name the size of the buffer: snprintf, memcpy"),
    ("strtok rand srand random system popen tmpnam mktemp setlocale atoi atol atof localtime gmtime"
     .split(), set(), "hidden state, or no errors"),
]
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
PLACES = re.compile(r"(?<![\w.])/(?:work|home|root|farm|Users)/[\w.-]")
SUFFIXES = (".c", ".h", ".y", ".re")
TEXT_SUFFIXES = SUFFIXES + (".md", ".py", ".sh", ".txt", ".cmake", ".json", ".in", ".yml", "Makefile")


def banned_calls(root, bad):
    rules = [(re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\("), homes, why)
             for names, homes, why in RULES]
    for path in csource.files(root, ["src", "include"], SUFFIXES):
        name = path.relative_to(root).as_posix()
        if name.startswith("src/adbc/"):
            continue
        code = csource.code_of(path.read_text(errors="replace"))
        for pattern, homes, why in rules:
            if name in homes:
                continue
            for match in pattern.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                bad.append(f"{name}:{line}: {match[1]}: {why}")


def banned_words(root, bad):
    folders = ["include", "src", "tools", "tests", "cmake", "scripts", "docs", "bench", "bindings"]
    paths = csource.files(root, folders, TEXT_SUFFIXES)
    paths += [root / n for n in ("README.md", "Makefile", "CMakeLists.txt") if (root / n).exists()]
    for path in paths:
        name = path.relative_to(root).as_posix()
        if name in ("tools/check_banned.py", "tests/checks/check_banned_test.py"):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if name.endswith(SUFFIXES) and (match := MARKS.search(line)):
                bad.append(f"{name}:{number}: {match[1]}: finish it, or refuse it and name it in docs/")
            if PLACES.search(line):
                bad.append(f"{name}:{number}: a path of one machine: {line.strip()[:60]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    root = parser.parse_args().root.resolve()
    bad = []
    banned_calls(root, bad)
    banned_words(root, bad)
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
