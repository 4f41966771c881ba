"""The tables: medians of rounds with their spread."""
import statistics


def median(values):
    return statistics.median(values)


def spread(values):
    """Half the range, as a share of the median."""
    middle = median(values)
    return half_range(values) / middle if middle else 0


def half_range(values):
    return (max(values) - min(values)) / 2


def is_tie(some, others):
    """Whether the medians differ by no more than the rounds of either do."""
    return abs(median(some) - median(others)) <= max(half_range(some), half_range(others))


def thousands(value):
    return f"{value / 1000:.1f}k" if value < 100_000 else f"{value / 1000:.0f}k"


class Table:
    def __init__(self, title, columns):
        self.title = title
        self.columns = columns
        self.rows = []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def lines(self):
        rows = [self.columns, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        yield f"## {self.title}"
        yield ""
        for number, row in enumerate(rows):
            cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            yield "| " + " | ".join(cells) + " |"
            if number == 0:
                yield "| " + " | ".join(["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]) + " |"


class Report:
    def __init__(self):
        self.parts = []

    def table(self, title, columns):
        table = Table(title, columns)
        self.parts.append(table)
        return table

    def note(self, text):
        self.parts.append(text)

    def markdown(self):
        blocks = [part if isinstance(part, str) else "\n".join(part.lines()) for part in self.parts]
        return "\n\n".join(blocks) + "\n"

    def print(self):
        print(self.markdown(), end="")
