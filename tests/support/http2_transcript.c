#include "support/http2_transcript.h"

#include <inttypes.h>

enum {
    EVENTS_BYTES_MAX = 8 * 1024 * 1024,
    EVENTS_FOLDED_BYTES = 1024 * 1024,
    OUTPUT_BYTES_MAX = 8 * 1024 * 1024,
    WINDOW_BYTES = 128 * 1024,
    STREAMS_MAX = 50,
};

static struct http2_transcript *transcript_of(struct http2_session *session)
{
    return CONTAINER_OF(session, struct http2_transcript, session);
}

static struct http2_transcript_stream *entry_of(struct http2_stream *stream)
{
    return CONTAINER_OF(stream, struct http2_transcript_stream, stream);
}

static void say(struct http2_transcript *transcript, struct text text)
{
    CHECK(buffer_append(&transcript->events, text));
}

/* A peer that makes a short table entry a long field over and over must not fill the memory. */
static void fold(struct http2_transcript *transcript)
{
    uint64_t hash = text_hash(buffer_text(&transcript->events));
    buffer_clear(&transcript->events);
    CHECK(buffer_format(&transcript->events, "what was before has the hash %" PRIx64, hash));
}

/* Begins the line of an event. */
static void begin(struct http2_transcript *transcript, const struct http2_stream *stream,
                  const char *what)
{
    transcript->data_of = 0;
    if (transcript->events.length > EVENTS_FOLDED_BYTES) {
        fold(transcript);
    }
    if (transcript->events.length > 0) {
        say(transcript, TEXT("\n"));
    }
    if (stream != NULL) {
        CHECK(buffer_format(&transcript->events, "%u ", stream->id));
    }
    say(transcript, text_of(what));
}

static struct http2_transcript_stream *take(struct http2_transcript *transcript)
{
    for (size_t i = 0; i < HTTP2_TRANSCRIPT_STREAMS; i++) {
        struct http2_transcript_stream *entry = &transcript->streams[i];
        if (!entry->in_use) {
            *entry = (struct http2_transcript_stream){.transcript = transcript, .in_use = true};
            http2_stream_init(&entry->stream);
            return entry;
        }
    }
    return NULL;
}

static struct http2_stream *on_opened(struct http2_session *session)
{
    struct http2_transcript *transcript = transcript_of(session);
    struct http2_transcript_stream *entry = transcript->refuses ? NULL : take(transcript);
    begin(transcript, NULL, entry != NULL ? "opened" : "refused");
    return entry != NULL ? &entry->stream : NULL;
}

static void on_block_begun(struct http2_session *session, struct http2_stream *stream)
{
    begin(transcript_of(session), stream, "block");
}

static void on_field(struct http2_session *session, struct http2_stream *stream,
                     const struct hpack_field *field)
{
    struct http2_transcript *transcript = transcript_of(session);
    begin(transcript, stream, "");
    say(transcript, field->name);
    say(transcript, TEXT("="));
    say(transcript, field->value);
}

static void end(struct http2_transcript *transcript, struct http2_stream *stream)
{
    say(transcript, TEXT(" end"));
    if (transcript->replies && !transcript->session.options.is_client) {
        http2_transcript_reply(transcript, stream->id, TEXT("reply"), stream->id % 4 == 1);
    }
}

static void on_headers(struct http2_session *session, struct http2_stream *stream,
                       enum http2_block block, bool is_last)
{
    static const char *const names[] = {"headers", "informational", "trailers"};
    struct http2_transcript *transcript = transcript_of(session);
    begin(transcript, stream, names[block]);
    if (is_last) {
        end(transcript, stream);
    }
}

static void on_data(struct http2_session *session, struct http2_stream *stream, struct text part,
                    bool is_last)
{
    struct http2_transcript *transcript = transcript_of(session);
    CHECK(part.length > 0 || is_last);
    if (transcript->data_of != stream->id) {
        begin(transcript, stream, "data ");
        transcript->data_of = stream->id;
    }
    say(transcript, part);
    if (transcript->consumes) {
        http2_stream_consume(session, stream, part.length);
    }
    if (is_last) {
        end(transcript, stream);
    }
}

static void write_head(struct http2_session *session, struct http2_transcript_stream *entry)
{
    bool is_request = entry->path != NULL;
    bool has_body = entry->body_length > 0 || entry->is_open_ended;
    const struct hpack_field request[] = {
        {.name = TEXT(":method"),
         .value = has_body ? TEXT("POST") : TEXT("GET"),
         .token = HPACK_TOKEN_METHOD},
        {.name = TEXT(":scheme"), .value = TEXT("http"), .token = HPACK_TOKEN_SCHEME},
        {.name = TEXT(":path"), .value = text_of(entry->path), .token = HPACK_TOKEN_PATH},
        {.name = TEXT(":authority"), .value = TEXT("a"), .token = HPACK_TOKEN_AUTHORITY},
    };
    const struct hpack_field reply[] = {
        {.name = TEXT(":status"), .value = TEXT("200"), .token = HPACK_TOKEN_STATUS},
        {.name = TEXT("x-head"), .value = TEXT("1")},
    };
    http2_stream_begin_headers(session, &entry->stream);
    for (size_t i = 0; i < (is_request ? ARRAY_LENGTH(request) : ARRAY_LENGTH(reply)); i++) {
        http2_stream_add_field(session, is_request ? &request[i] : &reply[i], HPACK_INDEXED);
    }
    http2_stream_end_headers(session, &entry->stream, !has_body && !entry->has_trailers);
    entry->head_sent = true;
}

static void write_trailers(struct http2_session *session, struct http2_transcript_stream *entry)
{
    const struct hpack_field trailer = {.name = TEXT("x-end"), .value = TEXT("1")};
    http2_stream_begin_headers(session, &entry->stream);
    http2_stream_add_field(session, &trailer, HPACK_NOT_INDEXED);
    http2_stream_end_headers(session, &entry->stream, true);
}

static void on_write(struct http2_session *session, struct http2_stream *stream)
{
    struct http2_transcript_stream *entry = entry_of(stream);
    if (!entry->has_message) {
        return;
    }
    if (!entry->head_sent) {
        write_head(session, entry);
    }
    struct text left =
        text_of_bytes(entry->body + entry->body_sent, entry->body_length - entry->body_sent);
    bool is_last = !entry->has_trailers && !entry->is_open_ended;
    if (left.length > 0) {
        size_t taken = http2_stream_send_data(session, stream, left, is_last);
        CHECK(taken <= left.length);
        entry->body_sent += taken;
    }
    if (entry->body_sent == entry->body_length && !entry->is_open_ended && !stream->local_ended) {
        write_trailers(session, entry);
    }
}

static void on_closed(struct http2_session *session, struct http2_stream *stream,
                      uint32_t error_code)
{
    struct http2_transcript *transcript = transcript_of(session);
    begin(transcript, stream, "closed");
    CHECK(buffer_format(&transcript->events, " %u", error_code));
    entry_of(stream)->in_use = false;
}

static void on_settings(struct http2_session *session)
{
    begin(transcript_of(session), NULL, "settings");
}

static void on_ping(struct http2_session *session, const uint8_t *opaque, bool is_answer)
{
    struct http2_transcript *transcript = transcript_of(session);
    begin(transcript, NULL, is_answer ? "answer " : "ping ");
    say(transcript, text_of_bytes(opaque, HTTP2_PING_BYTES));
}

static void on_goaway(struct http2_session *session, uint32_t error_code, struct text debug)
{
    struct http2_transcript *transcript = transcript_of(session);
    begin(transcript, NULL, "goaway");
    CHECK(buffer_format(&transcript->events, " %u ", error_code));
    say(transcript, debug);
}

static const struct http2_session_events server_events = {
    .opened = on_opened,
    .block_begun = on_block_begun,
    .field = on_field,
    .headers = on_headers,
    .data = on_data,
    .write = on_write,
    .closed = on_closed,
    .settings = on_settings,
    .ping = on_ping,
    .goaway = on_goaway,
};

void http2_transcript_init(struct http2_transcript *transcript, bool is_client)
{
    const struct http2_session_options options = {
        .events = &server_events,
        .is_client = is_client,
        .streams_max = STREAMS_MAX,
        .window_bytes = WINDOW_BYTES,
        .connection_window_bytes = HTTP2_CONNECTION_WINDOW_BYTES,
        .header_list_bytes_max = 8192,
    };
    *transcript = (struct http2_transcript){.data_of = 0};
    http2_session_init(&transcript->session, &options);
    buffer_init(&transcript->events, EVENTS_BYTES_MAX);
    buffer_init(&transcript->output, OUTPUT_BYTES_MAX);
    buffer_init(&transcript->part, OUTPUT_BYTES_MAX);
}

void http2_transcript_deinit(struct http2_transcript *transcript)
{
    http2_session_deinit(&transcript->session);
    buffer_deinit(&transcript->events);
    buffer_deinit(&transcript->output);
    buffer_deinit(&transcript->part);
}

void http2_transcript_fill(struct http2_transcript *transcript)
{
    while (!transcript->is_broken && http2_session_wants_write(&transcript->session)) {
        transcript->is_broken = !http2_session_fill(&transcript->session, &transcript->part, 0);
        CHECK(buffer_append(&transcript->output, buffer_text(&transcript->part)));
        buffer_clear(&transcript->part);
    }
}

static bool pass_on(struct http2_transcript *from, struct http2_transcript *to)
{
    http2_transcript_fill(from);
    bool has_said = from->output.length > 0;
    http2_session_receive(&to->session, buffer_text(&from->output), 0);
    buffer_clear(&from->output);
    return has_said;
}

void http2_transcript_converse(struct http2_transcript *first, struct http2_transcript *second)
{
    bool is_silent;
    do {
        is_silent = !pass_on(first, second);
        is_silent &= !pass_on(second, first);
    } while (!is_silent);
}

void http2_transcript_reserve(struct http2_transcript *transcript, size_t bytes)
{
    CHECK(buffer_reserve(&transcript->events, bytes) != NULL);
    CHECK(buffer_reserve(&transcript->output, bytes) != NULL);
    CHECK(buffer_reserve(&transcript->part, bytes) != NULL);
}

void http2_transcript_receive(struct http2_transcript *transcript, struct text bytes)
{
    http2_session_receive(&transcript->session, bytes, 0);
    http2_transcript_fill(transcript);
}

struct http2_transcript_stream *http2_transcript_stream(struct http2_transcript *transcript,
                                                        uint32_t stream_id)
{
    for (size_t i = 0; i < HTTP2_TRANSCRIPT_STREAMS; i++) {
        struct http2_transcript_stream *entry = &transcript->streams[i];
        if (entry->in_use && entry->stream.id == stream_id) {
            return entry;
        }
    }
    return NULL;
}

void http2_transcript_reply(struct http2_transcript *transcript, uint32_t stream_id,
                            struct text body, bool has_trailers)
{
    struct http2_transcript_stream *entry = http2_transcript_stream(transcript, stream_id);
    CHECK(entry != NULL && !entry->has_message);
    entry->has_message = true;
    entry->has_trailers = has_trailers;
    entry->body = body.data;
    entry->body_length = body.length;
    http2_stream_wake(&transcript->session, &entry->stream);
}

struct http2_transcript_stream *http2_transcript_ask(struct http2_transcript *transcript,
                                                     const char *path, struct text body)
{
    struct http2_transcript_stream *entry = take(transcript);
    CHECK(entry != NULL);
    entry->has_message = true;
    entry->path = path;
    entry->body = body.data;
    entry->body_length = body.length;
    if (!http2_session_open(&transcript->session, &entry->stream, false)) {
        entry->in_use = false;
        return NULL;
    }
    return entry;
}

static void name_frame(const uint8_t *head, const uint8_t *payload, uint32_t length,
                       struct buffer *words)
{
    static const char *const names[] = {
        "DATA", "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
        "PUSH", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION",
    };
    unsigned type = head[3];
    unsigned flags = head[4];
    uint32_t stream_id = http2_number_at(head + 5);
    CHECK(type < ARRAY_LENGTH(names));
    CHECK(buffer_format(words, "%s%s", words->length > 0 ? "\n" : "", names[type]));
    bool is_ok = true;
    switch (type) {
    case HTTP2_FRAME_DATA:
        is_ok = buffer_format(words, " %u %u", stream_id, length);
        break;
    case HTTP2_FRAME_HEADERS:
    case HTTP2_FRAME_CONTINUATION:
        is_ok = buffer_format(words, " %u", stream_id);
        break;
    case HTTP2_FRAME_RST_STREAM:
    case HTTP2_FRAME_WINDOW_UPDATE:
        is_ok = buffer_format(words, " %u %u", stream_id, http2_number_at(payload));
        break;
    case HTTP2_FRAME_PING:
        is_ok = buffer_format(words, " %.8s", (const char *)payload);
        break;
    case HTTP2_FRAME_GOAWAY:
        is_ok =
            buffer_format(words, " %u %u", http2_number_at(payload), http2_number_at(payload + 4));
        break;
    default:
        break;
    }
    if (type <= HTTP2_FRAME_HEADERS && (flags & HTTP2_FLAG_END_STREAM) != 0) {
        is_ok &= buffer_append(words, TEXT(" end"));
    } else if ((type == HTTP2_FRAME_SETTINGS || type == HTTP2_FRAME_PING) &&
               (flags & HTTP2_FLAG_ACK) != 0) {
        is_ok &= buffer_append(words, TEXT(" ack"));
    }
    CHECK(is_ok);
}

void http2_transcript_name_frames(struct text frames, struct buffer *words)
{
    const uint8_t *at = (const uint8_t *)frames.data;
    const uint8_t *end_of_frames = at + frames.length;
    buffer_clear(words);
    while (at < end_of_frames) {
        CHECK(end_of_frames - at >= HTTP2_FRAME_HEAD_BYTES);
        uint32_t length = http2_number_at(at) >> 8;
        CHECK((size_t)(end_of_frames - at) >= HTTP2_FRAME_HEAD_BYTES + length);
        name_frame(at, at + HTTP2_FRAME_HEAD_BYTES, length, words);
        at += HTTP2_FRAME_HEAD_BYTES + length;
    }
}
