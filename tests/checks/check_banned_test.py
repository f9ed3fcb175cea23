#!/usr/bin/env python3
"""Banned calls are found where they are not at home, and nothing else is."""
import unittest

from planted import Planted


class BannedTest(Planted):
    checker = "check_banned.py"

    def test_homes_and_lookalikes_pass(self):
        self.plant("src/base/alloc.c", "void *p = malloc(1); free(p);\n")
        self.plant("src/base/os_fault.c", "if (sigsetjmp(env, 1)) {}\n")
        self.plant("src/base/x.c", "/* malloc(1) */ // abort()\n"
                   'const char *s = "printf(\\"x\\")";\n'
                   "mem_free(p); x->free(p); x.free(p); snprintf(b, n, f); epoch_exit(e);\n"
                   "struct m { void (*free)(void *); };\n")
        self.plant("tools/llkv/main.c", 'printf("hello"); exit(1);\n')
        self.assert_clean(self.check_root())

    def test_each_kind_is_found(self):
        for call in ("malloc(1)", "free (p)", "strdup(s)", "alloca(9)", 'printf("x")', "abort()",
                     "exit(1)", "setjmp(env)", "sprintf(b, f)", "strtok(s, d)", "calloc\n(1, 2)"):
            with self.subTest(call):
                self.plant("src/exec/x.c", f"int a;\nvoid *b = {call};\n")
                self.assert_finds(self.check_root(), f"src/exec/x.c:2: {call.split('(')[0].strip()}:")

    def test_headers_and_grammars_are_read(self):
        self.plant("src/sql/lex.re", "abort();\n")
        self.plant("src/sql/lex.h", "abort();\n")
        self.assert_finds(self.check_root(), "src/sql/lex.re:1: abort", "src/sql/lex.h:1: abort")

    def test_another_home_is_no_home(self):
        self.plant("src/base/alloc.c", "abort();\n")
        self.assert_finds(self.check_root(), "src/base/alloc.c:1: abort")

    def test_marks_of_unfinished_work(self):
        self.plant("src/exec/x.c", "/* TO" "DO: finish */\n")
        self.assert_finds(self.check_root(), "src/exec/x.c:1: TO" "DO")

    def test_paths_of_one_machine(self):
        self.plant("docs/x.md", "see /home/" "somebody/x\n")
        self.assert_finds(self.check_root(), "docs/x.md:1: a path of one machine")


if __name__ == "__main__":
    unittest.main()
