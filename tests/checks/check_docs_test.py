#!/usr/bin/env python3
"""An example that does not do what its document says is found."""
import unittest

from planted import Planted

SHELL = "```sh test\n{}\n```\nprints\n\n```text\n{}\n```\n"
PROGRAM = """```c test
#include <stdio.h>
int main(void)
{{
    puts("{}");
    return {};
}}
```

```text
hello
```
"""


class DocsTest(Planted):
    checker = "check_docs.py"

    def setUp(self):
        super().setUp()
        self.plant("include/llkv.h", "")
        llkv = self.plant("build/llkv", "#!/bin/sh\ncat; echo '| 1 |'\n")
        llkv.chmod(0o755)
        self.plant("build/libllkv.so", "INPUT(-lc)\n")

    def check_text(self, text):
        self.plant("README.md", text)
        return self.check_root()

    def test_true_examples(self):
        self.assert_clean(self.check_text(
            "```sql test\nSELECT 1;\n```\n\n```text\nSELECT 1;\n| 1 |\n```\n" + PROGRAM.format("hello", 0)))

    def test_untested_fences_are_left_alone(self):
        self.assert_clean(self.check_text("```sh\nfalse\n```\n"))

    def test_another_output(self):
        done = self.check_text("```sql test\nSELECT 1;\n```\n\n```text\nSELECT 1;\n| 2 |\n```\n")
        self.assert_finds(done, "README.md:1: prints something else", "-| 2 |", "+| 1 |")

    def test_a_program_that_fails(self):
        self.assert_finds(self.check_text(PROGRAM.format("hello", 3)), "exit code 3")

    def test_a_program_that_does_not_compile(self):
        self.assert_finds(self.check_text(PROGRAM.format("hello", "nothing")), "exit code 1")

    def test_no_output_given(self):
        self.assert_finds(self.check_text("\n```sql test\nSELECT 1;\n```\n"), "README.md:2:")


if __name__ == "__main__":
    unittest.main()
