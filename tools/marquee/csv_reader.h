/* csv_reader.h: comma-separated values, one row at a time (RFC 4180): fields in quotes may hold
 * commas, doubled quotes and line ends; lines end in LF or CR LF; empty lines and a byte order mark
 * at the beginning are passed over. */
#pragma once

#include "base/buffer.h"
#include "marquee/byte_source.h"

enum {
    CSV_FIELDS_MAX = 64,
    CSV_ROW_BYTES_MAX = 1024 * 1024,
    CSV_CHUNK_BYTES = 64 * 1024,
};

struct csv_reader {
    struct byte_source source;
    uint64_t line; /* that is being read, from 1 */
    /* private */
    uint64_t taken; /* bytes from the source */
    bool begun;     /* the place of a byte order mark is behind */
    char *chunk;
    size_t chunk_length;
    size_t chunk_position;
    struct buffer bytes; /* the row's fields, one behind the other */
    size_t ends[CSV_FIELDS_MAX];
    struct text fields[CSV_FIELDS_MAX];
};

struct csv_row {
    uint64_t line;             /* it begins in, from 1 */
    const struct text *fields; /* borrowed until the next call */
    size_t count;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status csv_reader_init(struct csv_reader *reader, struct byte_source source);
void csv_reader_deinit(struct csv_reader *reader);

/* STATUS_NOT_FOUND: there are no more rows. STATUS_INVALID_ARGUMENT: the row is malformed, or over
 * a limit; the call's error says why, ret_row->line (written here too) where; reading may go on in
 * the line behind it. Otherwise what the source said. */
MUST_USE enum status csv_reader_next(struct csv_reader *reader, struct call *call,
                                     struct csv_row *ret_row);

/* How many bytes are behind the last row's line end: where the next row begins. */
uint64_t csv_reader_position(const struct csv_reader *reader);
