#!/usr/bin/env python3
"""A symbol that is not llkv_* is found in an archive and in a shared library."""
import os
import subprocess
import unittest

from planted import Planted


class SymbolsTest(Planted):
    checker = "check_symbols.py"

    def build(self, text):
        source = self.plant("x.c", text)
        compiler = os.environ.get("CC", "gcc")
        subprocess.run([compiler, "-c", "-fPIC", source, "-o", self.root / "x.o"], check=True)
        subprocess.run(["ar", "rc", self.root / "x.a", self.root / "x.o"], check=True)
        subprocess.run([compiler, "-shared", self.root / "x.o", "-o", self.root / "x.so"], check=True)
        return self.check(self.root / "x.a", self.root / "x.so")

    def test_only_public_names(self):
        self.assert_clean(self.build("static int a(void) { return 1; }\n"
                                     "int llkv_a(void) { return a(); }\n"))

    def test_a_name_that_slipped_out(self):
        done = self.build("int txn_begin; int llkv_a(void) { return 1; }\n")
        self.assert_finds(done, "x.a: exports txn_begin", "x.so: exports txn_begin")

    def test_an_empty_library(self):
        self.assert_finds(self.build("static int a;\nint *llkw(void) { return &a; }\n"),
                          "x.a: exports nothing of llkv")


if __name__ == "__main__":
    unittest.main()
