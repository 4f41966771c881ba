/* http_json.h: plain JSON over HTTP: what handlers of REST routes share. */
#pragma once

#include "http/http_server.h"
#include "json/json.h"

/* How long a plain HTTP request may take. */
#define HTTP_JSON_DEADLINE_MS INT64_C(10000)

/* The exchange's call, with a deadline HTTP_JSON_DEADLINE_MS from now if it has none. */
struct call *http_json_call(struct http_exchange *exchange);

/* A parameter of the query, decoded, valid in the call's arena. One that the route's operation does
 * not describe is nobody's to read (CHECKed; http/http_operation.h).
 * STATUS_INVALID_ARGUMENT: missing, given twice or malformed; the call's error says which.
 * STATUS_RESOURCE_EXHAUSTED: no room there. */
MUST_USE enum status http_json_parameter(struct http_exchange *exchange, const char *name,
                                         struct text *ret_value);

/* The same, but {NULL, 0} when it is not given. */
MUST_USE enum status http_json_optional_parameter(struct http_exchange *exchange, const char *name,
                                                  struct text *ret_value);

/* The user that the request is about: the parameter `userId`, or where that is not given the
 * caller, if it is known who that is (call->identity.user), else empty. Whether the caller may act
 * for that user was looked at before the route was served. Statuses as of
 * http_json_optional_parameter(). */
MUST_USE enum status http_json_user(struct http_exchange *exchange, struct text *ret_user);

/* The same where there must be one. STATUS_INVALID_ARGUMENT: or there is none. */
MUST_USE enum status http_json_named_user(struct http_exchange *exchange, struct text *ret_user);
/* One that is described as an integer: within its range, or what it is otherwise.
 * STATUS_INVALID_ARGUMENT: missing though required, given twice, not one or out of range. */
MUST_USE enum status http_json_integer_parameter(struct http_exchange *exchange, const char *name,
                                                 int64_t *ret_value);

/* One that is described as a boolean; false when it is not given. Statuses as above. */
MUST_USE enum status http_json_boolean_parameter(struct http_exchange *exchange, const char *name,
                                                 bool *ret_value);

/* Reads and parses the body; content-type must be application/json, in UTF-8, or absent, and
 * nothing is coded (content-encoding). false: a reply was made (400, 413, 415, …) and the handler
 * returns. */
MUST_USE bool http_json_read(struct http_exchange *exchange, size_t bytes_max,
                             const struct json **ret_body);

/* A JSON reply in the making: open, write to its writer, send. It is written where it is sent
 * from: http_exchange_body(). */
enum { HTTP_JSON_AGES_MAX = 2 }; /* of one reply */

struct http_json_reply {
    struct json_writer writer;
    /* private */
    struct http_exchange *exchange;
    struct {
        const char *name;
        int64_t age_ms;
    } ages[HTTP_JSON_AGES_MAX];
    size_t age_count;
};

/* false: `status` is not STATUS_OK; the problem was replied, in the call's words, and the handler
 * returns. */
MUST_USE bool http_json_reply_open(struct http_json_reply *reply, struct http_exchange *exchange,
                                   enum status status);

/* How old it is what is told: the last member of the object that the reply is. It grows by itself,
 * so that it is not in the tag, which is a weak one then: who holds the same of another age is
 * answered by 304. name: a constant. */
void http_json_reply_age(struct http_json_reply *reply, const char *name, int64_t age_ms);

/* Replies with what was written, or with 500 when it did not fit. Of an operation that is TAGGED,
 * 200 has an `etag`; 304 takes its place for who has it, 412 for who wants another. */
void http_json_reply_send(struct http_json_reply *reply, int http_status);

/* STATUS_OK: 200 with an empty body. Otherwise the problem, in the call's words. */
void http_json_reply_outcome(struct http_exchange *exchange, enum status status);
