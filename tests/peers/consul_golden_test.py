#!/usr/bin/env python3
"""The same calls to a real Consul agent and to marquee-registry: the answers must be equal.

Equal are the status, the headers that clients read, and the body, after what is one's own (ids, indexes, ports)
has been given one name on both sides. consul_golden_cases.py has the calls; consul_golden_differences.py what may
differ, which docs/registry.md tells too. A difference that none of the calls shows any more fails the test.

Last, the harness is tried on itself: a spoilt copy of each recorded answer must be seen as different.
"""

import copy
import difflib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import consul_golden_cases as golden_cases  # noqa: E402
import consul_golden_differences as differences  # noqa: E402

START_SECONDS = 30
EVENT_SECONDS = 20
REQUEST_SECONDS = 30
SKIPPED = 77
CALLS_MIN = 120

# What clients look at.
HEADERS = ("content-type", "allow", "x-consul-index", "x-consul-knownleader", "x-consul-lastcontact",
           "x-consul-contenthash", "x-consul-reason")
# Of these, only that they are there.
OWN_HEADERS = ("x-consul-index", "x-consul-contenthash")


def fail(message):
    print(f"consul_golden_test: FAILED: {message}")
    sys.exit(1)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body  # JSON, or text

    def shown(self):
        return f"{self.status} {self.headers}\n{json.dumps(self.body, sort_keys=True, indent=1)}"


class Side:
    """One of the two registries."""

    def __init__(self, name, address, process, log):
        self.name = name
        self.address = address
        self.process = process
        self.log = log

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.address, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            raw = reply.read()
        finally:
            connection.close()
        headers = {name: reply.headers.get(name) for name in HEADERS if reply.headers.get(name) is not None}
        if headers.get("content-type") == "application/json":
            return Answer(reply.status, headers, json.loads(raw))
        return Answer(reply.status, headers, raw.decode())

    def stop(self):
        self.process.terminate()
        self.process.wait()


# What is one's own --------------------------------------------------------------------------------

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
ADDRESS = re.compile(r"^127\.0\.0\.1:\d+$")
INDEXES = ("CreateIndex", "ModifyIndex")


def normalised(value, key=None):
    if isinstance(value, dict):
        return {name: normalised(member, name) for name, member in value.items()}
    if isinstance(value, list):
        items = [normalised(item) for item in value]
        return sorted(items, key=order_key)
    if key in INDEXES:
        return "<index>" if isinstance(value, int) and value > 0 else value
    if key == "ContentHash":
        return "<hash>" if value else value
    if isinstance(value, str) and UUID.match(value):
        return "<uuid>"
    if isinstance(value, str) and ADDRESS.match(value):
        return "<address>"
    return value


def order_key(item):
    """Lists have no promised order: entries are compared by what names them."""
    if isinstance(item, dict):
        service = item.get("Service")
        if isinstance(service, dict):
            return str(service.get("ID"))
        return json.dumps([str(item.get(key, "")) for key in
                           ("Node", "CheckID", "ServiceID", "ID", "Name")] + [item], sort_keys=True)
    return json.dumps(item)


def normalised_answer(answer):
    headers = {name: "<own>" if name in OWN_HEADERS else value for name, value in answer.headers.items()}
    return Answer(answer.status, headers, normalised(answer.body))


def compared(case, theirs, ours, accepted):
    """The two answers as they are compared: what is accepted has been taken from both."""
    sides = []
    for answer in (theirs, ours):
        answer = normalised_answer(copy.deepcopy(answer))
        for difference in accepted:
            difference.apply(case, answer)
        sides.append(answer)
    return sides


def are_equal(case, theirs, ours, accepted):
    first, second = compared(case, theirs, ours, accepted)
    return (first.status, first.headers, first.body) == (second.status, second.headers, second.body)


# The two programs ---------------------------------------------------------------------------------

def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(what, check):
    deadline = time.monotonic() + EVENT_SECONDS
    while not check():
        if time.monotonic() > deadline:
            fail(f"{what} did not come about in {EVENT_SECONDS} seconds")
        time.sleep(0.02)


def start_consul(scratch):
    http_port, serf_port, server_port = free_port(), free_port(), free_port()
    config = scratch / "consul.json"
    config.write_text(json.dumps({
        "disable_update_check": True,
        "node_name": golden_cases.NODE,
        "ports": {"http": http_port, "https": -1, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_lan": serf_port,
                  "serf_wan": -1, "server": server_port},
        "limits": {"http_max_conns_per_client": 1000},
    }))
    log = scratch / "consul.log"
    environment = {"HOME": str(scratch), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(["consul", "agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1",
                                "-config-file", str(config)],
                               stdout=log.open("w"), stderr=subprocess.STDOUT, cwd=scratch, env=environment)
    side = Side("consul", ("127.0.0.1", http_port), process, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            checks = side.request("GET", f"/v1/health/node/{golden_cases.NODE}")
            nodes = side.request("GET", "/v1/catalog/nodes")
            if checks.body and checks.body[0]["Status"] == "passing" and nodes.body[0]["Meta"]:
                return side
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    side.stop()
    return None  # another program may have taken a port


def start_registry(scratch):
    log = scratch / "registry.log"
    program = pathlib.Path(os.environ["MARQUEE_BIN"]) / "marquee-registry"
    process = subprocess.Popen([str(program), "--listen", "127.0.0.1:0", "--registry", "", "--settle-time", "0s",
                                "--dns-listen", "127.0.0.1:0",
                                "--node", golden_cases.NODE], stderr=log.open("w"), cwd=scratch)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = re.search(r'message="ready" listen="([^":]+):(\d+)"', log.read_text())
        if ready:
            return Side("registry", (ready.group(1), int(ready.group(2))), process, log)
        time.sleep(0.02)
    print(log.read_text())
    fail("the registry did not start")


class Target(http.server.BaseHTTPRequestHandler):
    """What the HTTP checks look at: /STATUS answers with that status."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        body = b"a body"
        self.send_response(int(self.path.strip("/").split("/")[0]))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *arguments):
        pass


# Running the cases --------------------------------------------------------------------------------

class Run:
    def __init__(self, sides, places):
        self.sides = sides
        self.places = places
        self.last_index = {side.name: {} for side in sides}
        self.records = []

    def filled(self, side, text):
        if text is None:
            return None
        for name, value in self.places.items():
            text = text.replace("{" + name + "}", value)
        return re.sub(r"\{(index|hash):([^}]+)\}", lambda found: self.last_index[side.name][found.group(2)], text)

    def call(self, side, case):
        answer = side.request(case.method, self.filled(side, case.path), self.filled(side, case.body))
        known = answer.headers.get("x-consul-contenthash") or answer.headers.get("x-consul-index")
        if known is not None:
            self.last_index[side.name][case.path.split("?")[0]] = known
        return answer

    def wait_for(self, case):
        """What the answer must show before the case counts: something that takes time."""
        for side in self.sides:
            deadline = time.monotonic() + EVENT_SECONDS
            answer = self.call(side, case)
            while not case.until(answer.body):
                if time.monotonic() > deadline:
                    fail(f"{side.name}: {case.name} did not come about: {answer.shown()}")
                time.sleep(0.02)
                answer = self.call(side, case)

    def blocking(self, case):
        """The query waits; then the change is made; both answers are what came of it."""
        answers = {}

        def ask(side):
            answers[side.name] = self.call(side, case)

        threads = [threading.Thread(target=ask, args=(side,)) for side in self.sides]
        for thread in threads:
            thread.start()
        for side in self.sides:
            wait_until(f"{side.name}: a blocking query", lambda: is_asking(side))
            change = side.request(case.change[0], case.change[1], case.change[2])
            if change.status != 200:
                fail(f"{case.name}: the change: {change.shown()}")
        for thread in threads:
            thread.join()
        return [answers[side.name] for side in self.sides]

    def run(self, case):
        if case.until is not None:
            self.wait_for(case)
        answers = self.blocking(case) if case.change is not None else [self.call(side, case) for side in self.sides]
        self.records.append((case, *answers))


def is_asking(side):
    """Whether a connection to it is open: the blocking query's, since all others are closed after their answer."""
    port = f":{side.address[1]:04X}"
    established = "01"
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(port) and fields[3] == established:
            return True
    return False


def spoilt(answer):
    """Copies of an answer with one thing wrong in each."""
    for change in ("status", "header", "body"):
        copied = copy.deepcopy(answer)
        if change == "status":
            copied.status += 1
        elif change == "header" and copied.headers:
            copied.headers.pop(sorted(copied.headers)[0])
        elif change == "body":
            copied.body = {"spoilt": copied.body}
        else:
            continue
        yield change, copied


def try_harness(records):
    unseen = [f"{case.name}: {change}" for case, theirs, ours in records for change, copied in spoilt(ours)
              if are_equal(case, theirs, copied, differences.ACCEPTED)]
    if unseen:
        fail("a spoilt answer was not seen: " + ", ".join(unseen))


def report_differences(records):
    count = 0
    for case, theirs, ours in records:
        if are_equal(case, theirs, ours, differences.ACCEPTED):
            continue
        count += 1
        first, second = compared(case, theirs, ours, differences.ACCEPTED)
        print(f"== {case.name}")
        print("\n".join(difflib.unified_diff(first.shown().splitlines(), second.shown().splitlines(), "consul",
                                             "registry", n=1, lineterm="")))
    return count


def check_minimal(records):
    """Each accepted difference is one, and the documentation has it."""
    document = (pathlib.Path(os.environ["MARQUEE_SOURCE"]) / "docs/registry.md").read_text()
    for difference in differences.ACCEPTED:
        others = [other for other in differences.ACCEPTED if other is not difference]
        if all(are_equal(case, theirs, ours, others) for case, theirs, ours in records):
            fail(f"nothing differs any more: {difference.title}")
        if difference.title not in document:
            fail(f"docs/registry.md does not tell: {difference.title}")


def run_all(sides, target):
    registry = sides[1]
    places = {"http": f"127.0.0.1:{target.server_address[1]}",
              "grpc": f"{registry.address[0]}:{registry.address[1]}",
              "closed": f"127.0.0.1:{free_port()}"}
    run = Run(sides, places)
    for case in golden_cases.all_cases():
        run.run(case)
    return run.records


def main():
    if shutil.which("consul") is None:
        print("consul_golden_test: skipped: there is no consul (./dev peers consul)")
        sys.exit(SKIPPED)
    target = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        consul = start_consul(scratch) or start_consul(scratch) or start_consul(scratch)
        if consul is None:
            print((scratch / "consul.log").read_text())
            fail("consul did not start")
        registry = start_registry(scratch)
        try:
            records = run_all((consul, registry), target)
        finally:
            registry.stop()
            consul.stop()
    different = report_differences(records)
    if different:
        fail(f"{different} of {len(records)} calls were answered differently")
    if len(records) < CALLS_MIN:
        fail(f"only {len(records)} calls were made")
    check_minimal(records)
    try_harness(records)
    print(f"consul_golden_test: {len(records)} calls were answered alike, but for {len(differences.ACCEPTED)} "
          "accepted differences")


if __name__ == "__main__":
    main()
