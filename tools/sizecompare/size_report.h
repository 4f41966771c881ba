/* size_report.h: what was measured, for people (a table) and for programs (JSON). */
#pragma once

#include <stdio.h>

#include "sizecompare/measure.h"
#include "sizecompare/wire_format.h"

struct size_report_section {
    enum sample_shape shape;
    size_t entry_count;
    /* The first is what the rest is compared to. */
    struct measurement measurements[WIRE_FORMAT_COUNT];
};

/* A table for each section: size, times and how many times those of the first format they are. The
 * caller looks for errors of `output`. */
void size_report_write_table(FILE *output, const struct size_report_section *sections,
                             size_t count);

/* One JSON document: {"rounds", "documents": [{"shape", "entries", "formats": [{"format",
 * "library", "bytes", "encodeNs", "decodeNs", "bytesRatio", "encodeRatio", "decodeRatio"}]}]}. The
 * caller looks for errors of `output`. */
void size_report_write_json(FILE *output, const struct size_report_section *sections, size_t count);
