"""How what came is compared with what a table expects.

An expectation has the form of what it is compared with: objects have the same members, lists the same
elements, "*" stands for any text but the empty one, and "#" for any number."""

ANY_TEXT = "*"
ANY_NUMBER = "#"


def holds(wanted, seen):
    if isinstance(wanted, dict):
        return (isinstance(seen, dict) and wanted.keys() == seen.keys() and
                all(holds(value, seen[name]) for name, value in wanted.items()))
    if isinstance(wanted, list):
        return (isinstance(seen, list) and len(wanted) == len(seen) and
                all(holds(*pair) for pair in zip(wanted, seen)))
    if wanted == ANY_TEXT:
        return isinstance(seen, str) and seen != ""
    if wanted == ANY_NUMBER:
        return isinstance(seen, (int, float)) and not isinstance(seen, bool)
    return isinstance(wanted, bool) == isinstance(seen, bool) and wanted == seen


def alterations(wanted):
    """Everything that differs from the expectation in one place: what holds must not hold of these."""
    if isinstance(wanted, dict):
        yield {**wanted, "another": 1}
        for name, value in wanted.items():
            yield {other: kept for other, kept in wanted.items() if other != name}
            for altered in alterations(value):
                yield {**wanted, name: altered}
    elif isinstance(wanted, list):
        yield wanted + ["another"]
        for index, value in enumerate(wanted):
            yield wanted[:index] + wanted[index + 1:]
            for altered in alterations(value):
                yield wanted[:index] + [altered] + wanted[index + 1:]
    elif isinstance(wanted, bool):
        yield not wanted
    elif isinstance(wanted, (int, float)):
        yield wanted + 1
    else:
        yield wanted + "~"
        yield 1
