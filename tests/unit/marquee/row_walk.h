/* row_walk.h: what stands in a CSV or TSV text, row by row, read in chunks of a given size: for
 * tests that say the same of both readers. */
#pragma once

#include "base/buffer.h"
#include "base/call.h"
#include "marquee/csv_reader.h"

enum row_kind { ROW_CSV, ROW_TSV };

struct row_walk {
    enum row_kind kind;
    struct text text;
    size_t chunk_bytes;
    bool fails; /* at the end, instead of ending */
};

/* status: what the reader said of this row; the row and the call's error hold accordingly. */
typedef void row_visit(void *state, enum status status, const struct csv_row *row,
                       const struct call *call);

/* Visits every row, good or malformed, and then the end. Returns what ended it. */
enum status row_walk(const struct row_walk *walk, row_visit *visit, void *state);

/* Writes rows as "line[field|field]", what is refused as "line!reason!"; "end" or the failure at
 * the end. result: emptied first. */
void row_walk_describe(const struct row_walk *walk, struct buffer *result);
