#include "fuzz/row_fuzz.h"

#include "base/check.h"

enum { TEXT_BYTES = 16 * 1024 * 1024, SMALL_CHUNK_BYTES = 3 };

struct rewriting {
    const struct row_fuzz *fuzz;
    struct buffer *buffer;
    uint64_t line; /* of the row before */
    size_t malformed;
};

static void rewrite_row(void *state, enum status status, const struct csv_row *row,
                        const struct call *call)
{
    struct rewriting *rewriting = state;
    (void)call;
    CHECK(status == STATUS_NOT_FOUND || row->line > rewriting->line);
    if (status == STATUS_OK) {
        CHECK(row->count > 0 && row->count <= rewriting->fuzz->fields_max);
        rewriting->fuzz->write_row(rewriting->buffer, row);
    }
    rewriting->line = row->line;
    rewriting->malformed += status == STATUS_INVALID_ARGUMENT;
}

/* All good rows, written anew; returns how many rows were malformed. */
static size_t rewrite(const struct row_fuzz *fuzz, struct text text, size_t chunk_bytes,
                      struct buffer *buffer)
{
    const struct row_walk walk = {.kind = fuzz->kind, .text = text, .chunk_bytes = chunk_bytes};
    struct rewriting rewriting = {.fuzz = fuzz, .buffer = buffer};
    CHECK(row_walk(&walk, rewrite_row, &rewriting) == STATUS_NOT_FOUND);
    return rewriting.malformed;
}

void row_fuzz_check(const struct row_fuzz *fuzz, struct text text)
{
    struct buffer first;
    struct buffer second;
    buffer_init(&first, TEXT_BYTES);
    buffer_init(&second, TEXT_BYTES);
    size_t malformed = rewrite(fuzz, text, fuzz->chunk_bytes, &first);
    CHECK(rewrite(fuzz, text, SMALL_CHUNK_BYTES, &second) == malformed);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_clear(&second);
    CHECK(rewrite(fuzz, buffer_text(&first), fuzz->chunk_bytes, &second) == 0);
    CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
    buffer_deinit(&first);
    buffer_deinit(&second);
}
