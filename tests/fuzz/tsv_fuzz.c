/* Any bytes as TSV. The rows must not depend on where the chunks end, and those that are written
 * out must read back the same. */
#include "base/arena.h"
#include "base/buffer.h"
#include "marquee/tsv_reader.h"
#include "unit/marquee/chunked_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024, TEXT_BYTES = 16 * 1024 * 1024 };

/* A row that is one empty field would be an empty line. */
static void write_row(struct buffer *buffer, const struct csv_row *row)
{
    bool is_blank = row->count == 1 && row->fields[0].length == 0;
    for (size_t i = 0; i < row->count; i++) {
        CHECK(i == 0 || buffer_append_byte(buffer, '\t'));
        CHECK(buffer_append(buffer, is_blank ? TEXT("\\N") : row->fields[i]));
    }
    CHECK(buffer_append(buffer, TEXT("\r\n")));
}

/* All good rows, written anew; returns how many rows were malformed. */
static size_t rewrite(struct text tsv, size_t chunk_bytes, struct buffer *buffer)
{
    struct chunked_source source = {tsv, chunk_bytes, false};
    struct tsv_reader reader;
    struct csv_row row;
    size_t malformed = 0;
    uint64_t line = 0;
    enum status status;
    CHECK(tsv_reader_init(&reader, chunked_source_bytes(&source)) == STATUS_OK);
    do {
        struct arena arena;
        struct call call;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        status = tsv_reader_next(&reader, &call, &row);
        CHECK(status == STATUS_NOT_FOUND || row.line > line);
        if (status == STATUS_OK) {
            CHECK(row.count > 0 && row.count <= TSV_FIELDS_MAX);
            write_row(buffer, &row);
        }
        line = row.line;
        malformed += status == STATUS_INVALID_ARGUMENT;
        arena_deinit(&arena);
    } while (status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    CHECK(status == STATUS_NOT_FOUND);
    tsv_reader_deinit(&reader);
    return malformed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first;
    struct buffer second;
    struct text tsv = text_of_bytes(data, size);
    buffer_init(&first, TEXT_BYTES);
    buffer_init(&second, TEXT_BYTES);
    size_t malformed = rewrite(tsv, TSV_CHUNK_BYTES, &first);
    CHECK(rewrite(tsv, 3, &second) == malformed);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_clear(&second);
    CHECK(rewrite(buffer_text(&first), TSV_CHUNK_BYTES, &second) == 0);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_deinit(&first);
    buffer_deinit(&second);
    return 0;
}
