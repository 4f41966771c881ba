#include "marquee/tsv_reader.h"

#include <stdlib.h>

enum status tsv_reader_init(struct tsv_reader *reader, struct byte_source source)
{
    *reader = (struct tsv_reader){.source = source, .line = 1};
    buffer_init(&reader->split, TSV_ROW_BYTES_MAX);
    reader->chunk = malloc(TSV_CHUNK_BYTES);
    return reader->chunk != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

void tsv_reader_deinit(struct tsv_reader *reader)
{
    buffer_deinit(&reader->split);
    free(reader->chunk);
}

static enum status fill(struct tsv_reader *reader, struct call *call)
{
    if (reader->chunk_position < reader->chunk_length) {
        return STATUS_OK;
    }
    reader->chunk_position = reader->chunk_length = 0;
    return reader->source.read(reader->source.state, call, reader->chunk, TSV_CHUNK_BYTES,
                               &reader->chunk_length);
}

/* A line that was found. */
struct line {
    struct text text;
    bool is_too_long;
    bool is_last; /* the source is over, and nothing was read */
};

/* The line without its LF: in the chunk, or put together from several. */
static enum status read_line(struct tsv_reader *reader, struct call *call, struct line *line)
{
    *line = (struct line){.text = TEXT("")};
    buffer_clear(&reader->split);
    for (bool is_split = false;; is_split = true) {
        enum status status = fill(reader, call);
        if (status != STATUS_OK) {
            return status;
        }
        const char *from = reader->chunk + reader->chunk_position;
        size_t left = reader->chunk_length - reader->chunk_position;
        const char *end = left > 0 ? memchr(from, '\n', left) : NULL;
        struct text part = text_of_bytes(from, end != NULL ? (size_t)(end - from) : left);
        reader->chunk_position += part.length + (end != NULL);
        reader->line += end != NULL;
        if (!is_split && end != NULL) {
            line->text = part;
            return STATUS_OK;
        }
        line->is_too_long = line->is_too_long || !buffer_append(&reader->split, part);
        if (end != NULL || left == 0) {
            line->text = buffer_text(&reader->split);
            line->is_last = left == 0 && line->text.length == 0 && !line->is_too_long;
            return STATUS_OK;
        }
    }
}

static enum status split(struct tsv_reader *reader, struct call *call, const struct line *line,
                         struct csv_row *row)
{
    struct text rest = text_ends_with(line->text, TEXT("\r"))
                           ? text_slice(line->text, 0, line->text.length - 1)
                           : line->text;
    if (line->is_too_long || rest.length > TSV_ROW_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the row is longer than 64 KiB");
    }
    row->count = 0;
    row->fields = reader->fields;
    while (rest.data != NULL) {
        if (row->count == TSV_FIELDS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "the row has more than %d fields",
                             TSV_FIELDS_MAX);
        }
        struct text field = text_next(&rest, '\t');
        reader->fields[row->count++] = text_equal(field, TEXT("\\N")) ? TEXT("") : field;
    }
    return STATUS_OK;
}

enum status tsv_reader_next(struct tsv_reader *reader, struct call *call, struct csv_row *ret_row)
{
    struct line line;
    do {
        ret_row->line = reader->line;
        enum status status = read_line(reader, call, &line);
        if (status != STATUS_OK) {
            return status;
        }
        if (line.is_last) {
            return STATUS_NOT_FOUND;
        }
    } while (!line.is_too_long && (line.text.length == 0 || text_equal(line.text, TEXT("\r"))));
    return split(reader, call, &line, ret_row);
}
