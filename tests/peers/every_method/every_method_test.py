#!/usr/bin/env python3
"""Calls every method of every service of the running system by a foreign client, as methods.json tells.

    every_method_test.py curl-1.1 | curl-2 | grpcurl | grpcio | grpc-js

Each client is a program of this folder that reads a request a line from its standard input and writes an
answer a line, both JSON:

    {"do": "methods", "address": A}
        {"methods": ["MetadataService/GetMetadata", ...]}, as reflection has them
    {"do": "call", "address": A, "method": M, "requests": [...], "metadata": {...}, "deadlineMs": N,
     "cancelAfter": REPLIES}
        {"code": "OK", "message": "", "replies": [...], "headers": {...}}; headers: null where the client
        shows none; code: null where it knows no streams

Messages are protobuf's JSON. Ends with 77 when the client is not there. A method that is not in the table
fails the test, as does a table that holds whatever comes.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

from expectation import alterations, holds
from running_system import RunningSystem

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("MARQUEE_CACHE") or os.path.expanduser("~/.cache/marquee")
AWAIT_S = 15
DEADLINE_MS = 10000
SHOWN_MAX = 1000
CLIENT_ENDS = ("CANCELLED", "DEADLINE_EXCEEDED")  # of streams that their client ends


def is_installed(name):
    """Whether scripts/peers/NAME.sh has come to its end."""
    return bool(glob.glob(os.path.join(CACHE, name, "complete-*")))


def find_client(name):
    """The client's command, or what is false."""
    if name == "grpcurl":
        found = shutil.which("grpcurl")
        return found and [sys.executable, "grpcurl_caller.py", found]
    if name in ("curl-1.1", "curl-2"):
        found = shutil.which("curl")
        return found and [sys.executable, "curl_caller.py", found, name.removeprefix("curl-")]
    if name == "grpcio":
        return is_installed(name) and [os.path.join(CACHE, name, "bin", "python"), "grpcio_caller.py"]
    if name == "grpc-js":
        found = shutil.which("node")
        return found and is_installed(name) and [found, "grpc_js_caller.js", os.path.join(CACHE, name, "node_modules")]
    sys.exit(__doc__)


class Client:
    def __init__(self, command):
        self.process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"the client ended at {request}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Outcome:
    def __init__(self):
        self.failures = []
        self.passed = 0
        self.skipped = 0

    def fail(self, words):
        self.failures.append(words)
        print(f"FAILED: {words}")


def expectation_of(row):
    return {"code": row.get("code", "OK"), "message": row.get("message", ""), "replies": row.get("replies", [])}


def call(client, address, row):
    answer = client.ask(do="call", address=address, method=row["method"],
                        requests=row.get("requests") or [row["request"]], metadata=row.get("metadata", {}),
                        deadlineMs=row.get("deadlineMs", DEADLINE_MS), cancelAfter=row.get("cancelAfter", 0))
    headers = answer.pop("headers", None)
    if row.get("code") in CLIENT_ENDS:
        answer["message"] = ""  # each client has words of its own
    return answer, headers


def is_stream(row):
    return "requests" in row or row.get("code") in CLIENT_ENDS


def run_row(client, address, row, outcome):
    name = f"{row['at']} {row['method']} {json.dumps(row.get('request', row.get('requests')))}"
    wanted = expectation_of(row)
    deadline = time.monotonic() + (AWAIT_S if row.get("await") else 0)
    while True:
        seen, headers = call(client, address, row)
        if seen["code"] is None or holds(wanted, seen) or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if seen["code"] is None and is_stream(row):
        outcome.skipped += 1
    elif not holds(wanted, seen):
        outcome.fail(f"{name}:\n  wanted {json.dumps(wanted)}\n  seen   {json.dumps(seen)[:SHOWN_MAX]}")
    elif headers is not None and "date" not in headers:
        outcome.fail(f"{name}: the reply's headers have no date: {headers}")
    elif any(holds(altered, seen) for altered in alterations(wanted)):
        outcome.fail(f"{name}: what came would also pass for something else")
    else:
        outcome.passed += 1


def places(row, addresses):
    return list(addresses) if row["at"] == "*" else [row["at"]]


def missing_methods(rows, methods, addresses):
    """methods: those that are served, by process."""
    called = {(place, row["method"]) for row in rows for place in places(row, addresses)}
    served = {(place, method) for place in methods for method in methods[place]}
    return served - called


def check_table(client, rows, addresses, outcome):
    methods = {place: client.ask(do="methods", address=address)["methods"] for place, address in addresses.items()}
    for place, method in sorted(missing_methods(rows, methods, addresses)):
        outcome.fail(f"{method}, which {place} serves, is not in methods.json")
    # The check itself: each method must be missed when its rows are gone.
    for name in {row["method"] for row in rows}:
        if not missing_methods([row for row in rows if row["method"] != name], methods, addresses):
            outcome.fail(f"{name} is in methods.json, but nobody serves it")
    return sum(len(each) for each in methods.values())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    name = sys.argv[1]
    command = find_client(name)
    if not command:
        print(f"every_method_test: {name} skipped: it is not there (./dev peers {name})")
        sys.exit(77)
    with open(os.path.join(HERE, "methods.json"), encoding="utf-8") as table:
        rows = json.load(table)
    outcome = Outcome()
    with RunningSystem(os.environ["MARQUEE_BIN"]) as system:
        client = Client(command)
        count = check_table(client, rows, system.addresses, outcome)
        for row in rows:
            for place in places(row, system.addresses):
                run_row(client, system.addresses[place], {**row, "at": place}, outcome)
        client.close()
    print(f"every_method_test: {name}: {outcome.passed} calls as expected, {len(outcome.failures)} failures, "
          f"{outcome.skipped} skipped (it knows no streams), of {count} methods")
    sys.exit(1 if outcome.failures or not outcome.passed else 0)


main()
