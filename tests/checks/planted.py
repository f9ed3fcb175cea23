"""A small tree to plant faults in, and a way to run a checker over it."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Planted(unittest.TestCase):
    """A test case with a temporary tree at self.root; `checker` names the program under test."""
    checker = ""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.scratch.name).resolve()
        self.addCleanup(self.scratch.cleanup)

    def plant(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def check(self, *arguments):
        command = [sys.executable, "-B", str(ROOT / "tools" / self.checker), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True)

    def check_root(self, *arguments):
        return self.check("--root", self.root, *arguments)

    def assert_clean(self, done):
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def assert_finds(self, done, *texts):
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        for text in texts:
            self.assertIn(text, done.stdout)
