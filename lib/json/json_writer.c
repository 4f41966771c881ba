#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/base64.h"
#include "json/json.h"

/* Room for any double by "%.17g". */
enum { NUMBER_BYTES_MAX = 32 };

/* Doubles below this that are integers are written without exponent. */
#define PLAIN_INTEGER_MAX 1e15

static void append(struct json_writer *writer, struct text text)
{
    if (!writer->failed && !buffer_append(writer->buffer, text)) {
        writer->failed = true;
    }
}

/* Before a value or a name: parts it from what came before. */
static void begin(struct json_writer *writer)
{
    if (writer->comma) {
        append(writer, TEXT(","));
    }
    writer->comma = true;
}

void json_writer_init(struct json_writer *writer, struct buffer *buffer)
{
    *writer = (struct json_writer){.buffer = buffer};
}

static void open(struct json_writer *writer, struct text bracket)
{
    begin(writer);
    append(writer, bracket);
    writer->comma = false;
}

static void close(struct json_writer *writer, struct text bracket)
{
    append(writer, bracket);
    writer->comma = true;
}

void json_open_object(struct json_writer *writer)
{
    open(writer, TEXT("{"));
}

void json_close_object(struct json_writer *writer)
{
    close(writer, TEXT("}"));
}

void json_open_array(struct json_writer *writer)
{
    open(writer, TEXT("["));
}

void json_close_array(struct json_writer *writer)
{
    close(writer, TEXT("]"));
}

/* Whether a byte of UTF-8 stands for itself in a JSON string. */
static bool is_plain(char byte)
{
    return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Whether eight bytes are all ASCII and plain. Each term has the top bit of a byte set where that
 * byte may be a control character, a quote, a backslash or not ASCII; a borrow can only add false
 * alarms. */
static bool is_plain_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quotes = word ^ (ones * '"');
    uint64_t backslashes = word ^ (ones * '\\');
    uint64_t special = (word - ones * 0x20) | (quotes - ones) | (backslashes - ones) | word;
    return (special & (ones * 0x80)) == 0;
}

/* How many bytes at the start are ASCII and stand for themselves, looked at by eights. */
static size_t plain_words_length(struct text value)
{
    size_t at = 0;
    for (; value.length - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, value.data + at, sizeof(word));
        if (!is_plain_word(word)) {
            break;
        }
    }
    return at;
}

/* How many bytes of UTF-8 at the start stand for themselves. */
static size_t plain_length(struct text value)
{
    size_t at = 0;
    while (at < value.length) {
        at += plain_words_length(text_slice(value, at, value.length));
        if (at == value.length) {
            break;
        }
        if (!is_plain(value.data[at])) {
            break;
        }
        at++;
    }
    return at;
}

static void append_escape(struct json_writer *writer, char byte)
{
    static const char meanings[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    const char *found = byte != '\0' ? strchr(meanings, byte) : NULL;
    char escape[8];
    int length = found != NULL ? snprintf(escape, sizeof(escape), "\\%c", names[found - meanings])
                               : snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)byte);
    append(writer, text_of_bytes(escape, (size_t)length));
}

static void append_utf8(struct json_writer *writer, struct text value)
{
    while (value.length > 0) {
        size_t length = plain_length(value);
        append(writer, text_slice(value, 0, length));
        if (length < value.length) {
            append_escape(writer, value.data[length]);
            length++;
        }
        value = text_slice(value, length, value.length);
    }
}

/* The length of the good sequence at the start, or 0. */
static size_t sequence_length(struct text rest)
{
    for (size_t length = 1; length <= 4 && length <= rest.length; length++) {
        if (text_is_utf8(text_slice(rest, 0, length))) {
            return length;
        }
    }
    return 0;
}

static void append_repaired(struct json_writer *writer, struct text value)
{
    size_t at = 0;
    while (at < value.length) {
        size_t length = sequence_length(text_slice(value, at, value.length));
        if (length == 0) {
            append(writer, TEXT("\xef\xbf\xbd"));
            at++;
        } else {
            append_utf8(writer, text_slice(value, at, at + length));
            at += length;
        }
    }
}

static void append_string(struct json_writer *writer, struct text value)
{
    append(writer, TEXT("\""));
    if (text_is_utf8(value)) {
        append_utf8(writer, value);
    } else {
        append_repaired(writer, value);
    }
    append(writer, TEXT("\""));
}

/* Whether it is ASCII without a byte to escape, as most strings are. */
static bool is_plain_ascii(struct text value)
{
    for (size_t at = plain_words_length(value); at < value.length; at++) {
        if (!is_plain(value.data[at]) || (unsigned char)value.data[at] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Appends a string that needs no escapes, with all that parts it from its neighbours, in one go.
 * false: nothing was appended. */
static bool append_plain(struct json_writer *writer, struct text value, bool is_name)
{
    if (writer->failed) {
        return false;
    }
    size_t length = value.length + 2 + writer->comma + is_name;
    char *room = buffer_reserve(writer->buffer, length);
    if (room == NULL) {
        return false;
    }
    if (writer->comma) {
        *room++ = ',';
    }
    *room++ = '"';
    if (value.length > 0) {
        memcpy(room, value.data, value.length);
    }
    room[value.length] = '"';
    if (is_name) {
        room[value.length + 1] = ':';
    }
    buffer_extend(writer->buffer, length);
    writer->comma = !is_name;
    return true;
}

void json_write_name(struct json_writer *writer, struct text name)
{
    if (is_plain_ascii(name) && append_plain(writer, name, true)) {
        return;
    }
    begin(writer);
    append_string(writer, name);
    append(writer, TEXT(":"));
    writer->comma = false;
}

void json_write_string(struct json_writer *writer, struct text value)
{
    if (is_plain_ascii(value) && append_plain(writer, value, false)) {
        return;
    }
    begin(writer);
    append_string(writer, value);
}

void json_write_base64(struct json_writer *writer, struct text bytes)
{
    json_write_raw(writer, TEXT("\""));
    if (!writer->failed && !base64_encode(bytes, writer->buffer)) {
        writer->failed = true;
    }
    append(writer, TEXT("\""));
}

void json_write_integer(struct json_writer *writer, int64_t value)
{
    char digits[NUMBER_BYTES_MAX];
    char *first = digits + sizeof(digits);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--first = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0) {
        *--first = '-';
    }
    json_write_raw(writer, text_of_bytes(first, (size_t)(digits + sizeof(digits) - first)));
}

/* Writes an integer, or negative zero, plainly. false: it is neither. */
static bool write_plain(struct json_writer *writer, double value)
{
    if (value == 0 && signbit(value)) {
        json_write_raw(writer, TEXT("-0.0"));
        return true;
    }
    if (fabs(value) < PLAIN_INTEGER_MAX && value == trunc(value)) {
        json_write_integer(writer, (int64_t)value);
        return true;
    }
    return false;
}

/* Writes a number of at most three decimals, which are most, without asking printf for more. Where
 * the quotient is the number, its digits read back as the number. false: it has more. */
static bool write_decimals(struct json_writer *writer, double value)
{
    char digits[NUMBER_BYTES_MAX];
    double thousandths = round(value * 1000);
    if (fabs(value) >= PLAIN_INTEGER_MAX / 1000 || thousandths / 1000 != value) {
        return false;
    }
    long long magnitude = (long long)fabs(thousandths);
    int length = snprintf(digits, sizeof(digits), "%s%lld.%03lld", value < 0 ? "-" : "",
                          magnitude / 1000, magnitude % 1000);
    while (digits[length - 1] == '0') {
        length--;
    }
    json_write_raw(writer, text_of_bytes(digits, (size_t)length));
    return true;
}

void json_write_number(struct json_writer *writer, double value)
{
    CHECK(isfinite(value));
    if (write_plain(writer, value) || write_decimals(writer, value)) {
        return;
    }
    char digits[NUMBER_BYTES_MAX];
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    json_write_raw(writer, text_of_bytes(digits, (size_t)length));
}

void json_write_single(struct json_writer *writer, float value)
{
    CHECK(isfinite(value));
    if (write_plain(writer, (double)value)) {
        return;
    }
    char digits[NUMBER_BYTES_MAX];
    int length = 0;
    for (int precision = 6; precision <= 9; precision++) {
        length = snprintf(digits, sizeof(digits), "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) {
            break;
        }
    }
    json_write_raw(writer, text_of_bytes(digits, (size_t)length));
}

void json_write_boolean(struct json_writer *writer, bool value)
{
    json_write_raw(writer, value ? TEXT("true") : TEXT("false"));
}

void json_write_null(struct json_writer *writer)
{
    json_write_raw(writer, TEXT("null"));
}

void json_write_raw(struct json_writer *writer, struct text json)
{
    begin(writer);
    append(writer, json);
}

void json_write_copy(struct json_writer *writer, size_t start, size_t length)
{
    begin(writer);
    char *room = writer->failed ? NULL : buffer_reserve(writer->buffer, length);
    if (room == NULL) {
        writer->failed = true;
        return;
    }
    CHECK(length <= writer->buffer->length && start <= writer->buffer->length - length);
    memcpy(room, writer->buffer->data + start, length);
    buffer_extend(writer->buffer, length);
}

bool json_writer_end(struct json_writer *writer)
{
    return !writer->failed;
}

/* A name of ours, which has nothing to escape. */
static void write_own_name(struct json_writer *writer, const char *name)
{
    if (!append_plain(writer, text_of(name), true)) {
        writer->failed = true;
    }
}

void json_member_string(struct json_writer *writer, const char *name, struct text value)
{
    write_own_name(writer, name);
    json_write_string(writer, value);
}

void json_member_integer(struct json_writer *writer, const char *name, int64_t value)
{
    write_own_name(writer, name);
    json_write_integer(writer, value);
}

void json_member_number(struct json_writer *writer, const char *name, double value)
{
    write_own_name(writer, name);
    json_write_number(writer, value);
}

void json_member_boolean(struct json_writer *writer, const char *name, bool value)
{
    write_own_name(writer, name);
    json_write_boolean(writer, value);
}
