#include "peers/conformance_messages.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "rpc_status.pb-c.h"
#include "json/base64.h"

enum { LENGTH_BYTES = 4 };

extern const unsigned char marquee_conformance_proto_descriptor_set[];
extern const size_t marquee_conformance_proto_descriptor_set_size;
extern const unsigned char marquee_rpc_status_proto_descriptor_set[];
extern const size_t marquee_rpc_status_proto_descriptor_set_size;

struct proto_descriptor_set conformance_descriptor_set(void)
{
    return (struct proto_descriptor_set){marquee_conformance_proto_descriptor_set,
                                         marquee_conformance_proto_descriptor_set_size};
}

struct proto_pool *conformance_pool(void)
{
    const struct proto_descriptor_set sets[] = {
        conformance_descriptor_set(),
        {marquee_rpc_status_proto_descriptor_set, marquee_rpc_status_proto_descriptor_set_size},
    };
    static const ProtobufCMessageDescriptor *const roots[] = {
        &connectrpc__conformance__v1__server_compat_request__descriptor,
        &connectrpc__conformance__v1__client_compat_request__descriptor,
        &connectrpc__conformance__v1__unary_request__descriptor,
        &connectrpc__conformance__v1__unary_response__descriptor,
        &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
        &connectrpc__conformance__v1__idempotent_unary_response__descriptor,
        &connectrpc__conformance__v1__server_stream_request__descriptor,
        &connectrpc__conformance__v1__server_stream_response__descriptor,
        &connectrpc__conformance__v1__client_stream_request__descriptor,
        &connectrpc__conformance__v1__client_stream_response__descriptor,
        &connectrpc__conformance__v1__bidi_stream_request__descriptor,
        &connectrpc__conformance__v1__bidi_stream_response__descriptor,
        &connectrpc__conformance__v1__unimplemented_request__descriptor,
        &connectrpc__conformance__v1__unimplemented_response__descriptor,
        &google__rpc__status__descriptor,
    };
    struct proto_pool *pool;
    CHECK(proto_pool_create(sets, ARRAY_LENGTH(sets), roots, ARRAY_LENGTH(roots), &pool) ==
          STATUS_OK);
    return pool;
}

ProtobufCMessage *conformance_take(struct call *call, const struct proto_type *type,
                                   struct buffer *buffer)
{
    if (buffer->length < LENGTH_BYTES) {
        return NULL;
    }
    const unsigned char *prefix = (const unsigned char *)buffer->data;
    size_t length = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 |
                    (size_t)prefix[3];
    CHECK(length <= CONFORMANCE_MESSAGE_BYTES_MAX);
    if (buffer->length < LENGTH_BYTES + length) {
        return NULL;
    }
    struct text bytes = text_slice(buffer_text(buffer), LENGTH_BYTES, LENGTH_BYTES + length);
    ProtobufCMessage *message;
    CHECK(proto_decode(call, type, bytes, &message) == STATUS_OK);
    buffer_consume(buffer, LENGTH_BYTES + length);
    return message;
}

void conformance_write(const ProtobufCMessage *message)
{
    CLEANUP(buffer_deinit) struct buffer bytes;
    buffer_init(&bytes, CONFORMANCE_MESSAGE_BYTES_MAX);
    CHECK(proto_encode(message, &bytes));
    const unsigned char prefix[LENGTH_BYTES] = {
        (unsigned char)(bytes.length >> 24), (unsigned char)(bytes.length >> 16),
        (unsigned char)(bytes.length >> 8), (unsigned char)bytes.length};
    bool written = fwrite(prefix, sizeof(prefix), 1, stdout) == 1 &&
                   (bytes.length == 0 || fwrite(bytes.data, bytes.length, 1, stdout) == 1) &&
                   fflush(stdout) == 0;
    CHECK(written);
}

static Connectrpc__Conformance__V1__Header *find(Connectrpc__Conformance__V1__Header **headers,
                                                 size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(proto_text(headers[i]->name), name)) {
            return headers[i];
        }
    }
    return NULL;
}

Connectrpc__Conformance__V1__Header **conformance_headers(struct arena *arena,
                                                          const struct http_header *headers,
                                                          size_t count, size_t *ret_count)
{
    Connectrpc__Conformance__V1__Header **all = arena_calloc(arena, count + 1, sizeof(*all));
    size_t filled = 0;
    CHECK(all != NULL);
    for (size_t i = 0; i < count; i++) {
        Connectrpc__Conformance__V1__Header *header = find(all, filled, headers[i].name);
        if (header == NULL) {
            header = arena_alloc(arena, sizeof(*header));
            CHECK(header != NULL);
            connectrpc__conformance__v1__header__init(header);
            header->name = proto_bytes(arena_copy(arena, headers[i].name));
            header->value = arena_calloc(arena, count, sizeof(*header->value));
            CHECK(header->value != NULL);
            all[filled++] = header;
        }
        header->value[header->n_value++] = proto_bytes(arena_copy(arena, headers[i].value));
    }
    *ret_count = filled;
    return all;
}

void conformance_each_header(struct arena *arena, Connectrpc__Conformance__V1__Header **headers,
                             size_t count,
                             bool (*add)(void *state, struct text name, struct text value),
                             void *state)
{
    for (size_t i = 0; i < count; i++) {
        struct text name = proto_text(headers[i]->name);
        for (size_t j = 0; j < headers[i]->n_value; j++) {
            struct text value = proto_text(headers[i]->value[j]);
            bool valid = true;
            if (text_ends_with(name, TEXT("-bin"))) {
                value = base64_decode(arena, value, &valid);
            }
            char *lower = arena_alloc(arena, name.length + 1);
            CHECK(valid && lower != NULL);
            for (size_t k = 0; k < name.length; k++) {
                char c = name.data[k];
                lower[k] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
            }
            CHECK(add(state, (struct text){lower, name.length}, value));
        }
    }
}
