/* Any first bytes: which protocol the server takes them for must hang on the bytes alone, not on
 * where they are cut. The first two bytes of the input say that. */
#include "fuzz/visit.h"

enum protocol { NOTHING_SAID, HTTP1, HTTP2 };

static const char preface[] = "PRI * HTTP/2.0";

static void reply(void *state, struct http_exchange *exchange)
{
    (void)state;
    http_reply(exchange, &(struct http_reply){.status = 200, .body = TEXT("here")});
}

static const struct http_route routes[] = {
    {NULL, "/*", reply, NULL, NULL},
};

/* A server of HTTP/2 begins with SETTINGS. */
static enum protocol protocol_of(struct text heard)
{
    enum { FRAME_HEAD_BYTES = 9, SETTINGS = 4 };
    if (heard.length == 0) {
        return NOTHING_SAID;
    }
    if (text_starts_with(heard, TEXT("HTTP/1.1 "))) {
        return HTTP1;
    }
    CHECK(heard.length >= FRAME_HEAD_BYTES && heard.data[3] == SETTINGS);
    return HTTP2;
}

static enum protocol visit(struct text bytes, const size_t *cuts)
{
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(routes)};
    struct buffer heard;
    buffer_init(&heard, VISIT_HEARD_BYTES_MAX);
    visit_server(&options, bytes, cuts, &heard);
    enum protocol protocol = protocol_of(buffer_text(&heard));
    buffer_deinit(&heard);
    return protocol;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct text bytes = text_of_bytes(data + 2, size - 2);
    size_t first = data[0] < bytes.length ? data[0] : bytes.length;
    size_t second = first + data[1] < bytes.length ? first + data[1] : bytes.length;
    enum protocol protocol = visit(bytes, (const size_t[]){first, second});
    CHECK(protocol == visit(bytes, (const size_t[]){bytes.length, bytes.length}));
    if (text_starts_with(bytes, text_of(preface))) {
        CHECK(protocol == HTTP2);
    } else {
        CHECK(protocol != HTTP2);
    }
    if (bytes.length < sizeof(preface) - 1 && text_starts_with(text_of(preface), bytes)) {
        CHECK(protocol == NOTHING_SAID);
    }
    return 0;
}
