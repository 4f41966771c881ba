/* json.h: JSON text, read and written.
 *
 * Reading is jansson's, behind jansson_json.c: duplicates of a key, NUL (also as an escape), bad
 * UTF-8, trailing text and depth over JSON_DEPTH_MAX are refused. A value read is valid in the
 * arena that it was read with. Writing appends to a buffer, with commas and escapes in the right
 * places, without a tree. */
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
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* STATUS_INVALID_ARGUMENT: not one JSON value; the call's error says where (line and column).
 * STATUS_RESOURCE_EXHAUSTED: no memory. The value is released by the reset of the call's arena. */
MUST_USE enum status json_parse(struct call *call, struct text text, const struct json **ret_value);

enum json_kind json_kind(const struct json *value);
/* "a string", "an object": for error messages. */
const char *json_kind_name(enum json_kind kind);

/* Each is for values of its kind (CHECKed); json_number for integers and reals. */
struct text json_string(const struct json *value); /* borrowed: valid in the arena */
int64_t json_integer(const struct json *value);
double json_number(const struct json *value);
bool json_boolean(const struct json *value);
size_t json_length(const struct json *array_or_object);
const struct json *json_at(const struct json *array, size_t index);
/* NULL: no such member, or not an object. */
const struct json *json_member(const struct json *object, const char *name);

/* Walks the members in their order: start with *position 0. false: no more. */
bool json_next_member(const struct json *object, size_t *position, struct text *ret_name,
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
void json_write_integer(struct json_writer *writer, int64_t value);
/* The shortest decimal form that reads back equal; CHECKs that it is finite. */
void json_write_number(struct json_writer *writer, double value);
void json_write_boolean(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
/* A value that is JSON already. */
void json_write_raw(struct json_writer *writer, struct text json);
/* false: something did not fit; the buffer's content is then no JSON. */
MUST_USE bool json_writer_end(struct json_writer *writer);

/* Name and value at once. */
void json_member_string(struct json_writer *writer, const char *name, struct text value);
void json_member_integer(struct json_writer *writer, const char *name, int64_t value);
void json_member_number(struct json_writer *writer, const char *name, double value);
void json_member_boolean(struct json_writer *writer, const char *name, bool value);
