/* import_rows.h: a file of rows under a header line, comma- or tab-separated: its columns are found
 * by their names, in whatever order they stand. */
#pragma once

#include "marquee/import.h"

enum { IMPORT_COLUMNS_MAX = 16 };

/* A row: fields by the reader's own columns; empty where the file has no such column. */
struct import_row {
    uint64_t line;
    struct text fields[IMPORT_COLUMNS_MAX];
};

struct import_rows {
    struct import_table *table;
    const char *const *columns; /* static storage; a column's names, the first that is there */
    size_t column_count;        /* at most IMPORT_COLUMNS_MAX */
    size_t required;            /* so many of the first must be there */
    bool is_tab_separated;
    /* Takes a row, borrowed for the call. STATUS_INVALID_ARGUMENT: it is refused, the call's error
     * says why, and the rest goes on. Any other failure ends the reading. */
    enum status (*take)(void *state, struct call *call, const struct import_row *row);
    void *state;
};

/* STATUS_INVALID_ARGUMENT: the header lacks a column; the session call's error says which. */
MUST_USE enum status import_rows_read(const struct import_rows *rows);
