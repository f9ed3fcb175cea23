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


DUCKDB = """# name: a file with some of everything
require skip_reload

require vector_size 64

statement ok
CREATE TABLE t(i INTEGER, d DOUBLE, s VARCHAR)

loop i 0 4

loop j 5 7

statement ok
INSERT INTO t VALUES ({i}, ${j} / 3.0, 'text {i}')

endloop

endloop

query I
INSERT INTO t VALUES (NULL, NULL, '')
----
1

query IRT rowsort
SELECT i, d, s FROM t WHERE i IS NULL OR i = 3 ORDER BY i
----
3	1.6666	<REGEX>:te.t [0-9]
3	2	<!REGEX>:other.*
NULL	NULL	(empty)

foreach kind,size tinyint,1 BIGINT,8

statement ok
SELECT CAST({size} AS {kind})

endloop

foreach type <unsigned> !uhugeint !ubigint

skipif type=utinyint
query I con{type}
SELECT count(*) FROM t
----
9

endloop

statement maybe
SELECT nothing
----

statement error
SELECT nothing
----
<REGEX>:Binder Error.*

mode skip

statement ok
SELEC

mode unskip

query II
SELECT 1, true
----
1	true

statement ok
SELECT 1
# a comment ends the statement

query II
SELECT 1, 2
----
1
2

query I
SELECT count(*) FROM t
----
9

statement ok con1
BEGIN

statement ok con1
DELETE FROM t

query I
SELECT count(*) FROM t
----
9

reconnect

loop i 0 2

onlyif i=1
query I
SELECT count(*) FROM t
----
9

query I nosort label
SELECT {i} - {i}

endloop

skipif duckdb
statement ok
SELEC

statement ok
PRAGMA enable_verification
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
        self.write("sqllogictest-rs/other.slt", GOOD)
        passed = str(self.folder / "passed")
        done = self.run_slt("--slt-list-pass", passed)
        self.assertEqual(done.returncode, 1)
        self.assertIn("dialect rs (sqllogictest-rs files) is not supported", done.stdout)
        self.assertEqual(pathlib.Path(passed).read_text(), "sqlite/test/good.test\n")

    def test_duckdb_dialect(self):
        self.write("duckdb/good.test", DUCKDB)
        for args in ([], ["--slt-pager", "drive"], ["--slt-pager", "drive", "--slt-checkpoint-every", "1"]):
            done = self.run_slt(*args)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("31 records, 28 passed, 0 failed, 3 skipped", done.stdout)
        self.write("duckdb/needs.test", "require spatial\n\nstatement ok\nSELEC\n")
        passed = str(self.folder / "passed")
        done = self.run_slt("--slt-list-pass", passed)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("needs.test", pathlib.Path(passed).read_text())
        self.write("duckdb/open_loop.test", "loop i 0 2\n\nstatement ok\nSELECT 1\n")
        self.assertIn("a loop without an end", self.run_slt().stdout)

    def test_lines_behind_loops(self):
        self.write("duckdb/a.test", "loop i 0 3\n\nstatement ok\nSELECT {i}\n\nendloop\n\n"
                                    "statement ok\nSELEC 1\n")
        self.assertIn("a.test:8: error", self.run_slt().stdout)

    def test_a_restart_keeps_what_is_on_a_file(self):
        text = ("load __TEST_DIR__/kept.db\n\nstatement ok\nCREATE TABLE t(a INTEGER)\n\n"
                "statement ok con1\nBEGIN\n\nstatement ok con1\nINSERT INTO t VALUES (1)\n\n"
                "statement ok\nCREATE TABLE u(a INTEGER)\n\nrestart\n\n"
                "query I\nSELECT count(*) FROM t\n----\n0\n\nstatement ok\nDROP TABLE u\n")
        self.write("duckdb/file.test", text)
        done = self.run_slt()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.write("duckdb/file.test", text.replace("load __TEST_DIR__/kept.db\n\n", ""))
        self.assertEqual(self.run_slt().returncode, 1)  # in memory nothing is kept

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
