"""Recommendations: how good, beside what is popular; how long to build, how large, how soon fresh."""
import os
import subprocess

# (votes, movies, users): as ml-latest-small, and as a large site.
SIZES = {"small": (100_000, 9_125, 671), "large": (20_000_000, 1_000_000, 200_000)}


def run(workplace, name, *arguments):
    return subprocess.run([workplace.program(name), *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout


def measure_load(workplace, report, options):
    table = report.table("Recommendations: the model", ["votes drawn", "movies", "kept", "taken in (s)", "built (s)", "MiB", "most MiB",
                                                        "fresh p50 (ms)", "p99", "personal p50 (ms)", "p99", "similar p99 (ms)",
                                                        "written (s)", "read again (s)", "its MiB"])
    for name, size in SIZES.items():
        if name == "large" and options.quick:
            continue
        kept, taken, built, most, now, fresh, fresh99, personal, personal99, _, similar99, written, read, file = run(
            workplace, "recommend_load", *size).split()
        table.add(size[0], size[1], kept, taken, built, now, most, fresh, fresh99, personal, personal99, similar99, written, read, file)


def measure_recommendations(workplace, report, options):
    if os.environ.get("MARQUEE_MOVIELENS_DIR"):
        for split, arguments in (("test", ()), ("validation", ("--validation",))):
            report.note(f"## Recommendations: {split} split\n\n```\n{run(workplace, 'recommend_evaluation', *arguments)}```")
    else:
        report.note("Recommendations: not judged, since MARQUEE_MOVIELENS_DIR names no MovieLens set.")
    measure_load(workplace, report, options)
