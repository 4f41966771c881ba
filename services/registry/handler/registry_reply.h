/* registry_reply.h: replies in the forms that Consul's clients know: plain texts for errors, JSON
 * with X-Consul-Index for everything else. */
#pragma once

#include "base/buffer.h"
#include "registry/handler/registry_handler_private.h"
#include "json/json.h"

/* Plain text; `message` valid in the call's arena or static. */
void registry_reply_error(struct registry_request *request, int http_status, struct text message);
void registry_reply_format(struct registry_request *request, int http_status, const char *format,
                           ...) PRINTF_LIKE(3, 4);

/* Plain text, which is the header X-Consul-Reason too. */
void registry_reply_reason(struct registry_request *request, int http_status, struct text reason);

/* The status's HTTP code and the call's error: what a write's failure is answered with. */
void registry_reply_status(struct registry_request *request, enum status status);

/* 200 with Allow. */
void registry_reply_options(struct registry_request *request, const char *allowed);

/* 405 with Allow. */
void registry_reply_method(struct registry_request *request, struct text method,
                           const char *allowed);

/* The body as one JSON value, valid in the call's arena. false: it was answered. */
MUST_USE bool registry_read_json(struct registry_request *request, const struct json **ret_body);

/* How every write is answered: 200 without a body, or the failure. */
void registry_reply_write(struct registry_request *request, enum status status);

/* A JSON reply that is being written. */
struct registry_json {
    struct json_writer writer;
    struct buffer buffer;
    enum status status; /* not OK: the reply is the call's error */
    /* For the sender to fill in. */
    int http_status;          /* 0: 200 */
    struct text reason;       /* X-Consul-Reason, with another status than 200 */
    struct text content_hash; /* X-Consul-ContentHash */
};

/* Lives as long as the exchange's arena. NULL: the request was answered with 500. */
MUST_USE struct registry_json *registry_json_begin(struct registry_request *request);

/* Sends it. index: 0 for replies that know none. */
void registry_json_send(struct registry_request *request, struct registry_json *json,
                        uint64_t index);
