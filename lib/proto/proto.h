/* proto.h: protobuf messages of protobuf-c, made safe and given their names back.
 *
 * protobuf-c's own code cuts strings at NUL, accepts bad UTF-8 and knows neither JSON names nor
 * which `bytes` were declared `string` (cmake/protobuf_c.cmake makes all of them bytes). A pool
 * joins protobuf-c's descriptors with the FileDescriptorSet of the original files: types for
 * decoding with validation and for JSON, services and files for reflection. A pool is immutable
 * after creation and may be read from any thread. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

struct buffer;
struct proto_pool;

enum {
    PROTO_DEPTH_MAX = 100, /* how deep messages may nest: protobuf's own default limit */
    PROTO_POOL_BYTES_MAX = 64 * 1024 * 1024,
    /* Stack that a function here or in json/proto_json.h takes at most, at any allowed depth: half
     * of a fiber's, in builds without sanitizers (tests/unit/json/proto_stack_test.c measures it).
     */
    PROTO_STACK_BYTES_MAX = 32 * 1024,
};

/* One descriptor set: the bytes that marquee_proto() embeds. */
struct proto_descriptor_set {
    const unsigned char *data; /* borrowed: outlives the pool */
    size_t size;
};

struct proto_type;

/* The types of google/protobuf that JSON writes in forms of their own. */
enum proto_well_known {
    PROTO_ORDINARY,
    PROTO_ANY,
    PROTO_DURATION,
    PROTO_EMPTY,
    PROTO_FIELD_MASK,
    PROTO_LIST_VALUE,
    PROTO_STRUCT,
    PROTO_TIMESTAMP,
    PROTO_VALUE,
    PROTO_WRAPPER, /* BoolValue, Int32Value, StringValue, ... */
};

/* A field: protobuf-c's descriptor, and what it lacks. */
struct proto_field {
    const ProtobufCFieldDescriptor *c;
    struct text name;                 /* as declared: "movie_id" */
    struct text json_name;            /* "movieId" */
    bool is_text;                     /* declared `string`: UTF-8 without NUL */
    bool is_map;                      /* repeated entries of a map */
    const struct proto_type *message; /* of message fields, else NULL */
};

/* A message type. */
struct proto_type {
    const ProtobufCMessageDescriptor *c;
    struct text full_name;            /* "grpc.health.v1.HealthCheckRequest" */
    const struct proto_field *fields; /* in the order of c->fields, c->n_fields of them */
    const struct proto_pool *pool;    /* that it belongs to */
    enum proto_well_known well_known;
    bool has_text; /* some string in it, or in what it contains */
};

/* Joins the sets (a file that two of them contain counts once) with the message types reachable
 * from `roots`, protobuf-c's descriptors of request and response messages, by full name.
 * STATUS_INTERNAL: a set cannot be parsed, or a root is in none. STATUS_RESOURCE_EXHAUSTED: no
 * memory. *ret_pool is owned by the caller. */
MUST_USE enum status proto_pool_create(const struct proto_descriptor_set *sets, size_t set_count,
                                       const ProtobufCMessageDescriptor *const *roots,
                                       size_t root_count, struct proto_pool **ret_pool);

/* NULL is accepted. */
void proto_pool_destroy(struct proto_pool *pool);

/* The type of a protobuf-c descriptor that was a root or is contained in one, else NULL. Hash
 * lookup: keep the result. Borrowed until the pool goes, as all below. */
const struct proto_type *proto_pool_type(const struct proto_pool *pool,
                                         const ProtobufCMessageDescriptor *descriptor);

/* The same by full name, among the types that were roots or are contained in one. Linear: for the
 * rare message that names its type (google.protobuf.Any). */
const struct proto_type *proto_pool_find_type(const struct proto_pool *pool, struct text full_name);

/* The field of a number or a declared name, else NULL. */
const struct proto_field *proto_type_field(const struct proto_type *type, uint32_t number);
const struct proto_field *proto_type_find_field(const struct proto_type *type, struct text name);

/* For reflection: the serialized FileDescriptorProto of a file name, of the file that declares a
 * symbol (message, enum, service, method, field, by full name, no leading dot), and the names of a
 * file's imports. false: unknown. */
bool proto_pool_file(const struct proto_pool *pool, struct text name, struct text *ret_file);
bool proto_pool_file_of_symbol(const struct proto_pool *pool, struct text symbol,
                               struct text *ret_file_name);
size_t proto_pool_import_count(const struct proto_pool *pool, struct text file_name);
struct text proto_pool_import(const struct proto_pool *pool, struct text file_name, size_t index);

/* An allocator whose memory is the arena's; freeing does nothing. Borrowed until the arena goes;
 * the struct itself is filled in by the call. */
void proto_arena_allocator(struct arena *arena, ProtobufCAllocator *ret_allocator);

/* A zero message of the type, valid in the arena; NULL: no room. */
ProtobufCMessage *proto_message_create(struct arena *arena,
                                       const ProtobufCMessageDescriptor *descriptor);

/* Parses a message; everything in it is valid in the call's arena (`bytes` may go). Unknown fields,
 * and fields of another wire type than declared, are kept as unknown fields; an embedded message
 * that occurs twice is merged (protobuf.dev/programming-guides/encoding). A map's entries are kept
 * as they came: of those with the same key the last one holds. Uses 6 KiB of stack at any depth.
 * The `required` of proto2 is not looked at. STATUS_INTERNAL: not a protobuf message (what gRPC
 * peers answer). STATUS_INVALID_ARGUMENT: a string with bad UTF-8 or NUL; the call's error names
 * the field. STATUS_RESOURCE_EXHAUSTED: no room in the arena, or deeper than PROTO_DEPTH_MAX. */
MUST_USE enum status proto_decode(struct call *call, const struct proto_type *type,
                                  struct text bytes, ProtobufCMessage **ret_message);

/* The same, but bytes and strings of the message lie in `bytes`, which must stay as long as it. */
MUST_USE enum status proto_decode_in_place(struct call *call, const struct proto_type *type,
                                           struct text bytes, ProtobufCMessage **ret_message);

/* The same validation of strings and depth for a message built some other way. */
MUST_USE enum status proto_validate(struct call *call, const struct proto_type *type,
                                    const ProtobufCMessage *message);

/* Appends the message, its fields in the order of their numbers and then the unknown ones: the same
 * bytes each time. false: no room in the buffer. */
MUST_USE bool proto_encode(const ProtobufCMessage *message, struct buffer *buffer);

/* The same in one piece of the arena, behind `head_bytes` that are the caller's to fill in: nothing
 * is copied or measured. *ret_length: of the message without them. NULL: no room in the arena. */
MUST_USE char *proto_encode_in_arena(const ProtobufCMessage *message, size_t head_bytes,
                                     struct arena *arena, size_t *ret_length);

/* Between the two forms of a string. The bytes are borrowed, not copied. */
static inline struct text proto_text(ProtobufCBinaryData bytes)
{
    return text_of_bytes(bytes.data, bytes.len);
}

ProtobufCBinaryData proto_bytes(struct text text);
