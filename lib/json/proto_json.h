/* proto_json.h: ProtoJSON, the JSON form of protobuf messages, both ways, driven by lib/proto's
 * types (protobuf.dev/programming-guides/json). */
#pragma once

#include "base/call.h"
#include "base/status.h"
#include "proto/proto.h"

struct buffer;
struct json_writer;

enum proto_json_flags {
    PROTO_JSON_DEFAULT = 0,
    PROTO_JSON_EMIT_ZERO = 1,      /* also fields that hold their zero value */
    PROTO_JSON_IGNORE_UNKNOWN = 2, /* reading: unknown members are skipped instead of refused */
};

enum {
    PROTO_JSON_ANY_DEPTH_MAX = 4, /* how deep google.protobuf.Any may nest in each other */
};

/* Appends the message as JSON: lowerCamelCase names, 64-bit integers as strings, bytes as base64,
 * enums by name, NaN and infinities as strings; Timestamp, Duration, FieldMask, wrappers, Struct
 * and Any are written in their special forms where a type of that full name occurs. An Any's type
 * must be in the pool of `type`. Of a map's entries with the same key only the last is written.
 * STATUS_RESOURCE_EXHAUSTED: no room in the buffer or in the call's arena, or too deep.
 * STATUS_INTERNAL: the message holds what has no JSON form (a timestamp out of range, an Any of a
 * type that the pool does not know). */
MUST_USE enum status proto_json_encode(struct call *call, const struct proto_type *type,
                                       const ProtobufCMessage *message, unsigned flags,
                                       struct buffer *buffer);

/* The same as the next value of a writer that goes on afterwards. */
MUST_USE enum status proto_json_write(struct call *call, const struct proto_type *type,
                                      const ProtobufCMessage *message, unsigned flags,
                                      struct json_writer *writer);

/* Parses JSON into a message valid in the call's arena. Accepts JSON names and declared names,
 * integers as numbers or strings ("1e3" and "1.0" too, exactly), enums by name or number, base64 of
 * either alphabet with or without padding, null as unset. STATUS_INVALID_ARGUMENT: malformed JSON,
 * an unknown member or enum name, a value of the wrong kind or out of range, a field given twice;
 * the call's error names the place. STATUS_RESOURCE_EXHAUSTED: no room in the arena, or deeper than
 * PROTO_DEPTH_MAX. */
MUST_USE enum status proto_json_decode(struct call *call, const struct proto_type *type,
                                       struct text json, unsigned flags,
                                       ProtobufCMessage **ret_message);
