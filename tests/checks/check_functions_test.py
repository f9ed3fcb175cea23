#!/usr/bin/env python3
"""Functions that do not fit a screen are found; tables, structs and initializers are not functions."""
import unittest

from planted import Planted


def function(lines, head="int f(int a)"):
    return f"{head}\n{{\n" + "    a();\n" * lines + "}\n"


def nested(levels):
    body = "a();"
    for _ in range(levels):
        body = "if (a) {\n" + body + "\n}"
    return "static void f(int a)\n{\n" + body + "\n}\n"


class FunctionsTest(Planted):
    checker = "check_functions.py"

    def test_what_fits(self):
        self.plant("src/base/a.c", function(70) + nested(4) + function(1, "int g(void)"))
        self.assert_clean(self.check_root())

    def test_a_line_too_many(self):
        self.plant("src/base/a.c", "int x;\n" + function(71))
        self.assert_finds(self.check_root(), "src/base/a.c:2: f has 71 lines")

    def test_behind_an_attribute_and_in_extern_c(self):
        self.plant("src/base/a.h", '#ifdef __cplusplus\nextern "C" {\n#endif\n'
                   + function(71, "NODISCARD static inline llkv_code x_y(const struct b *c)"))
        self.assert_finds(self.check_root(), "x_y has 71 lines")

    def test_named_by_a_macro(self):
        self.plant("src/compute/a.inc.h", function(71, "static bool K_FN(body)(int a, int b)"))
        self.assert_finds(self.check_root(), "body has 71 lines")

    def test_tables_are_exempt(self):
        entries = "".join(f"    case {i}: return {i};\n" for i in range(90))
        self.plant("src/base/a.c", f"int f(int a)\n{{\n    switch (a) {{\n{entries}    }}\n}}\n")
        table = "".join(f"    [{i}] = {{{{{{{{{{{{{i}}}}}}}}}}}}},\n" for i in range(90))
        self.plant("src/base/b.c", f"const struct t t[] = {{\n{table}}};\n")
        self.assert_clean(self.check_root())

    def test_parameters(self):
        self.plant("src/base/a.c", "void f(int a, void (*b)(int, int), int c, int d, int e, int f)\n{\n}\n")
        self.assert_clean(self.check_root())
        self.plant("src/base/a.c", "void f(int a, int b, int c, int d, int e, int f,\n    int g)\n{\n}\n")
        self.assert_finds(self.check_root(), "f has 7 parameters")

    def test_levels(self):
        self.plant("src/base/a.c", nested(5))
        self.assert_finds(self.check_root(), "f nests 5 blocks")

    def test_initializers_are_not_levels(self):
        self.plant("src/base/a.c", nested(4).replace(
            "a();", "struct s b = {{1, {2}}}; g(&(struct s){{3}}); int c[] = {1};"))
        self.assert_clean(self.check_root())

    def test_braces_in_strings_comments_and_macros(self):
        self.plant("src/base/a.c", '#define M(a) \\\n    do { \\\n    } while (0)\n'
                   + "void f(void)\n{\n    g(\"{{{\"); /* {{ */ h('{');\n}\n" + function(71))
        self.assert_finds(self.check_root(), "a.c:8: f has 71 lines")

    def test_long_files_only_warn(self):
        self.plant("src/base/a.c", "int a;\n" * 1000)
        done = self.check_root()
        self.assertEqual(done.returncode, 0)
        self.assertIn("src/base/a.c: warning: 1000 lines", done.stdout)


if __name__ == "__main__":
    unittest.main()
