#!/usr/bin/env python3
"""The manners of the command line: a reader that goes, an output that is full or closed, a slip of the pen, a narrow
terminal, nothing found. Against a metadata and a rating service that have nothing else to do.

    command_manners_test.py BIN
"""
import fcntl
import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios

from search_test import Service
from waiting import wait_for

BIN = pathlib.Path(sys.argv[1])
WAIT_S = 60
READER_GONE = (141, -signal.SIGPIPE)  # both are 141 to a shell


def fail(words):
    sys.exit(f"command_manners_test: FAILED: {words}")


def check(is_so, words):
    if not is_so:
        fail(words)


class Marquee:
    def __init__(self, metadata, rating):
        self.environment = {**os.environ, "MARQUEE_CLI_METADATA": metadata.address, "MARQUEE_CLI_RATING": rating.address}

    def run(self, *arguments, **options):
        return subprocess.run([BIN / "marquee", *arguments], env={**self.environment, **options.pop("environment", {})},
                              stderr=subprocess.PIPE, timeout=WAIT_S, check=False, **{"stdout": subprocess.PIPE, **options})

    def on_terminal(self, columns, *arguments, **environment):
        """What it prints on a terminal of that width."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.run(*arguments, stdout=follower, environment={"TERM": "xterm", **environment})
        os.close(follower)
        printed = b""
        while True:
            try:
                printed += os.read(leader, 65536)
            except OSError:  # all has been read
                os.close(leader)
                return printed.decode().replace("\r\n", "\n")


def ends_without_a_word_when_its_reader_goes(marquee):
    for arguments in (("metadata", "list"), ("help",), ("--version",), ("rate", "--help"), ("completion", "bash")):
        reader, writer = os.pipe()
        os.close(reader)
        ended = marquee.run(*arguments, stdout=writer)
        os.close(writer)
        check(ended.returncode in READER_GONE and ended.stderr == b"", f"{arguments}: {ended}")


def tells_of_an_output_that_takes_nothing(marquee):
    def close_output():
        os.close(1)

    for arguments in (("metadata", "list"), ("help",), ("--version",), ("rate", "--help"), ("completion", "bash")):
        with open("/dev/full", "wb") as full:
            for options in ({"stdout": full}, {"stdout": None, "preexec_fn": close_output}):
                ended = marquee.run(*arguments, **options)
                check(ended.returncode == 1 and b"the output cannot be written" in ended.stderr, f"{arguments}: {ended}")


def a_service_does_without_its_standard_files():
    """What it logs does not get into a store, and it stops in peace."""
    for fd in range(3):
        program = subprocess.Popen([BIN / "marquee-metadata", "--listen=127.0.0.1:0", "--registry=", "--store=memory"],
                                   stderr=subprocess.DEVNULL, preexec_fn=lambda fd=fd: os.close(fd))
        try:
            opened = f"/proc/{program.pid}/fd/{fd}"
            wait_for(lambda: program.poll() is not None or is_listening(program.pid), f"it starts without {fd}", WAIT_S)
            check(program.poll() is None and os.readlink(opened) == "/dev/null", f"without {fd}: {program.poll()}")
            program.terminate()
            check(program.wait(WAIT_S) == 0, f"without {fd} it ended with {program.returncode}")
        finally:
            program.kill()
            program.wait()


def is_listening(process):
    with open(f"/proc/{process}/net/tcp", encoding="ascii") as table:
        sockets = {line.split()[9] for line in table.readlines()[1:] if line.split()[3] == "0A"}
    own = (os.readlink(entry) for entry in pathlib.Path(f"/proc/{process}/fd").iterdir() if entry.is_symlink())
    return any(link[len("socket:["):-1] in sockets for link in own if link.startswith("socket:["))


def names_what_may_have_been_meant(marquee):
    for slip, words in (("serach", "is it 'search'?"), ("raitngs", "is it 'ratings'?"), ("statu", "is it 'status'?"),
                        ("--jsno", "there is no option '--jsno': see"), ("xyzzy", "there is no command 'xyzzy': see"),
                        ("u", "there is no command 'u': see"), ("x" * 1000, "see marquee --help")):
        ended = marquee.run(slip)
        check(ended.returncode == 2 and words in ended.stderr.decode(), f"{slip}: {ended}")
    ended = marquee.run("review", "lst", "m1")
    check(ended.returncode == 2 and b"this is not how 'lst' is used: usage: marquee review" in ended.stderr, ended)
    check(marquee.run("help", "help").stdout == marquee.run("help").stdout, "help of help is the list")


def finds_nothing_alike_in_every_form(marquee):
    """With --json the answer is printed, and the exit status tells the same."""
    for arguments in (("search", "zzqqzz"), ("top", "--minimum-votes", "1000")):
        plain, told = marquee.run(*arguments), marquee.run(*arguments, "--json")
        check((plain.returncode, told.returncode) == (3, 3) and plain.stderr == told.stderr, f"{plain} {told}")
        json.loads(told.stdout)


def fits_the_terminal(marquee):
    for columns in (30, 40, 80, 200):
        lines = marquee.on_terminal(columns, "rating", "m1", NO_COLOR="1").split("\n")
        longest = max(map(len, lines))
        check(longest <= columns and longest <= 80, f"{columns} columns: {longest}")
        check(any("#" * 8 in line for line in lines), lines)
    text = marquee.on_terminal(40, "metadata", "get", "m1", NO_COLOR="1")
    check("words words" in text and max(map(len, text.split("\n"))) <= 40, text)


def colours_where_they_are_wanted(marquee):
    def is_coloured(**environment):
        return "\x1b[" in marquee.on_terminal(80, "rating", "m1", **environment)

    check(is_coloured() and is_coloured(NO_COLOR=""), "an empty NO_COLOR forbids nothing")
    check(not is_coloured(NO_COLOR="1") and not is_coloured(TERM="dumb"), "NO_COLOR, and a terminal without colours")
    check(b"\x1b" not in marquee.run("rating", "m1").stdout, "a pipe")


def helps_with_variables_of_its_own(marquee):
    told = marquee.run("rate", "--help").stdout.decode()
    check("MARQUEE_CLI_TIMEOUT" in told and "MARQUEE_LISTEN" not in told, told)


def starts_nothing_nowhere(marquee):
    ended = marquee.run("up", "--data", "")
    check(ended.returncode == 2 and b"--data" in ended.stderr and ended.stdout == b"", ended)
    ended = marquee.run("up", "--listen-movie", "127.0.0.1:8082")
    check(ended.returncode == 2 and b"--listen-rating and --listen-movie are both" in ended.stderr, ended)


def says_which_address_is_taken(marquee, taken):
    with tempfile.TemporaryDirectory() as folder:
        ended = marquee.run("up", "--data", f"{folder}/var", "--listen-registry", taken)
        words = f"{taken} cannot be listened on: Address already in use (is Marquee up already?); --listen-registry takes"
        check(ended.returncode == 1 and words in ended.stderr.decode(), ended)
        check(os.listdir(folder) == [], "nothing is made")


def makes_no_log_to_look_at_it(marquee):
    with tempfile.TemporaryDirectory() as folder:
        for command in ("feed", "jobs"):
            ended = marquee.run(command, "--event-log-directory", f"{folder}/slip")
            check(ended.returncode == 3 and b"there is no event log in" in ended.stderr, ended)
            check(os.listdir(folder) == [], f"{command} made one")


CASES = (ends_without_a_word_when_its_reader_goes, tells_of_an_output_that_takes_nothing, names_what_may_have_been_meant,
         finds_nothing_alike_in_every_form, fits_the_terminal, colours_where_they_are_wanted, helps_with_variables_of_its_own,
         starts_nothing_nowhere, makes_no_log_to_look_at_it)


def walk(metadata, rating):
    marquee = Marquee(metadata, rating)
    put = marquee.run("metadata", "put", "m1", "--title", "One", "--description", "words " * 40)
    check(put.returncode == 0, put)
    for number in range(3):
        check(marquee.run("rate", f"user{number}", "m1", "8").returncode == 0, "a vote is taken")
    for case in CASES:
        case(marquee)
    says_which_address_is_taken(marquee, metadata.address)
    a_service_does_without_its_standard_files()


def main():
    services = [Service("metadata", "--store", "memory"), Service("rating", "--store", "memory", "--event-log", "none")]
    try:
        walk(*services)
    finally:
        for service in services:
            service.stop()
    print("command_manners_test: passed")


if __name__ == "__main__":
    main()
