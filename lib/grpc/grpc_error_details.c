/* The details of a failure, as gRPC sends them: google.rpc.Status in grpc-status-details-bin, and
 * when to try again. */
#include "base/arena.h"
#include "grpc/grpc_server_private.h"
#include "rpc_status.pb-c.h"

/* What google.protobuf.Any puts before the name of a type. */
#define TYPE_URL_PREFIX "type.googleapis.com/"

static bool fill_details(struct grpc_server_call *self, Google__Rpc__Status *status)
{
    struct arena *arena = self->call.arena;
    status->details = arena_calloc(arena, self->detail_count, sizeof(*status->details));
    for (size_t i = 0; status->details != NULL && i < self->detail_count; i++) {
        Google__Rpc__Status__Detail *detail = arena_alloc(arena, sizeof(*detail));
        struct text type_url =
            arena_format(arena, TYPE_URL_PREFIX "%.*s", TEXT_ARGUMENTS(self->details[i].type_name));
        if (detail == NULL || type_url.data == NULL) {
            return false;
        }
        google__rpc__status__detail__init(detail);
        detail->type_url = proto_bytes(type_url);
        detail->value = proto_bytes(self->details[i].message);
        status->details[i] = detail;
        status->n_details = i + 1;
    }
    return status->details != NULL;
}

/* A name that handlers may not use. */
static void attach_pushback(struct grpc_server_call *self)
{
    struct grpc_metadata_list *trailing = &self->trailing;
    if (!self->pushback_set || trailing->count >= GRPC_METADATA_MAX) {
        return;
    }
    struct text value = arena_format(self->call.arena, "%lld", (long long)self->pushback_ms);
    if (trailing->headers == NULL) {
        trailing->headers =
            arena_calloc(self->call.arena, GRPC_METADATA_MAX, sizeof(*trailing->headers));
    }
    if (value.data != NULL && trailing->headers != NULL) {
        trailing->headers[trailing->count++] =
            (struct http_header){TEXT("grpc-retry-pushback-ms"), value};
    }
}

void grpc_server_call_attach_details(struct grpc_server_call *self, enum status status)
{
    attach_pushback(self);
    Google__Rpc__Status message = GOOGLE__RPC__STATUS__INIT;
    if (self->detail_count == 0 || !fill_details(self, &message)) {
        return;
    }
    message.code = (int32_t)status;
    message.message = proto_bytes(self->call.error.message);
    CLEANUP(buffer_deinit) struct buffer bytes;
    buffer_init(&bytes, HTTP_HEADER_LIST_BYTES_MAX);
    if (!proto_encode(&message.base, &bytes) ||
        !grpc_metadata_add(self->call.arena, &self->trailing, TEXT("grpc-status-details-bin"),
                           buffer_text(&bytes))) {
        call_fail_detail(&self->call, status, "no room for the details");
    }
}
