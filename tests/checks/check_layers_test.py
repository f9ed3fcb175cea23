#!/usr/bin/env python3
"""Every kind of violation of the layer rule is planted, and found."""
import unittest

from planted import Planted

LAYERS = """# module: what it may include
base:
arrow:    base
sql:      base
storage:  base
"""


class LayersTest(Planted):
    checker = "check_layers.py"

    def setUp(self):
        super().setUp()
        self.plant("src/LAYERS", LAYERS)
        self.plant("src/base/cx.h", '#include "llkv/status.h"\n')
        self.plant("src/arrow/type.c", '#include "arrow/type_priv.h"\n#include "base/cx.h"\n')
        self.plant("tools/llkv/main.c", '#include "llkv.h"\n#include "slt/slt.h"\n')

    def test_a_clean_tree_passes(self):
        self.assert_clean(self.check_root())

    def test_include_of_an_upper_layer(self):
        self.plant("src/base/cx.c", '#include "base/cx.h"\n#include "arrow/type.h"\n')
        self.assert_finds(self.check_root(), "src/base/cx.c:2: base may not include arrow/type.h")

    def test_include_of_a_layer_beside(self):
        self.plant("src/storage/x.c", '#include "sql/ast.h"\n')
        self.assert_finds(self.check_root(), "src/storage/x.c:1: storage may not include sql/ast.h")

    def test_angle_brackets_do_not_help(self):
        self.plant("src/storage/x.c", "#include <sql/ast.h>\n")
        self.assert_finds(self.check_root(), "storage may not include sql/ast.h")

    def test_nor_does_a_macro(self):
        self.plant("src/storage/x.c", '#define BODY "sql/ast.inc.h"\n#include BODY\n')
        self.assert_finds(self.check_root(), "src/storage/x.c:1: storage may not include")

    def test_nor_does_a_way_up(self):
        self.plant("src/storage/x.c", '#include "../sql/ast.h"\n')
        self.assert_finds(self.check_root(), "never a way up")

    def test_grammar_and_lexer_are_read_too(self):
        self.plant("src/sql/lex.re", '#include "storage/pager.h"\n')
        self.plant("src/sql/grammar/a.y", '#include "storage/pager.h"\n')
        self.assert_finds(self.check_root(), "src/sql/lex.re:1:", "src/sql/grammar/a.y:1:")

    def test_private_header_of_another_module(self):
        self.plant("src/arrow/x.c", '#include "base/cx_priv.h"\n')
        self.assert_finds(self.check_root(), "it is private to base")

    def test_tools_may_not_reach_into_src(self):
        self.plant("tools/slt/run.c", '#include "base/cx.h"\n')
        self.assert_finds(self.check_root(), "tools/slt/run.c:1: only llkv.h may be used here")

    def test_tools_may_not_walk_into_src(self):
        self.plant("tools/slt/run.c", '#include "../../src/base/cx.h"\n')
        self.assert_finds(self.check_root(), "tools/slt/run.c:1: only llkv.h may be used here")

    def test_the_adbc_driver_is_outside(self):
        self.plant("src/adbc/driver.c", '#include "llkv.h"\n#include "base/cx.h"\n')
        self.assert_finds(self.check_root(), "src/adbc/driver.c:2: only llkv.h may be used here")

    def test_unknown_module_in_an_include(self):
        self.plant("src/arrow/x.c", '#include "nosuch/x.h"\n')
        self.assert_finds(self.check_root(), "nosuch/x.h: there is no module nosuch")

    def test_unlisted_folder(self):
        self.plant("src/extra/x.c", "\n")
        self.assert_finds(self.check_root(), "LAYERS does not list the module extra")

    def test_include_without_its_module(self):
        self.plant("src/arrow/x.c", '#include "type.h"\n')
        self.assert_finds(self.check_root(), "an include names module/file.h")

    def test_cycle(self):
        self.plant("src/LAYERS", "base: arrow\narrow: base\nsql:\nstorage:\n")
        self.assert_finds(self.check_root(), "src/LAYERS:1: base names arrow, which is not below it")

    def test_module_that_names_itself(self):
        self.plant("src/LAYERS", "base: base\narrow: base\nsql:\nstorage:\n")
        self.assert_finds(self.check_root(), "base names base, which is not below it")

    def test_module_listed_twice(self):
        self.plant("src/LAYERS", LAYERS + "base: arrow\n")
        self.assert_finds(self.check_root(), "base is listed twice")


if __name__ == "__main__":
    unittest.main()
