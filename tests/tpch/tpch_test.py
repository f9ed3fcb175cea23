#!/usr/bin/env python3
"""The 22 queries of TPC-H at scale 0.01: the tables come in by COPY and by .import, and the rows are those
of expected/, which DuckDB gives as well (compare.py). The columns are those of the official answers.

    tpch_test.py            run the test; exit code 77 if the tables are not there
    tpch_test.py --accept   write expected/ anew (then look at the difference, and run compare.py)
"""
import csv
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
LLKV = os.path.abspath(os.environ.get("LLKV", "build/llkv"))
ARCHIVE = pathlib.Path(os.environ.get("LLKV_TPCH", HERE / "../../../shared/data")) / "tpch.tar.xz"
TABLES = {"region": 5, "nation": 25, "supplier": 100, "customer": 1500, "part": 2000,
          "partsupp": 8000, "orders": 15000, "lineitem": 60175}
QUERIES = [f"q{i:02}" for i in range(1, 23)]
SECONDS_MAX = 250
NOT_THERE = 77


def unpack(folder):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder)
    return pathlib.Path(folder) / "tpch"


def schema():
    return (HERE / "schema.sql").read_text()


def copy_all(data, options=""):
    return "".join(f"COPY {name} FROM '{data}/sf0.01/{name}.tbl'{options};\n" for name in TABLES)


def ask_all():
    """Every query, each below a line with its name."""
    return "".join(f".print --{name}\n{(HERE / 'queries' / (name + '.sql')).read_text()}"
                   for name in QUERIES)


def run(sql, *args):
    return subprocess.run([LLKV, "--csv", *args], input=sql, capture_output=True, text=True,
                          timeout=SECONDS_MAX)


def answers(text):
    """Name of the query: its answer, as it was printed."""
    parts = re.split(r"^--(q\d\d)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expected():
    return {name: (HERE / "expected" / (name + ".csv")).read_text() for name in QUERIES}


class Tpch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.data = unpack(cls.scratch.name)

    def check_all(self, done):
        self.assertEqual(done.stderr, "")
        got = answers(done.stdout)
        for name, rows in expected().items():
            with self.subTest(name):
                self.assertEqual(got[name], rows)

    def test_copy(self):
        self.check_all(run(schema() + copy_all(self.data) + ask_all()))

    def test_file(self):
        """In a file: before and after it is opened again."""
        path = str(pathlib.Path(self.scratch.name) / "tpch.llkv")
        self.check_all(run(schema() + copy_all(self.data) + ask_all(), path))
        self.check_all(run(ask_all(), path))
        self.check_all(run(ask_all(), "--readonly", path))

    def test_killed(self):
        """What COPY has committed is there after the process was killed."""
        path = str(pathlib.Path(self.scratch.name) / "killed.llkv")
        with subprocess.Popen([LLKV, "--csv", path], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE) as writer:
            writer.stdin.write(schema() + copy_all(self.data) + "SELECT 'loaded' AS state;\n"
                               "BEGIN; DELETE FROM lineitem;\nSELECT 'deleted' AS state;\n")
            writer.stdin.flush()
            told = [writer.stdout.readline() for _ in range(4)]
            writer.kill()
        self.assertEqual(told, ["state\n", "loaded\n", "state\n", "deleted\n"])
        self.check_all(run(ask_all(), path))

    def test_one_thread_and_small_units(self):
        self.check_all(run(schema() + copy_all(self.data, " (DELIMITER '|', HEADER false)") +
                           ask_all(), "--threads", "1", "--debug-segment-rows", "4096",
                           "--debug-vector-rows", "256"))

    def test_import(self):
        lines = "".join(f".import {self.data}/sf0.01/{name}.tbl {name}\n" for name in TABLES)
        done = run(schema() + lines + ask_all())
        self.check_all(done)
        told = [f"Imported {rows} rows into {name} (sniffed: bar, no header)."
                for name, rows in TABLES.items()]
        self.assertEqual(done.stdout.split("\n")[:len(told)], told)

    def test_bar_at_the_end_of_lines(self):
        """As the official generator writes them."""
        for name in TABLES:
            path = self.data / "sf0.01" / (name + ".tbl")
            (pathlib.Path(self.scratch.name) / (name + ".bar")).write_text(
                path.read_text().replace("\n", "|\n"))
        count = "".join(f"COPY {name} FROM '{self.scratch.name}/{name}.bar';\n"
                        f"SELECT count(*) FROM {name};\n" for name in TABLES)
        done = run(schema() + count, "--noheader")
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout.split(), [str(rows) for rows in TABLES.values()])

    def test_back_to_files(self):
        """What is written is what was read, to the byte."""
        out = "".join(f"COPY {name} TO '{self.scratch.name}/{name}.out' "
                      "(DELIMITER '|', HEADER false);\n" for name in TABLES if name != "lineitem")
        done = run(schema() + copy_all(self.data) + out)
        self.assertEqual(done.stderr, "")
        for name in TABLES:
            if name == "lineitem":
                continue  # its quantities have no decimals in the file
            self.assertEqual((pathlib.Path(self.scratch.name) / (name + ".out")).read_bytes(),
                             (self.data / "sf0.01" / (name + ".tbl")).read_bytes(), name)

    def test_columns_of_the_official_answers(self):
        """Their names are cut to the widths of their columns, and say col6 where there is none."""
        for name, rows in expected().items():
            official = self.data / "answers-sf1" / f"q{int(name[1:])}.out"
            if not official.exists():
                continue
            wanted = [word.strip() for word in official.read_text().split("\n", 1)[0].split("|")]
            have = next(csv.reader(rows.split("\n", 1)[:1]))
            self.assertEqual(len(have), len(wanted), name)
            for mine, theirs in zip(have, wanted):
                self.assertTrue(mine.startswith(theirs) or theirs.startswith("col"),
                                f"{name}: {mine}, {theirs}")


def accept():
    with tempfile.TemporaryDirectory() as folder:
        done = run(schema() + copy_all(unpack(folder)) + ask_all())
    if done.stderr != "":
        sys.exit(done.stderr)
    (HERE / "expected").mkdir(exist_ok=True)
    for name, rows in answers(done.stdout).items():
        (HERE / "expected" / (name + ".csv")).write_text(rows)


if __name__ == "__main__":
    if not ARCHIVE.exists():
        print(f"{ARCHIVE} is not there")
        sys.exit(NOT_THERE)
    if "--accept" in sys.argv:
        accept()
    else:
        unittest.main()
