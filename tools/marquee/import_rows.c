#include "marquee/import_rows.h"

#include "marquee/tsv_reader.h"

/* Of one row: what is made of it. */
enum { ROW_BYTES_MAX = 4 * 1024 * 1024, SHOW_EVERY_ROWS = 64 };

#define NO_PLACE SIZE_MAX

/* One of the two readers. */
struct reading {
    const struct import_rows *rows;
    struct csv_reader csv;
    struct tsv_reader tsv;
    size_t places[IMPORT_COLUMNS_MAX]; /* of our columns in the file; NO_PLACE: it has none */
    struct arena arena;
    uint64_t count;
};

static enum status next(struct reading *reading, struct call *call, struct csv_row *row)
{
    return reading->rows->is_tab_separated ? tsv_reader_next(&reading->tsv, call, row)
                                           : csv_reader_next(&reading->csv, call, row);
}

static size_t find_name(const struct csv_row *header, struct text name)
{
    for (size_t i = 0; i < header->count; i++) {
        if (text_equal_ignoring_case(text_trim(header->fields[i]), name)) {
            return i;
        }
    }
    return NO_PLACE;
}

/* By the first of its names that the file has. */
static size_t find_column(const struct csv_row *header, const char *names)
{
    struct text rest = text_of(names);
    size_t place = NO_PLACE;
    while (place == NO_PLACE && rest.data != NULL) {
        place = find_name(header, text_next(&rest, '|'));
    }
    return place;
}

static enum status read_header(struct reading *reading)
{
    const struct import_rows *rows = reading->rows;
    struct call *session_call = &rows->table->import->session->call;
    struct csv_row header;
    struct call call;
    call_init(&call, &reading->arena, 0);
    enum status status = next(reading, &call, &header);
    if (status == STATUS_NOT_FOUND) {
        return call_fail(session_call, STATUS_INVALID_ARGUMENT, "%s is empty",
                         rows->table->file.name);
    }
    if (status != STATUS_OK) {
        return call_fail(session_call, status, "%s: %.*s", rows->table->file.name,
                         TEXT_ARGUMENTS(call.error.message));
    }
    for (size_t i = 0; i < rows->column_count; i++) {
        reading->places[i] = find_column(&header, rows->columns[i]);
        if (reading->places[i] == NO_PLACE && i < rows->required) {
            struct text names = text_of(rows->columns[i]);
            struct text name = text_next(&names, '|');
            return call_fail(session_call, STATUS_INVALID_ARGUMENT, "%s has no column %.*s",
                             rows->table->file.name, TEXT_ARGUMENTS(name));
        }
    }
    return STATUS_OK;
}

static enum status take(struct reading *reading, struct call *call, const struct csv_row *row)
{
    const struct import_rows *rows = reading->rows;
    struct import_row fields = {.line = row->line};
    for (size_t i = 0; i < rows->column_count; i++) {
        size_t place = reading->places[i];
        fields.fields[i] = place < row->count ? row->fields[place] : TEXT("");
    }
    return rows->take(rows->state, call, &fields);
}

/* STATUS_NOT_FOUND: there are no more. */
static enum status read_row(struct reading *reading)
{
    struct import_table *table = reading->rows->table;
    struct csv_row row;
    struct call call;
    call_init(&call, &reading->arena, 0);
    enum status status = next(reading, &call, &row);
    if (status == STATUS_OK) {
        status = take(reading, &call, &row);
        /* Of the readers alone it is the end. */
        status = status == STATUS_NOT_FOUND ? STATUS_INTERNAL : status;
    }
    status = import_table_take(table, &call, row.line, status);
    reading->count++;
    if (reading->count % SHOW_EVERY_ROWS == 0) {
        import_table_show(table, reading->count);
    }
    arena_reset(&reading->arena);
    return status;
}

static enum status read_all(struct reading *reading)
{
    enum status status = read_header(reading);
    arena_reset(&reading->arena);
    while (status == STATUS_OK) {
        status = read_row(reading);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status import_rows_read(const struct import_rows *rows)
{
    struct reading reading = {.rows = rows};
    struct call *call = &rows->table->import->session->call;
    CHECK(rows->column_count <= IMPORT_COLUMNS_MAX);
    arena_init(&reading.arena, ROW_BYTES_MAX);
    enum status status = rows->is_tab_separated
                             ? tsv_reader_init(&reading.tsv, rows->table->file.bytes)
                             : csv_reader_init(&reading.csv, rows->table->file.bytes);
    status =
        status == STATUS_OK ? read_all(&reading) : call_fail(call, status, "no memory for a row");
    if (rows->is_tab_separated) {
        tsv_reader_deinit(&reading.tsv);
    } else {
        csv_reader_deinit(&reading.csv);
    }
    arena_deinit(&reading.arena);
    return status;
}
