/* What a server's session does for its caller: turns, windows, refusing, shutting down. */
#include "support/cmocka_test.h"
#include "support/http2_transcript.h"

enum {
    LARGE_BYTES = 200 * 1024,
    WORDS_BYTES_MAX = 64 * 1024,
    RESERVED_BYTES = 1024 * 1024,
};

static const char large[LARGE_BYTES];

/* A server, and its client as bytes. */
struct scene {
    struct http2_transcript transcript;
    struct buffer words;
};

static void send_frame(struct scene *scene, enum http2_frame_type type, unsigned flags,
                       uint32_t stream_id, struct text payload)
{
    uint8_t head[HTTP2_FRAME_HEAD_BYTES];
    http2_put_head(head, (uint32_t)payload.length, type, flags, stream_id);
    http2_session_receive(&scene->transcript.session, text_of_bytes(head, sizeof(head)), 0);
    http2_session_receive(&scene->transcript.session, payload, 0);
}

static void send_number(struct scene *scene, enum http2_frame_type type, uint32_t stream_id,
                        uint32_t number)
{
    uint8_t payload[4];
    http2_put_number(payload, number);
    send_frame(scene, type, 0, stream_id, text_of_bytes(payload, sizeof(payload)));
}

static void set_initial_window(struct scene *scene, uint32_t bytes)
{
    uint8_t payload[6] = {0, HTTP2_SETTING_INITIAL_WINDOW_SIZE};
    http2_put_number(payload + 2, bytes);
    send_frame(scene, HTTP2_FRAME_SETTINGS, 0, 0, text_of_bytes(payload, sizeof(payload)));
}

static void request(struct scene *scene, uint32_t stream_id, bool is_last)
{
    send_frame(scene, HTTP2_FRAME_HEADERS,
               HTTP2_FLAG_END_HEADERS | (is_last ? HTTP2_FLAG_END_STREAM : 0U), stream_id,
               TEXT("\x83\x86\x84\x01\x01"
                    "a"));
}

/* Forgets what was written. */
static void clear(struct scene *scene)
{
    http2_transcript_fill(&scene->transcript);
    buffer_clear(&scene->transcript.output);
    buffer_clear(&scene->transcript.events);
}

static void open_scene(struct scene *scene)
{
    http2_transcript_init(&scene->transcript, false);
    buffer_init(&scene->words, WORDS_BYTES_MAX);
    http2_session_receive(&scene->transcript.session, TEXT(HTTP2_PREFACE), 0);
    send_frame(scene, HTTP2_FRAME_SETTINGS, 0, 0, TEXT(""));
    clear(scene);
}

static void close_scene(struct scene *scene)
{
    buffer_deinit(&scene->words);
    http2_transcript_deinit(&scene->transcript);
}

static void expect(struct scene *scene, const char *want)
{
    http2_transcript_fill(&scene->transcript);
    http2_transcript_name_frames(buffer_text(&scene->transcript.output), &scene->words);
    if (!text_equal(buffer_text(&scene->words), text_of(want))) {
        fail_msg("%.*s\nwanted:\n%s", TEXT_ARGUMENTS(buffer_text(&scene->words)), want);
    }
    buffer_clear(&scene->transcript.output);
}

static void expect_events(struct scene *scene, const char *want)
{
    struct text events = buffer_text(&scene->transcript.events);
    if (!text_equal(events, text_of(want))) {
        fail_msg("%.*s\nwanted:\n%s", TEXT_ARGUMENTS(events), want);
    }
    buffer_clear(&scene->transcript.events);
}

static void test_opening(void **state)
{
    (void)state;
    struct scene scene;
    struct http2_session *session = &scene.transcript.session;
    http2_transcript_init(&scene.transcript, false);
    buffer_init(&scene.words, WORDS_BYTES_MAX);
    assert_true(http2_session_wants_write(session));
    expect(&scene, "SETTINGS\nWINDOW_UPDATE 0 983041");
    assert_false(http2_session_wants_write(session));
    assert_false(session->settled);
    http2_session_receive(session, TEXT(HTTP2_PREFACE), 0);
    send_frame(&scene, HTTP2_FRAME_SETTINGS, 0, 0, TEXT("\0\3\0\0\0\7"));
    assert_true(session->settled);
    assert_int_equal(session->peer_streams_max, 7);
    send_frame(&scene, HTTP2_FRAME_PING, 0, 0, TEXT("12345678"));
    send_frame(&scene, HTTP2_FRAME_PING, HTTP2_FLAG_ACK, 0, TEXT("87654321"));
    expect(&scene, "SETTINGS ack\nPING 12345678 ack");
    expect_events(&scene, "settings\nping 12345678\nanswer 87654321");
    http2_session_ping(session, (const uint8_t *)"abcdefgh");
    expect(&scene, "PING abcdefgh");
    close_scene(&scene);
}

static void test_exchange(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    request(&scene, 1, false);
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, TEXT("abc"));
    send_frame(&scene, HTTP2_FRAME_DATA, HTTP2_FLAG_END_STREAM, 1, TEXT(""));
    expect_events(&scene, "opened\n1 :method=POST\n1 :scheme=http\n1 :path=/\n1 :authority=a\n"
                          "1 headers\n1 data abc end");
    expect(&scene, "");
    assert_int_equal(scene.transcript.session.stream_count, 1);
    http2_transcript_reply(&scene.transcript, 1, TEXT("hello"), true);
    expect(&scene, "HEADERS 1\nDATA 1 5\nHEADERS 1 end");
    expect_events(&scene, "1 closed 0");
    assert_int_equal(scene.transcript.session.stream_count, 0);

    request(&scene, 3, true);
    http2_transcript_reply(&scene.transcript, 3, TEXT("hello"), false);
    expect(&scene, "HEADERS 3\nDATA 3 5 end");
    request(&scene, 5, true);
    http2_transcript_reply(&scene.transcript, 5, TEXT(""), false);
    expect(&scene, "HEADERS 5 end");
    close_scene(&scene);
}

/* The reply is whole before the request is: the peer need not go on, and what it sent is ignored.
 */
static void test_early_reply(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    request(&scene, 1, false);
    http2_transcript_reply(&scene.transcript, 1, TEXT("no"), false);
    expect(&scene, "HEADERS 1\nDATA 1 2 end\nRST_STREAM 1 0");
    clear(&scene);
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, TEXT("abc"));
    send_frame(&scene, HTTP2_FRAME_DATA, HTTP2_FLAG_END_STREAM, 1, TEXT("abc"));
    expect_events(&scene, "");
    expect(&scene, "");
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, TEXT("abc")); /* now it has no excuse */
    expect(&scene, "GOAWAY 1 5");
    close_scene(&scene);
}

static void test_stream_window(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 0, 1 << 20);
    request(&scene, 1, true);
    http2_transcript_reply(&scene.transcript, 1, (struct text){large, 70000}, false);
    expect(&scene, "HEADERS 1\nDATA 1 16384\nDATA 1 16384\nDATA 1 16384\nDATA 1 16383");
    struct http2_transcript_stream *entry = http2_transcript_stream(&scene.transcript, 1);
    assert_false(http2_stream_can_send(&scene.transcript.session, &entry->stream));
    set_initial_window(&scene, 60000); /* the window is below nothing now */
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 1, 5535);
    expect(&scene, "SETTINGS ack");
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 1, 1);
    expect(&scene, "DATA 1 1");
    set_initial_window(&scene, 60100);
    expect(&scene, "SETTINGS ack\nDATA 1 100");
    set_initial_window(&scene, 65535);
    expect(&scene, "SETTINGS ack\nDATA 1 4364 end");
    close_scene(&scene);
}

static void test_connection_window(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    set_initial_window(&scene, 1 << 20);
    clear(&scene);
    request(&scene, 1, true);
    request(&scene, 3, true);
    http2_transcript_reply(&scene.transcript, 1, (struct text){large, 50000}, false);
    http2_transcript_reply(&scene.transcript, 3, (struct text){large, 50000}, false);
    expect(&scene, "HEADERS 1\nDATA 1 16384\nHEADERS 3\nDATA 3 16384\nDATA 1 16384\nDATA 3 16383");
    struct http2_transcript_stream *entry = http2_transcript_stream(&scene.transcript, 1);
    assert_false(http2_stream_can_send(&scene.transcript.session, &entry->stream));
    assert_false(http2_session_wants_write(&scene.transcript.session));
    http2_stream_wake(&scene.transcript.session, &entry->stream); /* does nothing */
    assert_false(http2_session_wants_write(&scene.transcript.session));
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 0, 20000);
    expect(&scene, "DATA 1 16384\nDATA 3 3616");
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 0, 20000);
    expect(&scene, "DATA 1 848 end\nDATA 3 13617 end");
    close_scene(&scene);
}

/* A small reply does not wait for a large one that came first. */
static void test_turns(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    request(&scene, 1, true);
    request(&scene, 3, true);
    http2_transcript_reply(&scene.transcript, 1, (struct text){large, 40000}, true);
    http2_transcript_reply(&scene.transcript, 3, TEXT("small"), true);
    expect(&scene, "HEADERS 1\nDATA 1 16384\nHEADERS 3\nDATA 3 5\nHEADERS 3 end\nDATA 1 16384\n"
                   "DATA 1 7232\nHEADERS 1 end");
    close_scene(&scene);
}

static void test_gathering(void **state)
{
    (void)state;
    struct scene scene;
    struct buffer output;
    size_t length = 0;
    buffer_init(&output, RESERVED_BYTES);
    open_scene(&scene);
    set_initial_window(&scene, 1 << 20);
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 0, 1 << 20);
    clear(&scene);
    request(&scene, 1, true);
    http2_transcript_reply(&scene.transcript, 1, (struct text){large, LARGE_BYTES}, false);
    while (http2_session_wants_write(&scene.transcript.session)) {
        buffer_clear(&output);
        assert_true(http2_session_fill(&scene.transcript.session, &output, 0));
        assert_true(output.length <= HTTP2_GATHER_BYTES + HTTP2_FRAME_BYTES_MAX + 32);
        length += output.length;
    }
    assert_true(length > LARGE_BYTES);
    buffer_deinit(&output);

    /* An output that is full breaks the session. */
    buffer_init(&output, 100);
    request(&scene, 3, true);
    http2_transcript_reply(&scene.transcript, 3, (struct text){large, 1000}, false);
    assert_false(http2_session_fill(&scene.transcript.session, &output, 0));
    buffer_deinit(&output);
    close_scene(&scene);
}

/* The connection's window opens by itself, the stream's as it is consumed; in steps. */
static void test_consuming(void **state)
{
    (void)state;
    struct scene scene;
    struct text frame = {large, HTTP2_FRAME_BYTES_MAX};
    open_scene(&scene);
    request(&scene, 1, false);
    struct http2_transcript_stream *entry = http2_transcript_stream(&scene.transcript, 1);
    for (unsigned i = 0; i < 8; i++) {
        send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, frame);
    }
    expect(&scene, "");
    http2_stream_consume(&scene.transcript.session, &entry->stream, 65535);
    expect(&scene, "");
    http2_stream_consume(&scene.transcript.session, &entry->stream, 1);
    expect(&scene, "WINDOW_UPDATE 1 65536");
    for (unsigned i = 0; i < 4; i++) {
        send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, frame);
    }
    expect(&scene, "");
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, TEXT("a")); /* a byte too many */
    expect(&scene, "RST_STREAM 1 3");
    for (unsigned i = 0; i < 20; i++) {
        send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, frame); /* of a stream that is gone */
    }
    expect(&scene, "WINDOW_UPDATE 0 524289");

    /* Padding is nobody's: it is given back at once. */
    request(&scene, 3, false);
    for (unsigned i = 0; i < 260; i++) {
        send_frame(&scene, HTTP2_FRAME_DATA, HTTP2_FLAG_PADDED, 3,
                   text_of_bytes("\xff"
                                 "a"
                                 "                                                                "
                                 "                                                                "
                                 "                                                                "
                                 "                                                                ",
                                 257));
    }
    expect(&scene, "WINDOW_UPDATE 3 65536");
    close_scene(&scene);
}

static void test_refusing(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    scene.transcript.refuses = true;
    request(&scene, 1, false);
    expect(&scene, "RST_STREAM 1 7");
    send_frame(&scene, HTTP2_FRAME_DATA, HTTP2_FLAG_END_STREAM, 1, TEXT("abc"));
    scene.transcript.refuses = false;
    clear(&scene);
    for (uint32_t i = 1; i <= 50; i++) { /* more than there are places */
        request(&scene, 2 * i + 1, true);
    }
    expect(&scene, "");
    assert_int_equal(scene.transcript.session.stream_count, 50);
    request(&scene, 103, true);
    expect(&scene, "RST_STREAM 103 7");
    for (uint32_t i = 1; i <= 50; i++) {
        http2_transcript_reply(&scene.transcript, 2 * i + 1, TEXT(""), false);
    }
    clear(&scene);
    assert_int_equal(scene.transcript.session.stream_count, 0);
    request(&scene, 105, true);
    assert_int_equal(scene.transcript.session.stream_count, 1);
    close_scene(&scene);
}

static void test_resetting(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    request(&scene, 1, false);
    struct http2_transcript_stream *entry = http2_transcript_stream(&scene.transcript, 1);
    http2_transcript_reply(&scene.transcript, 1, TEXT("dropped"), false);
    http2_stream_reset(&scene.transcript.session, &entry->stream, HTTP2_CANCEL);
    http2_stream_reset(&scene.transcript.session, &entry->stream, HTTP2_INTERNAL_ERROR);
    buffer_clear(&scene.transcript.events);
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 1, TEXT("ignored"));
    send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 1, 100);
    expect(&scene, "RST_STREAM 1 8");
    expect_events(&scene, "1 closed 8");

    request(&scene, 3, false); /* the peer's */
    buffer_clear(&scene.transcript.events);
    send_number(&scene, HTTP2_FRAME_RST_STREAM, 3, 0x12345);
    expect_events(&scene, "3 closed 74565");
    expect(&scene, "");

    request(&scene, 5, false); /* nobody's any more */
    buffer_clear(&scene.transcript.events);
    entry = http2_transcript_stream(&scene.transcript, 5);
    http2_transcript_reply(&scene.transcript, 5, TEXT("dropped"), false);
    http2_session_forget(&scene.transcript.session, &entry->stream);
    send_frame(&scene, HTTP2_FRAME_DATA, HTTP2_FLAG_END_STREAM, 5, TEXT("ignored"));
    expect_events(&scene, "");
    expect(&scene, "");
    assert_int_equal(scene.transcript.session.stream_count, 0);
    close_scene(&scene);
}

static void test_shutting_down(void **state)
{
    (void)state;
    struct scene scene;
    struct http2_session *session = &scene.transcript.session;
    open_scene(&scene);
    request(&scene, 1, true);
    http2_session_announce_shutdown(session);
    http2_session_ping(session, (const uint8_t *)"drain123");
    expect(&scene, "GOAWAY 2147483647 0\nPING drain123");
    request(&scene, 3, true); /* was under way */
    assert_int_equal(session->stream_count, 2);
    http2_session_shut_down(session, HTTP2_NO_ERROR, TEXT("max_age"));
    expect(&scene, "GOAWAY 3 0");
    request(&scene, 5, false); /* is ignored, and what follows it */
    send_frame(&scene, HTTP2_FRAME_DATA, 0, 5, TEXT("abc"));
    assert_int_equal(session->stream_count, 2);
    expect(&scene, "");
    assert_false(http2_session_is_over(session));
    http2_transcript_reply(&scene.transcript, 1, TEXT("1"), false);
    http2_transcript_reply(&scene.transcript, 3, TEXT("3"), false);
    expect(&scene, "HEADERS 1\nDATA 1 1 end\nHEADERS 3\nDATA 3 1 end");
    assert_true(http2_session_is_over(session));
    assert_int_equal(session->failure, HTTP2_NO_ERROR);
    close_scene(&scene);
}

static void test_terminating(void **state)
{
    (void)state;
    struct scene scene;
    struct http2_session *session = &scene.transcript.session;
    open_scene(&scene);
    request(&scene, 1, true);
    http2_transcript_reply(&scene.transcript, 1, TEXT("too late"), false);
    http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
    http2_session_terminate(session, HTTP2_NO_ERROR, "");
    assert_int_equal(session->failure, HTTP2_ENHANCE_YOUR_CALM);
    assert_string_equal(session->failure_reason, "too_many_pings");
    assert_true(http2_session_wants_write(session));
    http2_transcript_fill(&scene.transcript);
    assert_non_null(
        memmem(scene.transcript.output.data, scene.transcript.output.length, "too_many_pings", 14));
    expect(&scene, "GOAWAY 1 11");
    request(&scene, 3, true);
    send_frame(&scene, HTTP2_FRAME_PING, 0, 0, TEXT("12345678"));
    expect(&scene, "");
    assert_true(http2_session_is_over(session));
    close_scene(&scene);

    open_scene(&scene); /* the peer's farewell */
    send_frame(&scene, HTTP2_FRAME_GOAWAY, 0, 0, TEXT("\0\0\0\0\0\0\0\2why"));
    expect_events(&scene, "goaway 2 why");
    assert_true(http2_session_is_over(session));
    close_scene(&scene);
}

static void test_many_settings(void **state)
{
    (void)state;
    static uint8_t entries[(HTTP2_SETTINGS_ENTRIES_MAX + 1) * 6];
    struct text all = text_of_bytes(entries, sizeof(entries)); /* of number 0, which is unknown */
    struct scene scene;
    open_scene(&scene);
    send_frame(&scene, HTTP2_FRAME_SETTINGS, 0, 0, text_slice(all, 6, all.length));
    expect(&scene, "SETTINGS ack");
    send_frame(&scene, HTTP2_FRAME_SETTINGS, 0, 0, all);
    expect(&scene, "GOAWAY 0 11");
    close_scene(&scene);
}

/* What is asked in vain, up to its limit and past it. */
static void test_charges(void **state)
{
    (void)state;
    struct scene scene;
    struct http2_session *session = &scene.transcript.session;
    open_scene(&scene); /* SETTINGS were the first */
    for (unsigned i = 1; i < HTTP2_CONTROLS_MAX; i++) {
        send_frame(&scene, HTTP2_FRAME_PRIORITY, 0, 1, TEXT("\0\0\0\3\x10"));
    }
    assert_int_equal(session->failure, HTTP2_NO_ERROR);
    send_frame(&scene, HTTP2_FRAME_PRIORITY, 0, 1, TEXT("\0\0\0\3\x10"));
    expect(&scene, "GOAWAY 0 11");
    close_scene(&scene);

    open_scene(&scene);
    scene.transcript.refuses = true;
    for (uint32_t i = 0; i < HTTP2_STRIKES_MAX; i++) {
        request(&scene, 2 * i + 1, true);
    }
    assert_int_equal(session->failure, HTTP2_NO_ERROR);
    request(&scene, 2 * HTTP2_STRIKES_MAX + 1, true);
    assert_int_equal(session->failure, HTTP2_ENHANCE_YOUR_CALM);
    close_scene(&scene);

    open_scene(&scene);
    for (uint32_t i = 0; i <= HTTP2_STRIKES_MAX; i++) {
        assert_int_equal(session->failure, HTTP2_NO_ERROR);
        request(&scene, 2 * i + 1, true);
        send_number(&scene, HTTP2_FRAME_WINDOW_UPDATE, 2 * i + 1, INT32_MAX);
        http2_transcript_fill(&scene.transcript); /* resets it */
    }
    assert_int_equal(session->failure, HTTP2_ENHANCE_YOUR_CALM);
    close_scene(&scene);

    open_scene(&scene);
    for (uint32_t i = 0; i <= HTTP2_RESETS_MAX; i++) {
        assert_int_equal(session->failure, HTTP2_NO_ERROR);
        request(&scene, 2 * i + 1, true);
        send_number(&scene, HTTP2_FRAME_RST_STREAM, 2 * i + 1, HTTP2_CANCEL);
    }
    assert_int_equal(session->failure, HTTP2_ENHANCE_YOUR_CALM);
    close_scene(&scene);
}

static void test_continuations(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    send_frame(&scene, HTTP2_FRAME_HEADERS, HTTP2_FLAG_END_STREAM, 1, TEXT("\x82\x86\x84\1\1a"));
    for (unsigned i = 0; i < HTTP2_CONTINUATIONS_MAX; i++) {
        send_frame(&scene, HTTP2_FRAME_CONTINUATION, 0, 1, TEXT(""));
    }
    assert_int_equal(scene.transcript.session.failure, HTTP2_NO_ERROR);
    send_frame(&scene, HTTP2_FRAME_CONTINUATION, HTTP2_FLAG_END_HEADERS, 1, TEXT(""));
    expect(&scene, "GOAWAY 0 11");
    close_scene(&scene);
}

/* A block of a byte a field that is a mebibyte when it is decoded. */
static void test_header_bomb(void **state)
{
    (void)state;
    static char block[300];
    static char value[4000];
    struct scene scene;
    struct buffer first;
    open_scene(&scene);
    buffer_init(&first, 8192);
    memset(value, 'v', sizeof(value));
    memset(block, 0xbe, sizeof(block)); /* the newest of the table */
    assert_true(buffer_append(&first, TEXT("\x82\x86\x84\1\1a\x40\1x\x7f\xa1\x1e")));
    assert_true(buffer_append(&first, text_of_bytes(value, sizeof(value))));
    send_frame(&scene, HTTP2_FRAME_HEADERS, HTTP2_FLAG_END_STREAM | HTTP2_FLAG_END_HEADERS, 1,
               buffer_text(&first));
    assert_int_equal(scene.transcript.session.stream_count, 1);
    send_frame(&scene, HTTP2_FRAME_HEADERS, HTTP2_FLAG_END_STREAM | HTTP2_FLAG_END_HEADERS, 3,
               text_of_bytes(block, sizeof(block)));
    expect(&scene, "GOAWAY 3 11");
    buffer_deinit(&first);
    close_scene(&scene);
}

/* When a header block waits for its end. */
static void test_open_block(void **state)
{
    (void)state;
    struct scene scene;
    struct http2_session *session = &scene.transcript.session;
    open_scene(&scene);
    http2_session_receive(session, TEXT("\0\0\6\1\4\0\0\0\1\x83"), 10);
    assert_int_equal(session->block_since_ns, 10);
    http2_session_receive(session, TEXT("\x86"), 20);
    assert_int_equal(session->block_since_ns, 10);
    http2_session_receive(session, TEXT("\x84\1\1a\0\0\1\1\0\0\0\0\3\x83"), 30); /* the next, too */
    assert_int_equal(session->block_since_ns, 30);
    http2_session_receive(session, TEXT("\0\0\5\x09\4\0\0\0\3\x86\x84\1\1a"), 40);
    assert_int_equal(session->block_since_ns, 0);
    http2_session_receive(session, TEXT("\0\0\7\0\0\0\0\0\1ab"), 50); /* DATA may take its time */
    assert_int_equal(session->block_since_ns, 0);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),           cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_early_reply),       cmocka_unit_test(test_stream_window),
        cmocka_unit_test(test_connection_window), cmocka_unit_test(test_turns),
        cmocka_unit_test(test_gathering),         cmocka_unit_test(test_consuming),
        cmocka_unit_test(test_refusing),          cmocka_unit_test(test_resetting),
        cmocka_unit_test(test_shutting_down),     cmocka_unit_test(test_terminating),
        cmocka_unit_test(test_many_settings),     cmocka_unit_test(test_charges),
        cmocka_unit_test(test_continuations),     cmocka_unit_test(test_header_bomb),
        cmocka_unit_test(test_open_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
