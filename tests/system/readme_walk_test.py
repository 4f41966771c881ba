#!/usr/bin/env python3
"""Types the README's half hour, command by command, and wants what stands there to come out.

Other ports than the usual ones, which somebody may have, are put in place of those that the page names. Times and
the widths of columns may differ. What is read is asked for again until it is as it should be: votes take a moment through the log.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from security_walk_test import PARTS, await_up, environment, free_ports  # noqa: E402

WAIT_S, STEP_WAIT_S = 170, 30
SECTION = "## Half an hour"
ONCE = ("marquee rate ", "marquee review put", "marquee like", "marquee import", "marquee ingest", "kill")
COMMANDS_MIN = 15


def fail(words):
    sys.exit(f"readme_walk_test: FAILED: {words}")


def steps():
    """Each command with what it prints."""
    with open(os.path.join(os.environ["MARQUEE_SOURCE"], "README.md"), encoding="utf-8") as page:
        section = page.read().partition(SECTION)[2].partition("\n## ")[0]
    for block in re.findall(r"^```\n(\$ .*?)^```$", section, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.splitlines()
            count = lines.index("END") + 1 if "<<'END'" in lines[0] else 1
            yield "\n".join(lines[:count]), "\n".join(lines[count:])


def normal(text):
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b(in [\d.]+ s|after \d+ ms)", "SOON", text)
    # Columns are as wide as what is in them.
    return "\n".join(re.sub(" +", " ", line).strip() for line in text.strip().splitlines())


def child_of(up, program):
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii") as stat, open(f"/proc/{name}/cmdline", encoding="ascii") as command:
                if stat.read().rpartition(")")[2].split()[1] == str(up.pid) and f"/{program}\0" in command.read():
                    return name
        except (OSError, ValueError):
            pass
    return fail(f"{program} is no child of marquee up")


def put_ports(text, ports):
    for part, port in PARTS.items():
        text = re.sub(rf"(:| port ){port}\b", rf"\g<1>{ports[part]}", text)
    return text


def run(command, directory, ports):
    done = subprocess.run(["bash", "-c", command], cwd=directory, env=environment(ports), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return normal(done.stdout)


def type_step(up, command, wanted, directory, ports):
    # Of the machine's rating services, ours alone.
    command = re.sub(r"^pkill -9 -f '\[m\]arquee-rating --'", lambda _: f"kill -9 {child_of(up, 'marquee-rating')}", command)
    command, wanted = put_ports(command, ports), normal(put_ports(wanted, ports))
    end = time.monotonic() + STEP_WAIT_S
    got = run(command, directory, ports)
    while got != wanted and time.monotonic() < end and not command.startswith(ONCE):
        got = run(command, directory, ports)
    if got != wanted:
        fail(f"{command}\nprints\n{got}\nand not\n{wanted}")


def walk(directory):
    ports = free_ports(list(PARTS))
    count = 0
    up = subprocess.Popen([os.path.join(os.environ["MARQUEE_BIN"], "marquee"), "up"], cwd=directory, env=environment(ports),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        await_up(up)
        for command, wanted in steps():
            if command.startswith("export PATH"):
                continue
            if command.startswith("grpcurl") and shutil.which("grpcurl") is None:
                print("readme_walk_test: left out, there is no grpcurl:", command)
                continue
            type_step(up, command, wanted, directory, ports)
            count += 1
    finally:
        up.terminate()
        up.communicate()
    if count < COMMANDS_MIN:
        fail(f"only {count} commands")
    print(f"readme_walk_test: {count} commands, all as the page says")


def expire(_number, _frame):
    fail("it takes too long")


def main():
    signal.signal(signal.SIGALRM, expire)
    signal.alarm(WAIT_S)
    with tempfile.TemporaryDirectory(prefix="marquee-") as directory:
        walk(directory)


if __name__ == "__main__":
    main()
