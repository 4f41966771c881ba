/* Any bytes as HTTP/1.1 requests: to the parser, where cutting them must change nothing, and to a
 * server, which must answer or hang up and keep nothing. The first byte says where they are cut. */
#include <stdlib.h>

#include "fuzz/visit.h"
#include "http/http1_parser.h"

static void check_parser(struct text bytes, size_t cut)
{
    struct http1_refusal refusal = {0, NULL};
    struct http1_refusal cut_refusal = {0, NULL};
    struct http1_scan scan = {.offset = 0};
    size_t length = 0;
    size_t cut_length = 0;
    enum http1_result result = http1_scan(&scan, bytes, &length, &refusal);

    scan = (struct http1_scan){.offset = 0};
    enum http1_result cut_result =
        http1_scan(&scan, text_slice(bytes, 0, cut), &cut_length, &cut_refusal);
    if (cut_result == HTTP1_MORE) {
        cut_result = http1_scan(&scan, bytes, &cut_length, &cut_refusal);
    }
    CHECK(result == cut_result && length == cut_length && refusal.status == cut_refusal.status);
    if (result == HTTP1_DONE) {
        struct http1_head head;
        char *copy = malloc(length);
        CHECK(copy != NULL && length <= HTTP1_HEAD_BYTES_MAX);
        memcpy(copy, bytes.data, length);
        if (http1_parse(copy, length, &head, &refusal) == HTTP1_DONE) {
            CHECK(head.method.length > 0 && head.target.length > 0);
            CHECK(head.content_length == 0 || !head.is_chunked);
        }
        free(copy);
    }
}

static void echo(void *state, struct http_exchange *exchange)
{
    struct text body = {NULL, 0};
    (void)state;
    enum status status = http_read_all(exchange, HTTP_BODY_BYTES_MAX, &body);
    if (status == STATUS_OK) {
        http_reply(exchange, &(struct http_reply){.status = 200, .body = body});
    } else {
        http_reply_problem(exchange, status);
    }
}

static const struct http_route routes[] = {
    {NULL, "/*", echo, NULL, NULL},
};

static void check_server(struct text bytes, size_t cut)
{
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(routes)};
    visit_server(&options, bytes, (const size_t[]){cut, bytes.length}, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        struct text bytes = {(const char *)data + 1, size - 1};
        size_t cut = data[0] < bytes.length ? data[0] : bytes.length;
        check_parser(bytes, cut);
        check_server(bytes, cut);
    }
    return 0;
}
