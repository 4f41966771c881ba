"""The rating stores that are measured."""
import os
import re
import shutil
import subprocess

from bench_servers import SERVER_CORE, cpu_by_process, process_tree, run_peer


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
        self.conninfo = None
        self.runs = 0
        self.cpu_before, self.written_before = {}, 0

    def run(self, *arguments):
        return run_peer("postgres", self.cache, *arguments)

    def start(self, report):
        started = self.run("start", self.directory)
        if started.returncode:
            report.note(f"PostgreSQL: skipped, it does not start here (`./dev peers postgres`): {started.stdout.strip()[-200:]}")
            return False
        self.conninfo = started.stdout.strip().splitlines()[-1]
        return True

    def database(self):
        return f"{self.conninfo.rsplit(' ', 1)[0]} dbname=run_{self.runs}"

    def sql(self, statement):
        subprocess.run(["psql", "-q", "-c", statement, self.conninfo], check=True, capture_output=True)

    def create(self):
        self.runs += 1
        self.sql(f"create database run_{self.runs}")
        self.cpu_before = cpu_by_process(self.server_pid())
        self.written_before = written_bytes(self.server_pid())

    def drop(self):
        self.sql(f"drop database if exists run_{self.runs} with (force)")

    def options(self):
        return ["--store", "postgres", "--postgres", self.database()]

    def server_pid(self):
        with open(os.path.join(self.directory, "data", "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    def cpu_seconds(self, server):
        """The service's and the database's."""
        now = cpu_by_process(self.server_pid())
        return server.cpu_seconds() + sum(seconds - self.cpu_before.get(pid, 0) for pid, seconds in now.items())

    def written_bytes(self, server):
        return written_bytes(server_pid(server)) + written_bytes(self.server_pid()) - self.written_before

    def bare(self, events, batch):
        output = subprocess.run(["taskset", "-c", SERVER_CORE, self.workplace.program("ingest_bare_postgres"), events,
                                 self.conninfo, str(batch)], check=True, capture_output=True, text=True).stdout
        return {"unnest": float(output)}

    def stop(self):
        self.run("stop", self.directory)
