"""Requests: gRPC by h2load, HTTP/1.1 by wrk, against Marquee, gRPC C++ and nginx."""
import json
import os
import re
import subprocess
import time
import urllib.request

from bench_report import median, spread, thousands
from bench_servers import LOAD_CORE, free_port

SHAPES = ((1, 100), (10, 10), (50, 1))  # connections x streams each
MOVIE = {
    "id": "tt0133093",
    "title": "The Matrix",
    "description": "A programmer who hacks by night learns that the world around him is a simulation run by machines.",
    "director": "Lana Wachowski, Lilly Wachowski",
    "year": 1999,
    "genres": ["Action", "Science Fiction"],
}


class Round:
    """What one measurement gave."""

    def __init__(self, requests, seconds, cpu_seconds, latencies_us, memory_mib):
        self.per_second = requests / seconds
        self.per_cpu_second = requests / cpu_seconds if cpu_seconds else 0
        self.p50_us, self.p99_us = latencies_us
        self.memory_mib = memory_mib


def text_field(number, text):
    data = text.encode()
    return bytes([number << 3 | 2, len(data)]) + data


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


MESSAGES = {
    "/MetadataService/GetMetadata": frame(text_field(1, MOVIE["id"])),
    "/RatingService/GetAggregatedRating": frame(text_field(1, MOVIE["id"]) + text_field(2, "movie")),
    "/MovieService/GetMovieDetails": frame(text_field(1, MOVIE["id"])),
}


def percentiles(latencies):
    latencies.sort()
    return latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]


def run_h2load(workplace, server, path, shape, seconds):
    connections, streams = shape
    body, log = workplace.path("body"), workplace.path("h2load.log")
    with open(body, "wb") as file:
        file.write(MESSAGES[path])
    if os.path.exists(log):
        os.remove(log)
    before, began = server.cpu_seconds(), time.monotonic()
    output = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "h2load", "-D", str(round(seconds)), "-c", str(connections), "-m", str(streams),
         "-t", "1", "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers",
         f"--log-file={log}", f"http://127.0.0.1:{server.port}{path}"],
        check=True, capture_output=True, text=True).stdout
    elapsed, cpu = time.monotonic() - began, server.cpu_seconds() - before
    done = int(re.search(r"(\d+) succeeded, 0 failed, 0 errored, 0 timeout", output).group(1))
    # h2load calls every HTTP 200 a success: an error in the trailers shows in the bytes of data.
    data = int(re.search(r"\((\d+)\) data", output).group(1))
    if done == 0 or data / done < 5:
        raise SystemExit(f"{server.name} {path}: replies without a message\n{output}")
    with open(log, encoding="ascii") as file:
        latencies = [int(line.split("\t")[2]) for line in file]
    return Round(done, elapsed, cpu, percentiles(latencies), server.memory_mib())


def run_wrk(server, path, seconds):
    before, began = server.cpu_seconds(), time.monotonic()
    output = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c50", f"-d{round(seconds)}s", "--latency",
         f"http://127.0.0.1:{server.port}{path}"],
        check=True, capture_output=True, text=True).stdout
    elapsed, cpu = time.monotonic() - began, server.cpu_seconds() - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{server.name} {path}: errors\n{output}")
    done = int(re.search(r"(\d+) requests in", output).group(1))
    return Round(done, elapsed, cpu, (wrk_us(output, "50%"), wrk_us(output, "99%")), server.memory_mib())


def wrk_us(output, label):
    number, unit = re.search(rf"{label}\s+([\d.]+)(us|ms|s)", output).groups()
    return float(number) * {"us": 1, "ms": 1000, "s": 1_000_000}[unit]


def put(url, body=None):
    headers = {"content-type": "application/json"} if body is not None else {}
    data = json.dumps(body).encode() if body is not None else b""
    urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers, method="PUT")).close()


def start_metadata(workplace, name, store):
    port = free_port()
    server = workplace.start(name, port, [[
        workplace.program("marquee-metadata"), "--listen", f"127.0.0.1:{port}", "--registry", "", "--threads", "1",
        "--store", store, "--data", workplace.path(f"metadata-{port}")]])
    put(f"http://127.0.0.1:{port}/metadata", MOVIE)
    return server


def start_rating(workplace, name, store):
    port = free_port()
    server = workplace.start(name, port, [[
        workplace.program("marquee-rating"), "--listen", f"127.0.0.1:{port}", "--registry", "", "--threads", "1",
        "--store", store, "--data", workplace.path(f"rating-{port}"), "--event-log", "none"]])
    put(f"http://127.0.0.1:{port}/rating?id={MOVIE['id']}&type=movie&userId=ann&value=8.5")
    return server


def start_movie(workplace, name, metadata, rating):
    """All three processes on the server's core; their CPU time is counted together."""
    port = free_port()
    server = workplace.start(name, port, [[
        workplace.program("marquee-movie"), "--listen", f"127.0.0.1:{port}", "--registry", "", "--threads", "1",
        "--services", f"metadata=127.0.0.1:{metadata.port};rating=127.0.0.1:{rating.port}"]])
    server.cpu_seconds = lambda: sum(
        type(part).cpu_seconds(part) for part in (server, metadata, rating))
    return server


def start_grpc_cpp(workplace):
    port = free_port()
    return workplace.start("gRPC C++ (memory)", port,
                           [[workplace.program("grpc_cpp_server"), f"127.0.0.1:{port}"]])


def start_nginx(workplace):
    """A fixed reply of the size of ours."""
    port, configuration = free_port(), workplace.path("nginx.conf")
    reply = json.dumps(MOVIE, separators=(",", ":"))
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(f"""daemon off; worker_processes 1; pid {workplace.path('nginx.pid')};
error_log {workplace.path('nginx.log')}; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {workplace.path('nginx-body')};
proxy_temp_path {workplace.path('nginx-proxy')}; fastcgi_temp_path {workplace.path('nginx-fastcgi')};
uwsgi_temp_path {workplace.path('nginx-uwsgi')}; scgi_temp_path {workplace.path('nginx-scgi')};
server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{reply}'; }} }} }}
""")
    return workplace.start("nginx (fixed reply)", port, [["/usr/sbin/nginx", "-c", configuration]])


def add_row(table, name, workload, rounds, rival):
    rates = [one.per_cpu_second for one in rounds]
    ratio = "" if rival is None else f"{median(rates) / median([one.per_cpu_second for one in rival]):.2f}"
    table.add(name, workload, thousands(median([one.per_second for one in rounds])), thousands(median(rates)),
              f"±{spread(rates) * 100:.0f}%", f"{median([one.p50_us for one in rounds]) / 1000:.2f}",
              f"{median([one.p99_us for one in rounds]) / 1000:.2f}",
              f"{median([one.memory_mib for one in rounds]):.0f}", ratio)


COLUMNS = ["server", "load", "requests/s", "per CPU-second", "spread", "p50 ms", "p99 ms", "MiB", "ratio to rival"]


def compare(report, title, contenders, workloads, rounds):
    """contenders: the rival first. workloads: {name: run(server)}. Rounds are interleaved."""
    results = {(server.name, load): [] for server in contenders for load in workloads}
    for _ in range(rounds):
        for load, run in workloads.items():
            for server in contenders:
                results[server.name, load].append(run(server))
    table = report.table(title, COLUMNS)
    for load in workloads:
        rival = results[contenders[0].name, load]
        for server in contenders:
            add_row(table, server.name, load, results[server.name, load],
                    None if server is contenders[0] else rival)


def grpc_loads(workplace, path, seconds):
    return {f"{connections} x {streams}":
            lambda server, shape=(connections, streams): run_h2load(workplace, server, path, shape, seconds)
            for connections, streams in SHAPES}


def measure_requests(workplace, report, options):
    rival = start_grpc_cpp(workplace)
    memory = start_metadata(workplace, "Marquee (memory)", "memory")
    sqlite = start_metadata(workplace, "Marquee (SQLite)", "sqlite")
    rating_memory = start_rating(workplace, "Marquee (memory)", "memory")
    rating_lmdb = start_rating(workplace, "Marquee (LMDB)", "lmdb")
    nginx = start_nginx(workplace)
    movie = start_movie(workplace, "Marquee, three processes", sqlite, rating_lmdb)

    for path, contenders in (("/MetadataService/GetMetadata", [rival, memory, sqlite]),
                             ("/RatingService/GetAggregatedRating", [rival, rating_memory, rating_lmdb])):
        compare(report, f"gRPC {path} (connections x streams)", contenders,
                grpc_loads(workplace, path, options.seconds), options.rounds)
    compare(report, "HTTP/1.1 GET /metadata (50 connections)", [nginx, memory, sqlite],
            {"50": lambda server: run_wrk(server, f"/metadata?id={MOVIE['id']}", options.seconds)}, options.rounds)
    path = "/MovieService/GetMovieDetails"
    compare(report, f"gRPC {path}, through all three processes (CPU time of all three)", [movie],
            grpc_loads(workplace, path, options.seconds), options.rounds)
    for server in (movie, nginx, rating_lmdb, rating_memory, sqlite, memory, rival):
        workplace.stop(server)
