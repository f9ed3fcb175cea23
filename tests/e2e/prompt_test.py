#!/usr/bin/env python3
"""The command as people use it: on a terminal."""
import os
import pty
import re
import select
import signal
import tempfile
import time
import unittest

LLKV = os.environ.get("LLKV", "build/llkv")
SECONDS_MAX = 20


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, home, *args):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.environ.update(TERM="dumb", LC_ALL="C.UTF-8", XDG_STATE_HOME=home)
            os.execv(LLKV, [LLKV, *args])
        self.text = ""

    def wait_for(self, pattern):
        """Everything up to the first match of the pattern, which must come."""
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            match = re.search(pattern, self.text)
            if match:
                seen, self.text = self.text[:match.end()], self.text[match.end():]
                return seen
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.terminal, 65536).decode()
                except OSError:
                    break
        raise AssertionError(f"{pattern!r} does not come; on the terminal stands {self.text!r}")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def exit_code(self):
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if pid != 0:
                os.close(self.terminal)
                return os.waitstatus_to_exitcode(status)
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    os.read(self.terminal, 65536)
                except OSError:
                    time.sleep(0.05)
        os.kill(self.child, signal.SIGKILL)
        raise AssertionError("the command does not end")


class Prompt(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)

    def open(self, *args):
        terminal = Terminal(self.home.name, *args)
        terminal.wait_for("llkv> ")
        return terminal

    def test_statement_over_two_lines(self):
        terminal = self.open("--csv")
        terminal.type("SELECT 40 +\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.type(" 2 AS answer;\n")
        terminal.wait_for(r"answer\r?\n42\r?\n")
        terminal.wait_for("llkv> ")
        terminal.type(".quit\n")
        self.assertEqual(terminal.exit_code(), 0)

    def test_an_error_does_not_end_it(self):
        terminal = self.open("--csv")
        terminal.type("SELECT nothing_here;\n")
        terminal.wait_for("Error")
        terminal.wait_for("llkv> ")
        terminal.type(".exit 0\n")
        self.assertEqual(terminal.exit_code(), 0)

    def test_interrupt_drops_the_line(self):
        terminal = self.open("--csv")
        terminal.type("SELECT 1 +\n")
        terminal.wait_for(r"\.\.\.> ")
        terminal.type("\x03")
        terminal.wait_for("llkv> ")
        terminal.type("SELECT 6 * 7 AS b;\n")
        terminal.wait_for(r"b\r?\n42\r?\n")
        terminal.wait_for("llkv> ")
        terminal.type("\x04")
        self.assertEqual(terminal.exit_code(), 0)

    def test_history_is_kept(self):
        terminal = self.open()
        terminal.type("SELECT 12345;\n")
        terminal.wait_for("12345[^;]")
        terminal.wait_for("llkv> ")
        terminal.type(".quit\n")
        self.assertEqual(terminal.exit_code(), 0)
        with open(os.path.join(self.home.name, "llkv", "history"), encoding="utf-8") as history:
            self.assertIn("12345", history.read())


if __name__ == "__main__":
    unittest.main()
