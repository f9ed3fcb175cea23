#!/usr/bin/env python3
"""A corpus file cannot leave the list silently."""
import subprocess
import unittest

from planted import Planted


class RatchetTest(Planted):
    checker = "check_ratchet.py"

    def git(self, *arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", self.root, *identity, *arguments], check=True, capture_output=True)

    def commit(self, text="x"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", text)

    def setUp(self):
        super().setUp()
        self.git("init", "-q")
        self.plant("tests/slt/PASSING", "# list\na.test\nb.test\n")
        self.plant("tests/slt/EXCLUDED.md", "# none\n")
        self.commit()

    def test_unchanged_and_grown(self):
        self.assert_clean(self.check_root())
        self.plant("tests/slt/PASSING", "a.test\nb.test\nc.test\n")
        self.assert_clean(self.check_root())

    def test_removed_before_the_commit(self):
        self.plant("tests/slt/PASSING", "b.test\n")
        self.assert_finds(self.check_root(), "a.test was removed")

    def test_removed_by_the_commit(self):
        self.plant("tests/slt/PASSING", "b.test\n")
        self.commit()
        self.assert_finds(self.check_root(), "a.test was removed")

    def test_removed_with_a_reason(self):
        self.plant("tests/slt/PASSING", "b.test\n")
        self.plant("tests/slt/EXCLUDED.md", "| `a.test` | all | asks for what is refused |\n")
        self.commit()
        self.assert_clean(self.check_root())

    def test_order_and_repetition(self):
        self.plant("tests/slt/PASSING", "b.test\na.test\n")
        self.assert_finds(self.check_root(), "not sorted")
        self.plant("tests/slt/PASSING", "a.test\na.test\nb.test\n")
        self.assert_finds(self.check_root(), "listed twice")


if __name__ == "__main__":
    unittest.main()
