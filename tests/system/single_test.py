#!/usr/bin/env python3
"""marquee-single keeps all that it keeps where --data says.

    single_test.py BIN [CASE...]
"""
import os
import pathlib
import tempfile
import unittest

from scopes_scene import Program

LISTEN = [f"--listen-{service}=127.0.0.1:0" for service in ("metadata", "rating", "movie", "review", "recommendation")]


class SingleTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="marquee-single.")
        self.addCleanup(self.scratch.cleanup)
        self.here = pathlib.Path(self.scratch.name, "here")
        self.data = pathlib.Path(self.scratch.name, "data")
        self.here.mkdir()
        before = os.getcwd()
        os.chdir(self.here)
        self.addCleanup(os.chdir, before)

    def run_once(self, *options):
        single = Program("marquee-single", *LISTEN, *options)
        self.assertEqual(single.ask("GET", "/readyz")[0], 200)
        single.end()

    def names(self, directory):
        return sorted(path.name for path in directory.iterdir())

    def test_everything_is_below_data(self):
        self.run_once(f"--data={self.data}")
        self.assertEqual(self.names(self.here), [])
        self.assertEqual(self.names(self.data), ["eventlog", "metadata", "rating", "recommendation", "review"])

    def test_unless_it_is_said_where(self):
        self.run_once(f"--data={self.data}", f"--event-log-directory={self.scratch.name}/log")
        self.assertEqual((self.names(self.here), "eventlog" in self.names(self.data)), ([], False))
        self.assertTrue(pathlib.Path(self.scratch.name, "log").is_dir())

    def test_by_default_it_is_var(self):
        self.run_once()
        self.assertEqual(self.names(self.here / "var"), ["eventlog", "metadata", "rating", "recommendation", "review"])


if __name__ == "__main__":
    unittest.main()
