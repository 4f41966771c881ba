"""What the browser tests of the registry's page and its screenshots share: a registry of their own with services of
every health."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse

START_SECONDS = 30
REQUEST_SECONDS = 30


class Registry:
    """marquee-registry on a port that the kernel chose; started again, it has the same one."""

    def __init__(self):
        self.address = "127.0.0.1:0"
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://{self.address}"

    def start(self):
        program = os.path.join(os.environ["MARQUEE_BIN"], "marquee-registry")
        self.process = subprocess.Popen([program, f"--listen={self.address}", "--dns-listen=", "--settle-time=0s"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + START_SECONDS
        for line in self.process.stdout:
            found = re.search(r'(?:address|listen)="?(127\.0\.0\.1:\d+)', line)
            if "ready" in line and found:
                self.address = found.group(1)
                return
            if time.monotonic() > deadline:
                break
        sys.exit("registry_page: FAILED: the registry does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def put(self, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=REQUEST_SECONDS)
        try:
            connection.request("PUT", path, None if body is None else json.dumps(body))
            reply = connection.getresponse()
            words = reply.read().decode()
        finally:
            connection.close()
        if reply.status != 200:
            raise AssertionError(f"PUT {path}: {reply.status} {words}")

    def register(self, service_id, name, port, status="passing", output="", **more):
        """An instance with one TTL check of the same id, in this status."""
        check = {"CheckID": service_id, "Name": more.pop("check_name", "heartbeat"), "TTL": "1h", "Status": status,
                 "Notes": more.pop("notes", "")}
        self.put("/v1/agent/service/register", {"ID": service_id, "Name": name, "Port": port,
                                                "Address": more.pop("address", "127.0.0.1"), "Check": check, **more})
        self.report(service_id, status, output)

    def report(self, check_id, status, output=""):
        path = f"/v1/agent/check/update/{urllib.parse.quote(check_id, safe='')}"
        self.put(path, {"Status": status, "Output": output})


def register_samples(registry):
    """Services of every health: a small company's."""
    for number in (1, 2, 3):
        registry.register(f"metadata-{number}", "metadata", 8080 + number, address=f"10.0.4.{10 + number}",
                          output="serving; 1,204 movies", Tags=["grpc", "http", "v1"],
                          Meta={"version": "1.8.2", "zone": "eu-1a"})
    registry.register("rating-1", "rating", 8082, address="10.0.4.21", output="serving; commit 2.1 ms",
                      Tags=["grpc", "http", "v1"], Meta={"version": "1.8.2", "zone": "eu-1a"},
                      notes="Sent by the service itself, every third of its TTL.")
    registry.register("rating-2", "rating", 8082, "warning", "commit 148 ms: the disk is slow", address="10.0.4.22",
                      Tags=["grpc", "http", "v1"], Meta={"version": "1.8.2", "zone": "eu-1b"})
    registry.register("rating-3", "rating", 8082, "critical",
                      "dial tcp 10.0.4.23:8082: connect: connection refused\n"
                      "last seen serving 41 s ago\nattempts: 5, the next one in 8 s", address="10.0.4.23",
                      Tags=["grpc", "http", "v2", "canary"], Meta={"version": "1.9.0-rc1", "zone": "eu-1b"},
                      Weights={"Passing": 1, "Warning": 1})
    registry.register("movie-1", "movie", 8083, address="10.0.4.31", output="serving", Tags=["http", "public"])
    registry.register("movie-2", "movie", 8083, address="10.0.4.32", output="serving", Tags=["http", "public"])
    registry.register("search-1", "search", 9200, "warning", "index is 14 minutes behind", address="10.0.4.41",
                      Tags=["http"])
    registry.register("recommend-1", "recommend", 7000, "critical", "out of memory", address="10.0.4.51",
                      Tags=["grpc", "experiment"])
    registry.register("posters-1", "posters", 9000, address="10.0.4.61", output="serving", Tags=["http", "cdn"])
    registry.put("/v1/agent/service/maintenance/posters-1?enable=true&reason=moving%20to%20the%20new%20disks")
    registry.register("movie-3", "movie", 8083, address="10.0.4.33", output="serving", Tags=["http", "public"])
    registry.put("/v1/agent/service/maintenance/movie-3?enable=true&reason=draining")
    registry.put("/v1/agent/service/register", {"ID": "cache-1", "Name": "cache", "Port": 11211,
                                                "Address": "10.0.4.71"})
    registry.put("/v1/catalog/register", {
        "Node": "db-host", "Address": "10.0.9.5", "NodeMeta": {"rack": "r7"},
        "Service": {"ID": "postgres", "Service": "postgres", "Port": 5432, "Tags": ["primary"]},
        "Checks": [{"Node": "db-host", "CheckID": "disk", "Name": "disk", "Status": "passing", "Output": "61 % full"}]})
