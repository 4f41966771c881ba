#!/usr/bin/env python3
"""Reaches every limit that the registry has for what outsiders can make grow (docs/registry.md), one by one, and wants
the answer that is documented there; what is just within must be served.

    registry_limits_test.py MARQUEE-REGISTRY
"""
import http.client
import json
import os
import re
import resource
import select
import socket
import subprocess
import sys
import time

SKIPPED = 77
WAIT_S = 60
SANITIZED = os.environ.get("REGISTRY_SANITIZED") == "1"
WATCHERS, INSTANCES, CHECKS, NODES = 10000, 20000, 50000, 1000
BATCH = 200  # requests that are sent before their replies are read
OVERLOADED = 503
BUSY = b"Your IP is issuing too many concurrent connections, please rate limit your calls"


class Registry:
    def __init__(self, program, *options):
        self.process = subprocess.Popen(
            [program, "--listen=127.0.0.1:0", "--dns-listen=127.0.0.1:0", "--settle-time=0s", "--audit-log=", *options],
            stderr=subprocess.PIPE)
        self.port = self.dns = None
        while self.port is None:
            line = self.process.stderr.readline().decode()
            if not line:
                sys.exit("registry_limits_test: the registry did not start")
            found = re.search(r'message="(answering DNS|ready)" listen="127.0.0.1:(\d+)"', line)
            if found and found[1] == "ready":
                self.port = int(found[2])
            elif found:
                self.dns = int(found[2])

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S, source_address=(source, 0))

    def ask(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.request(method, path, body, dict(headers))
        reply = connection.getresponse()
        answer = reply.status, reply.read().decode()
        connection.close()
        return answer

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) // 1024

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=WAIT_S)
        if self.process.returncode != 0:
            sys.exit(f"registry_limits_test: the registry ended with {self.process.returncode}")


def service(**members):
    return json.dumps({"Name": "web", **members})


def check(**members):
    return {"Name": "c", "TTL": "60s", **members}


def catalog(**members):
    return json.dumps({"Node": "n", "Address": "10.0.0.1", **members})


# (what, method, path, body, its status within; path, body over; status over; the words)
REGISTER = "/v1/agent/service/register"
FILTERED = "/v1/agent/services?filter="


def pairs(count):
    return {f"k{i}": "v" for i in range(count)}


def padded(length):
    body = service()
    return body + " " * (length - len(body))


SINGLE = [
    ("a request's body", REGISTER, padded(262144), REGISTER, padded(262145), 413,
     "Request body too large, max size: 262144 bytes"),
    ("a service's name", REGISTER, service(Name="n" * 255), REGISTER, service(Name="n" * 256), 400, "255"),
    ("an id", REGISTER, service(ID="i" * 255), REGISTER, service(ID="i" * 256), 400, "255"),
    ("a tag", REGISTER, service(Tags=["t" * 255]), REGISTER, service(Tags=["t" * 256]), 400, "255"),
    ("the tags", REGISTER, service(Tags=["t"] * 64), REGISTER, service(Tags=["t"] * 65), 400, "64"),
    ("the meta", REGISTER, service(Meta=pairs(64)), REGISTER, service(Meta=pairs(65)), 400, "64"),
    ("a key of meta", REGISTER, service(Meta={"k" * 128: "v"}), REGISTER, service(Meta={"k" * 129: "v"}), 400, "128"),
    ("a value of meta", REGISTER, service(Meta={"k": "v" * 512}), REGISTER, service(Meta={"k": "v" * 513}), 400, "512"),
    ("tagged addresses", REGISTER,
     service(TaggedAddresses={f"a{i}": {"Address": "10.0.0.1"} for i in range(16)}), REGISTER,
     service(TaggedAddresses={f"a{i}": {"Address": "10.0.0.1"} for i in range(17)}), 400, "16"),
    ("checks of an instance", REGISTER, service(ID="checked", Checks=[check(CheckID=f"c{i}") for i in range(16)]),
     REGISTER, service(ID="checked", Checks=[check(CheckID=f"c{i}") for i in range(17)]), 400, "16"),
    ("a check's target", REGISTER, service(Check={"HTTP": "http://10.0.0.1/" + "p" * 2032, "Interval": "1h"}), REGISTER,
     service(Check={"HTTP": "http://10.0.0.1/" + "p" * 2033, "Interval": "1h"}), 400, "2048"),
    ("a check's notes", REGISTER, service(Check=check(Notes="n" * 1024)), REGISTER,
     service(Check=check(Notes="n" * 1025)), 400, "1024"),
    ("a filter's comparisons", FILTERED + "%20or%20".join(["ID==x"] * 64), None,
     FILTERED + "%20or%20".join(["ID==x"] * 65), None, 500, "too many comparisons"),
    ("a filter's depth", FILTERED + "(" * 31 + "ID==x" + ")" * 31, None, FILTERED + "(" * 32 + "ID==x" + ")" * 32, None,
     500, "nested too deeply"),
    ("a path", "/v1/agent/services?x=" + "x" * 4000, None, "/v1/agent/services?x=" + "x" * 4100, None, 414, None),
]


def single_limits(registry, complain):
    for what, path, body, over, over_body, status, words in SINGLE:
        method = "PUT" if body else "GET"
        got, text = registry.ask(method, path, body)
        if got != 200:
            complain(f"{what}, just within: {got} {text}")
        got, text = registry.ask(method, over, over_body)
        if got != status or (words is not None and words not in text):
            complain(f"{what}, over: {got} {text}, not {status} with {words}")
    for count, status in ((90, 200), (101, 431)):
        got, text = registry.ask("GET", "/v1/agent/services", None, [(f"x-{i}", "v") for i in range(count)])
        if got != status:
            complain(f"{count} headers: {got} {text}")
    for length, status in ((7000, 200), (9000, 431)):
        got, text = registry.ask("GET", "/v1/agent/services", None, [("x-long", "v" * length)])
        if got != status:
            complain(f"a header of {length} bytes: {got} {text}")
    registry.ask("PUT", REGISTER, service(ID="told", Check=check(CheckID="told")))
    for length in (4096, 4097):
        registry.ask("PUT", "/v1/agent/check/update/told", json.dumps({"Status": "passing", "Output": "o" * length}))
        output = json.loads(registry.ask("GET", "/v1/agent/checks")[1])["told"]["Output"]
        if (output == "o" * length) != (length == 4096) or len(output) > 4200:
            complain(f"an output of {length} bytes is kept as {len(output)}")


def put_many(registry, bodies, path=REGISTER):
    """Registers over one connection, many at a time; (how many were taken, the first that was not). What a busy registry
    refuses as overloaded is sent again."""
    taken, again = 0, []
    deadline = time.monotonic() + WAIT_S
    connection = registry.connect()
    reader = connection.makefile("rb")
    bodies = iter(bodies)
    while True:
        batch = again + [body for _, body in zip(range(BATCH - len(again)), bodies)]
        again = []
        if not batch:
            return taken, None
        connection.sendall(b"".join(
            b"PUT %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%s" % (path.encode(), len(body), body.encode())
            for body in batch))
        for body in batch:
            status = int(reader.readline().split()[1])
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            text = reader.read(length).decode()
            if status == OVERLOADED and time.monotonic() < deadline:
                again.append(body)
            elif status != 200:
                connection.close()
                return taken, (status, text)
            else:
                taken += 1


def many(registry, complain, what, bodies, most, words, path=REGISTER):
    taken, refused = put_many(registry, bodies, path)
    if taken != most or refused is None or refused[0] != 429 or words not in refused[1]:
        complain(f"{what}: {taken} were taken, then {refused}")
    print(f"registry_limits_test: {what}: {taken}, then {refused}", flush=True)


class Waiting:
    """Blocked queries, each on a connection of its own."""

    def __init__(self, registry):
        self.registry = registry
        self.connections = []

    def add(self, count, source):
        query = b"GET /v1/health/service/web?index=%d&wait=10m HTTP/1.1\r\nhost: localhost\r\n\r\n" % (1 << 62)
        for _ in range(count):
            connection = self.registry.connect(source)
            connection.sendall(query)
            self.connections.append(connection)

    def answers(self):
        """What the queries were told that wait no more."""
        poll = select.poll()
        for connection in self.connections:
            poll.register(connection, select.POLLIN)
        by_descriptor = {connection.fileno(): connection for connection in self.connections}
        return [by_descriptor[descriptor].recv(4096) for descriptor, _ in poll.poll(0)]

    def close(self):
        for connection in self.connections:
            connection.close()
        self.connections = []


def ask_blocked(registry, source):
    """The status and text of one blocked query that would wait for a millisecond."""
    connection = registry.connect(source)
    connection.sendall(b"GET /v1/health/service/web?index=%d&wait=1ms HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                       % (1 << 62))
    reply = b""
    while part := connection.recv(65536):
        reply += part
    connection.close()
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def await_answer(registry, source, status):
    """The first answer with the status, or the last one before the time is up: requests are read one by one."""
    deadline = time.monotonic() + WAIT_S
    got, text = ask_blocked(registry, source)
    while got != status and time.monotonic() < deadline:
        got, text = ask_blocked(registry, source)
    return got, text


def blocked_queries(registry, complain):
    waiting = Waiting(registry)
    waiting.add(WATCHERS // 2, "127.0.0.1")
    got, text = await_answer(registry, "127.0.0.1", 429)
    if got != 429 or text != BUSY:
        complain(f"query {WATCHERS // 2 + 1} of an address: {got} {text}")
    got, text = ask_blocked(registry, "127.0.0.2")
    if got != 200:
        complain(f"a query of another address: {got} {text}")
    waiting.add(WATCHERS // 2, "127.0.0.2")
    got, text = await_answer(registry, "127.0.0.3", 429)
    if got != 429 or b"10000" not in text:
        complain(f"query {WATCHERS + 1} of all: {got} {text}")
    early = waiting.answers()
    if early:
        complain(f"{len(early)} queries did not wait: {early[0]}")
    got, text = registry.ask("GET", "/v1/health/service/web")
    if got != 200:
        complain(f"beside {WATCHERS} blocked queries: {got} {text}")
    print(f"registry_limits_test: {WATCHERS} blocked queries: {registry.memory_mib()} MiB", flush=True)
    waiting.close()
    got, text = await_answer(registry, "127.0.0.1", 200)
    if got != 200:
        complain(f"the blocked queries of clients that are gone take room still: {got} {text}")


def dns_streams(registry, complain):
    streams = [socket.create_connection(("127.0.0.1", registry.dns), timeout=WAIT_S) for _ in range(256)]
    question = bytes.fromhex("abcd01000001000000000000" "06636f6e73756c00" "0006" "0001")  # consul, SOA
    query = len(question).to_bytes(2, "big") + question
    for stream in streams:
        stream.sendall(query)
        if len(stream.recv(2)) != 2:
            complain("one of 256 DNS connections is not served")
            break
    one_more = socket.create_connection(("127.0.0.1", registry.dns), timeout=WAIT_S)
    try:
        one_more.sendall(query)
        if one_more.recv(2) != b"":
            complain("DNS connection 257 is served")
    except ConnectionError:
        pass
    for stream in [*streams, one_more]:
        stream.close()


def large(i):
    return service(ID=f"large-{i}", Meta={f"{k:0128}": "v" * 512 for k in range(64)}, Tags=[f"{t:0255}" for t in range(64)])


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < WATCHERS + 1000:
        print("registry_limits_test: skipped: so many files may not be open")
        sys.exit(SKIPPED)
    program, = sys.argv[1:]
    faults = []

    def complain(fault):
        faults.append(fault)
        print(f"registry_limits_test: {fault}", flush=True)

    registry = Registry(program)
    single_limits(registry, complain)
    dns_streams(registry, complain)
    if not SANITIZED:  # a fiber's stack is much larger there
        blocked_queries(registry, complain)
    registry.stop()

    registry = Registry(program)
    many(registry, complain, "nodes", (catalog(Node=f"n{i}") for i in range(NODES + 1)), NODES, "1000",
         "/v1/catalog/register")
    many(registry, complain, "instances", (service(ID=f"i{i}") for i in range(INSTANCES + 1)), INSTANCES, "20000")
    each = 10
    many(registry, complain, "checks",
         (service(ID=f"i{i}", Checks=[check(CheckID=f"{i}-{c}") for c in range(each)])
          for i in range(CHECKS // each + 1)), CHECKS // each, "50000")
    registry.stop()

    registry = Registry(program)
    taken, refused = put_many(registry, (large(i) for i in range(INSTANCES)))
    mib = registry.memory_mib()
    print(f"registry_limits_test: memory: {taken} large instances, then {refused}: {mib} MiB", flush=True)
    if refused is None or refused[0] != 429 or (mib > 512 and not SANITIZED):
        complain(f"memory: {taken} instances, then {refused}, at {mib} MiB")
    got, text = registry.ask("PUT", "/v1/agent/service/deregister/large-0")
    if got != 200:
        complain(f"full, it lets nothing go: {got} {text}")
    if registry.ask("PUT", REGISTER, large(0))[0] != 200:
        complain("what was let go makes no room")
    registry.stop()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
