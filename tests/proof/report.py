"""The report: what the state of the long form says, as Markdown for docs/reports/."""

import collections
import os
import platform

from instances import POINTS

TITLE = "Report: the proof of delivery"


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, x86-64"


def write(state, folder):
    path = os.path.join(folder, "proof.md")
    lines = [f"# {TITLE}", "",
             "Made by `./dev proof report` from the runs of `./dev proof` ([proof.md](../proof.md)): what was run, what it showed,",
             "and how often each point was reached and killed at. A control must show differences: it is the same harness over a",
             "service that is known to be wrong.", "", f"Machine: {machine()}.", ""]
    programs = {row["program"] for subject in state.subjects() for row in state.rows(subject)}
    lines += [f"Programs, by hash: {', '.join(sorted(programs))} (with planted bugs it is another).", ""]
    groups = collections.defaultdict(list)
    for subject in state.subjects():
        groups[subject.split("-")[0]].append(subject)
    for group in ("ingestion", "zombies", "stall", "faults", "powerloss", "soak"):
        if groups[group]:
            lines += SECTIONS[group](state, groups[group])
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).rstrip() + "\n")
    return path


def differing(state, subjects):
    """What was found where nothing was to be."""
    lines = []
    for subject in subjects:
        for row in state.rows(subject):
            lines += [f"- `{subject}`, seed {row['seed']}: {words.strip()}" for words in row["words"]]
    return ["Differences that were not to be:", "", *lines, ""] if lines else []


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + \
           ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows] + [""]


def shown(rows):
    kinds = collections.Counter()
    for row in rows:
        kinds.update(row["differences"].keys())
    red = sum(1 for row in rows if row["differences"])
    return f"{red}" + (" (" + ", ".join(f"{kind} in {count}" for kind, count in kinds.most_common()) + ")" if red else "")


def dates(rows):
    return f"{min(row['when'] for row in rows)} to {max(row['when'] for row in rows)[11:]}"


def total(rows, name):
    return sum(row.get(name, 0) for row in rows)


def is_control(subject):
    return not subject.endswith("exactly-once")


def ingestion(state, subjects):
    lines = ["## Killed while ingesting", "",
             "Two or three services of one group; every run with its own seed, store and log, and three to six kills.", ""]
    head = ["store", "log", "delivery", "bug", "runs", "with differences", "events", "kills", "of these at any instant",
            "broker or server killed", "s", "when"]
    rows = []
    for subject in sorted(subjects, key=lambda name: (is_control(name), name)):
        _, store, log, rest = subject.split("-", 3)
        delivery, bug = rest[:rest.index("-once") + 5], rest[rest.index("-once") + 6:]
        runs = state.rows(subject)
        rows.append([store, log, delivery, bug, len(runs), shown(runs), total(runs, "events"), total(runs, "killed"),
                     total(runs, "random"), total(runs, "broker kills") + total(runs, "server kills") or "",
                     f"{total(runs, 'seconds'):.0f}", dates(runs)])
    lines += table(head, rows)
    lines += ["How often each point was reached, and how often a service was killed there, in the runs of exactly-once:", ""]
    columns = [subject for subject in subjects if not is_control(subject)]
    rows = []
    for point in POINTS:
        cells = [point]
        for subject in columns:
            runs = state.rows(subject)
            cells.append(f"{sum(row['reached'][point] for row in runs)} / {sum(row['fired'][point] for row in runs)}")
        rows.append(cells)
    lines += table(["point"] + [" ".join(subject.split("-")[1:3]) for subject in columns], rows)
    return lines + differing(state, columns)


def zombies(state, subjects):
    lines = ["## Zombies", "",
             "A service is stopped with a batch in its hands, another takes over and commits, the first wakes.", ""]
    rows = []
    for subject in subjects:
        runs = state.rows(subject)
        taken = [row["taken over after"] for row in runs]
        rows.append([subject[8:], len(runs), shown(runs), int(total(runs, "refused")), f"{min(taken)} to {max(taken)}",
                     dates(runs)])
    head = ["store, log, bug", "runs", "with differences", "batches refused", "taken over after, s", "when"]
    return lines + table(head, rows)


def stall(state, subjects):
    lines = ["## Stopped inside a write", "",
             "The others answer UNAVAILABLE by their deadlines, read on, and write on when the stopped one wakes.", ""]
    rows = [[subject[6:], len(state.rows(subject)), shown(state.rows(subject)), dates(state.rows(subject))]
            for subject in subjects]
    lines += ["`awake` is the control: nobody is stopped.", ""] + table(["point", "runs", "with differences", "when"], rows)
    return lines + differing(state, [subject for subject in subjects if subject != "stall-awake"])


def faults(state, subjects):
    lines = ["## A broker that fails", "", "Two services on librdkafka's mock of three brokers, events coming in meanwhile.", ""]
    rows = []
    for subject in subjects:
        runs = state.rows(subject)
        rows.append([subject[7:], len(runs), shown(runs), total(runs, "events"), total(runs, "met") or "",
                     f"{total(runs, 'seconds'):.0f}", dates(runs)])
    return lines + table(["fault", "runs", "with differences", "events", "failures met", "s", "when"], rows)


def powerloss(state, subjects):
    lines = ["## Loss of power", "",
             "Every write and sync of a service that takes votes and events, and of its producer; then the store or the log",
             "opened as a loss of power would leave it after each step.", ""]
    rows = []
    for subject in subjects:
        runs = state.rows(subject)
        counts = collections.Counter()
        for row in runs:
            counts.update(row["counts"])
        opened = counts["images none"] + counts["images all"] + counts["images part"]
        rows.append([subject[10:] or "durable", len(runs), shown(runs), counts["steps W"],
                     counts["steps S"] + counts["steps D"], counts["points"], opened,
                     counts["acknowledged votes looked for"], counts["acknowledged events looked for"],
                     counts["newborn and unreadable"], dates(runs)])
    head = ["durability", "traces", "with differences", "writes", "syncs", "points", "stores opened",
            "acknowledged votes looked for", "acknowledged events looked for", "unreadable before the first sync", "when"]
    return lines + table(head, rows)


def soak(state, subjects):
    lines = ["## Soak", ""]
    for subject in subjects:
        for row in state.rows(subject):
            lines += [f"`{subject}` ({row['when']}): {row['events']} events at {row['rate']} a second; services restarted "
                      f"{row['restarts']['SIGTERM']} times by SIGTERM and {row['restarts']['SIGKILL']} times by SIGKILL; at most "
                      f"{row['behind']} events behind, all applied {row['drained']} s after the last. Differences: {shown([row])}. "
                      f"A service took {row['most']} KiB of its own at the most. The producer was late by at most {row['late']} s. "
                      f"The store took {row['store bytes'] / 2 ** 20:.0f} MiB.", ""]
            lines += table(["s", "events behind", "KiB of the larger service", "KiB of the producer"], row["samples"])
    return lines


SECTIONS = {"ingestion": ingestion, "zombies": zombies, "stall": stall, "faults": faults, "powerloss": powerloss, "soak": soak}
