/* Any frames after the preface, to a server, which must answer or hang up and keep nothing; and to
 * a session (http2_session.h), where cutting must change nothing of what it tells.
 *
 * The input's first two bytes say where it is cut; with the first's top bit, the rest is sent as it
 * is. Else it is a row of frames, so that lengths need not be guessed: type, flags, stream, length
 * of the payload (a byte each), payload. Types from FIRST_REQUEST on are requests. */
#include "fuzz/visit.h"
#include "support/http2_transcript.h"

enum {
    RAW = 0x80,
    FIRST_REQUEST = 0xf0,
    HEAD_BYTES = 4,
    FRAMES_BYTES_MAX = 200 * 1024, /* less than the loopback takes at once */
    LARGE_BYTES = 100 * 1024,
    FRAME_HEADERS = 1,
    FLAG_END_HEADERS = 4,
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

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

static void reply_large(void *state, struct http_exchange *exchange)
{
    static const char body[LARGE_BYTES];
    (void)state;
    http_reply(exchange,
               &(struct http_reply){.status = 200, .body = text_of_bytes(body, sizeof(body))});
}

static void stream(void *state, struct http_exchange *exchange)
{
    static const struct http_header trailers[] = {{TEXT_INIT("x-end"), TEXT_INIT("1")}};
    struct text part;
    (void)state;
    http_reply_start(exchange, 200, NULL, 0);
    do {
        part = (struct text){NULL, 0};
    } while (http_read(exchange, &part) == STATUS_OK && part.length > 0 &&
             http_write(exchange, part) == STATUS_OK);
    http_finish(exchange, trailers, 1);
}

static void refuse(void *state, struct http_exchange *exchange)
{
    (void)state;
    http_abort(exchange, 8);
}

static const struct http_route routes[] = {
    {NULL, "/e", echo, NULL, NULL},
    {NULL, "/l", reply_large, NULL, NULL},
    {NULL, "/s", stream, NULL, NULL},
    {NULL, "/r", refuse, NULL, NULL},
};

static void append_frame(struct buffer *frames, unsigned type, unsigned flags, unsigned stream_id,
                         struct text payload)
{
    const char head[] = {0,
                         (char)(payload.length >> 8),
                         (char)payload.length,
                         (char)type,
                         (char)flags,
                         0,
                         0,
                         0,
                         (char)stream_id};
    struct text texts[] = {text_of_bytes(head, sizeof(head)), payload};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        /* What does not fit is left out. */
        status_ignore(buffer_append(frames, texts[i]) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    }
}

/* POST, http, authority a, and one of the routes. */
static void append_request(struct buffer *frames, unsigned route, unsigned flags,
                           unsigned stream_id)
{
    char block[] = "\x83\x86\x01\x01"
                   "a\x04\x02/e";
    block[sizeof(block) - 2] = routes[route % ARRAY_LENGTH(routes)].path[1];
    append_frame(frames, FRAME_HEADERS, flags | FLAG_END_HEADERS, stream_id,
                 text_of_bytes(block, sizeof(block) - 1));
}

static void append_frames(struct buffer *frames, struct text rows)
{
    while (rows.length >= HEAD_BYTES) {
        const unsigned char *head = (const unsigned char *)rows.data;
        struct text payload = text_slice(rows, HEAD_BYTES, HEAD_BYTES + (size_t)head[3]);
        if (head[0] >= FIRST_REQUEST) {
            append_request(frames, head[0], head[1], head[2]);
        } else {
            append_frame(frames, head[0], head[1], head[2], payload);
        }
        rows = text_slice(rows, HEAD_BYTES + payload.length, rows.length);
    }
}

/* What a session tells of bytes that come in three pieces. */
static void tell(struct text bytes, const size_t *cuts, struct http2_transcript *transcript)
{
    size_t from = 0;
    http2_transcript_init(transcript, false);
    transcript->consumes = true;
    http2_transcript_fill(transcript);
    for (size_t i = 0; i <= 2; i++) {
        struct text piece = text_slice(bytes, from, i < 2 ? cuts[i] : bytes.length);
        http2_session_receive(&transcript->session, piece, 0);
        from += piece.length;
    }
    http2_transcript_fill(transcript);
}

static void compare(struct text bytes, const size_t *cuts)
{
    struct http2_transcript cut;
    struct http2_transcript whole;
    const size_t uncut[] = {bytes.length, bytes.length};
    tell(bytes, cuts, &cut);
    tell(bytes, uncut, &whole);
    CHECK(text_equal(buffer_text(&cut.events), buffer_text(&whole.events)));
    CHECK(cut.session.failure == whole.session.failure);
    http2_transcript_deinit(&cut);
    http2_transcript_deinit(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const struct http_server_options options = {.routes = routes,
                                                .route_count = ARRAY_LENGTH(routes)};
    struct text rest = text_of_bytes(data + 2, size - 2);
    struct buffer bytes;
    buffer_init(&bytes, FRAMES_BYTES_MAX);
    CHECK(buffer_append(&bytes, text_of(preface)));
    if ((data[0] & RAW) != 0) {
        CHECK(buffer_append(&bytes, text_slice(rest, 0, FRAMES_BYTES_MAX / 2)));
    } else {
        append_frames(&bytes, rest);
    }
    struct text said = buffer_text(&bytes);
    size_t first = (size_t)(data[0] & ~RAW) * said.length / RAW;
    const size_t cuts[] = {first, first + data[1] * (said.length - first) / 256};
    compare(said, cuts);
    visit_server(&options, said, cuts, NULL);
    buffer_deinit(&bytes);
    return 0;
}
