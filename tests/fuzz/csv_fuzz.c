/* Any bytes as CSV; a row is written with every field in quotes. */
#include "base/check.h"
#include "fuzz/row_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct row_fuzz fuzz = {ROW_CSV, CSV_FIELDS_MAX, CSV_CHUNK_BYTES, write_row};
    row_fuzz_check(&fuzz, text_of_bytes(data, size));
    return 0;
}
