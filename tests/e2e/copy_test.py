#!/usr/bin/env python3
"""COPY and .import, with files: what comes in, what goes out, and what a bad line leaves behind."""
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import time
import unittest

LLKV = os.path.abspath(os.environ.get("LLKV", "build/llkv"))
SECONDS_MAX = 60
TABLE = ("CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR(5) NOT NULL, c DECIMAL(8,2), "
         "d DATE DEFAULT DATE '2020-01-01', CHECK (c < 100));\n")


class Folder(unittest.TestCase):
    """Each test in a folder of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name):
        return pathlib.Path(self.folder.name) / name

    def put(self, text, name="in.csv"):
        self.file(name).write_bytes(text.encode())

    def run_sql(self, sql, *args):
        return subprocess.run([LLKV, "--csv", "--noheader", *args], input=sql, text=True,
                              cwd=self.folder.name, capture_output=True, timeout=SECONDS_MAX)

    def check(self, sql, expected, *args):
        done = self.run_sql(sql, *args)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout, expected)


class Copy(Folder):
    def check_error(self, text, message, sql="COPY t FROM 'in.csv';"):
        """Nothing is loaded, and the error says where."""
        self.put(text)
        done = self.run_sql(TABLE + "INSERT INTO t VALUES (0, 'old', 1, NULL);\n" + sql +
                            "\nSELECT a FROM t;")
        self.assertIn(message, done.stderr)
        self.assertEqual(done.stdout, "0\n")
        self.assertEqual(done.returncode, 1)

    def test_in(self):
        self.put('a,b,c,d\r\n1,x,1.5,2024-02-29\r\n2,"y""\nz",,\r\n\r\n3,"",-0.255,2000-01-01,\r\n')
        self.check(TABLE + "COPY t FROM 'in.csv'; SELECT a, length(b), c, d FROM t;",
                   "1,1,1.50,2024-02-29\n2,4,,\n3,0,-0.26,2000-01-01\n")

    def test_columns_and_defaults(self):
        self.put("hi;10\n\"ho\n\";11\n")
        self.check(TABLE + "COPY t (b, a) FROM 'in.csv' (DELIMITER ';', HEADER false);"
                   "SELECT a, length(b), c, d FROM t;", "10,2,,2020-01-01\n11,3,,2020-01-01\n")

    def test_sqlite_compat(self):
        self.put("1,2.5,x\n")
        self.check("SET sqlite_compat = true; CREATE TABLE s(a INTEGER, b REAL, c TEXT);"
                   "COPY s FROM 'in.csv'; SELECT * FROM s;", "1,2.5,x\n")
        self.put("1x,2.5,x\n")
        done = self.run_sql("SET sqlite_compat = true; CREATE TABLE s(a INTEGER, b REAL, c TEXT);"
                            "COPY s FROM 'in.csv' (HEADER false);")
        self.assertIn("in.csv, line 1, column 1 (a): '1x' is not a valid BIGINT", done.stderr)

    def test_bad_lines(self):
        self.check_error("1,a,1,2024-01-01\n2,b,x,2024-01-01\n",
                         "in.csv, line 2, column 3 (c): 'x' is not a valid DECIMAL(8,2)")
        self.check_error("1,a,1,2024-01-01\n2,b,100,2024-01-01\n",
                         "in.csv, line 2: a row violates the CHECK constraint c < 100")
        self.check_error("1,a,1,2024-01-01\n2,bbbbbb,1,2024-01-01\n",
                         "in.csv, line 2: 'bbbbbb' is longer than 5 characters")
        self.check_error("1,a,1,2024-01-01\n2,,1,2024-01-01\n",
                         'in.csv, line 2, column 2 (b): column "b" of table "t" must not be NULL')
        self.check_error("1,a,1,2024-01-01\n2,b,1\n", "in.csv, line 2: 3 values where 4 are")
        self.check_error("1,a,1,2024-01-01\n1,b,1,2024-01-01\n", "23505")
        self.check_error("0,a,1,2024-01-01\n", "23505")
        self.check_error("1,a,1,2023-02-29\n", "SQLSTATE 22008",
                         "COPY t FROM 'in.csv' (HEADER false);")

    def test_bad_line_far_down(self):
        lines = [f"{i},b,1,2024-01-01" for i in range(1, 60001)]
        lines[54321] = "x" + lines[54321]
        for threads in "1", "2":
            self.put("\n".join(lines))
            done = self.run_sql(TABLE + "COPY t FROM 'in.csv'; SELECT count(*) FROM t;",
                                "--threads", threads)
            self.assertIn("in.csv, line 54322, column 1 (a): 'x54322'", done.stderr)
            self.assertEqual(done.stdout, "0\n")

    def test_transactions(self):
        self.put("1,a,1,2024-01-01\n")
        self.check(TABLE + "BEGIN; COPY t FROM 'in.csv'; SELECT count(*) FROM t; COPY t TO STDOUT;"
                   "ROLLBACK; SELECT count(*) FROM t;"
                   "BEGIN; COPY t FROM 'in.csv'; COMMIT; SELECT count(*) FROM t;",
                   "1\na,b,c,d\n1,a,1.00,2024-01-01\n0\n1\n")
        done = self.run_sql(TABLE + "BEGIN READ ONLY; COPY t TO STDOUT; COPY t FROM 'in.csv';")
        self.assertEqual(done.stdout, "a,b,c,d\n")
        self.assertIn("25006", done.stderr)

    def test_interrupt(self):
        """A long COPY stops, even if it was about to start."""
        with open(self.file("in.csv"), "w") as file:
            file.write("1,2,3,4,5,6,7,8\n" * 3000000)
        columns = ", ".join(f"c{i} BIGINT" for i in range(8))
        for wait in 0, 0.3:
            shell = subprocess.Popen([LLKV, "--csv", "--noheader", "-c", f"CREATE TABLE w({columns})",
                                      "-c", "SELECT 'ready'", "-c", "COPY w FROM 'in.csv'"],
                                     cwd=self.folder.name, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(shell.stdout.readline(), "ready\n")
            time.sleep(wait)
            shell.send_signal(signal.SIGINT)
            _, err = shell.communicate(timeout=SECONDS_MAX)
            if shell.returncode != 0:  # it may have been through already
                self.assertEqual(shell.returncode, 130)
                self.assertIn("57014", err)

    def test_progress(self):
        """On a terminal only, and gone in the end."""
        with open(self.file("in.csv"), "w") as file:
            file.write("1,some text,3.25\n" * 6000000)
        main, terminal = pty.openpty()
        script = self.file("in.sql")
        script.write_text("CREATE TABLE w(a BIGINT, b VARCHAR, c DOUBLE);\n.import in.csv w\n")
        shell = subprocess.Popen([LLKV, "--threads", "1", "-f", str(script)],
                                 cwd=self.folder.name, stderr=terminal, stdout=subprocess.PIPE)
        os.close(terminal)
        told = b""
        while True:
            try:
                part = os.read(main, 4096)
            except OSError:  # nobody writes any more
                break
            if part == b"":
                break
            told += part
        out = shell.communicate(timeout=SECONDS_MAX)[0]
        os.close(main)
        self.assertEqual(out.decode(),
                         "Imported 6000000 rows into w (sniffed: comma, no header).\n")
        if told != b"":  # it took long enough
            self.assertRegex(told.decode(), r"\[[#.]{30}\] +\d+ %  \d+ s left")
            self.assertTrue(told.endswith(b"\r\x1b[K"))

    def test_out(self):
        sql = ("CREATE TABLE o(a INTEGER, b VARCHAR, c BLOB, d DOUBLE);"
               "INSERT INTO o VALUES (1, 'x,y', X'00ff', 0.1), (NULL, '', NULL, NULL), "
               "(3, 'q\"', X'41', 1e300);")
        self.check(sql + "COPY o TO 'out.csv';", "")
        text = 'a,b,c,d\n1,"x,y",\\x00\\xFF,0.1\n,"",,\n3,"q""",A,1e+300\n'
        self.assertEqual(self.file("out.csv").read_text(), text)
        self.check(sql + "COPY o TO STDOUT;", text)
        self.check(sql + "COPY o TO 'out.csv'; DELETE FROM o; COPY o FROM 'out.csv';"
                   "COPY o TO STDOUT;", text)
        self.check(sql + "COPY (SELECT b, a FROM o ORDER BY a DESC LIMIT 1) TO STDOUT "
                   "(HEADER false, DELIMITER '|', FORCE_QUOTE (b, a), QUOTE '''', NULL '-');",
                   "'q\"'|'3'\n")
        self.check(sql + "COPY o(d, a) TO STDOUT (HEADER 0, NULL 'NULL', FORCE_QUOTE *);",
                   '"0.1","1"\nNULL,NULL\n"1e+300","3"\n')

    def test_out_keeps_the_old_file(self):
        self.put("old", "out.csv")
        done = self.run_sql("COPY (SELECT 'a' WHERE 1 / 0 = 1 UNION ALL "
                            "SELECT range::TINYINT::VARCHAR FROM range(1000)) TO 'out.csv';")
        self.assertIn("22003", done.stderr)
        self.assertEqual(self.file("out.csv").read_text(), "old")
        self.assertEqual(os.listdir(self.folder.name), ["out.csv"])
        self.check("COPY (SELECT 1 AS one) TO 'out.csv';", "")
        self.assertEqual(self.file("out.csv").read_text(), "one\n1\n")

    def test_devices_stay(self):
        done = self.run_sql("COPY (SELECT 1) TO '/dev/null';")
        self.assertIn("Error", done.stderr)
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def test_no_quote(self):
        done = self.run_sql("COPY (SELECT 'a,b') TO 'out.csv' (QUOTE '');")
        self.assertIn("22P04", done.stderr)

    def test_one_column(self):
        self.check("CREATE TABLE n(a INTEGER); INSERT INTO n VALUES (1), (NULL), (3);"
                   "COPY n TO 'n.csv'; COPY n FROM 'n.csv'; SELECT count(*), count(a) FROM n;",
                   "6,4\n")

    def test_every_type(self):
        sql = ("CREATE TABLE e(a BOOLEAN, b TINYINT, c USMALLINT, d UBIGINT, e HUGEINT, f FLOAT, "
               "g DECIMAL(30,10), h TIME, i TIMESTAMP, j TIMESTAMPTZ, k INTERVAL, l UUID, "
               "m DECIMAL(4,1), n UHUGEINT, o SMALLINT);\n"
               "INSERT INTO e VALUES (true, -128, 65535, 18446744073709551615, "
               "-170141183460469231731687303715884105728, 1.5, 12345678901234567890.0123456789, "
               "'01:02:03.5', '2024-02-29 01:02:03.000001', '2024-02-29 01:02:03+00', "
               "INTERVAL '1 month 2 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', -999.9, "
               "340282366920938463463374607431768211455, -32768);\n")
        self.check(sql + "COPY e TO 'e.csv'; COPY e FROM 'e.csv' (HEADER);"
                   "SELECT count(*) FROM e; SELECT DISTINCT * FROM e;",
                   self.run_sql(sql + "SELECT 2; SELECT * FROM e;").stdout)


class Files(Folder):
    """Files in FROM."""
    TEXT = "id,zip,price,day,at,ok,note\n1,01234,1.5,2024-02-29,2024-01-01 10:00:00,true,x\n" \
           "-2,99999,,,,false,\"a \"\"b\"\"\"\n"
    ROWS = '1,01234,1.5,2024-02-29,2024-01-01 10:00:00,true,x\n-2,99999,,,,false,"a ""b"""\n'

    def test_types_and_names(self):
        self.put(self.TEXT)
        columns = ('"id" BIGINT, "zip" VARCHAR, "price" DOUBLE, "day" DATE, "at" TIMESTAMP, '
                   '"ok" BOOLEAN, "note" VARCHAR')
        self.check("SELECT * FROM sniff_csv('in.csv');",
                   f',,"""","""",true,"{columns.replace(chr(34), chr(34) * 2)}"\n'.replace(
                       ",,", '",",', 1))
        self.check("SELECT * FROM 'in.csv'; SELECT * FROM read_csv('in.csv', delim = ',') WHERE ok;",
                   self.ROWS + self.ROWS.split("\n")[0] + "\n")
        self.check("CREATE TABLE c AS SELECT * FROM read_csv_auto('in.csv'); SELECT * FROM c;"
                   "SELECT count(*), sum(\"in\".id) FROM 'in.csv', c WHERE c.id = \"in\".id;",
                   self.ROWS + "2,-1\n")

    def test_no_evidence_no_header(self):
        self.put("name,city\nAda,London\n")
        self.check("SELECT * FROM 'in.csv'; SELECT city FROM read_csv('in.csv', header := true);",
                   "name,city\nAda,London\nLondon\n")

    def test_delimiter_at_the_end(self):
        self.put("1,2,\n3,4,\n")
        self.check("SELECT * FROM 'in.csv';", "1,2\n3,4\n")
        self.put("1,2,\n3,4,x\n")
        self.check("SELECT * FROM 'in.csv';", "1,2,\n3,4,x\n")
        self.put("a,b\n1,2,\n3,4,\n")
        self.check("SELECT b, a FROM 'in.csv';", "2,1\n4,3\n")

    def test_names_differ(self):
        self.put("a,A,,a_1\n1,2,3,4\n")
        self.check("SELECT a, A_1, column2, a_1_1 FROM 'in.csv';", "1,2,3,4\n")

    def test_large_integers_stay(self):
        self.put("1\n9223372036854775808\n")
        self.check("SELECT column0, typeof(column0) FROM 'in.csv';",
                   "1,HUGEINT\n9223372036854775808,HUGEINT\n")

    def test_changed_file(self):
        """The same text again: the file is looked at again."""
        self.put("1,2\n")
        done = self.run_sql("".join(
            f"COPY (SELECT {row}) TO 'in.csv' (HEADER false);\nSELECT * FROM 'in.csv';\n"
            for row in ("1, 'x'", "'y', 2, 3", "4", "5.5", "NULL, 6")))
        self.assertEqual((done.stderr, done.stdout), ("", "1,x\ny,2,3\n4\n5.5\n,6\n"))

    def test_refused(self):
        self.put("1,2\n3\n")
        for sql, message in [("SELECT * FROM 'in.csv'", "in.csv, line 2: 1 value where 2 are"),
                             ("SELECT * FROM read_csv('in.csv', 1)", "42601"),
                             ("SELECT * FROM read_csv()", "42883"),
                             ("SELECT * FROM read_csv('in.csv', union_by_name = true)", "0A000"),
                             ("SELECT * FROM 'nothing.csv'", "58P01"),
                             ("SET external_access = off; SELECT * FROM 'in.csv'", "42501"),
                             ("SET external_access = off; SELECT * FROM sniff_csv('in.csv')",
                              "42501")]:
            self.assertIn(message, self.run_sql(sql).stderr)


class Import(Folder):
    def test_new_table(self):
        self.put("id,name\n1,Ada\n2,Bob\n")
        self.check(".import in.csv people\nSELECT * FROM people;",
                   'Created table people ("id" BIGINT, "name" VARCHAR).\n'
                   "Imported 2 rows into people (sniffed: comma, a header).\n1,Ada\n2,Bob\n")

    def test_table(self):
        self.put("1|a|1|2024-01-01|\n")
        self.check(TABLE + ".import in.csv t\nSELECT * FROM t;",
                   "Imported 1 rows into t (sniffed: bar, no header).\n1,a,1.00,2024-01-01\n")
        self.check(TABLE + ".separator |\n.import --noheader in.csv t\nSELECT * FROM t;",
                   "Imported 1 rows into t.\n1,a,1.00,2024-01-01\n")
        self.put("# a comment\na,b,c,d\n2,b,2,2024-01-02\n")
        self.check(TABLE + ".import --csv --skip 1 --header in.csv t\nSELECT * FROM t;",
                   "Imported 1 rows into t.\n2,b,2.00,2024-01-02\n")

    def test_failures(self):
        self.put("1,2\n3\n")
        done = self.run_sql(".import in.csv fresh\nSELECT * FROM fresh;")
        self.assertIn("Dropped table fresh.", done.stdout)
        self.assertIn("in.csv, line 2: 1 value where 2 are expected", done.stderr)
        self.assertIn("42P01", done.stderr)
        for line, message in [(".import in.csv", "the form is"), (".import a b c", "the form is"),
                              (".import --what in.csv t", "no option --what"),
                              (".import --skip x in.csv t", "--skip takes a number"),
                              (".separator ab", "one ASCII character"),
                              (".import nothing.csv t", "58P01")]:
            self.assertIn(message, self.run_sql(line).stderr)

    def test_names_with_quotes(self):
        self.put('"a ""b""",1\n2,3\n', "it's.csv")
        self.check(".import --header \"it's.csv\" my-table\nSELECT \"a \"\"b\"\"\" FROM \"my-table\";",
                   'Created table my-table ("a ""b""" BIGINT, "1" BIGINT).\n'
                   "Imported 1 rows into my-table (sniffed: comma).\n2\n")


if __name__ == "__main__":
    unittest.main()
