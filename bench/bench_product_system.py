"""All services of the product as processes, and what they say of themselves."""
import json
import re
import subprocess
import time
import urllib.error
import urllib.request

from bench_servers import ALL_CORES, LOAD_CORE, free_port, memory_kib

SERVICES = ("metadata", "rating", "review", "recommendation", "movie")
WAIT_SECONDS = 1800
BUCKET = re.compile(r'marquee_requests_duration_seconds_bucket\{protocol="\w+",method="([^"]+)",le="([^"]+)"\} (\S+)')


class System:
    """A registry, which is not counted, and one process of each service, all on the same cores."""

    def __init__(self, workplace, name, cores):
        self.workplace, self.name = workplace, name
        self.ports = {service: free_port() for service in ("registry", *SERVICES)}
        self.servers = {}
        self.start(cores)

    def start(self, cores):
        registry = f"127.0.0.1:{self.ports['registry']}"
        self.run("registry", "--dns-listen=", "--audit-log=", f"--data={self.path('registry')}", cores=LOAD_CORE)
        own = {"rating": ["--event-log=none"]}
        data = ("metadata", "rating", "review", "recommendation")
        for service in SERVICES:
            self.run(service, f"--registry={registry}", "--threads=1", *own.get(service, []),
                     *([f"--data={self.path(service)}"] if service in data else []), cores=cores)

    def path(self, name):
        return self.workplace.path(f"{self.name}-{name}")

    def run(self, service, *options, cores):
        port = self.ports[service]
        command = [self.workplace.program(f"marquee-{service}"), f"--listen=127.0.0.1:{port}", *options]
        self.servers[service] = self.workplace.start(service, port, [command], cores=cores)

    def pin(self, cores):
        """Moves the services, as they are."""
        for service in SERVICES:
            for process in self.servers[service].processes:
                subprocess.run(["taskset", "-a", "-c", "-p", cores, str(process.pid)], check=True, capture_output=True)

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

    def durations(self):
        """Of each service's methods: how many calls took at most so many seconds, first to last byte."""
        found = {}
        for service in SERVICES:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[service]}/metrics") as reply:
                for method, bound, count in BUCKET.findall(reply.read().decode()):
                    found.setdefault((service, method), {})[float(bound)] = float(count)
        return found


def slow_bounds(before, after, share):
    """Of each method that was called in between: how often, and the bound that `share` of its calls kept."""
    for key, counts in after.items():
        calls = {bound: count - before.get(key, {}).get(bound, 0) for bound, count in counts.items()}
        total = max(calls.values())
        if total > 0:
            yield key, total, min(bound for bound, count in calls.items() if count >= share * total)
