#include "marquee/csv_writer.h"

static bool needs_quotes(struct text field)
{
    static const char special[] = {',', '"', '\r', '\n'};
    for (size_t i = 0; i < ARRAY_LENGTH(special); i++) {
        if (text_find(field, 0, special[i]) < field.length) {
            return true;
        }
    }
    /* A line that is nothing but an empty field would read as an empty line, and some programs trim
     * spaces. */
    return field.length > 0 && (field.data[0] == ' ' || field.data[field.length - 1] == ' ' ||
                                text_starts_with(field, TEXT("\xef\xbb\xbf")));
}

void csv_write_field(FILE *file, struct text field)
{
    if (field.length == 0) {
        return; /* its data may be NULL, which fwrite() must not be given */
    }
    if (!needs_quotes(field)) {
        (void)fwrite(field.data, 1, field.length, file);
        return;
    }
    (void)fputc('"', file);
    for (size_t i = 0; i < field.length; i++) {
        if (field.data[i] == '"') {
            (void)fputc('"', file);
        }
        (void)fputc(field.data[i], file);
    }
    (void)fputc('"', file);
}
