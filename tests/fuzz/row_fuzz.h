/* row_fuzz.h: what holds of any bytes as rows, CSV or TSV: they do not depend on where the chunks
 * end, and those that are written out read back the same. */
#pragma once

#include "unit/marquee/row_walk.h"

struct row_fuzz {
    enum row_kind kind;
    size_t fields_max;  /* of a row */
    size_t chunk_bytes; /* as the reader's callers read */
    /* Appends the row as the reader takes it. */
    void (*write_row)(struct buffer *buffer, const struct csv_row *row);
};

/* CHECKs it. */
void row_fuzz_check(const struct row_fuzz *fuzz, struct text text);
