/* proto_json_private.h: what the files of ProtoJSON share. */
#pragma once

#include "proto/proto_field.h"
#include "proto/proto_place.h"
#include "json/json.h"
#include "json/proto_json.h"

/* The fields of google/protobuf's own types, by number. */
enum {
    TIME_SECONDS = 1, /* of Timestamp and Duration */
    TIME_NANOS = 2,
    MASK_PATHS = 1,
    WRAPPER_VALUE = 1,
    STRUCT_FIELDS = 1,
    LIST_VALUES = 1,
    VALUE_NULL = 1, /* of Value */
    VALUE_NUMBER = 2,
    VALUE_STRING = 3,
    VALUE_BOOL = 4,
    VALUE_STRUCT = 5,
    VALUE_LIST = 6,
    ANY_TYPE_URL = 1,
    ANY_VALUE = 2,
    MAP_KEY = 1, /* of the entries of a map */
    MAP_VALUE = 2,
};

/* "-315576000000.999999999s", "9999-12-31T23:59:59.999999999Z" */
enum { TIME_TEXT_BYTES = 48 };

/* A point in time, or a duration: google.protobuf.Timestamp and Duration. */
struct proto_time {
    int64_t seconds;
    int32_t nanos;
};

/* Each: false when it is out of its type's range or not in its form; *ret is then untouched. */
MUST_USE bool proto_timestamp_format(struct proto_time time, char buffer[static TIME_TEXT_BYTES],
                                     struct text *ret_text);
MUST_USE bool proto_timestamp_parse(struct text text, struct proto_time *ret_time);
MUST_USE bool proto_duration_format(struct proto_time time, char buffer[static TIME_TEXT_BYTES],
                                    struct text *ret_text);
MUST_USE bool proto_duration_parse(struct text text, struct proto_time *ret_time);

/* The message's name in an Any's type_url: what follows its last slash. */
struct text proto_any_type_name(struct text type_url);

/* google.protobuf.NullValue: an enum whose JSON form is null. */
bool proto_json_is_null_enum(const struct proto_field *field);

/* Whether JSON's null is a value of the field rather than its absence. */
bool proto_json_takes_null(const struct proto_field *field);

/* An integer in any form that a JSON number has. false: another number, none, or out of range. */
MUST_USE bool proto_json_parse_signed(struct text text, int64_t *ret_number);
MUST_USE bool proto_json_parse_unsigned(struct text text, uint64_t *ret_number);

/* Tells of each entry of a map whether a later one has its key; NULL: of none. Valid in the arena.
 * false: no room in it. */
MUST_USE bool proto_json_find_replaced(struct arena *arena, const struct proto_field *map,
                                       const ProtobufCMessage *message, const bool **ret_replaced);

struct json_encoding {
    struct call *call;
    struct json_writer *writer;
    unsigned flags;
    unsigned depth;
    unsigned any_depth;
};

enum status proto_json_encode_message(struct json_encoding *encoding, const struct proto_type *type,
                                      const ProtobufCMessage *message);
enum status proto_json_encode_fields(struct json_encoding *encoding, const struct proto_type *type,
                                     const ProtobufCMessage *message);
/* The value of a field, whole: an array or an object where it is repeated. */
enum status proto_json_encode_field_value(struct json_encoding *encoding,
                                          const struct proto_field *field,
                                          const ProtobufCMessage *message);
/* One value, at `value`. */
enum status proto_json_encode_value(struct json_encoding *encoding, const struct proto_field *field,
                                    const void *value);
/* A type whose well_known is not PROTO_ORDINARY. */
enum status proto_json_encode_known(struct json_encoding *encoding, const struct proto_type *type,
                                    const ProtobufCMessage *message);

struct json_decoding {
    struct call *call;
    unsigned flags;
    unsigned depth;
    unsigned any_depth;
};

/* Notes what is wrong at a place. */
enum status proto_json_decode_fail(struct json_decoding *decoding, const struct proto_place *place,
                                   const char *what);
enum status proto_json_decode_fail_memory(struct json_decoding *decoding);
/* "expected WANTED, not KIND" */
enum status proto_json_decode_fail_kind(struct json_decoding *decoding,
                                        const struct proto_place *place, const char *wanted,
                                        const struct json *value);

/* Fills a zero message. place: of the message, NULL for the outermost. */
enum status proto_json_decode_message(struct json_decoding *decoding, const struct proto_type *type,
                                      const struct json *value, ProtobufCMessage *message,
                                      const struct proto_place *place);
/* The members of an object, without those that have this name (NULL: all). */
enum status proto_json_decode_members(struct json_decoding *decoding, const struct proto_type *type,
                                      const struct json *object, const char *except,
                                      ProtobufCMessage *message, const struct proto_place *place);
/* The value of a field, whole. */
enum status proto_json_decode_field_value(struct json_decoding *decoding,
                                          const struct proto_field *field, const struct json *value,
                                          ProtobufCMessage *message,
                                          const struct proto_place *place);
/* A number, boolean, string, bytes or enum. *ret_ignored: an enum name that is unknown and was
 * skipped as the flags say. */
enum status proto_json_decode_scalar(struct json_decoding *decoding,
                                     const struct proto_field *field, const struct json *value,
                                     void *member, const struct proto_place *place,
                                     bool *ret_ignored);
/* The name of an object's member as the key of a map. */
enum status proto_json_decode_key(struct json_decoding *decoding, const struct proto_field *field,
                                  struct text name, void *member, const struct proto_place *place);
enum status proto_json_decode_known(struct json_decoding *decoding, const struct proto_type *type,
                                    const struct json *value, ProtobufCMessage *message,
                                    const struct proto_place *place);
