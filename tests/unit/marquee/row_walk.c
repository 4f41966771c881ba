#include "unit/marquee/row_walk.h"

#include "base/arena.h"
#include "base/check.h"
#include "marquee/tsv_reader.h"
#include "unit/marquee/chunked_source.h"

enum { ARENA_BYTES = 64 * 1024 };

union row_reader {
    struct csv_reader csv;
    struct tsv_reader tsv;
};

static enum status open_reader(enum row_kind kind, struct byte_source source,
                               union row_reader *reader)
{
    return kind == ROW_CSV ? csv_reader_init(&reader->csv, source)
                           : tsv_reader_init(&reader->tsv, source);
}

static enum status read_row(enum row_kind kind, union row_reader *reader, struct call *call,
                            struct csv_row *ret_row)
{
    return kind == ROW_CSV ? csv_reader_next(&reader->csv, call, ret_row)
                           : tsv_reader_next(&reader->tsv, call, ret_row);
}

static void close_reader(enum row_kind kind, union row_reader *reader)
{
    if (kind == ROW_CSV) {
        csv_reader_deinit(&reader->csv);
    } else {
        tsv_reader_deinit(&reader->tsv);
    }
}

enum status row_walk(const struct row_walk *walk, row_visit *visit, void *state)
{
    struct chunked_source source = {walk->text, walk->chunk_bytes, walk->fails};
    union row_reader reader;
    enum status status = open_reader(walk->kind, chunked_source_bytes(&source), &reader);
    CHECK(status == STATUS_OK);
    do {
        struct arena arena;
        struct call call;
        struct csv_row row = {.line = 0};
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        status = read_row(walk->kind, &reader, &call, &row);
        visit(state, status, &row, &call);
        arena_deinit(&arena);
    } while (status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    close_reader(walk->kind, &reader);
    return status;
}

static void describe_row(void *state, enum status status, const struct csv_row *row,
                         const struct call *call)
{
    struct buffer *result = state;
    if (status == STATUS_OK) {
        CHECK(buffer_format(result, "%d[", (int)row->line));
        for (size_t i = 0; i < row->count; i++) {
            CHECK(i == 0 || buffer_append_byte(result, '|'));
            CHECK(buffer_append(result, row->fields[i]));
        }
        CHECK(buffer_append_byte(result, ']'));
    } else if (status == STATUS_INVALID_ARGUMENT) {
        CHECK(
            buffer_format(result, "%d!%.*s!", (int)row->line, TEXT_ARGUMENTS(call->error.message)));
    } else {
        CHECK(buffer_append(result, status == STATUS_NOT_FOUND ? TEXT("end")
                                                               : text_of(status_name(status))));
    }
}

void row_walk_describe(const struct row_walk *walk, struct buffer *result)
{
    buffer_clear(result);
    (void)row_walk(walk, describe_row, result);
}
