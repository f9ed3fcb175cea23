#!/usr/bin/env python3
"""A header that leans on what others include before it is found."""
import unittest

from planted import Planted

GOOD = "#ifndef A_H\n#define A_H\n#include <stdint.h>\nint32_t llkv_a(void);\n#endif\n"


class HeadersTest(Planted):
    checker = "check_headers.py"

    def setUp(self):
        super().setUp()
        self.plant("include/llkv.h", GOOD)
        self.plant("src/base/a.h", '#include "llkv.h"\n')
        self.plant("src/compute/a.inc.h", "K_TYPE f(void);\n")

    def test_what_stands_alone(self):
        self.assert_clean(self.check_root())

    def test_what_leans_on_others(self):
        self.plant("src/base/b.h", "int32_t f(void);\n")
        self.assert_finds(self.check_root(), "src/base/b.h: does not compile alone as c\n")

    def test_no_guard(self):
        self.plant("src/base/b.h", "struct s { int a; };\n")
        self.assert_finds(self.check_root(), "src/base/b.h: does not compile alone as c\n")

    def test_public_but_no_cpp(self):
        self.plant("include/llkv.h", GOOD.replace("(void)", "(int class)"))
        self.assert_finds(self.check_root(), "include/llkv.h: does not compile alone as c++\n")


if __name__ == "__main__":
    unittest.main()
