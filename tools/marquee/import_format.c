#include "marquee/import_format.h"

static const char *const names[IMPORT_FORMAT_COUNT] = {
    [IMPORT_MOVIELENS] = "movielens",
    [IMPORT_IMDB_TITLES] = "imdb-titles",
    [IMPORT_IMDB_SCORES] = "imdb-scores",
    [IMPORT_IMDB_RATINGS] = "imdb-ratings",
    [IMPORT_LETTERBOXD] = "letterboxd",
    [IMPORT_JSON] = "json",
    [IMPORT_CSV] = "csv",
};

const char *import_format_name(enum import_format format)
{
    return names[format];
}

enum status import_format_parse(struct call *call, struct text name, enum import_format *ret_format)
{
    for (size_t i = 0; i < IMPORT_FORMAT_COUNT; i++) {
        if (text_equal(name, text_of(names[i]))) {
            *ret_format = (enum import_format)i;
            return STATUS_OK;
        }
    }
    if (text_equal(name, TEXT("catalogue"))) {
        *ret_format = IMPORT_JSON;
        return STATUS_OK;
    }
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "'%.*s' is no format; known are movielens, imdb-titles, imdb-scores, "
                     "imdb-ratings, letterboxd, json, csv",
                     TEXT_ARGUMENTS(name));
}

/* Whether the line has the field, whatever stands around it; quotes are passed over. */
static bool has_field(struct text line, struct text field)
{
    struct text rest = line;
    while (rest.data != NULL) {
        struct text part = text_trim(text_next(&rest, ','));
        if (part.length >= 2 && part.data[0] == '"' && part.data[part.length - 1] == '"') {
            part = text_slice(part, 1, part.length - 1);
        }
        if (text_equal(part, field)) {
            return true;
        }
    }
    return false;
}

static struct text first_line(struct text head)
{
    struct text rest = head;
    struct text line = text_next(&rest, '\n');
    return text_ends_with(line, TEXT("\r")) ? text_slice(line, 0, line.length - 1) : line;
}

static bool begins_as_json(struct text head)
{
    for (size_t i = 0; i < head.length; i++) {
        char byte = head.data[i];
        if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n') {
            return byte == '{' || byte == '[';
        }
    }
    return false;
}

bool import_format_of_head(struct text head, enum import_format *ret_format)
{
    /* The columns by which a header line is told. */
    static const struct {
        enum import_format format;
        struct text first;
        struct text second;
    } headers[] = {
        {IMPORT_IMDB_RATINGS, TEXT_INIT("Const"), TEXT_INIT("Your Rating")},
        {IMPORT_LETTERBOXD, TEXT_INIT("Letterboxd URI"), TEXT_INIT("Name")},
        {IMPORT_LETTERBOXD, TEXT_INIT("Title"), TEXT_INIT("WatchedDate")},
        {IMPORT_CSV, TEXT_INIT("userId"), TEXT_INIT("recordId")},
    };
    struct text line = first_line(head);
    if (text_starts_with(line, TEXT("tconst\ttitleType\t"))) {
        *ret_format = IMPORT_IMDB_TITLES;
        return true;
    }
    if (text_starts_with(line, TEXT("tconst\taverageRating\t"))) {
        *ret_format = IMPORT_IMDB_SCORES;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        if (has_field(line, headers[i].first) && has_field(line, headers[i].second)) {
            *ret_format = headers[i].format;
            return true;
        }
    }
    *ret_format = IMPORT_JSON;
    return begins_as_json(head);
}

static enum status unknown(struct call *call, struct text path)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "%.*s is in no format that is known here: marquee import --help lists them",
                     TEXT_ARGUMENTS(path));
}

enum status import_format_detect(struct call *call, const struct import_files *files,
                                 enum import_format *ret_format)
{
    struct import_file file;
    if (files->is_folder || files->is_archive) {
        if (import_files_have(files, TEXT("movies.csv"))) {
            *ret_format = IMPORT_MOVIELENS;
            return STATUS_OK;
        }
        *ret_format = IMPORT_LETTERBOXD;
        return import_files_have(files, TEXT("ratings.csv")) ||
                       import_files_have(files, TEXT("diary.csv"))
                   ? STATUS_OK
                   : unknown(call, files->path);
    }
    if (text_equal(files->path, TEXT("-"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "of standard input the format must be said: marquee import FORMAT -");
    }
    enum status status = import_file_open(call, files, TEXT(""), &file);
    if (status == STATUS_OK) {
        status =
            import_format_of_head(file.head, ret_format) ? STATUS_OK : unknown(call, files->path);
        import_file_close(&file);
    }
    return status;
}
