#include "http/http_idempotency.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "http/http_json.h"

static const struct text replayed_header = TEXT_INIT(IDEMPOTENCY_REPLAYED_HEADER);

/* What the handler's reply is kept by. */
struct attempt {
    struct idempotency_store *store;
    struct idempotency_claim *claim; /* NULL: it has been given back */
};

static bool is_final(int http_status)
{
    static const int again[] = {408, 409, 425, 429, 499, 503, 504};
    for (size_t i = 0; i < ARRAY_LENGTH(again); i++) {
        if (http_status == again[i]) {
            return false;
        }
    }
    return true;
}

/* Status, headers, body; a count is what the record's length says. */
static bool write_reply(const struct http_reply *reply, struct buffer *record)
{
    bool fits = idempotency_put(record, text_of_bytes(&reply->status, sizeof(reply->status))) &&
                idempotency_put(record, reply->body);
    for (size_t i = 0; i < reply->header_count && fits; i++) {
        fits = idempotency_put(record, reply->headers[i].name) &&
               idempotency_put(record, reply->headers[i].value);
    }
    return fits;
}

/* Before the reply is sent: who has read it and asks again finds it kept. */
static void keep_reply(void *state, struct http_exchange *exchange, const struct http_reply *reply)
{
    struct attempt *attempt = state;
    http_exchange_show_reply(exchange, NULL, NULL);
    if (!is_final(reply->status)) {
        return;
    }
    CLEANUP(buffer_deinit) struct buffer record;
    buffer_init(&record, IDEMPOTENCY_REPLY_BYTES_MAX);
    int64_t now_ns = clock_monotonic_ns();
    if (write_reply(reply, &record)) {
        idempotency_keep(attempt->store, attempt->claim, buffer_text(&record), now_ns);
    } else {
        idempotency_keep_nothing(attempt->store, attempt->claim, now_ns);
    }
    attempt->claim = NULL;
}

static void run(struct idempotency_store *store, struct idempotency_claim *claim,
                const struct http_route *route, struct http_exchange *exchange)
{
    struct attempt attempt = {.store = store, .claim = claim};
    http_exchange_outlast_peer(exchange);
    http_exchange_show_reply(exchange, keep_reply, &attempt);
    route->handle(route->state, exchange);
    http_exchange_show_reply(exchange, NULL, NULL);
    if (attempt.claim != NULL) {
        idempotency_release(store, attempt.claim);
    }
}

static size_t count_headers(struct text record)
{
    size_t count = 0;
    struct text part;
    while (idempotency_take(&record, &part) && idempotency_take(&record, &part)) {
        count++;
    }
    return count;
}

/* kept: valid in the arena, as write_reply() has it. */
static void reply_kept(struct http_exchange *exchange, struct text kept)
{
    struct text status;
    struct http_reply reply = {.header_count = 0};
    CHECK(idempotency_take(&kept, &status) && status.length == sizeof(reply.status) &&
          idempotency_take(&kept, &reply.body));
    memcpy(&reply.status, status.data, sizeof(reply.status));
    struct http_header *headers = arena_calloc(http_exchange_call(exchange)->arena,
                                               count_headers(kept) + 1, sizeof(*headers));
    if (headers == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    while (kept.length > 0) {
        struct http_header *header = &headers[reply.header_count++];
        CHECK(idempotency_take(&kept, &header->name) && idempotency_take(&kept, &header->value));
    }
    headers[reply.header_count++] = (struct http_header){replayed_header, TEXT("true")};
    reply.headers = headers;
    http_reply(exchange, &reply);
}

static void refuse(struct http_exchange *exchange, enum status status)
{
    struct call *call = http_exchange_call(exchange);
    struct http_header later = {TEXT_INIT("retry-after"),
                                http_retry_after(call->arena, IDEMPOTENCY_RETRY_AFTER_MS)};
    if (status == STATUS_FAILED_PRECONDITION) {
        http_reply_problem_with(exchange, 422, call->error.message, NULL, 0);
    } else if (status == STATUS_ABORTED && later.value.data != NULL) {
        http_reply_problem_with(exchange, 409, call->error.message, &later, 1);
    } else {
        http_reply_problem(exchange, status);
    }
}

static struct text header_of(const struct http_request *request, struct text name)
{
    return http_header_find(request->headers, request->header_count, name);
}

static void take_fingerprint(const struct http_request *request, struct text body,
                             unsigned char fingerprint[static ACCESS_DIGEST_BYTES])
{
    const struct text parts[] = {
        request->method,
        request->path,
        request->query,
        header_of(request, TEXT("content-type")),
        header_of(request, TEXT("if-match")),
        header_of(request, TEXT("if-none-match")),
        body,
    };
    memset(fingerprint, 0, ACCESS_DIGEST_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        idempotency_mix(fingerprint, parts[i]);
    }
}

void http_idempotency_serve(struct idempotency_store *store, const struct http_route *route,
                            struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct call *call = http_json_call(exchange);
    struct idempotency_request asked;
    struct idempotency_claim *claim = NULL;
    char key[IDEMPOTENCY_KEY_BYTES_MAX];
    struct text body;
    struct text kept;
    asked.key = idempotency_key_parse(request->idempotency_key, key);
    if (asked.key.data == NULL) {
        http_reply_problem(exchange, idempotency_refuse_key(call));
        return;
    }
    enum status status = http_read_ahead(exchange, HTTP_BODY_BYTES_MAX, &body);
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        http_reply_problem_with(exchange, 413, TEXT("the body is too large"), NULL, 0);
        return;
    }
    if (status == STATUS_OK) {
        take_fingerprint(request, body, asked.fingerprint);
        idempotency_client(call, header_of(request, TEXT("authorization")), asked.client);
        status = idempotency_begin(store, call, &asked, clock_monotonic_ns(), &claim, &kept);
    }
    if (status != STATUS_OK) {
        refuse(exchange, status);
    } else if (claim != NULL) {
        run(store, claim, route, exchange);
    } else {
        reply_kept(exchange, kept);
    }
}
