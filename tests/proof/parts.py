"""The parts of the proof: what each runs, how often, and whether it has shown what it is to show. A control is a subject that must
find something: an honest harness goes red on it."""

import collections
import copy
import hashlib
import time

import faults
import ingestion
import powerloss
import soak
import zombies
from instances import Failure, Programs

# How many runs a subject has in the long form.
EXACTLY_ONCE_RUNS = {"local": 200, "kafka": 50}
CONTROL_RUNS = 20
ZOMBIE_RUNS = 20
POWER_RUNS = 3
STALL_RUNS = 2  # at each point
SOAK_S = 600
# In the short form, for CI.
SHORT_RUNS = 6
SHORT_SOAK_S = 20

# What a control must show.
CONTROL_KINDS = {"at-most-once": "lost", "at-least-once": "doubled", "position-outside": "doubled", "no-fence": "doubled",
                 "from-beginning": "doubled", "no-sync": "acknowledged vote lost", "relaxed": "acknowledged vote lost",
                 "awake": "not unavailable"}
BROKEN_KINDS = {"ended", "stuck"}
BUGS = ("position-outside", "from-beginning", "no-fence")


class Skipped(Exception):
    """What this part needs is not here."""


def with_options(options, **changes):
    changed = copy.copy(options)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def defaulted(options):
    return with_options(options, store=options.store or "lmdb", log=options.log or "local")


def shortened(options):
    """The sizes of the short form, where none are given."""
    runs = {"ingestion": SHORT_RUNS, "controls": CONTROL_RUNS}.get(options.part, 1)
    return with_options(options, runs=options.runs or runs, seconds=options.seconds or SHORT_SOAK_S)


def tell(subject, row):
    verdict = ", ".join(f"{count} {kind}" for kind, count in row["differences"].items()) or "as it must be"
    about = ", ".join(f"{row[name]} {name}" for name in ("killed", "refused", "events", "point", "behind") if name in row)
    print(f"proof: {subject}: seed {row.get('seed')}: {about}, {row['seconds']} s: {verdict}", flush=True)
    for words in row["words"]:
        print(f"    {words}", flush=True)


def shows(row, wanted):
    """Whether a control has shown what it must. What died of something else, or did nothing, shows nothing."""
    return wanted in row["differences"] and not row["differences"].keys() & BROKEN_KINDS


def judge(subject, rows, wanted=None):
    """0 when the rows show what they must, else 1. wanted: the kind of difference that a control must show."""
    kinds = collections.Counter()
    for row in rows:
        kinds.update(row["differences"].keys())
    red = sum(1 for row in rows if row["differences"])
    if wanted is None:
        print(f"proof: {subject}: {len(rows)} runs, {red} with differences {dict(kinds) if kinds else ''}".rstrip(), flush=True)
        return 1 if red else 0
    shown = sum(1 for row in rows if shows(row, wanted))
    print(f"proof: {subject}: a control: {len(rows)} runs, {shown} of them show '{wanted}' {dict(kinds)}", flush=True)
    return 0 if shown > 0 else 1


def program_hash(options):
    """Of the program that is tested, with the bug or without."""
    with open(Programs(options.build, bugs=options.bug in BUGS).rating, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


def run_all(subject, options, state, seeds, run_seed, wanted=None):
    """Makes the runs that are not in the state yet. run_seed: of a seed, gives a row."""
    program = program_hash(options)
    if options.seed is not None:
        row = run_seed(options.seed)
        tell(subject, row)
        return judge(subject, [row], wanted)
    rows = [row for row in state.rows(subject, program) if row["seed"] in seeds]
    done = {row["seed"] for row in rows}
    began = time.monotonic()
    for seed in seeds:
        if options.short and wanted and any(shows(row, wanted) for row in rows):
            break  # a control has shown what it must
        if seed not in done:
            row = run_seed(seed)
            tell(subject, row)
            state.add(subject, row, program)
            rows.append(row)
    print(f"proof: {subject}: {time.monotonic() - began:.0f} s for {len(rows) - len(done)} runs", flush=True)
    return judge(subject, rows, wanted)


def run_ingestion(options, state):
    options = defaulted(options)
    wanted = CONTROL_KINDS.get(options.bug or options.delivery)
    runs = options.runs or (CONTROL_RUNS if wanted else EXACTLY_ONCE_RUNS[options.log])
    subject = "-".join(["ingestion", options.store, options.log, options.delivery] + ([options.bug] if options.bug else []))
    programs = Programs(options.build, bugs=options.bug in BUGS)
    with ingestion.surroundings(options):
        return run_all(subject, options, state, range(1, runs + 1),
                       lambda seed: ingestion.run_once(programs, options, seed, options.keep), wanted)


def run_controls(options, state):
    """At-most-once loses, at-least-once doubles, and planted bugs are caught. That nothing is compared shows only where two have
    the same partition: the third bug is run_zombies()'s."""
    result = 0
    for delivery in ("at-most-once", "at-least-once"):
        result |= run_ingestion(with_options(options, delivery=delivery, bug=""), state)
    for bug in BUGS[:2]:
        result |= run_ingestion(with_options(options, delivery="exactly-once", bug=bug), state)
    return result


def run_zombies(options, state):
    """The refusal, and as a control the bug that has none."""
    options = defaulted(options)
    result = 0
    with ingestion.surroundings(options):
        for bug, wanted in (("", None), ("no-fence", "doubled")):
            given = with_options(options, bug=bug)
            programs = Programs(options.build, bugs=bug in BUGS)
            subject = "-".join(["zombies", options.store, options.log] + ([bug] if bug else []))
            result |= run_all(subject, given, state, range(1, (options.runs or ZOMBIE_RUNS) + 1),
                              lambda seed, p=programs, g=given: zombies.run_zombie(p, g, seed), wanted)
    return result


def run_stall(options, state):
    programs = Programs(options.build)
    runs = options.runs or STALL_RUNS
    result = 0
    for point in (*(zombies.STALL_POINTS[1:2] if options.short else zombies.STALL_POINTS), "awake"):
        result |= run_all(f"stall-{point}", options, state, range(1, runs + 1),
                          lambda seed, p=point: zombies.run_stall(programs, p, seed), CONTROL_KINDS.get(point))
    return result


def run_faults(options, state):
    """A broker that fails, by the mock."""
    programs = Programs(options.build)
    runs = options.runs or 2
    result = 0
    for name in ("leader-moves",) if options.short else faults.SCENES:
        result |= run_all(f"faults-{name}", options, state, range(1, runs + 1),
                          lambda seed, n=name: faults.run_scene(programs, n, seed))
    for reset, wanted in (("", None), ("earliest", "skipped")):
        result |= run_all("faults-retention" + (f"-{reset}" if reset else ""), options, state, range(1, runs + 1),
                          lambda seed, r=reset: faults.run_retention(programs, seed, r), wanted)
    return result


def run_powerloss(options, state):
    programs = Programs(options.build)
    sizes = {"votes": 12, "events": 80, "random_parts": 1, "every": 3} if options.short else {}
    result = 0
    for bug in ("", "no-sync", "relaxed"):
        subject = "powerloss" + (f"-{bug}" if bug else "")
        given = with_options(options, bug=bug)
        runs = options.runs or (POWER_RUNS if not bug else 1)
        result |= run_all(subject, given, state, range(1, runs + 1),
                          lambda seed, g=given: powerloss.run_once(programs, g, seed, **sizes), CONTROL_KINDS.get(bug))
    return result


def run_soak(options, state):
    options = defaulted(options)
    seconds = options.seconds or SOAK_S
    programs = Programs(options.build, bugs=options.bug in BUGS)
    result = 0
    with ingestion.surroundings(options):
        for delivery, length in ((options.delivery, seconds),) + (() if options.short else (("at-least-once", SHORT_SOAK_S),)):
            given = with_options(options, delivery=delivery)
            subject = "-".join(["soak", options.store, options.log, str(length), delivery])
            restart_s = soak.RESTART_S if length > 60 else 5
            result |= run_all(subject, given, state, [1],
                              lambda seed, g=given, s=length, r=restart_s:
                              dict(soak.run_once(programs, g, s, options.rate, r), seed=seed),
                              CONTROL_KINDS.get(options.bug or delivery))
    return result


PARTS = {
    "ingestion": run_ingestion,
    "controls": run_controls,
    "zombies": run_zombies,
    "stall": run_stall,
    "faults": run_faults,
    "powerloss": run_powerloss,
    "soak": run_soak,
}


def run(part, options, state):
    if part != "all":
        return PARTS[part](options, state)
    result, skipped = 0, []
    for store in ("lmdb", "postgres"):
        for log in ("local", "kafka"):
            for name in ("ingestion", "zombies"):
                result |= attempt(name, with_options(options, store=store, log=log), state, skipped)
        result |= attempt("controls", with_options(options, store=store, log="local"), state, skipped)
    for name in ("stall", "faults", "powerloss", "soak"):
        result |= attempt(name, options, state, skipped)
    for words in skipped:
        print(f"proof: skipped: {words}")
    return result


def attempt(name, options, state, skipped):
    try:
        return PARTS[name](options, state)
    except Skipped as words:
        skipped.append(f"{name} {options.store} {options.log}: {words}")
        return 0
    except Failure as words:
        print(f"proof: {name}: {words}")
        return 1
