/* Any bytes as TSV. */
#include "base/check.h"
#include "fuzz/row_fuzz.h"
#include "marquee/tsv_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct row_fuzz fuzz = {ROW_TSV, TSV_FIELDS_MAX, TSV_CHUNK_BYTES, write_row};
    row_fuzz_check(&fuzz, text_of_bytes(data, size));
    return 0;
}
