/* import_report.h: what became of each row, as a file (CSV: file, row, outcome, movie, detail), and
 * in numbers. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/call.h"

struct import_report {
    FILE *file; /* NULL: nobody asked for one */
    const char *path;
};

/* path: ends in NUL, borrowed; empty: no file. STATUS_UNAVAILABLE: it cannot be made. */
MUST_USE enum status import_report_open(struct call *call, struct text path,
                                        struct import_report *ret_report);

/* A line. outcome: "matched", "not matched", "ambiguous", "refused", "unknown". */
void import_report_row(struct import_report *report, const char *file, uint64_t row,
                       const char *outcome, struct text movie, struct text detail);

/* STATUS_UNAVAILABLE: not all of it could be written. */
MUST_USE enum status import_report_close(struct call *call, struct import_report *report);
