"""Load: gRPC by h2load, HTTP/1.1 by wrk; what one run of either gave."""
import os
import re
import subprocess
import time

from bench_servers import LOAD_CORE

# Of one reply. h2load stops with calls under way, which have brought a part of theirs.
DATA_BYTES_TOLERANCE = 0.95
ATTEMPTS_MAX = 3  # each twice as long, of a measurement in which nobody was answered


class NoReplies(Exception):
    """A server that is overwhelmed, or a machine that is."""


class Round:
    """What one measurement gave. `calls` of a stream are its messages."""

    def __init__(self, calls, seconds, cpu_seconds, latencies_us, memory_mib):
        self.per_second = calls / seconds
        self.per_cpu_second = calls / cpu_seconds if cpu_seconds else 0
        self.p50_us, self.p99_us = latencies_us
        self.memory_mib = memory_mib


class Request:
    """What h2load sends. `reply_bytes`: of DATA in one reply, the same from everyone who is compared."""

    def __init__(self, path, body, reply_bytes, messages=1):
        self.path = path
        self.body = body
        self.reply_bytes = reply_bytes
        self.messages = messages


def percentiles(log):
    with open(log, encoding="ascii") as file:
        latencies = sorted(int(line.split("\t")[2]) for line in file)
    return latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]


def run_h2load(workplace, server, request, shape, seconds, rate=None):
    """rate: calls a second, sent whether or not those before were answered; None: as fast as replies come."""
    for _ in range(ATTEMPTS_MAX):
        found = h2load_once(workplace, server, request, shape, seconds, rate)
        if found is not None:
            return found
        seconds *= 2
    raise NoReplies(f"{server.name} answered {request.path} with {shape[0]} x {shape[1]} not once in {seconds / 2:g} s")


def h2load_once(workplace, server, request, shape, seconds, rate):
    """None: not one reply came in that time."""
    connections, streams = shape
    body, log = workplace.path("body"), workplace.path("h2load.log")
    with open(body, "wb") as file:
        file.write(request.body)
    if os.path.exists(log):
        os.remove(log)
    pace = [] if rate is None else [f"--rps={rate / connections:.0f}"]
    scheme = "https" if server.is_secure else "http"
    before, began = server.cpu_seconds(), time.monotonic()
    output = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "h2load", "-D", f"{round(seconds * 1000)}ms", "-c", str(connections),
         "-m", str(streams), "-t", "1", "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers",
         *pace, f"--log-file={log}", f"{scheme}://127.0.0.1:{server.port}{request.path}"],
        check=True, capture_output=True, text=True).stdout
    elapsed, cpu = time.monotonic() - began, server.cpu_seconds() - before
    done = replies(server, request, output)
    if done == 0:
        return None
    return Round(done * request.messages, elapsed, cpu, percentiles(log), server.memory_mib())


def replies(server, request, output):
    """How many came, all of them right."""
    found = re.search(r"(\d+) succeeded, 0 failed, 0 errored, 0 timeout", output)
    data = int(re.search(r"\((\d+)\) data", output).group(1))
    done = int(found.group(1)) if found else 0
    # h2load calls every HTTP 200 a success: an error in the trailers shows in the bytes of data.
    if found is None or data < DATA_BYTES_TOLERANCE * request.reply_bytes * done:
        raise SystemExit(f"{server.name} {request.path}: not the replies that were asked for\n{output}")
    return done


def run_wrk(server, path, seconds):
    before, began = server.cpu_seconds(), time.monotonic()
    output = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c50", f"-d{seconds}s", "--latency",
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
