#include "marquee/csv_reader.h"

#include <stdlib.h>

/* In place of a byte. */
enum { END_OF_FILE = -1, READ_FAILED = -2 };

enum place {
    FIELD_BEGIN,
    UNQUOTED,
    QUOTED,
    QUOTE_IN_QUOTED, /* behind a quote within quotes: the end, or the first of two */
    CARRIAGE_RETURN, /* behind a CR outside quotes */
};

/* The row that is being read. */
struct row {
    enum place place;
    size_t count;
    const char *wrong; /* why it is malformed; NULL: it is not, so far */
};

enum status csv_reader_init(struct csv_reader *reader, struct byte_source source)
{
    *reader = (struct csv_reader){.source = source, .line = 1};
    buffer_init(&reader->bytes, CSV_ROW_BYTES_MAX);
    reader->chunk = malloc(CSV_CHUNK_BYTES);
    return reader->chunk != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

void csv_reader_deinit(struct csv_reader *reader)
{
    buffer_deinit(&reader->bytes);
    free(reader->chunk);
}

static int next_byte(struct csv_reader *reader, struct call *call, enum status *status)
{
    if (reader->chunk_position == reader->chunk_length) {
        reader->chunk_position = reader->chunk_length = 0;
        *status = reader->source.read(reader->source.state, call, reader->chunk, CSV_CHUNK_BYTES,
                                      &reader->chunk_length);
        if (*status != STATUS_OK) {
            return READ_FAILED;
        }
        if (reader->chunk_length == 0) {
            return END_OF_FILE;
        }
        reader->taken += reader->chunk_length;
    }
    return (unsigned char)reader->chunk[reader->chunk_position++];
}

static void keep(struct csv_reader *reader, struct row *row, char byte)
{
    if (row->wrong == NULL && !buffer_append_byte(&reader->bytes, byte)) {
        row->wrong = "the row is longer than 1 MiB";
    }
}

static void end_field(struct csv_reader *reader, struct row *row)
{
    row->place = FIELD_BEGIN;
    if (row->count == CSV_FIELDS_MAX) {
        row->wrong = "the row has more than 64 fields";
        return;
    }
    reader->ends[row->count++] = reader->bytes.length;
}

/* A byte outside quotes that is no line's end. */
static void take_plain(struct csv_reader *reader, struct row *row, char byte)
{
    if (byte == ',') {
        end_field(reader, row);
    } else if (byte == '"' && row->place == FIELD_BEGIN) {
        row->place = QUOTED;
    } else if (byte == '"') {
        row->wrong = "a quote stands within a field that is not in quotes";
    } else if (byte == '\r') {
        row->place = CARRIAGE_RETURN;
    } else {
        row->place = UNQUOTED;
        keep(reader, row, byte);
    }
}

static void take(struct csv_reader *reader, struct row *row, char byte)
{
    switch (row->place) {
    case FIELD_BEGIN:
    case UNQUOTED:
        take_plain(reader, row, byte);
        break;
    case QUOTED:
        if (byte == '"') {
            row->place = QUOTE_IN_QUOTED;
        } else {
            keep(reader, row, byte);
        }
        break;
    case QUOTE_IN_QUOTED:
        if (byte == '"') {
            row->place = QUOTED;
            keep(reader, row, byte);
        } else if (byte == ',') {
            end_field(reader, row);
        } else if (byte == '\r') {
            row->place = CARRIAGE_RETURN;
        } else {
            row->wrong = "something stands between a closing quote and the comma";
        }
        break;
    case CARRIAGE_RETURN:
        row->wrong = "a carriage return stands within a line";
        break;
    }
}

/* Passes over a byte order mark; what only looks like the beginning of one is part of the row.
 * Returns the byte behind. */
static int skip_mark(struct csv_reader *reader, struct call *call, struct row *row, int byte,
                     enum status *status)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    size_t matched = 0;
    while (matched < sizeof(mark) && byte == mark[matched]) {
        matched++;
        byte = next_byte(reader, call, status);
    }
    for (size_t i = 0; i < matched && matched < sizeof(mark); i++) {
        take(reader, row, (char)mark[i]);
    }
    return byte;
}

/* Reads to the line's end. Of a malformed row the rest of the line where that was found. */
static enum status read_row(struct csv_reader *reader, struct call *call, struct row *row,
                            bool *ret_ended)
{
    enum status status = STATUS_OK;
    int byte = next_byte(reader, call, &status);
    if (!reader->begun) {
        reader->begun = true;
        byte = skip_mark(reader, call, row, byte, &status);
    }
    while (byte >= 0 && (byte != '\n' || (row->place == QUOTED && row->wrong == NULL))) {
        reader->line += byte == '\n';
        if (row->wrong == NULL) {
            take(reader, row, (char)byte);
        }
        byte = next_byte(reader, call, &status);
    }
    reader->line += byte == '\n';
    *ret_ended = byte == END_OF_FILE;
    if (*ret_ended && row->place == QUOTED && row->wrong == NULL) {
        row->wrong = "the file ends within quotes";
    }
    return status;
}

static void set_fields(struct csv_reader *reader, size_t count)
{
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        reader->fields[i] = text_slice(buffer_text(&reader->bytes), from, reader->ends[i]);
        from = reader->ends[i];
    }
}

static bool is_empty(const struct csv_reader *reader, const struct row *row)
{
    return row->wrong == NULL && row->count == 0 && reader->bytes.length == 0 &&
           row->place != QUOTE_IN_QUOTED;
}

enum status csv_reader_next(struct csv_reader *reader, struct call *call, struct csv_row *ret_row)
{
    for (bool ended = false; !ended;) {
        struct row row = {.place = FIELD_BEGIN};
        ret_row->line = reader->line;
        buffer_clear(&reader->bytes);
        enum status status = read_row(reader, call, &row, &ended);
        if (status != STATUS_OK) {
            return status;
        }
        if (is_empty(reader, &row)) {
            continue;
        }
        if (row.wrong == NULL) {
            end_field(reader, &row);
        }
        if (row.wrong != NULL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "%s", row.wrong);
        }
        set_fields(reader, row.count);
        ret_row->fields = reader->fields;
        ret_row->count = row.count;
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

uint64_t csv_reader_position(const struct csv_reader *reader)
{
    return reader->taken - (reader->chunk_length - reader->chunk_position);
}
