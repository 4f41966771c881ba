/* complaints.h: what was refused in a file, said as "file:line: reason": the first of them. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

enum { COMPLAINTS_SHOWN_MAX = 20 };

struct import_report;

struct complaints {
    FILE *errors;
    struct import_report *report; /* that is told of each; NULL: none */
    uint64_t count;               /* read only */
};

/* Counts one, and prints it while few have been. file: borrowed for the call. */
void complaints_add(struct complaints *complaints, const char *file, uint64_t line,
                    struct text reason);

/* Says how many more there were than were shown. */
void complaints_end(const struct complaints *complaints);
