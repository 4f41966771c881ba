"""`./dev bench rpc`: the RPC path beside its rivals, and beside what was aimed at."""
import bench_contenders as contenders
from bench_compare import Aims, Comparison
from bench_contenders import Absent
from bench_load import run_h2load, run_wrk
from bench_messages import (GET_DETAILS, GET_METADATA, GET_RATING, METADATA_REPLY_BYTES, MOVIE, echo, stream)
from bench_report import median, thousands
from bench_servers import ALL_CORES

SHAPES = ((1, 100), (10, 10), (50, 1), (100, 100))  # connections x streams each
ECHO_BYTES = (4 * 1024, 64 * 1024)
CPP = ("gRPC C++ async", "gRPC C++ callback")
OURS, BARE, NGINX = "Marquee (memory)", "bare nghttp2 loop", "nginx (fixed reply)"
MOVIE_AIM_A_SECOND = 60_000
MOVIE_P99_MS = 5

# {(load): {rival: how many times its calls per CPU-second}}
METADATA_AIMS = {
    "1 x 100": {CPP: 4.5, "grpc-go": 4, "tonic": 1.9, BARE: 0.8},
    "10 x 10": {CPP: 4.5, "grpc-go": 4, "tonic": 1.9, BARE: 0.8},
    "50 x 1": {CPP: 1.7, "grpc-go": 2, "tonic": 1.2, BARE: 0.75},
    "100 x 100": {BARE: 0.75},
}


def load_name(shape):
    return f"{shape[0]} x {shape[1]}"


class Bench:
    def __init__(self, workplace, report, options):
        self.workplace = workplace
        self.report = report
        self.options = options
        self.aims = Aims()
        self.rivals = contenders.rival_commands(workplace, options.cache, report)

    def h2load(self, request, shape, rate=None):
        return lambda server: run_h2load(self.workplace, server, request, shape, self.options.seconds, rate)

    def loads(self, request, shapes):
        return {load_name(shape): self.h2load(request, shape) for shape in shapes}

    def start_rivals(self, secure=None, names=None):
        return [contenders.start_rival(self.workplace, name, command, secure)
                for name, command in self.rivals.items() if names is None or name in names]

    def compare(self, title, ours, servers, loads):
        comparison = Comparison(title, ours).measure(servers, loads, self.options)
        comparison.print(self.report)
        for server in servers:
            self.workplace.stop(server)
        return comparison

    def metadata(self):
        servers = [contenders.start_bare(self.workplace, BARE, METADATA_REPLY_BYTES),
                   contenders.start_metadata(self.workplace, OURS, "memory"),
                   contenders.start_metadata(self.workplace, "Marquee (SQLite)", "sqlite"), *self.start_rivals()]
        result = self.compare("gRPC GetMetadata (connections x streams)", OURS, servers,
                              self.loads(GET_METADATA, SHAPES))
        for load, aims in METADATA_AIMS.items():
            self.aims.add_ratios(result, f"GetMetadata {load}", load, aims)

    def rating(self):
        servers = [contenders.start_rating(self.workplace, OURS, "memory"),
                   contenders.start_rating(self.workplace, "Marquee (LMDB)", "lmdb"), *self.start_rivals(names=CPP)]
        self.compare("gRPC GetAggregatedRating", OURS, servers, self.loads(GET_RATING, ((10, 10),)))

    def stream(self):
        ours = "Marquee"
        servers = [contenders.start_echo(self.workplace, ours), *self.start_rivals()]
        result = self.compare("gRPC server streaming, 100 messages of 100 bytes a call (calls are messages)", ours,
                              servers, self.loads(stream(), ((10, 10),)))
        self.aims.add_ratios(result, "server streaming", "10 x 10", {CPP: 3})

    def echo(self):
        for size in ECHO_BYTES:
            ours = "Marquee"
            request = echo(size)
            servers = [contenders.start_bare(self.workplace, BARE, request.reply_bytes - 5),
                       contenders.start_echo(self.workplace, ours), *self.start_rivals()]
            self.compare(f"gRPC, {size // 1024} KiB both ways", ours, servers, self.loads(request, ((10, 10),)))

    def tls(self):
        if not contenders.has_tls(self.workplace):
            self.report.note("Not compared: TLS, which this build does not speak.")
            return
        secure = contenders.make_certificate(self.workplace)
        servers = [contenders.start_metadata(self.workplace, OURS, "memory", secure=secure),
                   *self.start_rivals(secure)]
        self.compare("gRPC GetMetadata over TLS", OURS, servers, self.loads(GET_METADATA, ((10, 10), (50, 1))))

    def http1(self):
        servers = [contenders.start_metadata(self.workplace, OURS, "memory"),
                   contenders.start_metadata(self.workplace, "Marquee (SQLite)", "sqlite")]
        try:
            servers.append(contenders.start_nginx(self.workplace))
        except Absent as reason:
            self.report.note(f"Not compared: {reason}.")
        path = f"/metadata?id={MOVIE['id']}"
        result = self.compare("HTTP/1.1 JSON, GET /metadata (50 connections)", OURS, servers,
                              {"50": lambda server: run_wrk(server, path, max(1, round(self.options.seconds)))})
        self.aims.add_ratios(result, "HTTP/1.1 JSON", "50", {NGINX: 0.8})

    def threads(self):
        one, two = "Marquee, one thread", "Marquee, two threads"
        servers = [contenders.start_metadata(self.workplace, one, "memory"),
                   contenders.start_metadata(self.workplace, two, "memory", cores=ALL_CORES, threads=2)]
        result = self.compare("gRPC GetMetadata, two loop threads on two cores that the load is on too", two, servers,
                              self.loads(GET_METADATA, ((10, 10), (50, 1))))
        for load in ("10 x 10", "50 x 1"):
            self.aims.add_ratios(result, f"two threads {load}", load, {one: 0.9})

    def start_details(self):
        backends = [contenders.start_metadata(self.workplace, "metadata", "sqlite", cores=ALL_CORES),
                    contenders.start_rating(self.workplace, "rating", "lmdb", cores=ALL_CORES)]
        movie = contenders.start_movie(self.workplace, "Marquee, three processes", *backends, cores=ALL_CORES)
        return backends, movie

    def details(self):
        backends, movie = self.start_details()
        half = MOVIE_AIM_A_SECOND // 2
        loads = self.loads(GET_DETAILS, SHAPES[:3])
        paced = f"open loop, {half // 1000}k a second"
        loads[paced] = self.h2load(GET_DETAILS, (10, 100), half)
        result = self.compare("gRPC GetMovieDetails through three processes on two cores that the load is on too "
                              "(CPU time of all three)", movie.name, [movie], loads)
        for server in backends:
            self.workplace.stop(server)
        best = max(median(result.rates(load_name(shape), movie.name)) for shape in SHAPES[:3])
        self.aims.add("movie details, a second of two cores", thousands(MOVIE_AIM_A_SECOND), thousands(2 * best),
                      2 * best >= MOVIE_AIM_A_SECOND)
        p99_ms = median([one.p99_us for one in result.rounds[paced, movie.name]]) / 1000
        self.aims.add(f"movie details, {paced}: p99", f"under {MOVIE_P99_MS} ms", f"{p99_ms:.2f} ms",
                      p99_ms < MOVIE_P99_MS)


def measure_rpc(workplace, report, options):
    bench = Bench(workplace, report, options)
    parts = (bench.metadata, bench.stream, bench.echo, bench.tls, bench.http1, bench.details, bench.threads,
             bench.rating)
    for part in parts:
        if options.only is None or part.__name__ == options.only:
            part()
    bench.aims.print(report)
