"""The product as people use it: all services together, at the size of MovieLens's small set and at a million films."""
import concurrent.futures
import csv
import os
import random
import re
import shutil
import subprocess
import time
import urllib.parse

from bench_load import percentiles
from bench_product_system import SERVICES, WAIT_SECONDS, System, slow_bounds
from bench_report import thousands
from bench_servers import ALL_CORES, LOAD_CORE, SERVER_CORE

SMALL, LARGE = (9_125, 100_000, 671), (1_000_000, 20_000_000, 200_000)  # films, votes, users
QUICK_LARGE = (100_000, 1_000_000, 10_000)
CONNECTIONS, STREAMS = 8, 4
QUESTIONS = 500
CALM_RATE = 200  # requests a second: what is waited for is then the work, not the queue
SEED = 7
ANSWERED = ("top list", "search", "similar films")  # what is waited for after a start


class Questions:
    """What is asked, drawn from the set itself."""

    def __init__(self, directory, users):
        draw = random.Random(SEED)
        with open(os.path.join(directory, "movies.csv"), encoding="utf-8") as file:
            rows = [row for row in csv.reader(file)][1:]
        chosen = [draw.randrange(len(rows)) for _ in range(QUESTIONS)]
        titles = [re.sub(r" \(\d{4}\)$", "", rows[at][1]) for at in chosen]
        films = [rows[at][0] for at in chosen]
        known = [rows[draw.randrange(min(1000, len(rows)))][0] for _ in range(QUESTIONS)]  # films of many votes
        people = [str(1 + draw.randrange(users)) for _ in range(QUESTIONS)]
        genres = sorted({genre for row in rows[:2000] for genre in row[2].split("|") if "(" not in genre})
        self.paths = {
            "search": [f"/movies/search?q={urllib.parse.quote(title[:draw.randint(2, max(2, len(title)))])}&limit=10"
                       for title in titles],
            "top list": ["/movies?order=score&pageSize=20"],
            "list by genre": [f"/movies?order=score&genre={urllib.parse.quote(draw.choice(genres))}&minimumVotes=5&pageSize=20"
                              for _ in range(QUESTIONS)],
            "details with everything": [f"/movie?id={film}&view=full&userId={user}" for film, user in zip(films, people)],
            "similar films": [f"/movie/similar?id={film}" for film in known],
            "recommendations": [f"/user/recommendations?userId={user}" for user in people],
        }


def run_h2load(system, paths, seconds, rate=None):
    workplace = system.workplace
    log, uris = workplace.path("h2load.log"), workplace.path("uris")
    with open(uris, "w", encoding="ascii") as file:
        file.writelines(f"http://127.0.0.1:{system.ports['movie']}{path}\n" for path in paths)
    if os.path.exists(log):
        os.remove(log)
    # A pace is kept by one connection: several would send at the same moments, and each wait for the others.
    pace = ["-c", str(CONNECTIONS), "-m", str(STREAMS)] if rate is None else ["-c", "1", "-m", "100", f"--rps={rate}"]
    before, began = system.cpu_seconds(), time.monotonic()
    output = subprocess.run(["taskset", "-c", LOAD_CORE, "h2load", "-D", f"{round(seconds * 1000)}ms", *pace, "-t", "1",
                             f"--log-file={log}", "-i", uris], check=True, capture_output=True, text=True).stdout
    elapsed, cpu = time.monotonic() - began, system.cpu_seconds() - before
    found = re.search(r"(\d+) succeeded, 0 failed, 0 errored, 0 timeout", output)
    if found is None or int(found.group(1)) == 0:
        raise SystemExit(f"{paths[0]}: not answered\n{output}")
    count = int(found.group(1))
    return count / elapsed, count / cpu, percentiles(log)


def measure_start(system, questions, with_model):
    """From nothing running, on the data that there is, with or without the model that recommendation has kept, until all
    is ready, and until each question is answered; all cores, as a user has it."""
    system.stop()
    if not with_model:
        shutil.rmtree(system.path("recommendation"))
    began = time.monotonic()

    def answered_after(what):
        system.answers(questions.paths[what][0])
        return time.monotonic() - began

    system.start(ALL_CORES)
    while True:
        done = subprocess.run([system.workplace.program("marquee"), "status", "--json",
                               f"--registry=127.0.0.1:{system.ports['registry']}"], capture_output=True, text=True)
        if done.returncode == 0:
            break
        if time.monotonic() - began > WAIT_SECONDS:
            raise SystemExit(f"not ready: {done.stdout}{done.stderr}")
    ready = time.monotonic() - began
    with concurrent.futures.ThreadPoolExecutor(len(ANSWERED)) as asking:
        return [ready, *asking.map(answered_after, ANSWERED)]


def make_set(workplace, name, size):
    directory = workplace.path(f"{name}-set")
    os.mkdir(directory)
    subprocess.run([workplace.program("product_set"), directory, *map(str, size)], check=True)
    return directory


def measure_import(system, directory):
    """Seconds, and seconds of the services' CPU."""
    before, began = system.cpu_seconds(), time.monotonic()
    system.marquee("import", "movielens", directory)
    return time.monotonic() - began, system.cpu_seconds() - before


def measure_speeds(system, questions, films, seconds, speeds, servers):
    for what, paths in questions.paths.items():
        system.answers(paths[0])
        rate, per_cpu, _ = run_h2load(system, paths, 5 * seconds)
        before = system.durations()
        _, _, (p50, p99) = run_h2load(system, paths, 10 * seconds, CALM_RATE)
        speeds.add(what, films, thousands(per_cpu), thousands(rate), f"{p50 / 1000:.2f} ms", f"{p99 / 1000:.2f} ms")
        for (service, method), calls, bound in slow_bounds(before, system.durations(), 0.99):
            if calls > CALM_RATE * seconds:
                servers.add(what, films, service, method, f"{bound * 1000:g} ms")


def measure_product(workplace, report, options):
    sizes_wanted = {"small": SMALL, "large": QUICK_LARGE if options.quick else LARGE}
    wanted = options.only.split(",") if options.only else sizes_wanted
    speeds = report.table("The product: all services on one core, over HTTP/2",
                          ["what", "films", "per CPU-second", "a second", f"p50 at {CALM_RATE}/s", f"p99 at {CALM_RATE}/s"])
    servers = report.table(f"The product: the same calls at {CALM_RATE}/s as the servers time them, first to last byte",
                           ["what", "films", "server", "method", "p99 at most"])
    imports = report.table("The product: import, on all cores", ["films", "votes", "s", "CPU s of the services", "votes a second"])
    sizes = report.table("The product: memory in MiB", ["films", "votes", *SERVICES])
    starts = report.table("The product: seconds from a start on existing data, on all cores",
                          ["films", "votes", "model of recommendations", "ready", *(f"{what} answered" for what in ANSWERED)])
    for films, votes, users in (sizes_wanted[name] for name in wanted):
        directory = make_set(workplace, f"{films}", (films, votes, users))
        shown = (f"{films:,}", f"{votes:,}")
        system = System(workplace, f"{films}", ALL_CORES)
        imported, cpu = measure_import(system, directory)
        imports.add(*shown, f"{imported:.1f}", f"{cpu:.1f}", thousands(votes / imported))
        questions = Questions(directory, users)
        for model in ("made anew", "kept"):
            starts.add(*shown, model, *(f"{seconds:.2f}" for seconds in measure_start(system, questions, model == "kept")))
        system.pin(SERVER_CORE)
        measure_speeds(system, questions, shown[0], options.seconds, speeds, servers)
        sizes.add(*shown, *(f"{system.memory_mib(service):,.0f}" for service in SERVICES))
        system.stop()
