#!/usr/bin/env python3
"""`llkv drive` as scripts use it: commands, options, errors, exit codes."""
import os
import pathlib
import subprocess
import tempfile
import unittest

LLKV = os.environ.get("LLKV", "build/llkv")
DATA = pathlib.Path(__file__).parents[1] / "data" / "drive"
SECONDS_MAX = 30


class Drive(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "a.srd")

    def tearDown(self):
        self.folder.cleanup()

    def run_drive(self, *args, stdin=b""):
        done = subprocess.run([LLKV, "drive", *args], input=stdin, capture_output=True, timeout=SECONDS_MAX)
        return done.returncode, done.stdout, done.stderr.decode()

    def check(self, *args, out=b"", code=0, stdin=b""):
        done = self.run_drive(*args, stdin=stdin)
        self.assertEqual(done, (code, out, ""))

    def check_error(self, code, message, *args):
        done = self.run_drive(*args)
        self.assertEqual(done[0], code)
        self.assertTrue(done[2].startswith("Error: "), done[2])
        self.assertIn(message, done[2])

    def test_values_are_bytes(self):
        value = bytes(range(256)) * 1000
        self.check("put", self.path, "k", stdin=value)
        self.check("get", self.path, "k", out=value)
        self.check("put", self.path, "k", "text")
        self.check("get", self.path, "k", out=b"text")
        self.check("put", "--no-sync", self.path, "--", "-k", "-v")
        self.check("get", self.path, "--", "-k", out=b"-v")

    def test_vectors(self):
        for name in ("basic", "update", "pager"):
            code, out, err = self.run_drive("verify", str(DATA / f"{name}.bin"))
            self.assertEqual((code, err), (0, ""))
        self.check("list", str(DATA / "basic.bin"), out=b"0x1403c0c40f49b8e5 70 64\n"
                   b"0xe2fdb994ad3fcba4 1 192\n0x384d070cd5d829e2 64 256\n")
        self.check("get", str(DATA / "update.bin"), "key1", out=b"v3")
        self.check("get", "--raw-key", str(DATA / "pager.bin"), "0", out=bytes(8))
        self.check("verify", str(DATA / "torn.bin"), code=3,
                   out=b"byte 213, 52 bytes: the last append was not written to its end\n"
                   b"4 entries whole, 52 of 265 bytes torn\n")
        code, out, err = self.run_drive("list", str(DATA / "torn.bin"))
        self.assertEqual((code, err), (3, "Error: the last 52 bytes hold no whole entries\n"))
        self.assertEqual(len(out.splitlines()), 2)

    def test_delete_and_compact(self):
        for key in ("1", "2", "0x3"):
            self.check("put", "--raw-key", self.path, key, f"value {key}")
        self.check("delete", "--raw-key", self.path, "1", "3")
        self.check_error(1, "no key 1", "delete", "--raw-key", self.path, "1")
        self.check_error(1, "no key 1", "get", "--raw-key", self.path, "1")
        self.check("compact", self.path, out=b"1 keys, 27 of 199 bytes left\n")
        self.check("list", self.path, out=b"0x0000000000000002 7 0\n")

    def test_salvage(self):
        data = bytearray((DATA / "basic.bin").read_bytes())
        data[100] ^= 1
        pathlib.Path(self.path).write_bytes(data)
        self.check_error(3, "damaged from byte 25", "put", self.path, "k", "v")
        new = self.path + "-new"
        self.check("salvage", self.path, new, out=b"4 entries saved, 129 of 340 bytes damaged\n")
        self.check("verify", new, out=b"4 entries whole, 0 of 212 bytes damaged\n")
        self.check_error(1, "File exists", "salvage", self.path, new)

    def test_wrong_usage(self):
        self.check_error(2, "needs a command")
        self.check_error(2, "no command lisst", "lisst", self.path)
        self.check_error(2, "did you mean list", "lisst", self.path)
        self.check_error(2, "unknown option --force", "list", "--force", self.path)
        self.check_error(2, "put takes FILE KEY [VALUE]", "put", self.path)
        self.check_error(2, "get takes FILE KEY", "get", self.path, "a", "b")
        self.check_error(2, "no number of 64 bits: x", "get", "--raw-key", self.path, "x")
        self.check_error(3, "No such file", "get", self.path, "x")
        self.check_error(3, "No such file", "verify", self.path)
        self.check_error(3, "not a regular file", "verify", self.folder.name)
        self.check_error(1, "without bytes", "put", self.path, "k", "")
        self.assertEqual(os.path.getsize(self.path), 0)
        code, out, err = self.run_drive("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertIn(b"salvage", out)


if __name__ == "__main__":
    unittest.main()
