"""The product as people use it: all services together, at the size of MovieLens's small set and at a million films."""
import csv
import json
import os
import random
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from bench_load import percentiles
from bench_report import thousands
from bench_servers import ALL_CORES, LOAD_CORE, SERVER_CORE, free_port, memory_kib

SMALL, LARGE = (9_125, 100_000, 671), (1_000_000, 20_000_000, 200_000)  # films, votes, users
QUICK_LARGE = (100_000, 1_000_000, 10_000)
SERVICES = ("metadata", "rating", "review", "recommendation", "movie")
CONNECTIONS, STREAMS = 8, 4
QUESTIONS = 500
CALM_RATE = 200  # requests a second: what is waited for is then the work, not the queue
WAIT_SECONDS = 1800
SEED = 7


class System:
    """A registry, which is not counted, and one process of each service, all on the same cores."""

    def __init__(self, workplace, name, cores=SERVER_CORE):
        self.workplace, self.name = workplace, name
        self.ports = {service: free_port() for service in ("registry", *SERVICES)}
        self.servers = {}
        self.start(cores)

    def start(self, cores):
        registry = f"127.0.0.1:{self.ports['registry']}"
        self.run("registry", "--dns-listen=", "--audit-log=", f"--data={self.path('registry')}", cores=LOAD_CORE)
        own = {"rating": ["--event-log=none"]}
        data = ("metadata", "rating", "review")
        for service in SERVICES:
            self.run(service, f"--registry={registry}", "--threads=1", *own.get(service, []),
                     *([f"--data={self.path(service)}"] if service in data else []), cores=cores)

    def path(self, name):
        return self.workplace.path(f"{self.name}-{name}")

    def run(self, service, *options, cores):
        port = self.ports[service]
        command = [self.workplace.program(f"marquee-{service}"), f"--listen=127.0.0.1:{port}", *options]
        self.servers[service] = self.workplace.start(service, port, [command], cores=cores)

    def stop(self):
        for server in reversed(self.servers.values()):
            self.workplace.stop(server)
        self.servers = {}

    def cpu_seconds(self):
        return sum(self.servers[service].cpu_seconds() for service in SERVICES)

    def memory_mib(self, service):
        return memory_kib(self.servers[service].processes[0].pid) / 1024

    def marquee(self, *arguments):
        addresses = [f"--{service}=127.0.0.1:{self.ports[service]}" for service in ("metadata", "rating", "movie")]
        done = subprocess.run(["taskset", "-c", ALL_CORES, self.workplace.program("marquee"), *arguments[:1], *addresses,
                               *arguments[1:]], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"marquee {' '.join(arguments)}: {done.stdout}{done.stderr}"[-2000:])

    def answers(self, path):
        """What a path answers, when it does: an index may still be built."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['movie']}{path}") as reply:
                    return json.loads(reply.read())
            except (urllib.error.HTTPError, ConnectionError) as error:
                if time.monotonic() > end:
                    raise SystemExit(f"{path} is not answered: {error}") from error
                time.sleep(0.1)


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
    output = subprocess.run(["taskset", "-c", LOAD_CORE, "h2load", "-D", f"{round(seconds * 1000)}ms", *pace, "-t", "1", f"--log-file={log}", "-i", uris], check=True, capture_output=True, text=True).stdout
    elapsed, cpu = time.monotonic() - began, system.cpu_seconds() - before
    found = re.search(r"(\d+) succeeded, 0 failed, 0 errored, 0 timeout", output)
    if found is None or int(found.group(1)) == 0:
        raise SystemExit(f"{paths[0]}: not answered\n{output}")
    count = int(found.group(1))
    return count / elapsed, count / cpu, percentiles(log)


def measure_start(system):
    """From nothing running to everything ready, on the data that there is; all cores, as a user has it."""
    system.stop()
    began = time.monotonic()
    system.start(ALL_CORES)
    while True:
        done = subprocess.run([system.workplace.program("marquee"), "status", "--json",
                               f"--registry=127.0.0.1:{system.ports['registry']}"], capture_output=True, text=True)
        if done.returncode == 0:
            return time.monotonic() - began
        if time.monotonic() - began > WAIT_SECONDS:
            raise SystemExit(f"not ready: {done.stdout}{done.stderr}")


def make_set(workplace, name, size):
    directory = workplace.path(f"{name}-set")
    os.mkdir(directory)
    subprocess.run([workplace.program("product_set"), directory, *map(str, size)], check=True)
    return directory


def measure_product(workplace, report, options):
    sizes_wanted = {"small": SMALL, "large": QUICK_LARGE if options.quick else LARGE}
    wanted = options.only.split(",") if options.only else sizes_wanted
    speeds = report.table("The product: all services on one core, over HTTP/2",
                          ["what", "films", "per CPU-second", "a second", f"p50 at {CALM_RATE}/s", f"p99 at {CALM_RATE}/s"])
    sizes = report.table("The product: memory in MiB, and times",
                         ["films", "votes", *SERVICES, "import, s", "votes a second", "start to ready, s"])
    for films, votes, users in (sizes_wanted[name] for name in wanted):
        directory = make_set(workplace, f"{films}", (films, votes, users))
        system = System(workplace, f"{films}")
        began = time.monotonic()
        system.marquee("import", "movielens", directory)
        imported = time.monotonic() - began
        questions = Questions(directory, users)
        for what, paths in questions.paths.items():
            system.answers(paths[0])
            rate, per_cpu, _ = run_h2load(system, paths, 5 * options.seconds)
            _, _, (p50, p99) = run_h2load(system, paths, 10 * options.seconds, CALM_RATE)
            speeds.add(what, f"{films:,}", thousands(per_cpu), thousands(rate), f"{p50 / 1000:.2f} ms", f"{p99 / 1000:.2f} ms")
        memory = [f"{system.memory_mib(service):,.0f}" for service in SERVICES]
        started = measure_start(system)
        sizes.add(f"{films:,}", f"{votes:,}", *memory, f"{imported:.1f}", thousands(votes / imported), f"{started:.2f}")
        system.stop()
