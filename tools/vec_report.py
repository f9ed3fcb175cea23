#!/usr/bin/env python3
"""Fail if a loop that must be vectorized is not.

src/compute/tier.c is compiled as each instruction set is (gcc, -O3), and the compiler says which loops
it vectorized. A loop of a template counts once per instance. LOOPS names each loop by a piece of its
line and tells how many instances there must be, per instruction set; 0: none is asked for. A body
that is inlined with a constant length beside a variable one is two instances.

    tools/vec_report.py [--list]      from the root of the project; --list prints the counts
"""
import collections, pathlib, re, subprocess, sys

AVX2 = "-mavx2 -mbmi -mbmi2 -mlzcnt -mpopcnt".split()
AVX512 = ("-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vbmi2 -mprefer-vector-width=512").split()
TIERS = [("baseline", []), ("avx2", AVX2), ("avx512", AVX2 + AVX512)]

# file, a piece of the line of the loop (and which one of several), instances per tier
LOOPS = [
    # add, sub, mul (8 types; mul 6), and, or, xor (4), 4 float operations: 3 shapes each
    ("arith.inc.h", "for (uint32_t i = 0; i < n; i++) {", 0, (120, 126, 126)),
    ("mul64.inc.h", "any |= K_MAGNITUDE", 0, (8, 8, 8)),
    ("mul64.inc.h", "for (uint32_t i = 0; i < n; i++) {", 0, (0, 6, 6)),
    ("unary.inc.h", "for (uint32_t i = 0; i < n; i++) {", 0, (18, 18, 20)),
    # dense loops; without AVX2 there is no 64-bit comparison
    ("min_max.inc.h", "for (uint32_t i = 0; i < n; i++) {", 1, (14, 20, 20)),
    ("sum_int.inc.h", "for (uint32_t i = 0; i < n; i++) {", 1, (6, 6, 6)),
    ("sum_int.inc.h", "sum += x[i];", 0, (18, 18, 18)),
    ("tier_reduce.inc.h", "for (uint32_t i = 0; i < n; i++) {", 0, (0, 1, 1)),
    ("totals.inc.h", "for (uint32_t i = 0; i < n; i++) {", 0, (0, 8, 8)),
    ("totals.inc.h", "any |= K_TOP(x[i]);", 0, (2, 2, 2)),
    ("tier.c", "io[i] = hash_u64(io[i]);", 0, (0, 1, 1)),
    ("tier.c", "io[i] = hash_mix(io[i], add[i]);", 0, (0, 1, 1)),
]


def vectorized(flags):
    """{(file, line): instances} as gcc reports them; a loop and its epilogue count once."""
    command = ["gcc", "-std=c17", "-O3", "-DNDEBUG", "-ffp-contract=off", "-DTIER=tier_report",
               "-Iinclude", "-Isrc", "-fopt-info-vec-optimized", *flags,
               "-c", "src/compute/tier.c", "-o", "/dev/null"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    widths = collections.defaultdict(collections.Counter)
    for file, line, width in re.findall(
            r"src/compute/([\w.]+):(\d+):\d+: optimized: loop vectorized using (\d+) byte", report):
        widths[file, int(line)][width] += 1
    return {place: max(counts.values()) for place, counts in widths.items()}


def main():
    lines = {}
    for file, piece, which, _ in LOOPS:
        text = pathlib.Path("src/compute", file).read_text().splitlines()
        found = [n for n, line in enumerate(text, 1) if piece in line]
        if len(found) <= which:
            sys.exit(f"src/compute/{file}: no loop {piece!r}")
        # the report names the `for`, which may stand on the line before
        at = found[which]
        lines[file, piece, which] = at if "for (" in text[at - 1] else at - 1
    failed = False
    for index, (name, flags) in enumerate(TIERS):
        counts = vectorized(flags)
        for file, piece, which, wanted in LOOPS:
            line = lines[file, piece, which]
            got = counts.get((file, line), 0)
            if "--list" in sys.argv:
                print(f"{name:9} {file}:{line}: {got} of {wanted[index]}")
            if got < wanted[index]:
                print(f"{name}: src/compute/{file}:{line}: {got} instances of this loop are "
                      f"vectorized; it should be {wanted[index]}")
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
