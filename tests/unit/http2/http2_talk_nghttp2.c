/* A party that is a session of nghttp2's. */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "support/cmocka_test.h"
#include "unit/http2/http2_talk.h"

enum { OUTPUT_BYTES_MAX = 16 * 1024 * 1024, FIELDS_MAX = TALK_FIELDS_MAX + 8 };

struct other {
    struct talk_party party;
    nghttp2_session *session;
    bool is_client;
};

static struct other *other_of(struct talk_party *party)
{
    return CONTAINER_OF(party, struct other, party);
}

static size_t place_of(int32_t stream_id)
{
    return (size_t)stream_id / 2;
}

static struct talk_side *side_of(struct other *other, int32_t stream_id)
{
    struct talk_exchange *exchange = &other->party.talk->exchanges[place_of(stream_id)];
    return other->is_client ? &exchange->client : &exchange->server;
}

struct fields {
    struct talk_field words[FIELDS_MAX];
    nghttp2_nv list[FIELDS_MAX];
    size_t count;
};

static void make_fields(const struct talk_message *message, bool is_trailer, struct fields *fields)
{
    size_t pseudo = is_trailer ? 0 : message->is_request ? 4 : 1;
    fields->count = pseudo + (is_trailer ? message->trailer_count : message->field_count);
    for (size_t i = 0; i < fields->count; i++) {
        struct talk_field *words = &fields->words[i];
        talk_field(message, is_trailer, i, words);
        fields->list[i] = (nghttp2_nv){
            .name = (uint8_t *)words->name,
            .value = (uint8_t *)words->value,
            .namelen = words->name_length,
            .valuelen = words->value_length,
            .flags = i % 5 == 4 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
        };
    }
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *to,
                         size_t length_max, uint32_t *flags, nghttp2_data_source *source,
                         void *user_data)
{
    struct talk_side *side = side_of(user_data, stream_id);
    const struct talk_message *message = &side->message;
    (void)source;
    size_t length = side->available - side->sent;
    length = length < length_max ? length : length_max;
    for (size_t i = 0; i < length; i++) {
        to[i] = (uint8_t)talk_byte(message, side->sent + i);
    }
    side->sent += length;
    if (side->sent == message->body_length) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (message->trailer_count > 0) {
            struct fields fields;
            make_fields(message, true, &fields);
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            assert_int_equal(nghttp2_submit_trailer(session, stream_id, fields.list, fields.count),
                             0);
        }
        return (ssize_t)length;
    }
    return length > 0 ? (ssize_t)length : NGHTTP2_ERR_DEFERRED;
}

static void submit(struct other *other, int32_t stream_id, const struct talk_message *message)
{
    struct fields fields;
    nghttp2_data_provider provider = {.read_callback = read_body};
    bool has_body = message->body_length > 0 || message->trailer_count > 0;
    make_fields(message, false, &fields);
    if (message->is_request) {
        int32_t got = nghttp2_submit_request(other->session, NULL, fields.list, fields.count,
                                             has_body ? &provider : NULL, NULL);
        assert_int_equal(got, stream_id);
    } else {
        assert_int_equal(nghttp2_submit_response(other->session, stream_id, fields.list,
                                                 fields.count, has_body ? &provider : NULL),
                         0);
    }
}

static void reply(struct other *other, int32_t stream_id)
{
    struct talk_side *side = side_of(other, stream_id);
    if (!other->is_client && !side->has_begun) {
        side->has_begun = true;
        submit(other, stream_id, &side->message);
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *user_data)
{
    (void)session;
    (void)flags;
    talk_hear_field(side_of(user_data, frame->hd.stream_id), text_of_bytes(name, name_length),
                    text_of_bytes(value, value_length));
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t length, void *user_data)
{
    (void)session;
    (void)flags;
    assert_true(buffer_append(&side_of(user_data, stream_id)->heard, text_of_bytes(data, length)));
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct other *other = user_data;
    (void)session;
    assert_int_not_equal(frame->hd.type, NGHTTP2_GOAWAY);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    side_of(other, frame->hd.stream_id)->ended |= is_last;
    if (is_last || other->party.talk->exchanges[place_of(frame->hd.stream_id)].is_early) {
        reply(other, frame->hd.stream_id);
    }
    return 0;
}

static int on_invalid(nghttp2_session *session, const nghttp2_frame *frame, int error,
                      void *user_data)
{
    (void)session;
    (void)user_data;
    fail_msg("a frame of type %u is invalid: %s", frame->hd.type, nghttp2_strerror(error));
    return 0;
}

static int on_closed(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
                     void *user_data)
{
    struct talk_side *side = side_of(user_data, stream_id);
    (void)session;
    side->closed = true;
    side->error_code = error_code;
    return 0;
}

static ssize_t pad(nghttp2_session *session, const nghttp2_frame *frame, size_t length_max,
                   void *user_data)
{
    struct other *other = user_data;
    (void)session;
    size_t length = frame->hd.length;
    if (talk_draw(other->party.talk, 4) == 0) {
        length += talk_draw(other->party.talk, 100);
    }
    return (ssize_t)(length < length_max ? length : length_max);
}

static void begin(struct talk_party *party)
{
    struct other *other = other_of(party);
    size_t i = party->talk->begun++;
    struct talk_side *side = &party->talk->exchanges[i].client;
    side->has_begun = true;
    submit(other, (int32_t)(2 * i + 1), &side->message);
}

static void reset(struct talk_party *party, size_t i)
{
    struct other *other = other_of(party);
    struct talk_exchange *exchange = &party->talk->exchanges[i];
    if (!exchange->client.closed) {
        exchange->was_reset = true;
        assert_int_equal(
            nghttp2_submit_rst_stream(other->session, 0, (int32_t)(2 * i + 1), NGHTTP2_CANCEL), 0);
    }
}

static void resume(struct talk_party *party, size_t i)
{
    /* Fails for one that does not wait, or is gone. */
    (void)nghttp2_session_resume_data(other_of(party)->session, (int32_t)(2 * i + 1));
}

static void fidget(struct talk_party *party)
{
    struct other *other = other_of(party);
    nghttp2_settings_entry windows = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                      (uint32_t)talk_draw(party->talk, 200000)};
    nghttp2_settings_entry table = {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE,
                                    (uint32_t)talk_draw(party->talk, 6000)};
    nghttp2_priority_spec priority;
    switch (talk_draw(party->talk, 4)) {
    case 0:
        assert_int_equal(nghttp2_submit_ping(other->session, 0, NULL), 0);
        break;
    case 1:
        assert_int_equal(nghttp2_submit_settings(other->session, 0, &windows, 1), 0);
        break;
    case 2:
        assert_int_equal(nghttp2_submit_settings(other->session, 0, &table, 1), 0);
        break;
    default:
        nghttp2_priority_spec_init(&priority, 1, 20, 0);
        if (other->is_client) {
            assert_int_equal(nghttp2_submit_priority(other->session, 0, 5, &priority), 0);
        }
        break;
    }
}

static void receive(struct talk_party *party, struct text bytes)
{
    ssize_t taken = nghttp2_session_mem_recv(other_of(party)->session, (const uint8_t *)bytes.data,
                                             bytes.length);
    if (taken != (ssize_t)bytes.length) {
        fail_msg("nghttp2: %s", nghttp2_strerror((int)taken));
    }
}

static void fill(struct talk_party *party)
{
    const uint8_t *data;
    ssize_t length;
    while ((length = nghttp2_session_mem_send(other_of(party)->session, &data)) > 0) {
        assert_true(buffer_append(&party->output, text_of_bytes(data, (size_t)length)));
    }
    assert_int_equal(length, 0);
}

static void destroy(struct talk_party *party)
{
    struct other *other = other_of(party);
    nghttp2_session_del(other->session);
    buffer_deinit(&party->output);
    free(other);
}

static nghttp2_session_callbacks *create_callbacks(void)
{
    nghttp2_session_callbacks *callbacks;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_closed);
    nghttp2_session_callbacks_set_select_padding_callback(callbacks, pad);
    return callbacks;
}

struct talk_party *talk_create_nghttp2(struct talk *talk, bool is_client)
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
    nghttp2_session_callbacks *callbacks = create_callbacks();
    struct other *other = calloc(1, sizeof(*other));
    assert_non_null(other);
    other->party = (struct talk_party){.ops = &ops, .talk = talk};
    other->is_client = is_client;
    buffer_init(&other->party.output, OUTPUT_BYTES_MAX);
    int result = is_client ? nghttp2_session_client_new(&other->session, callbacks, other)
                           : nghttp2_session_server_new(&other->session, callbacks, other);
    assert_int_equal(result, 0);
    assert_int_equal(nghttp2_submit_settings(other->session, 0, NULL, 0), 0);
    nghttp2_session_callbacks_del(callbacks);
    return &other->party;
}
