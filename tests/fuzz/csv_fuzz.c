/* Any bytes as CSV. The rows must not depend on where the chunks end, and a row that is written out
 * with every field in quotes must read back the same. */
#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/csv_reader.h"
#include "unit/marquee/chunked_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 * 1024, TEXT_BYTES = 16 * 1024 * 1024 };

static void write_row(struct buffer *buffer, const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        CHECK(i == 0 || buffer_append_byte(buffer, ','));
        CHECK(buffer_append_byte(buffer, '"'));
        for (size_t j = 0; j < row->fields[i].length; j++) {
            char byte = row->fields[i].data[j];
            CHECK(byte != '"' || buffer_append_byte(buffer, '"'));
            CHECK(buffer_append_byte(buffer, byte));
        }
        CHECK(buffer_append_byte(buffer, '"'));
    }
    CHECK(buffer_append_byte(buffer, '\n'));
}

/* All good rows, written anew; returns how many rows were malformed. */
static size_t rewrite(struct text csv, size_t chunk_bytes, struct buffer *buffer)
{
    struct chunked_source source = {csv, chunk_bytes, false};
    struct csv_reader reader;
    struct csv_row row;
    size_t malformed = 0;
    uint64_t line = 0;
    enum status status;
    CHECK(csv_reader_init(&reader, chunked_source_bytes(&source)) == STATUS_OK);
    do {
        struct arena arena;
        struct call call;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        status = csv_reader_next(&reader, &call, &row);
        CHECK(status == STATUS_NOT_FOUND || row.line > line);
        if (status == STATUS_OK) {
            CHECK(row.count > 0 && row.count <= CSV_FIELDS_MAX);
            write_row(buffer, &row);
        }
        line = row.line;
        malformed += status == STATUS_INVALID_ARGUMENT;
        arena_deinit(&arena);
    } while (status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    CHECK(status == STATUS_NOT_FOUND);
    csv_reader_deinit(&reader);
    return malformed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first;
    struct buffer second;
    struct text csv = text_of_bytes(data, size);
    buffer_init(&first, TEXT_BYTES);
    buffer_init(&second, TEXT_BYTES);
    size_t malformed = rewrite(csv, CSV_CHUNK_BYTES, &first);
    CHECK(rewrite(csv, 3, &second) == malformed);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_clear(&second);
    CHECK(rewrite(buffer_text(&first), CSV_CHUNK_BYTES, &second) == 0);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_deinit(&first);
    buffer_deinit(&second);
    return 0;
}
