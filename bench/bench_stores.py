"""The rating stores that are measured."""
import os
import re
import shutil
import subprocess

from bench_servers import SERVER_CORE, cpu_seconds, process_tree

POSTGRES_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "peers", "postgres.sh")


def written_bytes(pid):
    """What the process and its children had the kernel write, those included that have ended."""
    total = 0
    for member in process_tree(pid):
        with open(f"/proc/{member}/io", encoding="ascii") as file:
            total += int(re.search(r"^write_bytes: (\d+)$", file.read(), re.M).group(1))
    return total


def server_pid(server):
    return server.processes[0].pid


class LmdbStore:
    name = "LMDB"

    def __init__(self, workplace):
        self.workplace = workplace
        self.directory = workplace.path("store")
        self.runs = 0

    def start(self, _report):
        return True

    def create(self):
        self.drop()

    def drop(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def options(self):
        return ["--data", self.directory]

    @staticmethod
    def cpu_seconds(server):
        return server.cpu_seconds()

    @staticmethod
    def written_bytes(server):
        return written_bytes(server_pid(server))

    def bare(self, events, batch):
        """Events a second of loops over the same events, by kind."""
        self.runs += 1
        directory = self.workplace.path(f"bare-{self.runs}")
        os.mkdir(directory)
        output = subprocess.run(["taskset", "-c", SERVER_CORE, self.workplace.program("ingest_bare"), events, directory,
                                 str(batch)], check=True, capture_output=True, text=True).stdout
        shutil.rmtree(directory)
        plain, sorted_ = re.match(r"plain (\d+) sorted (\d+)", output).groups()
        return {"keys as they come": float(plain), "keys sorted beforehand": float(sorted_)}

    def stop(self):
        self.drop()


class PostgresStore:
    """A server of its own, which shares the two cores; a database for each run."""

    name = "PostgreSQL"

    def __init__(self, workplace, cache):
        self.workplace, self.cache = workplace, cache
        self.directory = workplace.path("postgres")
        self.server = None  # conninfo without the database

    def start(self, report):
        report.note("PostgreSQL: skipped, it does not start here (`./dev peers postgres`)")
        return False
