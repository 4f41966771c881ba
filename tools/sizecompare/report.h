/* report.h: what was measured, for people (a table) and for programs (JSON). */
#pragma once

#include <stdio.h>

#include "sizecompare/measure.h"
#include "sizecompare/wire_format.h"

struct report_section {
    const char *title;  /* "one entry" */
    size_t entry_count; /* of the document */
    struct measurement
        measurements[WIRE_FORMAT_COUNT]; /* the first is what the rest is compared to */
};

/* A table for each section: size, times and how many times those of the first format they are. The
 * caller looks for errors of `output`. */
void table_write(FILE *output, const struct report_section *sections, size_t count);

/* One JSON document: {"rounds", "documents": [{"title", "entries", "formats": [{"format",
 * "library", "bytes", "encodeNs", "decodeNs", "bytesRatio", "encodeRatio", "decodeRatio"}]}]}. The
 * caller looks for errors of `output`. */
void json_report_write(FILE *output, const struct report_section *sections, size_t count);
