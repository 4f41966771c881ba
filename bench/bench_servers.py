"""Servers under measurement: started on one core, watched through /proc, stopped at the end."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

SERVER_CORE = "0"
LOAD_CORE = "1"
ALL_CORES = "0,1"
READY_SECONDS = 10
PROCESS_CPU_CLOCK = 2  # CPUCLOCK_SCHED


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One or more processes that serve together; `port` is where the load goes."""

    def __init__(self, name, port, processes):
        self.name = name
        self.port = port
        self.processes = processes
        self.is_secure = False

    def cpu_seconds(self):
        return sum(cpu_seconds(process.pid) for process in self.processes)

    def memory_mib(self):
        return sum(memory_kib(process.pid) for process in self.processes) / 1024

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def process_tree(pid):
    """The process and its children (nginx's worker)."""
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                yield from process_tree(int(child))
    except OSError:
        return


def cpu_by_process(pid):
    """The kernel's own count, in nanoseconds, of all threads that there were (clock_getcpuclockid(3))."""
    return {member: time.clock_gettime(~member << 3 | PROCESS_CPU_CLOCK) for member in process_tree(pid)}


def cpu_seconds(pid):
    return sum(cpu_by_process(pid).values())


def run_peer(name, cache, *arguments):
    """scripts/peers/NAME.sh: a foreign server that shares the cores."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "peers", f"{name}.sh")
    return subprocess.run(["sh", script, *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, "MARQUEE_CACHE": cache})


def memory_kib(pid):
    total = 0
    for member in process_tree(pid):
        with open(f"/proc/{member}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return total


class Workplace:
    """A scratch directory on the disk to be measured, and all that was started in it."""

    def __init__(self, programs):
        self.programs = os.path.abspath(programs)
        self.servers = []

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="marquee-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
        os.chmod(self.directory, 0o755)  # PostgreSQL runs as another user
        return self

    def events(self, name, count):
        """A file of so many rating events, made once."""
        path = self.path(name)
        if not os.path.exists(path):
            with open(path, "wb") as file:
                subprocess.run([self.program("vote_events"), str(count)], check=True, stdout=file)
        return path

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def launch(self, arguments, cores, environment):
        log = open(self.path("servers.log"), "ab")  # pylint: disable=consider-using-with
        return subprocess.Popen(["taskset", "-c", cores, *arguments], stdout=log, stderr=log, cwd=self.directory,
                                env={**os.environ, **environment})

    def start(self, name, port, commands, ports=(), cores=SERVER_CORE, environment=None):
        processes = [self.launch(command, cores, environment or {}) for command in commands]
        server = Server(name, port, processes)
        self.servers.append(server)
        for expected in (*ports, port):
            wait_for_port(expected, self.path("servers.log"))
        return server

    def stop(self, server):
        server.stop()
        self.servers.remove(server)


def wait_for_port(port, log):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    with open(log, encoding="utf-8", errors="replace") as file:
        raise SystemExit(f"nothing listens on port {port}:\n{file.read()[-2000:]}")
