#!/usr/bin/env python3
"""No variable of the environment says two things: an option X of any program is read from MARQUEE_X, and of the service S
from MARQUEE_S_X, so that an option `rating-step` and the step of the rating service would share one. And what is named like a
service is that service's address, whoever reads it.

    option_variables_test.py BIN
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".").resolve()
SERVICES = ("metadata", "rating", "movie", "review", "recommendation", "registry", "single")
COMMANDS = "cli"  # the service that commands are, for their options' names
OPTION = re.compile(r"^  --([a-z][a-z0-9-]*)(?: (\S+))?", re.M)
BY_THEMSELVES = {"help", "version", "config"}  # of lib/config, which knows them
# Two options that mean the same: of variable to the names of them.
AGREED = {
    # The secrets of the registry: what it asks for, what who asks it shows, and `marquee up` hands to both.
    "MARQUEE_REGISTRY_TOKEN_FILE": {"registry-token-file", "token-file"},
    # `marquee up` hands it to the registry.
    "MARQUEE_REGISTRY_READ_TOKEN_FILE": {"registry-read-token-file", "read-token-file"},
}


def variable(*names):
    return "_".join(("marquee", *names)).replace("-", "_").upper()


def complaints(tables):
    """tables: (program, its service, its options' arguments by their names)."""
    read = {variable("config"): {"config"}}
    said = []
    for program, service, options in tables:
        for name, argument in options.items():
            read.setdefault(variable(name), set()).add(name)
            read.setdefault(variable(service, name), set()).add(name)
            if name in SERVICES and "HOST:PORT" not in argument:
                said.append(f"--{name} of {program} is named like a service, and is not its address")
    return said + [f"{name} says {' and '.join(sorted(options))}" for name, options in sorted(read.items())
                   if len(options) > 1 and AGREED.get(name) != options]


def run(*words, **environment):
    return subprocess.run([BIN / words[0], *words[1:]], capture_output=True, text=True, check=False, env={**os.environ, **environment})


def table(service, *words):
    text = run(*words, "--help").stdout
    options = {name: argument for name, argument in OPTION.findall(text) if name not in BY_THEMSELVES}
    return " ".join(words), service, options if "may also stand in the environment" in text else {}


def tables():
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", run("marquee", "--help").stdout, re.M)
    return [*(table(service, f"marquee-{service}") for service in SERVICES),
            *(table(COMMANDS, "marquee", command) for command in commands if command != "sizecompare")]


class OptionVariablesTest(unittest.TestCase):
    def test_none_says_two_things(self):
        found = tables()
        self.assertGreater(len(found), len(SERVICES) + 20)
        for program, service, options in found:
            if service != COMMANDS:
                self.assertGreater(len(options), 20, program)
        self.assertEqual(complaints(found), [])
        read = {variable(*names) for _, service, options in found for name in options for names in ((name,), (service, name))}
        self.assertLessEqual(set(AGREED), read, "an exception that is none any more")

    def test_names_are_as_supposed(self):
        for words, name in (*(((f"marquee-{service}",), variable(service, "log-level")) for service in SERVICES),
                            (("marquee", "movie", "m1"), variable(COMMANDS, "json"))):
            done = run(*words, **{name: "neither"})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)

    def test_clashes_are_found(self):
        good = ("marquee-rating", "rating", {"step": "POINTS", "listen": "HOST:PORT"})
        for bad, said in ((("marquee-movie", "movie", {"rating-step": "N"}), "MARQUEE_RATING_STEP says rating-step and step"),
                          (("marquee top", "cli", {"rating": "POINTS"}),
                           "--rating of marquee top is named like a service, and is not its address"),
                          (("marquee top", "cli", {"rating": "HOST:PORT"}), None)):
            self.assertEqual(complaints([good, bad]), [said] if said else [])
        self.assertEqual(complaints([("marquee-x", "x", {"y-z": ""}), ("marquee-x-y", "x-y", {"z": ""})]),
                         ["MARQUEE_X_Y_Z says y-z and z"])
        self.assertEqual(complaints([("marquee-registry", "registry", {"token-file": "FILE"}),
                                     ("marquee", "cli", {"registry-token-file": "FILE"})]), [])


if __name__ == "__main__":
    unittest.main()
