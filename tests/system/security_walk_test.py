#!/usr/bin/env python3
"""Types what docs/operations.md says of a system over TLS with secrets, and wants it to be true.

Both blocks of the section are run by sh as they stand, with MARQUEE_BIN in the path; other ports than the usual ones,
which somebody may have, come from the environment and are put in place of those that the page names.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from free_ports import free_ports

SKIPPED, WAIT_S = 77, 110
SECTION = "## A system over TLS with secrets"
PARTS = {"registry": 8500, "metadata": 8081, "rating": 8082, "movie": 8083, "review": 8084, "recommendation": 8085}


def blocks():
    with open(os.path.join(os.environ["MARQUEE_SOURCE"], "docs/operations.md"), encoding="utf-8") as page:
        section = page.read().partition(SECTION)[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    if len(found) != 2:
        sys.exit(f"security_walk_test: {len(found)} blocks in the section, not 2")
    return found


def environment(ports):
    listen = {f"MARQUEE_LISTEN_{part.upper()}": f"127.0.0.1:{port}" for part, port in ports.items()}
    asked = {f"MARQUEE_{part.upper()}": f"127.0.0.1:{port}" for part, port in ports.items()}
    return {**os.environ, **listen, **asked, "MARQUEE_LISTEN_DNS": "",
            "PATH": os.environ["MARQUEE_BIN"] + ":" + os.environ["PATH"]}


def expire(_number, _frame):
    sys.exit("security_walk_test: it takes too long")


def await_up(up):
    """Reads what it says until it is up; returns the rest for nobody to wait for."""
    said = ""
    for line in up.stdout:
        said += line
        if "Marquee is up." in line:
            return
    sys.exit("security_walk_test: it is not up:\n" + said)


def use(block, directory, ports):
    """What the commands say that is not as it should be; empty: all is well."""
    for part, port in PARTS.items():
        block = block.replace(f":{port}", f":{ports[part]}")
    said = subprocess.run(["sh", "-eu", "-c", block], cwd=directory, env=environment(ports), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False).stdout
    wanted = {"passing": 3, "The Matrix (1999)": 1, '"title":"The Matrix"': 1}
    return "" if all(said.count(words) >= count for words, count in wanted.items()) else said


def change_secret(directory):
    """The next one comes first, as it is to be shown; the one before goes at once, which is rude."""
    path = os.path.join(directory, "service-tokens")
    with open(path, "w", encoding="utf-8") as file:
        file.write("services another-secret-for-the-services\n")


def walk(directory):
    start, used = blocks()
    ports = free_ports(list(PARTS))
    # In the shell's place, so that signals reach it.
    start = re.sub(r"^marquee up", "exec marquee up", start, flags=re.M)
    up = subprocess.Popen(["sh", "-eu", "-c", start], cwd=directory, env=environment(ports), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        await_up(up)
        fault = use(used, directory, ports)
        if fault:
            sys.exit("security_walk_test: not as it should be:\n" + fault)
        change_secret(directory)
        if not use(used, directory, ports):
            sys.exit("security_walk_test: a secret that nobody knows yet is good")
        up.send_signal(signal.SIGHUP)
        while use(used, directory, ports):
            pass  # until all have read it, or the time is up
    finally:
        up.terminate()
        up.communicate()
    if up.returncode != 0:
        sys.exit(f"security_walk_test: it ended with {up.returncode}")


def main():
    for program in ("openssl", "curl"):
        if shutil.which(program) is None:
            print(f"security_walk_test: skipped: there is no {program}")
            sys.exit(SKIPPED)
    signal.signal(signal.SIGALRM, expire)
    signal.alarm(WAIT_S)
    with tempfile.TemporaryDirectory(prefix="marquee-") as directory:
        walk(directory)


if __name__ == "__main__":
    main()
