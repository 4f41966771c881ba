#!/usr/bin/env python3
"""The proof of delivery (docs/proof.md): `./dev proof PART` runs this. Every part can be stopped and goes on where it was."""

import argparse
import os
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import parts  # noqa: E402
from instances import Failure  # noqa: E402
from state import State  # noqa: E402

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev proof", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=[*parts.PARTS, "all", "report"])
    parser.add_argument("--store", choices=["lmdb", "postgres"], help="lmdb")
    parser.add_argument("--log", choices=["local", "kafka"], help="local")
    parser.add_argument("--runs", type=int, help="how many runs there are to be, those that were made already among them")
    parser.add_argument("--seed", type=int, help="make this run alone, and keep nothing of it")
    parser.add_argument("--seconds", type=int, help="of the soak")
    parser.add_argument("--rate", type=int, default=20000, help="events a second of the soak")
    parser.add_argument("--delivery", default="exactly-once", choices=["exactly-once", "at-least-once", "at-most-once"])
    parser.add_argument("--bug", default="", choices=["", *parts.BUGS], help="plant this bug: the runs must find it")
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "dev"), help="the folder of the build")
    parser.add_argument("--state", help="where results are kept; BUILD/proof")
    parser.add_argument("--short", action="store_true", help="little of everything, of state that is not kept: for CI")
    parser.add_argument("--keep", help="a folder for what is left of a run that differs")
    parser.add_argument("--reports", default=os.path.join(SOURCE, "docs", "reports"), help="where the report is written")
    options = parser.parse_args()
    options.state = options.state or os.path.join(options.build, "proof")
    options.source = SOURCE
    return options


def run_short(options):
    with tempfile.TemporaryDirectory(prefix="proof-state-") as folder:
        return parts.run(options.part, parts.shortened(options), State(folder))


def main():
    # Whoever is told to stop still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("proof: stopped; the same command goes on"))
    options = parse_arguments()
    state = State(options.state)
    if options.part == "report":
        import report
        print(report.write(state, options.reports))
        return 0
    try:
        return run_short(options) if options.short else parts.run(options.part, options, state)
    except parts.Skipped as words:
        print(f"proof: skipped: {words}")
        return SKIPPED
    except Failure as words:
        print(f"proof: {words}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
