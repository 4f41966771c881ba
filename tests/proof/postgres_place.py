"""PostgreSQL for the proof: the server of scripts/peers/postgres.sh, a database for each run."""

import contextlib
import os
import shutil
import subprocess
import tempfile

from instances import Failure

CONTROL = {"conninfo": None, "folder": None, "source": None}  # of the server that all runs of this process share


def run_script(source, verb, folder):
    done = subprocess.run(["sh", os.path.join(source, "scripts", "peers", "postgres.sh"), verb, folder], capture_output=True,
                          text=True, timeout=180, check=False)
    if done.returncode == 77:
        import parts
        raise parts.Skipped(done.stdout.strip())
    if done.returncode != 0:
        raise Failure(f"postgres.sh {verb} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout.strip()


@contextlib.contextmanager
def server(options):
    """One server for all runs; MARQUEE_POSTGRES names one that is there already."""
    if os.environ.get("MARQUEE_POSTGRES"):
        CONTROL["conninfo"] = os.environ["MARQUEE_POSTGRES"]
        yield
        return
    folder = tempfile.mkdtemp(prefix="proof-pg-")
    try:
        CONTROL.update(conninfo=run_script(options.source, "start", folder), folder=folder, source=options.source)
        yield
    finally:
        with contextlib.suppress(Failure):
            run_script(options.source, "stop", folder)
        CONTROL.update(conninfo=None, folder=None)
        shutil.rmtree(folder, ignore_errors=True)


def crash():
    """Ends the server as a crash would, and starts it: it recovers. False: it is not ours."""
    if CONTROL["folder"] is None:
        return False
    run_script(CONTROL["source"], "stop", CONTROL["folder"])
    run_script(CONTROL["source"], "start", CONTROL["folder"])
    return True


def ask(sql):
    done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--dbname", CONTROL["conninfo"], "--command", sql],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise Failure(f"psql: {done.stderr[-500:]}")


def name_of(place):
    return os.path.basename(place.directory).replace("-", "_").lower()


def prepare(place):
    ask(f"create database {name_of(place)}")
    words = [word for word in CONTROL["conninfo"].split() if not word.startswith("dbname=")]
    place.data = " ".join(words + [f"dbname={name_of(place)}"])


def clean(place):
    if CONTROL["conninfo"] is not None and place.store == "postgres":
        ask(f"drop database if exists {name_of(place)} with (force)")
