#!/usr/bin/env python3
"""Compiles each of our headers alone, twice over. usage: lint_headers.py TREE COMPILER INCLUDES-FILE

A header brings what it needs with it. INCLUDES-FILE holds the include folders, one a line, as the build
uses them; folders that the build has yet to make are passed over.
"""

import concurrent.futures
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_tree  # noqa: E402


def compile_alone(command, root, name):
    path = os.path.join(os.path.abspath(root), name)
    run = subprocess.run(command, input=f'#include "{path}"\n#include "{path}"\n', text=True,
                         capture_output=True, check=False)
    return name, run.returncode, run.stderr


def main(root, compiler, includes_file):
    with open(includes_file, encoding="utf-8") as lines:
        folders = sorted({line.strip() for line in lines if line.strip()})
    command = [compiler, "-std=c17", "-D_GNU_SOURCE", "-DFIBER_STACK_SCALE=1", "-Wall", "-Wextra", "-Werror",
               "-fsyntax-only", "-x", "c", "-"]
    command += [f"-I{folder}" for folder in folders if os.path.isdir(folder)]
    names = source_tree.files(root, (".h",))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, status, errors in pool.map(lambda name: compile_alone(command, root, name), names):
            if status != 0:
                failed += 1
                print(f"{name}:1: does not compile alone\n{errors}")
    print(f"headers: {len(names)} files, {failed} complaints")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
