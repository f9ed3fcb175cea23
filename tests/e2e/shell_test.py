#!/usr/bin/env python3
"""The command as scripts use it: options, modes, errors, exit codes."""
import json
import os
import subprocess
import tempfile
import time
import unittest

LLKV = os.environ.get("LLKV", "build/llkv")
SECONDS_MAX = 30


def run(*args, stdin=""):
    return subprocess.run([LLKV, *args], input=stdin, capture_output=True, text=True,
                          timeout=SECONDS_MAX)


class Output(unittest.TestCase):
    SQL = "SELECT 1 AS n, 'x' AS word, NULL AS missing"

    def check(self, args, expected, sql=None):
        done = run(*args, "-c", sql or self.SQL)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout, expected)
        self.assertEqual(done.returncode, 0)

    def test_pipe(self):
        done = run(stdin="SELECT 42 AS answer")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout,
                         "┌────────┐\n│ answer │\n├────────┤\n│     42 │\n└────────┘\n")

    def test_nothing(self):
        done = run()
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("", "", 0))

    def test_table(self):
        self.check(["--table"], "+---+------+---------+\n| n | word | missing |\n"
                   "+---+------+---------+\n| 1 | x    | NULL    |\n+---+------+---------+\n")

    def test_markdown(self):
        self.check(["--markdown"], "| n | word | missing |\n|--:|------|---------|\n"
                   "| 1 | x    | NULL    |\n")

    def test_csv(self):
        self.check(["-csv"], "n,word,missing\n1,x,\n")

    def test_csv_quotes(self):
        self.check(["--csv", "--noheader"], '"a,b","say ""hi"""\n',
                   "SELECT 'a,b', 'say \"hi\"'")

    def test_nullvalue(self):
        self.check(["-csv", "-nullvalue", "(none)"], "n,word,missing\n1,x,(none)\n")

    def test_tabs_and_list(self):
        self.check(["--tabs"], "n\tword\tmissing\n1\tx\t\n")
        self.check(["--mode", "list"], "n|word|missing\n1|x|\n")

    def test_line(self):
        self.check(["--line"], "      n = 1\n   word = x\nmissing = NULL\n")

    def test_json(self):
        done = run("--json", "-c", self.SQL + " UNION ALL SELECT 2, 'a\"b\n', 'y' ORDER BY n")
        self.assertEqual(json.loads(done.stdout), [
            {"n": 1, "word": "x", "missing": None}, {"n": 2, "word": 'a"b\n', "missing": "y"}])
        self.check(["--jsonlines"], '{"n":1,"word":"x","missing":null}\n')
        self.check(["--json"], "[]\n", "SELECT 1 AS a WHERE 1 = 0")

    def test_wide_characters(self):
        self.check(["--table"], "+------+\n| w    |\n+------+\n| 日本 |\n| ab   |\n+------+\n",
                   "SELECT '日本' AS w UNION ALL SELECT 'ab'")

    def test_line_breaks_stay_in_the_cell(self):
        self.check(["--table"], "+------+\n| w    |\n+------+\n| a\\nb |\n+------+\n",
                   "SELECT 'a\nb' AS w")


class Scripts(unittest.TestCase):
    def test_statements_are_split(self):
        sql = "SELECT ';' AS a; -- one ; two\nSELECT /* ; */ 2 AS b;\n;;SELECT 3 AS c"
        self.assertEqual(run("-csv", stdin=sql).stdout, "a\n;\nb\n2\nc\n3\n")

    def test_goes_on_after_an_error(self):
        done = run("-csv", stdin="SELECT 1 AS a;\nSELECT nothing_here;\nSELECT 2 AS b;\n")
        self.assertEqual(done.stdout, "a\n1\nb\n2\n")
        self.assertIn("Error", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_bail(self):
        done = run("-csv", "-bail", stdin="SELECT 1 AS a;\nSELECT nothing_here;\nSELECT 2 AS b;\n")
        self.assertEqual(done.stdout, "a\n1\n")
        self.assertEqual(done.returncode, 1)

    def test_place_of_an_error(self):
        done = run(stdin="SELECT 1;\nSELECT 1,\n  nothing_here;\n")
        self.assertIn("line 3, column 3", done.stderr)
        self.assertIn("\n    nothing_here;\n    ^\n", done.stderr)
        self.assertIn("SQLSTATE", done.stderr)

    def test_place_counts_characters(self):
        done = run("-c", "SELECT 'äöü', nothing_here")
        self.assertIn("line 1, column 15", done.stderr)

    def test_rows_come_before_the_next_statement_is_read(self):
        with subprocess.Popen([LLKV, "-csv", "-noheader"], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, bufsize=1) as child:
            for i in range(3):
                child.stdin.write(f"SELECT {i} + 10;\n")
                child.stdin.flush()
                self.assertEqual(child.stdout.readline(), f"{i + 10}\n")
            child.stdin.close()
            self.assertEqual(child.wait(SECONDS_MAX), 0)

    def test_file_option_and_argument(self):
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write("CREATE TABLE t(a INTEGER);\nINSERT INTO t VALUES (7);\n"
                         ".print between\nSELECT a FROM t;\n")
            script.flush()
            done = run("-csv", "-f", script.name)
            self.assertEqual((done.stdout, done.stderr), ("between\na\n7\n", ""))
            done = run("-csv", ":memory:", "SELECT 1 AS a; SELECT 2 AS b")
            self.assertEqual(done.stdout, "a\n1\nb\n2\n")

    def test_first_sql(self):
        done = run("-csv", "--cmd", "CREATE TABLE t(a INTEGER)", stdin="SELECT count(*) AS n FROM t")
        self.assertEqual((done.stdout, done.stderr), ("n\n0\n", ""))

    def test_long_script(self):
        text = "SELECT '" + "x" * 4_000_000 + "' = '' AS same;\n"
        done = run("-csv", stdin=text)
        self.assertEqual(done.returncode, 0)


class Dots(unittest.TestCase):
    def test_help(self):
        done = run(stdin=".help\n")
        self.assertIn(".open", done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_unknown(self):
        done = run(stdin=".hepl\n")
        self.assertIn("did you mean .help", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_exit(self):
        self.assertEqual(run(stdin=".exit 7\nSELECT 1;\n").returncode, 7)
        self.assertEqual(run(stdin=".quit\nSELECT 1;\n").stdout, "")

    def test_mode_and_nullvalue(self):
        done = run(stdin=".mode csv\n.nullvalue nix\nSELECT NULL AS a;\n")
        self.assertEqual(done.stdout, "a\nnix\n")

    def test_open_what_is_no_database(self):
        done = run("-csv", stdin=".open /nonexistent/folder/file\nSELECT 1 AS a;\n")
        self.assertIn("Error", done.stderr)
        self.assertEqual(done.stdout, "a\n1\n")
        self.assertEqual(done.returncode, 1)


class CommandLine(unittest.TestCase):
    def test_version_and_help(self):
        self.assertRegex(run("--version").stdout, r"^llkv \d+\.\d+\.\d+")
        for spelling in ("--help", "-help"):
            self.assertIn("--nullvalue", run(spelling).stdout)

    def test_wrong_usage(self):
        for args in (["--no-such-option"], ["--mode", "cake"], ["-c"], ["--threads", "none"],
                     ["--memory-limit", "much"]):
            done = run(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn("Error", done.stderr)
        self.assertIn("did you mean --readonly", run("--readnly").stderr)

    def test_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/ships.db"
            self.assertEqual(run("-readonly", path, "SELECT 1").returncode, 3)  # it is not there
            done = run("-csv", "-noheader", path, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(os.listdir(folder), ["ships.db"])
            done = run("-csv", "-noheader", path, "BEGIN; INSERT INTO t VALUES (2); SELECT * FROM t")
            self.assertEqual(done.stdout, "1\n2\n")  # and rolled back
            done = run("-csv", "-noheader", "-readonly", path, "SELECT * FROM t; DELETE FROM t")
            self.assertEqual((done.stdout, done.returncode), ("1\n", 1))
            self.assertIn("25006", done.stderr)
            other = folder + "/other.db"
            done = run("-csv", "-noheader", stdin=f".open {path}\nSELECT * FROM t;\n.open {other}\n"
                                                  "CREATE TABLE u(a INTEGER);\n.open\nSELECT 7;\n")
            self.assertEqual((done.stdout, done.stderr), ("1\n7\n", ""))
            self.assertEqual(sorted(os.listdir(folder)), ["other.db", "ships.db"])
            with open(path, "r+b") as file:
                file.truncate(100)
            done = run(path, "SELECT * FROM t")
            self.assertEqual(done.returncode, 3)
            self.assertIn("Error", done.stderr)

    def test_cannot_open(self):
        done = run("/nonexistent/folder/file", "SELECT 1")
        self.assertEqual(done.returncode, 3)
        self.assertIn("Error", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
