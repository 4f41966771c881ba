#!/usr/bin/env python3
"""Has Schemathesis test every process of the running system by its /openapi.json: valid and invalid requests, made of
the schemas, are sent, and each answer is compared with what the document says; and has the document checked by
openapi-spec-validator. With arguments, of those processes alone.

Ends with 77 where they are not installed (scripts/peers/schemathesis.sh)."""
import glob
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "every_method"))

from running_system import PROCESSES, RunningSystem  # noqa: E402

CACHE = os.environ.get("MARQUEE_CACHE") or os.path.expanduser("~/.cache/marquee")
FOLDER = os.path.join(CACHE, "schemathesis")
EXAMPLES = os.environ.get("MARQUEE_SCHEMATHESIS_EXAMPLES", "10")
# The registry's answers are Consul's, and compared with a Consul's (consul_golden_test.py); here its document is validated.
TESTED = [process for process in PROCESSES if process != "registry"]
RUN_S = 240
AWAIT_S = 15
VALIDATE = "import json, sys, openapi_spec_validator as v; v.validate(json.load(sys.stdin))"
GENERATED = re.compile(r"^\s*(\d+) generated", re.M)


def validate(document):
    result = subprocess.run([os.path.join(FOLDER, "bin", "python"), "-c", VALIDATE], input=json.dumps(document),
                            check=False, capture_output=True, text=True)
    return [] if result.returncode == 0 else [f"not valid OpenAPI: {result.stderr[-2000:]}"]


def refuses_the_wrong(document):
    """The validator itself: a document with a broken part is none."""
    path = next(iter(document["paths"]))
    wrong = {**document, "paths": {path: {"get": {"parameters": [{"name": "a"}], "responses": {}}}}}
    return validate(wrong) != []


def place_of_event(address):
    """PARTITION:OFFSET of the event that the running system has in its log, once it was set aside."""
    deadline = time.monotonic() + AWAIT_S
    while time.monotonic() < deadline:
        request = urllib.request.Request(f"http://{address}/RatingService/ListDeadLetters", data=b"{}",
                                         headers={"content-type": "application/json"})
        with urllib.request.urlopen(request) as reply:
            letters = json.load(reply).get("deadLetters", [])
        if letters:
            return f"{letters[0].get('partition', 0)}:{letters[0].get('offset', 0)}"
        time.sleep(0.02)
    sys.exit("the event was not set aside")


def run(address):
    """(what is wrong, how many requests were made)"""
    result = subprocess.run([os.path.join(FOLDER, "bin", "schemathesis"),
                             "--config-file", os.path.join(HERE, "schemathesis.toml"), "run",
                             f"http://{address}/openapi.json", "--no-color", "--max-examples", EXAMPLES],
                            check=False, capture_output=True, text=True, timeout=RUN_S, cwd=os.environ["SCRATCH"])
    generated = GENERATED.search(result.stdout)
    count = int(generated.group(1)) if generated else 0
    if result.returncode != 0 or count == 0:
        return [result.stdout + result.stderr], count
    return [], count


def main():
    if not glob.glob(os.path.join(FOLDER, "complete-*")):
        print("schemathesis_test: skipped: Schemathesis is not installed (scripts/peers/schemathesis.sh)")
        sys.exit(77)
    failures = 0
    total = 0
    with RunningSystem(os.environ["MARQUEE_BIN"], ("--rating-step", "0.01")) as system:
        os.environ["SCRATCH"] = system.scratch.name
        os.environ["PYTHONPATH"] = HERE
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        os.environ["MARQUEE_EVENT"] = place_of_event(system.addresses["rating"])
        for process in sys.argv[1:] or TESTED:
            with urllib.request.urlopen(f"http://{system.addresses[process]}/openapi.json") as reply:
                document = json.load(reply)
            found = validate(document)
            if not refuses_the_wrong(document):
                found.append("the validator finds nothing wrong with a wrong document")
            started = time.monotonic()
            broken, count = run(system.addresses[process])
            for words in found + broken:
                failures += 1
                print(f"FAILED: {process}: {words}")
            print(f"{process}: {count} requests in {time.monotonic() - started:.0f} s")
            total += count
    print(f"schemathesis_test: {total} requests, {failures} failures")
    sys.exit(1 if failures else 0)


main()
