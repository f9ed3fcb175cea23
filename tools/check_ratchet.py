#!/usr/bin/env python3
"""Fail if a file leaves tests/slt/PASSING without a reason in tests/slt/EXCLUDED.md.

The list is compared with the one of the last commit and of the commit before it. A file that left
must be named, in backquotes, in EXCLUDED.md. The list is sorted and names nothing twice. Where there
is no earlier commit (a shallow clone, a first commit) there is nothing to compare with.
"""
import argparse
import pathlib
import re
import subprocess
import sys

PASSING, EXCLUDED = "tests/slt/PASSING", "tests/slt/EXCLUDED.md"


def entries(text):
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def committed(root, revision):
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "show", f"{revision}:./{PASSING}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return entries(done.stdout) if done.returncode == 0 else []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    parser.add_argument("--against", nargs="*", default=["HEAD", "HEAD~1"], metavar="REVISION")
    args = parser.parse_args()
    now = entries((args.root / PASSING).read_text())
    excluded = set(re.findall(r"`([^`]+)`", (args.root / EXCLUDED).read_text()))
    bad = []
    if now != sorted(set(now)):
        bad.append(f"{PASSING}: not sorted, or a file is listed twice (scripts/slt.sh update does it)")
    before = {name for revision in args.against for name in committed(args.root, revision)}
    bad += [f"{PASSING}: {name} was removed, and {EXCLUDED} does not say why"
            for name in sorted(before - set(now) - excluded)]
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
