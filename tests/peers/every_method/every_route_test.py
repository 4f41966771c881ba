#!/usr/bin/env python3
"""Asks every plain HTTP route of the running system by curl, as routes.json tells: over HTTP/1.1, and over
HTTP/2 with prior knowledge.

A route of the sources that is not in the table fails the test, as does a row of the table without a route. What is
read says how long it may be kept; JSON that is read again with its tag is answered by 304.
Ends with 77 where there is no curl."""
import json
import os
import shutil
import subprocess
import sys
import time

from route_table import routes_of
from running_system import PROCESSES, RunningSystem

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2-prior-knowledge"}
AWAIT_S = 15
SHOWN_MAX = 1000
# What curl is asked to print behind the body.
WRITE_OUT = "\n%{http_code}|%{http_version}|%header{etag}|%header{cache-control}|%{content_type}"
# Replies without a tag: who is signed in, and the registry's, which are as Consul has them.
UNTAGGED = ("/session", "/v1/")


def fits(path, route):
    path = path.split("?")[0]
    return path.startswith(route[:-1]) if route.endswith("*") else path == route


def unasked_routes(rows, process):
    return [(method, route) for method, route in routes_of(process)
            if not any(row["method"] == method and row["status"] < 400 and row["at"] in (process, "*") and
                       fits(row["path"], route) for row in rows)]


def unknown_rows(rows):
    routes = {process: list(routes_of(process)) for process in PROCESSES}
    return [row for row in rows if row["status"] < 400 and
            not any(row["method"] == method and fits(row["path"], route)
                    for process in PROCESSES if row["at"] in (process, "*") for method, route in routes[process])]


def ask(address, version, row, headers=()):
    command = ["curl", "--silent", "--show-error", "--max-time", "20", VERSIONS[version], "--request", row["method"],
               "--write-out", WRITE_OUT, f"http://{address}{row['path']}"]
    if "body" in row:
        command += ["--header", "content-type: application/json", "--data-raw", row["body"]]
    for header in headers:
        command += ["--header", header]
    result = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    body, _, rest = result.stdout.rpartition("\n")
    status, http_version, tag, caching, kind = (rest.split("|", 4) + [""] * 4)[:5]
    return {"body": body, "status": status, "version": http_version, "type": kind, "tag": tag, "caching": caching,
            "errors": result.stderr}


def faults(row, version, seen):
    found = []
    if seen["status"] != str(row["status"]) or seen["errors"]:
        found.append(f"not {row['status']}")
    if seen["version"] != version.removeprefix("HTTP/"):
        found.append(f"not over {version}")
    if not seen["type"].startswith(row.get("type", "")):
        found.append(f"not {row['type']}")
    if "is" in row and seen["body"] != row["is"]:
        found.append(f"not {row['is']!r}")
    if row["method"] == "GET" and seen["caching"] == "":
        found.append("without cache-control")
    found += [f"{words!r} is not in it" for words in row.get("has", []) if words not in seen["body"]]
    return found


def is_tagged(row):
    return (row["method"] == "GET" and row["status"] == 200 and row.get("type") == "application/json" and
            not row["path"].startswith(UNTAGGED))


def faults_by_tag(address, version, row, seen):
    """Of the same request with the tag that came. What has changed meanwhile has another one, which is asked with then."""
    deadline = time.monotonic() + AWAIT_S
    while seen["tag"] != "":
        again = ask(address, version, row, [f"if-none-match: {seen['tag']}"])
        if again["status"] == "304" or time.monotonic() > deadline:
            return [] if again["status"] == "304" else [f"{again['status']} with its tag"]
        time.sleep(0.05)
        seen = again
    return ["without etag"]


def run_row(address, version, row):
    deadline = time.monotonic() + (AWAIT_S if row.get("await") else 0)
    while True:
        seen = ask(address, version, row)
        found = faults(row, version, seen)
        if not found and is_tagged(row):
            found = faults_by_tag(address, version, row, seen)
        if not found or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if found:
        print(f"FAILED: {version} {row['at']} {row['method']} {row['path']}: {', '.join(found)}:\n"
              f"  {str(seen)[:SHOWN_MAX]}")
    return not found


def check_table(rows):
    """Returns what is wrong with it."""
    found = [f"{process}: {method} {route} is not in routes.json" for process in PROCESSES
             for method, route in unasked_routes(rows, process)]
    found += [f"no source has a route for {row['method']} {row['path']}" for row in unknown_rows(rows)]
    found += [f"{row['path']} expects no body" for row in rows if "is" not in row and not row.get("has")]
    # The check itself: every route is missed when its rows are gone.
    for process in PROCESSES:
        found += [f"nobody would miss {method} {route} of {process}" for method, route in routes_of(process)
                  if not unasked_routes([row for row in rows if not fits(row["path"], route)], process)]
    return found


def main():
    if not shutil.which("curl"):
        print("every_route_test: skipped: there is no curl")
        sys.exit(77)
    with open(os.path.join(HERE, "routes.json"), encoding="utf-8") as table:
        rows = json.load(table)
    wrong = check_table(rows)
    for words in wrong:
        print(f"FAILED: {words}")
    failed = len(wrong)
    passed = 0
    for version in VERSIONS:
        with RunningSystem(os.environ["MARQUEE_BIN"]) as system:
            for row in rows:
                for place in PROCESSES if row["at"] == "*" else [row["at"]]:
                    done = run_row(system.addresses[place], version, {**row, "at": place})
                    passed += done
                    failed += not done
    print(f"every_route_test: {passed} requests answered as expected, {failed} failures")
    sys.exit(1 if failed else 0)


main()
