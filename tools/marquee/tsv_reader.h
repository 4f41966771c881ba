/* tsv_reader.h: tab-separated values as IMDb's data sets have them, one row at a time: nothing is
 * quoted, a field that is not known is \N (read as empty), lines end in LF or CR LF; empty lines
 * are passed over. */
#pragma once

#include "marquee/csv_reader.h"

enum {
    TSV_FIELDS_MAX = 32,
    TSV_ROW_BYTES_MAX = 64 * 1024,
    TSV_CHUNK_BYTES = 64 * 1024,
};

struct tsv_reader {
    struct byte_source source;
    uint64_t line; /* that is being read, from 1 */
    /* private */
    char *chunk;
    size_t chunk_length;
    size_t chunk_position;
    struct buffer split; /* a line that does not lie in one chunk */
    struct text fields[TSV_FIELDS_MAX];
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status tsv_reader_init(struct tsv_reader *reader, struct byte_source source);
void tsv_reader_deinit(struct tsv_reader *reader);

/* A row, borrowed until the next call. STATUS_NOT_FOUND: there are no more.
 * STATUS_INVALID_ARGUMENT: it is malformed, and the call's error says how; the next call gives the
 * row behind it. Otherwise what the source said. ret_row->line is written in each case. */
MUST_USE enum status tsv_reader_next(struct tsv_reader *reader, struct call *call,
                                     struct csv_row *ret_row);
