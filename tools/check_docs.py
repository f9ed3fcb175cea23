#!/usr/bin/env python3
"""Run the examples of the documents: each must do what the document says it prints.

In README.md and docs/*.md a fence opened with ```sql test, ```c test or ```sh test is run, and the
```text fence that follows it is compared with its standard output, but for blanks at line ends.

    sql   is given to build/llkv on standard input, in a new database in memory
    c     is compiled with -Werror against include/ and build/libllkv.so, then run
    sh    is run by bash in the root of the project, with build/ first on the PATH
"""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w+) test\n(.*?)^```\n(?:\s*^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
SECONDS_MAX = 60


def compile_and_run(root, build, text, scratch):
    """The commands for a C example."""
    source, program = scratch / "example.c", scratch / "example"
    source.write_text(text)
    compiler = os.environ.get("CC", "gcc")
    return [[compiler, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", str(source),
             f"-I{root / 'include'}", f"-L{build}", "-lllkv", f"-Wl,-rpath,{build}", "-o", str(program)],
            [str(program)]]


def run(root, build, language, text):
    """(exit code, standard output, standard error) of an example."""
    with tempfile.TemporaryDirectory() as scratch:
        if language == "c":
            commands, stdin = compile_and_run(root, build, text, pathlib.Path(scratch)), ""
        elif language == "sh":
            commands, stdin = [["bash", "-eu"]], text
        else:
            commands, stdin = [[str(build / "llkv")]], text
        env = {**os.environ, "PATH": f"{build}{os.pathsep}{os.environ['PATH']}"}
        for command in commands:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=root,
                                  env=env, timeout=SECONDS_MAX)
            if done.returncode != 0:
                break
        return done.returncode, done.stdout, done.stderr


def lines_of(text):
    return [line.rstrip() for line in text.rstrip().split("\n")]


def check_file(root, build, path):
    text = path.read_text()
    for match in FENCE.finditer(text):
        language, example, expected = match.groups()
        place = f"{path.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}"
        if language not in ("sql", "c", "sh") or expected is None:
            yield f"{place}: a test is sql, c or sh, and a text fence with its output follows"
            continue
        code, out, err = run(root, build, language, example)
        if code != 0:
            yield f"{place}: exit code {code}\n{err.strip()}"
        elif lines_of(out) != lines_of(expected):
            difference = difflib.unified_diff(
                lines_of(expected), lines_of(out), "the document", "the program", lineterm="")
            yield f"{place}: prints something else\n" + "\n".join(difference)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    parser.add_argument("--build", type=pathlib.Path, help="where llkv and libllkv.so are")
    args = parser.parse_args()
    root = args.root.resolve()
    build = (args.build or root / "build").resolve()
    paths = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    bad = [problem for path in paths if path.exists() for problem in check_file(root, build, path)]
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
