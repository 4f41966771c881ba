/* A party that is a session of lib/http2. */
#include <stdlib.h>

#include "http2/http2_session.h"
#include "support/cmocka_test.h"
#include "unit/http2/http2_talk.h"

enum { OUTPUT_BYTES_MAX = 16 * 1024 * 1024, WINDOW_BYTES = 70000 };

struct entry {
    struct http2_stream stream;
    size_t i; /* of the exchange */
    size_t unconsumed;
    bool head_sent;
    bool is_known; /* by the session */
};

struct ours {
    struct talk_party party;
    struct http2_session session;
    struct buffer part;
    bool is_client;
    struct entry entries[TALK_EXCHANGES];
    struct entry *opening;
};

static struct ours *ours_of(struct http2_session *session)
{
    return CONTAINER_OF(session, struct ours, session);
}

static struct ours *ours_of_party(struct talk_party *party)
{
    return CONTAINER_OF(party, struct ours, party);
}

static struct entry *entry_of(struct http2_stream *stream)
{
    return CONTAINER_OF(stream, struct entry, stream);
}

static struct talk_side *side_of(struct ours *ours, size_t i)
{
    struct talk_exchange *exchange = &ours->party.talk->exchanges[i];
    return ours->is_client ? &exchange->client : &exchange->server;
}

/* Which exchange it is shows only when the stream has a number. */
static size_t place_of(struct http2_stream *stream)
{
    struct entry *entry = entry_of(stream);
    entry->i = stream->id / 2;
    return entry->i;
}

static struct http2_stream *on_opened(struct http2_session *session)
{
    struct ours *ours = ours_of(session);
    for (size_t i = 0; i < TALK_EXCHANGES; i++) {
        if (!ours->entries[i].is_known) {
            ours->entries[i] = (struct entry){.is_known = true};
            http2_stream_init(&ours->entries[i].stream);
            return &ours->entries[i].stream;
        }
    }
    return NULL;
}

static void on_field(struct http2_session *session, struct http2_stream *stream,
                     const struct hpack_field *field)
{
    struct ours *ours = ours_of(session);
    talk_hear_field(side_of(ours, place_of(stream)), field->name, field->value);
}

static void end(struct ours *ours, struct http2_stream *stream)
{
    struct talk_side *side = side_of(ours, place_of(stream));
    side->ended = true;
    side->has_begun = true;
    http2_stream_wake(&ours->session, stream);
}

static void on_headers(struct http2_session *session, struct http2_stream *stream,
                       enum http2_block block, bool is_last)
{
    struct ours *ours = ours_of(session);
    size_t i = place_of(stream);
    (void)block;
    if (!ours->is_client && ours->party.talk->exchanges[i].is_early) {
        side_of(ours, i)->has_begun = true;
        http2_stream_wake(session, stream);
    }
    if (is_last) {
        end(ours, stream);
    }
}

static void on_data(struct http2_session *session, struct http2_stream *stream, struct text part,
                    bool is_last)
{
    struct ours *ours = ours_of(session);
    assert_true(buffer_append(&side_of(ours, place_of(stream))->heard, part));
    entry_of(stream)->unconsumed += part.length;
    if (is_last) {
        end(ours, stream);
    }
}

static void write_fields(struct ours *ours, struct http2_stream *stream,
                         const struct talk_message *message, bool is_trailer, bool is_last)
{
    size_t pseudo = is_trailer ? 0 : message->is_request ? 4 : 1;
    size_t count = pseudo + (is_trailer ? message->trailer_count : message->field_count);
    struct talk_field words;
    http2_stream_begin_headers(&ours->session, stream);
    for (size_t i = 0; i < count; i++) {
        talk_field(message, is_trailer, i, &words);
        struct hpack_field field = {.name = {words.name, words.name_length},
                                    .value = {words.value, words.value_length}};
        field.token = hpack_token_of(field.name);
        http2_stream_add_field(&ours->session, &field,
                               (enum hpack_indexing)talk_draw(ours->party.talk, 4));
    }
    http2_stream_end_headers(&ours->session, stream, is_last);
}

static void on_write(struct http2_session *session, struct http2_stream *stream)
{
    static char body[HTTP2_FRAME_BYTES_MAX];
    struct ours *ours = ours_of(session);
    struct entry *entry = entry_of(stream);
    struct talk_side *side = side_of(ours, entry->i);
    const struct talk_message *message = &side->message;
    if (!ours->is_client && !side->has_begun) {
        return;
    }
    if (!entry->head_sent) {
        entry->head_sent = true;
        write_fields(ours, stream, message, false,
                     message->body_length == 0 && message->trailer_count == 0);
    }
    size_t left = side->available - side->sent;
    if (left > 0) {
        size_t length = left < sizeof(body) ? left : sizeof(body);
        bool is_end = side->sent + length == message->body_length && message->trailer_count == 0;
        for (size_t i = 0; i < length; i++) {
            body[i] = talk_byte(message, side->sent + i);
        }
        side->sent += http2_stream_send_data(session, stream, (struct text){body, length}, is_end);
    }
    if (side->sent == message->body_length && !stream->local_ended) {
        write_fields(ours, stream, message, true, true);
    } else if (side->sent < side->available &&
               http2_stream_can_send(session, stream)) { /* more than a frame */
        http2_stream_wake(session, stream);
    }
}

static void on_closed(struct http2_session *session, struct http2_stream *stream,
                      uint32_t error_code)
{
    struct ours *ours = ours_of(session);
    struct talk_side *side = side_of(ours, entry_of(stream)->i);
    side->closed = true;
    side->error_code = error_code;
    entry_of(stream)->is_known = false;
}

static const struct http2_session_events events = {
    .opened = on_opened,
    .field = on_field,
    .headers = on_headers,
    .data = on_data,
    .write = on_write,
    .closed = on_closed,
};

static struct entry *find(struct ours *ours, size_t i)
{
    for (size_t j = 0; j < TALK_EXCHANGES; j++) {
        if (ours->entries[j].is_known && ours->entries[j].i == i) {
            return &ours->entries[j];
        }
    }
    return NULL;
}

static void begin(struct talk_party *party)
{
    struct ours *ours = ours_of_party(party);
    struct http2_stream *stream = on_opened(&ours->session);
    CHECK(stream != NULL);
    struct entry *entry = entry_of(stream);
    entry->i = party->talk->begun++;
    side_of(ours, entry->i)->has_begun = true;
    assert_true(http2_session_open(&ours->session, &entry->stream, false));
}

static void reset(struct talk_party *party, size_t i)
{
    struct ours *ours = ours_of_party(party);
    struct entry *entry = find(ours, i);
    if (entry != NULL && entry->stream.id != 0) {
        party->talk->exchanges[i].was_reset = true;
        http2_stream_reset(&ours->session, &entry->stream, HTTP2_CANCEL);
    }
}

static void resume(struct talk_party *party, size_t i)
{
    struct ours *ours = ours_of_party(party);
    struct entry *entry = find(ours, i);
    if (entry != NULL) {
        http2_stream_consume(&ours->session, &entry->stream, entry->unconsumed);
        entry->unconsumed = 0;
        http2_stream_wake(&ours->session, &entry->stream);
    }
}

static void fidget(struct talk_party *party)
{
    http2_session_ping(&ours_of_party(party)->session, (const uint8_t *)"12345678");
}

static void receive(struct talk_party *party, struct text bytes)
{
    struct ours *ours = ours_of_party(party);
    http2_session_receive(&ours->session, bytes, 0);
    if (ours->session.failure != HTTP2_NO_ERROR) {
        fail_msg("failed: %u, %s", ours->session.failure, ours->session.failure_reason);
    }
}

static void fill(struct talk_party *party)
{
    struct ours *ours = ours_of_party(party);
    while (http2_session_wants_write(&ours->session)) {
        assert_true(http2_session_fill(&ours->session, &ours->part, 0));
        assert_true(buffer_append(&party->output, buffer_text(&ours->part)));
        buffer_clear(&ours->part);
    }
}

static void destroy(struct talk_party *party)
{
    struct ours *ours = ours_of_party(party);
    assert_int_equal(ours->session.stream_count, 0);
    http2_session_deinit(&ours->session);
    buffer_deinit(&ours->part);
    buffer_deinit(&party->output);
    free(ours);
}

struct talk_party *talk_create_ours(struct talk *talk, bool is_client)
{
    static const struct talk_party_ops ops = {
        .begin = begin,
        .reset = reset,
        .resume = resume,
        .fidget = fidget,
        .receive = receive,
        .fill = fill,
        .destroy = destroy,
    };
    const struct http2_session_options options = {
        .events = &events,
        .is_client = is_client,
        .streams_max = TALK_EXCHANGES,
        .window_bytes = WINDOW_BYTES,
        .connection_window_bytes = WINDOW_BYTES,
        .header_list_bytes_max = 65536,
    };
    struct ours *ours = calloc(1, sizeof(*ours));
    assert_non_null(ours);
    ours->party = (struct talk_party){.ops = &ops, .talk = talk};
    ours->is_client = is_client;
    buffer_init(&ours->party.output, OUTPUT_BYTES_MAX);
    buffer_init(&ours->part, OUTPUT_BYTES_MAX);
    http2_session_init(&ours->session, &options);
    return &ours->party;
}
