"""The registries that are compared, and what services ask of them."""
import http.client
import json
import os
import re
import shutil
import subprocess
import time

from bench_contenders import Absent
from bench_load import Round
from bench_servers import LOAD_CORE, free_port

OURS, KEPT, CONSUL = "Marquee", "Marquee, --data", "Consul 1.14"
TTL = "20m"  # of registrations whose expiry is not measured
CONNECTIONS_MAX = 12_000
CLOSED_CONNECTIONS, CLOSED_CALLS_MAX = 50, 400_000


def start_ours(workplace, name=OURS):
    """KEPT: what is registered is on the disk, synced, before it is answered."""
    port = free_port()
    data = ["--data", workplace.path(f"registry-{port}")] if name == KEPT else []
    return workplace.start(name, port, [[
        workplace.program("marquee-registry"), "--listen", f"127.0.0.1:{port}", "--registry", "", "--settle-time", "0s",
        "--dns-listen", "", "--log-level", "error", *data]])


def start_consul(workplace, cache):
    """A real server of one, which answers compactly (`-dev` indents its JSON), with its state on the disk."""
    program = shutil.which("consul") or os.path.join(cache, "bin", "consul")
    if not os.access(program, os.X_OK):
        raise Absent("there is no Consul here (./dev peers consul)")
    directory = workplace.path(f"consul-{free_port()}")
    os.mkdir(directory)
    port = free_port()
    configuration = {
        "server": True, "bootstrap_expect": 1, "data_dir": directory, "node_name": "bench", "log_level": "error",
        "disable_update_check": True, "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1",
        "ports": {"http": port, "https": -1, "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_wan": -1,
                  "serf_lan": free_port(), "server": free_port()},
        "limits": {"http_max_conns_per_client": CONNECTIONS_MAX},
    }
    path = os.path.join(directory, "consul.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(configuration, file)
    server = workplace.start(CONSUL, port, [[program, "agent", "-config-file", path]])
    wait_for_leader(server)
    return server


def wait_for_leader(server):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status, _, body = ask(server, "GET", "/v1/catalog/nodes")
        if status == 200 and body:
            return
        time.sleep(0.05)
    raise SystemExit("Consul did not elect itself")


def ask(server, method, path, body=None, timeout=60):
    """(status, X-Consul-Index, the reply's JSON or None)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        reply = connection.getresponse()
        raw = reply.read()
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        return reply.status, int(reply.headers.get("x-consul-index", 0)), json.loads(raw) if is_json and raw else None
    finally:
        connection.close()


def expect(server, method, path, body=None):
    status, index, found = ask(server, method, path, body)
    if status != 200:
        raise SystemExit(f"{server.name}: {method} {path}: {status} {found}")
    return index, found


def instance(service, number, ttl=TTL):
    """A registration as services make it. Passing from the start."""
    name = f"{service}-{number}"
    return {"ID": name, "Name": service, "Address": "127.0.0.1", "Port": 10_000 + number % 50_000,
            "Tags": ["v1"], "Meta": {"zone": "a"}, "Check": {"CheckID": name, "TTL": ttl, "Status": "passing"}}


def register(server, service, count, ttl=TTL):
    for number in range(count):
        expect(server, "PUT", "/v1/agent/service/register", instance(service, number, ttl))


class Requests:
    """A file of requests for registry_load."""

    def __init__(self, workplace, name):
        self.path = workplace.path(f"{name}.requests")
        self.count = 0
        self.file = open(self.path, "wb")  # pylint: disable=consider-using-with

    def add(self, method, path, body=None):
        data = json.dumps(body, separators=(",", ":")).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n".encode()
        self.file.write(b"%d\n%s%s" % (len(head) + len(data), head, data))
        self.count += 1

    def close(self):
        self.file.close()


def requests_of(workplace, name, calls):
    """calls: (method, path) or (method, path, body) each."""
    requests = Requests(workplace, name)
    for call in calls:
        requests.add(*call)
    requests.close()
    return requests


def registrations(workplace, services, each, ttl=TTL):
    return requests_of(workplace, f"register-{services}-{each}",
                       (("PUT", "/v1/agent/service/register", instance(f"service-{service}", number, ttl))
                        for service in range(services) for number in range(each)))


def reports(workplace, verbs, service, count):
    """Of instances of one service, each in turn: all of them by the first verb, then by the next."""
    return requests_of(workplace, f"{'-'.join(verbs)}-{service}",
                       (("PUT", f"/v1/agent/check/{verb}/{service}-{number}")
                        for verb in verbs for number in range(count)))


def run_load(workplace, mode, server, requests, *words):
    """The numbers that registry_load prints, of each of its lines."""
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, workplace.program("registry_load"), mode, str(server.port), requests.path,
         *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{server.name}: registry_load {mode}: {done.stdout}{done.stderr}")
    return [dict(re.findall(r"(\w+) ([\d.]+)", line)) for line in done.stdout.splitlines()]


def run_closed(workplace, server, requests, seconds, count):
    """A Round. count: of requests to send; None: as many as are answered in that time."""
    before = server.cpu_seconds()
    found = run_load(workplace, "closed", server, requests, CLOSED_CONNECTIONS, count or CLOSED_CALLS_MAX,
                     max(1, round(seconds)))[0]
    return Round(int(found["done"]), float(found["seconds"]), server.cpu_seconds() - before,
                 (float(found["p50_us"]), float(found["p99_us"])), server.memory_mib())
