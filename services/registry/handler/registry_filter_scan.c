#include "registry/handler/registry_filter_scan.h"

#include "base/arena.h"
#include "base/buffer.h"

/* The terminals as error texts show them. */
#define SHOWN_SPACE "[ \\t\\r\\n]"
#define SHOWN_EOF "EOF" /* last in the list, all others in the order of their bytes */

void filter_fail_hard(struct filter_scanner *scanner, enum status status, const char *reason)
{
    if (scanner->status == STATUS_OK) {
        scanner->status = status;
        if (reason != NULL) {
            (void)call_fail(scanner->call, status, "%s", reason);
        }
    }
}

static void expect(struct filter_scanner *scanner, struct text shown)
{
    if (scanner->at < scanner->farthest) {
        return;
    }
    if (scanner->at > scanner->farthest) {
        scanner->farthest = scanner->at;
        scanner->expected_count = 0;
    }
    for (size_t i = 0; i < scanner->expected_count; i++) {
        if (text_equal(scanner->expected[i], shown)) {
            return;
        }
    }
    CHECK(scanner->expected_count < FILTER_EXPECTED_MAX);
    scanner->expected[scanner->expected_count++] = shown;
}

/* Lines and columns count from 1, offsets from 0; a line's end is column 0 of the next. */
static struct text place_text(struct filter_scanner *scanner, size_t offset)
{
    unsigned line = 1;
    unsigned column = 1;
    for (size_t i = 0; i < scanner->input.length && i <= offset; i++) {
        char byte = scanner->input.data[i];
        if (byte == '\n') {
            line++;
            column = 0;
        } else if (i > 0 && ((unsigned char)byte & 0xc0) != 0x80) {
            column++;
        }
    }
    if (offset == scanner->input.length && offset > 0) {
        column++;
    }
    return arena_format(scanner->call->arena, "%u:%u (%zu)", line, column, offset);
}

void filter_note_error(struct filter_scanner *scanner, size_t offset, const char *rule,
                       const char *message)
{
    struct text error = arena_format(scanner->call->arena, "%.*s: rule \"%s\": %s",
                                     TEXT_ARGUMENTS(place_text(scanner, offset)), rule, message);
    for (size_t i = 0; i < scanner->error_count; i++) {
        if (text_equal(scanner->errors[i], error)) {
            return;
        }
    }
    if (scanner->error_count < FILTER_ERRORS_MAX) {
        scanner->errors[scanner->error_count++] = error;
    }
}

/* Terminals: true when taken; otherwise what they are is noted as expected here. */

bool filter_take(struct filter_scanner *scanner, const char *literal)
{
    struct text text = text_of(literal);
    struct text ahead = text_slice(scanner->input, scanner->at, scanner->at + text.length);
    if (!text_equal(ahead, text)) {
        expect(scanner, filter_quote(scanner->call, text));
        return false;
    }
    scanner->at += text.length;
    return true;
}

static bool is_between(char byte, char first, char last)
{
    return byte >= first && byte <= last;
}

static bool is_letter(char byte)
{
    return is_between(byte, 'a', 'z') || is_between(byte, 'A', 'Z');
}

static bool is_word_byte(char byte)
{
    return is_letter(byte) || is_between(byte, '0', '9') || byte == '_';
}

static bool is_digit(char byte)
{
    return is_between(byte, '0', '9');
}

static bool is_digit_but_zero(char byte)
{
    return is_between(byte, '1', '9');
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool take_one(struct filter_scanner *scanner, bool (*is_member)(char byte),
                     struct text shown)
{
    if (scanner->at < scanner->input.length && is_member(scanner->input.data[scanner->at])) {
        scanner->at++;
        return true;
    }
    expect(scanner, shown);
    return false;
}

/* As many as there are; whether there was one. */
static bool take_run(struct filter_scanner *scanner, bool (*is_member)(char byte),
                     struct text shown)
{
    size_t start = scanner->at;
    while (take_one(scanner, is_member, shown)) {
    }
    return scanner->at > start;
}

bool filter_take_spaces(struct filter_scanner *scanner)
{
    return take_run(scanner, is_space, TEXT(SHOWN_SPACE));
}

bool filter_take_end(struct filter_scanner *scanner)
{
    if (scanner->at == scanner->input.length) {
        return true;
    }
    expect(scanner, TEXT(SHOWN_EOF));
    return false;
}

/* Strings, numbers, identifiers. */

/* `raw` or "with escapes". */
bool filter_read_string(struct filter_scanner *scanner, struct text *ret_value)
{
    size_t start = scanner->at;
    if (!filter_take(scanner, "`") && !filter_take(scanner, "\"")) {
        return false;
    }
    size_t end = text_find(scanner->input, scanner->at, scanner->input.data[start]);
    if (end == scanner->input.length) {
        filter_note_error(scanner, end, "string", "Unterminated string literal");
        scanner->at = start;
        return false;
    }
    scanner->at = end + 1;
    if (!filter_unquote(scanner->call, text_slice(scanner->input, start, scanner->at), ret_value)) {
        filter_note_error(scanner, start, "string", "invalid syntax");
        *ret_value = (struct text){NULL, 0};
    }
    return true;
}

static bool number_ends(struct filter_scanner *scanner)
{
    size_t end = scanner->at;
    bool ends =
        filter_take_spaces(scanner) || filter_take_end(scanner) || filter_take(scanner, ")");
    scanner->at = end;
    return ends;
}

bool filter_read_number(struct filter_scanner *scanner, struct text *ret_value)
{
    size_t start = scanner->at;
    (void)filter_take(scanner, "-");
    if (!filter_take(scanner, "0")) {
        if (!take_one(scanner, is_digit_but_zero, TEXT("[1-9]"))) {
            scanner->at = start;
            return false;
        }
        (void)take_run(scanner, is_digit, TEXT("[0-9]"));
    }
    size_t whole = scanner->at;
    if (filter_take(scanner, ".") && !take_run(scanner, is_digit, TEXT("[0-9]"))) {
        scanner->at = whole;
    }
    if (!number_ends(scanner)) {
        filter_note_error(scanner, scanner->at, "number", "Invalid number literal");
        scanner->at = start;
        return false;
    }
    *ret_value = text_slice(scanner->input, start, scanner->at);
    return true;
}

bool filter_read_identifier(struct filter_scanner *scanner, struct text *ret_part)
{
    size_t start = scanner->at;
    if (!take_one(scanner, is_letter, TEXT("[a-zA-Z]"))) {
        return false;
    }
    (void)take_run(scanner, is_word_byte, TEXT("[a-zA-Z0-9_]"));
    *ret_part = text_slice(scanner->input, start, scanner->at);
    return true;
}

/* What is wrong with the expression. */

static void sort_expected(struct filter_scanner *scanner)
{
    struct text eof = TEXT(SHOWN_EOF);
    for (size_t i = 1; i < scanner->expected_count; i++) {
        struct text moved = scanner->expected[i];
        size_t place = i;
        while (place > 0 && !text_equal(moved, eof) &&
               (text_equal(scanner->expected[place - 1], eof) ||
                text_compare(scanner->expected[place - 1], moved) > 0)) {
            scanner->expected[place] = scanner->expected[place - 1];
            place--;
        }
        scanner->expected[place] = moved;
    }
}

static bool write_expected(struct filter_scanner *scanner, struct buffer *buffer)
{
    sort_expected(scanner);
    bool fits = buffer_format(buffer, "%.*s: no match found, expected: ",
                              TEXT_ARGUMENTS(place_text(scanner, scanner->farthest)));
    for (size_t i = 0; fits && i < scanner->expected_count; i++) {
        const char *separator = i + 1 < scanner->expected_count ? ", " : " or ";
        fits = buffer_format(buffer, "%s%.*s", i > 0 ? separator : "",
                             TEXT_ARGUMENTS(scanner->expected[i]));
    }
    return fits;
}

static bool write_errors(struct filter_scanner *scanner, struct buffer *buffer)
{
    bool fits = true;
    for (size_t i = 0; fits && i < scanner->error_count; i++) {
        fits =
            buffer_format(buffer, "%s%.*s", i > 0 ? "\n" : "", TEXT_ARGUMENTS(scanner->errors[i]));
    }
    return fits;
}

enum status filter_fail(struct filter_scanner *scanner)
{
    struct buffer buffer;
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    buffer_init(&buffer, FILTER_ERROR_BYTES_MAX);
    if (scanner->error_count > 0 ? write_errors(scanner, &buffer)
                                 : write_expected(scanner, &buffer)) {
        status = call_fail(scanner->call, STATUS_INVALID_ARGUMENT, "%.*s",
                           TEXT_ARGUMENTS(buffer_text(&buffer)));
    }
    buffer_deinit(&buffer);
    return status;
}
