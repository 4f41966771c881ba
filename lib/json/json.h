/* json.h: JSON text, read and written (RFC 8259).
 *
 * Reading refuses what two readers could understand differently: a key twice, NUL (also as an
 * escape), bad UTF-8, a lone surrogate, a number past double's range, trailing text, depth over
 * JSON_DEPTH_MAX. It takes one copy of the text and the nodes from the call's arena, and 4 KiB of
 * stack at any depth. Writing appends to a buffer, with commas and escapes in the right places,
 * without a tree.
 *
 * Two names here are also jansson's (json_string, json_integer): a program links one or the other.
 */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum { JSON_DEPTH_MAX = 100 };

struct json; /* a value, read only */

enum json_kind {
    JSON_ABSENT, /* the kind of NULL: a member that is not there */
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_INTEGER, /* fits int64_t, written without fraction or exponent */
    JSON_REAL,    /* any other number */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* *ret_value, and all that is reached from it, is valid in the call's arena (`text` may go).
 * STATUS_INVALID_ARGUMENT: not one JSON value; the call's error says where (line and column).
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena, or no memory. */
MUST_USE enum status json_parse(struct call *call, struct text text, const struct json **ret_value);

enum json_kind json_kind(const struct json *value);
/* "a string", "an object": for error messages. */
const char *json_kind_name(enum json_kind kind);

/* Each is for values of its kind (CHECKed); json_number for integers and reals. */
struct text json_string(const struct json *value); /* borrowed: valid in the arena */
int64_t json_integer(const struct json *value);
double json_number(const struct json *value);
struct text json_number_text(const struct json *value); /* as it was written */
bool json_boolean(const struct json *value);
size_t json_length(const struct json *array_or_object);
const struct json *json_at(const struct json *array, size_t index);
/* NULL: no such member, or not an object. */
const struct json *json_member(const struct json *object, const char *name);

/* Walks the members in their order: start with *position 0. false: no more. */
MUST_USE bool json_next_member(const struct json *object, size_t *position, struct text *ret_name,
                               const struct json **ret_value);

/* Appends JSON to a buffer. The first failure (no room in the buffer) makes all that follow do
 * nothing; json_writer_end() tells. */
struct json_writer {
    struct buffer *buffer; /* borrowed */
    /* private */
    bool failed;
    bool comma;
};

void json_writer_init(struct json_writer *writer, struct buffer *buffer);
void json_open_object(struct json_writer *writer);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close_array(struct json_writer *writer);
void json_write_name(struct json_writer *writer, struct text name);
/* Bad UTF-8 is written as U+FFFD. */
void json_write_string(struct json_writer *writer, struct text value);
/* A string of base64 (RFC 4648, with padding). */
void json_write_base64(struct json_writer *writer, struct text bytes);
void json_write_integer(struct json_writer *writer, int64_t value);
/* The shortest decimal form that reads back equal ("8", "8.5", "1e+300"); CHECKs that it is finite.
 */
void json_write_number(struct json_writer *writer, double value);
void json_write_single(struct json_writer *writer, float value);
void json_write_boolean(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
/* A value that is JSON already. */
void json_write_raw(struct json_writer *writer, struct text json);
/* A value that was written before, by its place in the buffer. */
void json_write_copy(struct json_writer *writer, size_t start, size_t length);
/* false: something did not fit; the buffer's content is then no JSON. */
MUST_USE bool json_writer_end(struct json_writer *writer);

/* Name and value at once. name: ASCII without control characters, quotes and backslashes. */
void json_member_string(struct json_writer *writer, const char *name, struct text value);
void json_member_integer(struct json_writer *writer, const char *name, int64_t value);
void json_member_number(struct json_writer *writer, const char *name, double value);
void json_member_boolean(struct json_writer *writer, const char *name, bool value);
