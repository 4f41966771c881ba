#include "grpc/grpc_idempotency.h"

#include "base/arena.h"
#include "base/clock.h"
#include "idempotency/idempotency.h"

/* What goes before the texts of a kept outcome. */
struct kept_head {
    enum status status;
    size_t details; /* pairs of texts, in this order */
    size_t initial;
    size_t trailing;
};

/* How much metadata there was before the handler ran: interceptors add theirs each time. */
struct metadata_mark {
    size_t initial;
    size_t trailing;
};

bool grpc_idempotency_applies(const struct grpc_server_call *self)
{
    return http_exchange_request(self->exchange)->idempotency_key.data != NULL &&
           self->method->server->options.idempotency != NULL &&
           !self->method->method->no_side_effects;
}

static bool put_headers(struct buffer *record, const struct grpc_metadata_list *list, size_t from)
{
    bool fits = true;
    for (size_t i = from; i < list->count && fits; i++) {
        fits = idempotency_put(record, list->headers[i].name) &&
               idempotency_put(record, list->headers[i].value);
    }
    return fits;
}

/* encoded: the message; empty where the call failed. */
static bool write_outcome(const struct grpc_server_call *self, const struct metadata_mark *mark,
                          enum status status, struct text encoded, struct buffer *record)
{
    const struct kept_head head = {
        .status = status,
        .details = self->detail_count,
        .initial = self->initial.count - mark->initial,
        .trailing = self->trailing.count - mark->trailing,
    };
    bool fits = idempotency_put(record, text_of_bytes(&head, sizeof(head))) &&
                idempotency_put(record, self->call.error.message) &&
                idempotency_put(record, encoded);
    for (size_t i = 0; i < self->detail_count && fits; i++) {
        fits = idempotency_put(record, self->details[i].type_name) &&
               idempotency_put(record, self->details[i].message);
    }
    return fits && put_headers(record, &self->initial, mark->initial) &&
           put_headers(record, &self->trailing, mark->trailing);
}

static bool encode(const struct grpc_server_call *self, const ProtobufCMessage *message,
                   struct text *ret_encoded)
{
    size_t length;
    const char *encoded = proto_encode_in_arena(message, 0, self->call.arena, &length);
    *ret_encoded = text_of_bytes(encoded, encoded != NULL ? length : 0);
    return encoded != NULL;
}

static void keep(struct grpc_server_call *self, struct idempotency_claim *claim,
                 const struct metadata_mark *mark, enum status status,
                 const ProtobufCMessage *response)
{
    struct idempotency_store *store = self->method->server->options.idempotency;
    struct text encoded = {NULL, 0};
    if (!idempotency_is_final(status)) {
        idempotency_release(store, claim);
        return;
    }
    CLEANUP(buffer_deinit) struct buffer record;
    buffer_init(&record, IDEMPOTENCY_REPLY_BYTES_MAX);
    bool fits = (status != STATUS_OK || encode(self, response, &encoded)) &&
                write_outcome(self, mark, status, encoded, &record);
    if (fits) {
        idempotency_keep(store, claim, buffer_text(&record), clock_monotonic_ns());
    } else {
        idempotency_keep_nothing(store, claim, clock_monotonic_ns());
    }
}

static bool take_pair(struct text *record, struct text *ret_first, struct text *ret_second)
{
    return idempotency_take(record, ret_first) && idempotency_take(record, ret_second);
}

/* As they were sent: -bin values are encoded already. false: no room. */
static bool take_headers(struct grpc_server_call *self, struct grpc_metadata_list *list,
                         struct text *record, size_t count)
{
    if (count > GRPC_METADATA_MAX - list->count) {
        return false;
    }
    if (list->headers == NULL && count > 0) {
        list->headers = arena_calloc(self->call.arena, GRPC_METADATA_MAX, sizeof(*list->headers));
    }
    for (size_t i = 0; i < count && list->headers != NULL; i++) {
        struct http_header *header = &list->headers[list->count++];
        CHECK(take_pair(record, &header->name, &header->value));
    }
    return count == 0 || list->headers != NULL;
}

static enum status no_room(struct grpc_server_call *self)
{
    return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the kept reply");
}

static enum status give_failure(struct grpc_server_call *self, const struct kept_head *head,
                                struct text message, struct text *record)
{
    for (size_t i = 0; i < head->details; i++) {
        struct text type_name;
        struct text detail;
        CHECK(take_pair(record, &type_name, &detail));
        if (!grpc_add_error_detail(&self->call, type_name, detail)) {
            return no_room(self);
        }
    }
    return message.length > 0
               ? call_fail(&self->call, head->status, "%.*s", TEXT_ARGUMENTS(message))
               : head->status;
}

/* kept: valid in the arena, as write_outcome() has it. */
static enum status give_kept(struct grpc_server_call *self, struct text kept,
                             ProtobufCMessage **ret_response)
{
    struct text bytes;
    struct text message;
    struct text encoded;
    struct kept_head head;
    CHECK(idempotency_take(&kept, &bytes) && bytes.length == sizeof(head) &&
          take_pair(&kept, &message, &encoded));
    memcpy(&head, bytes.data, sizeof(head));
    enum status status =
        head.status == STATUS_OK
            ? proto_decode_in_place(&self->call, self->method->response, encoded, ret_response)
            : give_failure(self, &head, message, &kept);
    if (status != head.status) {
        return status;
    }
    bool fits =
        take_headers(self, &self->initial, &kept, head.initial) &&
        take_headers(self, &self->trailing, &kept, head.trailing) &&
        grpc_add_initial_metadata(&self->call, TEXT(IDEMPOTENCY_REPLAYED_HEADER), TEXT("true"));
    return fits ? status : no_room(self);
}

static enum status take_fingerprint(struct grpc_server_call *self, const ProtobufCMessage *request,
                                    unsigned char fingerprint[static ACCESS_DIGEST_BYTES])
{
    struct text encoded;
    if (!encode(self, request, &encoded)) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
    }
    memset(fingerprint, 0, ACCESS_DIGEST_BYTES);
    idempotency_mix(fingerprint, text_of(self->method->path));
    idempotency_mix(fingerprint, encoded);
    return STATUS_OK;
}

static enum status begin(struct grpc_server_call *self, const ProtobufCMessage *request,
                         struct idempotency_claim **ret_claim, struct text *ret_kept)
{
    const struct http_request *http = http_exchange_request(self->exchange);
    struct idempotency_request asked;
    char key[IDEMPOTENCY_KEY_BYTES_MAX];
    asked.key = idempotency_key_parse(http->idempotency_key, key);
    if (asked.key.data == NULL) {
        return idempotency_refuse_key(&self->call);
    }
    enum status status = take_fingerprint(self, request, asked.fingerprint);
    if (status != STATUS_OK) {
        return status;
    }
    idempotency_client(&self->call,
                       http_header_find(http->headers, http->header_count, TEXT("authorization")),
                       asked.client);
    status = idempotency_begin(self->method->server->options.idempotency, &self->call, &asked,
                               clock_monotonic_ns(), ret_claim, ret_kept);
    if (status == STATUS_ABORTED) {
        grpc_set_pushback(&self->call, IDEMPOTENCY_RETRY_AFTER_MS);
    }
    return status;
}

enum status grpc_idempotency_run(struct grpc_server_call *self, ProtobufCMessage *request,
                                 ProtobufCMessage **ret_response)
{
    struct idempotency_claim *claim = NULL;
    struct text kept;
    enum status status = begin(self, request, &claim, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    if (claim == NULL) {
        return give_kept(self, kept, ret_response);
    }
    const struct metadata_mark mark = {self->initial.count, self->trailing.count};
    http_exchange_outlast_peer(self->exchange);
    status = grpc_server_call_run_handler(self, request, ret_response);
    keep(self, claim, &mark, status, *ret_response);
    return status;
}
