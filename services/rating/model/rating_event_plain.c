#include <limits.h>

#include "base/little_endian.h"
#include "rating/model/rating_event_private.h"

/* So many digits are exact in a double, and so is their power of ten: the quotient is rounded once,
 * as strtod() does. */
enum { DIGITS_MAX = 15, WORD_BYTES = 8 };

struct scanner {
    const char *at;
    const char *end;
    bool is_ascii;
};

static void skip_space(struct scanner *scanner)
{
    /* Mostly there is none, and one comparison says so. */
    while (scanner->at < scanner->end && (unsigned char)*scanner->at <= ' ' &&
           (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\r' ||
            *scanner->at == '\t')) {
        scanner->at++;
    }
}

/* false: something else stands there. */
static bool take_byte(struct scanner *scanner, char byte)
{
    skip_space(scanner);
    if (scanner->at == scanner->end || *scanner->at != byte) {
        return false;
    }
    scanner->at++;
    return true;
}

/* Of eight bytes, the high bit of the first one that is no plain ASCII of a string (a control, a
 * quote, a backslash, a high bit), and perhaps of some behind it; 0: all are plain. (Bit Twiddling
 * Hacks, "determine if a word has a byte less than n".) */
static uint64_t find_special(const char *at)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    static const uint64_t highs = UINT64_C(0x8080808080808080);
    uint64_t word = le64_read(at);
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash) | word) &
           highs;
}

/* The next byte that is not plain, or the end. */
static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= WORD_BYTES) {
        uint64_t special = find_special(at);
        if (special != 0) {
            return at + __builtin_ctzll(special) / CHAR_BIT;
        }
        at += WORD_BYTES;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\') {
        at++;
    }
    return at;
}

/* A string without escapes, whose opening quote has been taken. */
static bool read_string(struct scanner *scanner, struct text *ret_text)
{
    const char *at = skip_plain(scanner->at, scanner->end);
    while (at < scanner->end && (unsigned char)*at >= 0x80) {
        scanner->is_ascii = false;
        at = skip_plain(at + 1, scanner->end);
    }
    if (at == scanner->end || *at != '"') {
        return false;
    }
    *ret_text = text_of_bytes(scanner->at, (size_t)(at - scanner->at));
    scanner->at = at + 1;
    return true;
}

static size_t read_digits(struct scanner *scanner, uint64_t *number)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && scanner->at - start <= DIGITS_MAX && *scanner->at >= '0' &&
           *scanner->at <= '9') {
        *number = *number * 10 + (uint64_t)(*scanner->at - '0');
        scanner->at++;
    }
    return (size_t)(scanner->at - start);
}

/* Digits, and a fraction where there is one; what may go on with it (an exponent) is no end. */
static bool read_number(struct scanner *scanner, struct rating_event_value *value)
{
    uint64_t number = 0;
    double scale = 1;
    bool leading_zero = *scanner->at == '0';
    size_t whole = read_digits(scanner, &number);
    size_t fraction = 0;
    value->kind = JSON_INTEGER;
    if (whole == 0 || (leading_zero && whole > 1)) {
        return false;
    }
    if (scanner->at < scanner->end && *scanner->at == '.') {
        scanner->at++;
        fraction = read_digits(scanner, &number);
        value->kind = JSON_REAL;
        if (fraction == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < fraction; i++) {
        scale *= 10;
    }
    value->number = fraction > 0 ? (double)number / scale : (double)number;
    return whole + fraction <= DIGITS_MAX && scanner->at < scanner->end &&
           (*scanner->at == ',' || *scanner->at == '}' || *scanner->at == ' ');
}

static bool read_value(struct scanner *scanner, struct rating_event_value *value)
{
    skip_space(scanner);
    if (scanner->at == scanner->end) {
        return false;
    }
    if (*scanner->at == '"') {
        scanner->at++;
        value->kind = JSON_STRING;
        return read_string(scanner, &value->text);
    }
    return read_number(scanner, value);
}

/* Writers keep an order: the field behind the one before is looked at first. */
static enum rating_event_field find_field(struct text name, unsigned after)
{
    for (unsigned i = 0; i < EVENT_FIELD_COUNT; i++) {
        unsigned field = (after + i) % EVENT_FIELD_COUNT;
        if (text_equal(name, rating_event_field_names[field])) {
            return (enum rating_event_field)field;
        }
    }
    return EVENT_FIELD_COUNT;
}

/* A name twice is for the JSON reader to refuse. */
static bool read_members(struct scanner *scanner, struct rating_event_fields *fields)
{
    unsigned next = 0;
    bool has_other = false;
    do {
        struct text name;
        struct rating_event_value other = {.kind = JSON_ABSENT};
        if (!take_byte(scanner, '"') || !read_string(scanner, &name) || !take_byte(scanner, ':')) {
            return false;
        }
        enum rating_event_field field = find_field(name, next);
        struct rating_event_value *value =
            field < EVENT_FIELD_COUNT ? &fields->values[field] : &other;
        if (value->kind != JSON_ABSENT || (value == &other && has_other) ||
            !read_value(scanner, value)) {
            return false;
        }
        has_other = has_other || value == &other;
        next = field < EVENT_FIELD_COUNT ? field + 1 : next;
    } while (take_byte(scanner, ','));
    return take_byte(scanner, '}');
}

bool rating_event_read_plain(struct text json, struct rating_event_fields *ret_fields)
{
    struct rating_event_fields fields = {.values = {{.kind = JSON_ABSENT}}};
    if (json.length == 0) {
        return false;
    }
    struct scanner scanner = {json.data, json.data + json.length, true};
    if (!take_byte(&scanner, '{') || !read_members(&scanner, &fields)) {
        return false;
    }
    skip_space(&scanner);
    if (scanner.at != scanner.end || (!scanner.is_ascii && !text_is_utf8(json))) {
        return false;
    }
    *ret_fields = fields;
    return true;
}
