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
    size_t at = 0;
    while (at < value.length) {
        size_t end = at;
        while (end < value.length && is_plain(value.data[end])) {
            end++;
        }
        append(writer, text_slice(value, at, end));
        if (end < value.length) {
            append_escape(writer, value.data[end]);
            end++;
        }
        at = end;
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

void json_write_name(struct json_writer *writer, struct text name)
{
    begin(writer);
    append_string(writer, name);
    append(writer, TEXT(":"));
    writer->comma = false;
}

void json_write_string(struct json_writer *writer, struct text value)
{
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
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    json_write_raw(writer, text_of_bytes(digits, (size_t)length));
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

void json_write_number(struct json_writer *writer, double value)
{
    CHECK(isfinite(value));
    if (write_plain(writer, value)) {
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

bool json_writer_end(struct json_writer *writer)
{
    return !writer->failed;
}

void json_member_string(struct json_writer *writer, const char *name, struct text value)
{
    json_write_name(writer, text_of(name));
    json_write_string(writer, value);
}

void json_member_integer(struct json_writer *writer, const char *name, int64_t value)
{
    json_write_name(writer, text_of(name));
    json_write_integer(writer, value);
}

void json_member_number(struct json_writer *writer, const char *name, double value)
{
    json_write_name(writer, text_of(name));
    json_write_number(writer, value);
}

void json_member_boolean(struct json_writer *writer, const char *name, bool value)
{
    json_write_name(writer, text_of(name));
    json_write_boolean(writer, value);
}
