#!/usr/bin/env python3
"""The sqllogictest harness as scripts use it: what it finds, what it prints, exit codes."""
import os
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

LLKV = os.environ.get("LLKV", "build/llkv")
SECONDS_MAX = 60

GOOD = """statement ok
CREATE TABLE t(a INTEGER)

statement ok
INSERT INTO t VALUES (2), (1), (NULL)

query I rowsort
SELECT a FROM t
----
1
2
NULL

statement error
SELECT nothing_here FROM t
"""
BAD = """query I
SELECT 1
----
2

statement ok
SELECT nothing_here

statement error
SELECT 1

query II
SELECT 1
----
1
"""


class Harness(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def run_slt(self, *args, path=None, **environment):
        return subprocess.run([LLKV, "--slt", str(path or self.folder), *args],
                              capture_output=True, text=True, timeout=SECONDS_MAX,
                              env={**os.environ, **environment})

    def test_pass(self):
        self.write("good.slt", GOOD)
        for runtime in ("current", "multi"):
            done = self.run_slt("--slt-runtime", runtime)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("total: 1 files, 1 passed; 4 records, 4 passed, 0 failed", done.stdout)

    def test_fail(self):
        path = self.write("bad.slt", BAD)
        done = self.run_slt("--slt-causes")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:1: wrong answer\n    SELECT 1\n  - 2\n  + 1\n", done.stdout)
        self.assertIn(f"{path}:6: error: ", done.stdout)
        self.assertIn(f"{path}:9: an error was expected, and none came", done.stdout)
        self.assertIn(f"{path}:12: another number of columns than expected", done.stdout)
        self.assertIn("       1  wrong answer\n", done.stdout)
        self.assertIn("1 files, 0 passed; 4 records, 0 passed, 4 failed", done.stdout)
        done = self.run_slt("--slt-max-failures", "1")
        self.assertIn("3 more failures", done.stdout)

    def test_walk_list_and_junit(self):
        self.write("b/good.slt", GOOD)
        self.write("a/bad.slt", BAD)
        self.write("a/notes.md", "no test")
        passed, junit = str(self.folder / "passed"), str(self.folder / "junit.xml")
        done = self.run_slt("-j", "2", "--slt-list-pass", passed, "--slt-junit", junit)
        self.assertEqual(done.returncode, 1)
        self.assertIn("total: 2 files, 1 passed", done.stdout)
        self.assertEqual(pathlib.Path(passed).read_text(), f"{self.folder}/b/good.slt\n")
        suites = xml.etree.ElementTree.parse(junit).getroot()
        self.assertEqual([s.get("failures") for s in suites], ["1", "0"])
        done = self.run_slt("--slt-from", passed)
        self.assertEqual(done.returncode, 0)
        self.assertIn("total: 1 files, 1 passed", done.stdout)

    def test_names_below_a_manifest(self):
        self.write("MANIFEST.tsv", "")
        self.write("sqlite/test/good.test", GOOD)
        self.write("duckdb/test/other.test", GOOD)
        passed = str(self.folder / "passed")
        done = self.run_slt("--slt-list-pass", passed)
        self.assertEqual(done.returncode, 1)
        self.assertIn("dialect duckdb (DuckDB's test files) is not supported", done.stdout)
        self.assertEqual(pathlib.Path(passed).read_text(), "sqlite/test/good.test\n")

    def test_a_hang_costs_only_itself(self):
        os.mkfifo(self.folder / "a.slt")  # opening it waits for a writer that never comes
        self.write("b.slt", GOOD)
        done = self.run_slt("--slt-timeout", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.slt:0: timeout after 1 s", done.stdout)
        self.assertIn("total: 2 files, 1 passed", done.stdout)

    def test_labels(self):
        path = self.write("label.slt", "onlyif this\nquery I\nSELECT 1\n----\n1\n\n"
                                       "skipif THIS\nquery I\nSELECT 1\n----\n2\n")
        self.assertEqual(self.run_slt("--slt-label", "this", path=path).returncode, 0)
        self.assertEqual(self.run_slt(path=path).returncode, 1)

    def test_urls(self):
        self.write("there/good.slt", GOOD)
        self.write("a.slturl", f"file:{self.folder}/there/good.slt\n")
        self.assertEqual(self.run_slt().returncode, 0)
        self.write("b.slturl", "https://example.org/good.slt\n")
        done = self.run_slt()
        self.assertEqual(done.returncode, 1)
        self.assertIn("--slt-mirror", done.stdout)
        self.write("mirror/example.org/good.slt", GOOD)
        self.assertEqual(self.run_slt("--slt-mirror", str(self.folder / "mirror")).returncode, 0)

    def test_stats(self):
        self.write("good.slt", GOOD)
        done = self.run_slt(LLKV_SLT_STATS="1")
        self.assertIn("CPU per record", done.stdout)
        self.assertIn("slowest records", done.stdout)

    def test_wrong_usage(self):
        self.assertEqual(self.run_slt(path="/nonexistent").returncode, 2)
        self.assertEqual(self.run_slt("--slt-dialect", "cake").returncode, 2)
        self.assertEqual(self.run_slt().returncode, 2)  # an empty folder


if __name__ == "__main__":
    unittest.main()
