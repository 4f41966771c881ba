#!/usr/bin/python3
"""How fast `marquee import` takes a MovieLens-shaped set in: votes of many users, films by how well they are known,
through marquee-metadata (SQLite) and marquee-rating (LMDB, each batch synced). Twice: the second changes nothing.

usage: bench_import.py DIRECTORY-OF-PROGRAMS [VOTES [ROUNDS]]
"""
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

MOVIES, VOTES_OF_A_USER, SEED, TICKS = 20000, 187, 7, os.sysconf("SC_CLK_TCK")
READY_SECONDS = 20


def write_set(folder, votes):
    draw = random.Random(SEED)
    with open(f"{folder}/movies.csv", "w", encoding="utf-8") as file:
        file.write("movieId,title,genres\n")
        file.writelines(f"{movie},Film {movie} ({1950 + movie % 50}),Drama|War\n" for movie in range(1, MOVIES + 1))
    with open(f"{folder}/links.csv", "w", encoding="utf-8") as file:
        file.write("movieId,imdbId,tmdbId\n")
        file.writelines(f"{movie},{100000 + movie:07d},{movie}\n" for movie in range(1, MOVIES + 1))
    with open(f"{folder}/ratings.csv", "w", encoding="utf-8") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for user in range(votes // VOTES_OF_A_USER):
            seen = set()
            while len(seen) < VOTES_OF_A_USER:
                seen.add(int(MOVIES * draw.random() ** 3) + 1)
            file.writelines(f"{user + 1},{movie},{draw.randint(1, 10) / 2},{draw.randint(10 ** 9, 16 * 10 ** 8)}\n"
                            for movie in sorted(seen))


class Service:
    def __init__(self, programs, name, folder, *options):
        self.path = f"{folder}/{name}.log"
        with open(self.path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([f"{programs}/marquee-{name}", "--listen=127.0.0.1:0", "--registry=",
                                             f"--data={folder}/{name}", *options], stderr=log)
        self.address = None
        end = time.monotonic() + READY_SECONDS
        while not self.address:
            assert time.monotonic() < end and self.process.poll() is None, open(self.path, encoding="utf-8").read()
            found = re.search(r'message="ready" listen="([^"]*)"', open(self.path, encoding="utf-8").read())
            self.address = found and found.group(1)
            time.sleep(0.01)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.process.terminate()
        self.process.wait(READY_SECONDS)


def run(programs, services, folder):
    """Seconds, CPU seconds of the rating service and of marquee, the votes that were taken, and marquee's memory."""
    before = services[1].cpu_seconds()
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        command = subprocess.Popen([f"{programs}/marquee", "import", f"--metadata={services[0].address}",
                                    f"--rating={services[1].address}", "movielens", folder], stdout=said)
        _, status, used = os.wait4(command.pid, 0)
        elapsed = time.monotonic() - began
        assert status == 0, status
        said.seek(0)
        votes = int(re.search(rb"(\d+) votes", said.read()).group(1))
    return elapsed, services[1].cpu_seconds() - before, used.ru_utime + used.ru_stime, votes, used.ru_maxrss / 1024


def measure(programs, votes, rounds):
    results = {"first": [], "again": []}
    with tempfile.TemporaryDirectory() as folder:
        write_set(folder, votes)
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=folder) as data:
                services = [Service(programs, "metadata", data), Service(programs, "rating", data, "--event-log=none")]
                try:
                    for name in ("first", "again"):
                        results[name].append(run(programs, services, folder))
                finally:
                    for service in services:
                        service.stop()
    print("| import | votes | votes a second | spread | votes per CPU-second of the rating service | of marquee |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rows in results.items():
        rates = [taken / elapsed for elapsed, _, _, taken, _ in rows]
        of_service = statistics.median(taken / cpu for _, cpu, _, taken, _ in rows)
        of_client = statistics.median(taken / cpu for _, _, cpu, taken, _ in rows)
        print(f"| {name} | {rows[0][3]:,} | {statistics.median(rates) / 1000:.0f}k | "
              f"{min(rates) / 1000:.0f}k to {max(rates) / 1000:.0f}k | {of_service / 1000:.0f}k | {of_client / 1000:.0f}k |")
    print(f"\nmarquee took at most {max(row[4] for rows in results.values() for row in rows):.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000000, int(sys.argv[3]) if len(sys.argv) > 3 else 3)
