"""The model of the commit protocol holds in every reachable state; each planted fault breaks it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MODEL = pathlib.Path(__file__).resolve().with_name("commit.pml")
CC = os.environ.get("CC", "cc")
FULL, NORMAL = "-DFULL=1", "-DFULL=0"
COMMITS = 3  # more changes nothing but time and memory: see README.md


def search(*switches):
    """What the verifier prints for the model with these switches."""
    with tempfile.TemporaryDirectory() as folder:
        def run(*command):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
            return done.stdout
        shutil.copy(MODEL, folder)
        run("spin", *switches, "-a", MODEL.name)
        run(CC, "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DNOREDUCE", "-o", "pan", "pan.c")
        return run("./pan", "-m100000", "-w22")


class CommitProtocol(unittest.TestCase):
    def assert_holds(self, mode):
        output = search(mode, f"-DTXNS={COMMITS}")
        self.assertIn("errors: 0", output)
        self.assertNotIn("not completed", output)
        self.assertNotIn("too small", output)
        states = int(re.search(r"(\d+) states, stored", output)[1])
        self.assertGreater(states, 500_000)

    def assert_violated(self, bug, *modes):
        for mode in modes:
            with self.subTest(bug=bug, mode=mode):
                output = search(mode, f"-DTXNS={COMMITS}", f"-DBUG_{bug}")
                self.assertRegex(output, "assertion violated")

    def test_full_holds(self):
        self.assert_holds(FULL)

    def test_normal_holds(self):
        self.assert_holds(NORMAL)

    def test_container_sync_is_needed(self):
        self.assert_violated("SKIP_CONTAINER_SYNC", FULL, NORMAL)

    def test_log_sync_is_needed(self):
        self.assert_violated("SKIP_LOG_SYNC", FULL, NORMAL)

    def test_fresh_segment_is_needed(self):
        self.assert_violated("KEEP_SALT", FULL, NORMAL)

    def test_check_before_the_cut_is_needed(self):
        self.assert_violated("CUT_UNCHECKED", FULL, NORMAL)

    def test_durable_before_visible_is_needed(self):
        self.assert_violated("PUBLISH_BEFORE_DURABLE", FULL)

    def test_sync_covers_what_was_written_before_it(self):
        self.assert_violated("DURABLE_AT_RETURN", FULL)

    def test_root_needs_what_stands_before_it(self):
        self.assert_violated("ROOT_UNCHECKED", FULL, NORMAL)

    def test_sync_before_recovery_writes_is_needed(self):
        self.assert_violated("RECOVERY_UNSYNCED", FULL)


if __name__ == "__main__":
    if shutil.which("spin") is None:
        print("skipped: spin is not installed (scripts/deps.sh test)")
        sys.exit(77)
    unittest.main()
