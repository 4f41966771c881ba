/* A client's session and a server's, that talk to each other. */
#include "support/allocation_failure.h"
#include "support/cmocka_test.h"
#include "support/http2_transcript.h"

enum { LARGE_BYTES = 200 * 1024, RESERVED_BYTES = 1024 * 1024 };

static const char large[LARGE_BYTES];

/* Two sessions. */
struct pair {
    struct http2_transcript client;
    struct http2_transcript server;
};

static void open_pair(struct pair *pair)
{
    http2_transcript_init(&pair->client, true);
    http2_transcript_init(&pair->server, false);
    pair->client.consumes = true;
    pair->server.consumes = true;
}

static void close_pair(struct pair *pair)
{
    http2_transcript_deinit(&pair->client);
    http2_transcript_deinit(&pair->server);
}

static void test_client(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    pair.server.replies = true;
    struct http2_session *session = &pair.client.session;
    assert_int_equal(session->peer_streams_max, HTTP2_STREAMS_MAX_UNTOLD);
    struct http2_transcript_stream *first = http2_transcript_ask(&pair.client, "/a", TEXT("body"));
    struct http2_transcript_stream *second =
        http2_transcript_ask(&pair.client, "/b", (struct text){NULL, 0});
    assert_int_equal(first->stream.id, 0);
    http2_transcript_converse(&pair.client, &pair.server);
    assert_int_equal(first->stream.id, 1);
    assert_int_equal(second->stream.id, 3);
    assert_int_equal(session->peer_streams_max, 50);
    const char *want = "settings\n1 block\n1 :status=200\n1 x-head=1\n1 headers\n1 data reply\n"
                       "1 block\n1 x-end=1\n1 trailers end\n1 closed 0\n"
                       "3 block\n3 :status=200\n3 x-head=1\n3 headers\n3 data reply end\n"
                       "3 closed 0";
    assert_true(text_equal(buffer_text(&pair.client.events), text_of(want)));
    assert_int_equal(session->stream_count, 0);
    close_pair(&pair);
}

/* Cancelled before anything of it was sent: the peer never hears of it, nor is its number used. */
static void test_unsent(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    pair.server.replies = true;
    struct http2_transcript_stream *entry =
        http2_transcript_ask(&pair.client, "/a", (struct text){NULL, 0});
    http2_stream_reset(&pair.client.session, &entry->stream, HTTP2_CANCEL);
    http2_transcript_converse(&pair.client, &pair.server);
    assert_true(text_equal(buffer_text(&pair.client.events), TEXT("0 closed 8\nsettings")));
    entry = http2_transcript_ask(&pair.client, "/b", (struct text){NULL, 0});
    http2_transcript_fill(&pair.client);
    assert_int_equal(entry->stream.id, 1);
    pair.client.session.next_id = HTTP2_STREAM_ID_MAX; /* neither waits for a number any more */
    assert_non_null(http2_transcript_ask(&pair.client, "/c", (struct text){NULL, 0}));
    close_pair(&pair);
}

/* The reply's last frame has begun to come when the request ends. */
static void test_cut_end(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    struct http2_transcript_stream *entry =
        http2_transcript_ask(&pair.client, "/a", (struct text){NULL, 0});
    entry->is_open_ended = true;
    http2_transcript_converse(&pair.client, &pair.server);
    buffer_clear(&pair.client.events);
    http2_transcript_receive(&pair.client, TEXT("\0\0\1\1\4\0\0\0\1\x88"
                                                "\0\0\5\0\1\0\0\0\1re"));
    entry->is_open_ended = false;
    http2_stream_wake(&pair.client.session, &entry->stream);
    http2_transcript_fill(&pair.client);
    http2_transcript_receive(&pair.client, TEXT("ply"));
    const char *want = "1 block\n1 :status=200\n1 headers\n1 data reply end\n1 closed 0";
    assert_true(text_equal(buffer_text(&pair.client.events), text_of(want)));
    close_pair(&pair);
}

static void test_goaway_of_server(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    struct http2_session *session = &pair.client.session;
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(http2_transcript_ask(&pair.client, "/a", (struct text){NULL, 0}));
    }
    http2_transcript_converse(&pair.client, &pair.server);
    http2_session_shut_down(&pair.server.session, HTTP2_NO_ERROR, TEXT("bye"));
    http2_transcript_fill(&pair.server);
    /* Says that it has seen but the first. */
    http2_put_number((uint8_t *)pair.server.output.data + HTTP2_FRAME_HEAD_BYTES, 1);
    assert_non_null(http2_transcript_ask(&pair.client, "/unsent", (struct text){NULL, 0}));
    buffer_clear(&pair.client.events);
    http2_transcript_receive(&pair.client, buffer_text(&pair.server.output));
    struct text events = buffer_text(&pair.client.events);
    assert_true(text_starts_with(events, TEXT("goaway 0 bye\n")));
    assert_non_null(memmem(events.data, events.length, "3 closed 7", 10));
    assert_non_null(memmem(events.data, events.length, "5 closed 7", 10));
    assert_non_null(memmem(events.data, events.length, "0 closed 7", 10));
    assert_int_equal(session->stream_count, 1);
    assert_false(http2_session_can_open(session));
    assert_null(http2_transcript_ask(&pair.client, "/late", (struct text){NULL, 0}));
    assert_false(http2_session_is_over(session));
    close_pair(&pair);
}

static void test_numbers_used_up(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair);
    pair.client.session.next_id = HTTP2_STREAM_ID_MAX - 2;
    assert_non_null(http2_transcript_ask(&pair.client, "/a", (struct text){NULL, 0}));
    assert_non_null(http2_transcript_ask(&pair.client, "/b", (struct text){NULL, 0}));
    assert_null(http2_transcript_ask(&pair.client, "/c", (struct text){NULL, 0}));
    http2_transcript_converse(&pair.client, &pair.server);
    assert_null(http2_transcript_ask(&pair.client, "/c", (struct text){NULL, 0}));
    assert_non_null(http2_transcript_stream(&pair.server, HTTP2_STREAM_ID_MAX));
    close_pair(&pair);
}

/* Header blocks and bodies of more than a frame, and bodies of more than a window. */
static void test_large_messages(void **state)
{
    (void)state;
    static char path[40000];
    struct pair pair;
    open_pair(&pair);
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    assert_non_null(http2_transcript_ask(&pair.client, path, (struct text){large, LARGE_BYTES}));
    http2_transcript_converse(&pair.client, &pair.server);
    assert_true(pair.server.events.length > LARGE_BYTES + sizeof(path));
    assert_true(text_ends_with(buffer_text(&pair.server.events), TEXT(" end")));
    http2_transcript_reply(&pair.server, 1, (struct text){large, LARGE_BYTES}, true);
    http2_transcript_converse(&pair.client, &pair.server);
    assert_true(pair.client.events.length > LARGE_BYTES);
    assert_true(text_ends_with(buffer_text(&pair.client.events), TEXT("1 closed 0")));
    close_pair(&pair);
}

static void talk(struct pair *pair, const char *path)
{
    for (unsigned i = 0; i < 40 && !pair->client.session.terminated; i++) {
        assert_true(http2_transcript_ask(&pair->client, path, TEXT("body")) != NULL ||
                    pair->client.session.stream_count > 0);
    }
    /* In pieces, so that frames and blocks wait for their ends. */
    for (unsigned turns = 0; turns < 20; turns++) {
        http2_transcript_fill(&pair->client);
        struct text said = buffer_text(&pair->client.output);
        for (size_t from = 0; from < said.length; from += 1000) {
            http2_session_receive(&pair->server.session, text_slice(said, from, from + 1000), 0);
        }
        buffer_clear(&pair->client.output);
        http2_transcript_fill(&pair->server);
        http2_session_receive(&pair->client.session, buffer_text(&pair->server.output), 0);
        buffer_clear(&pair->server.output);
    }
}

/* Each allocation fails in turn. A session may break, nothing else; and nothing is left. */
static void test_without_memory(void **state)
{
    (void)state;
    static char path[20000];
    bool has_failed = true;
    unsigned broken = 0;
    if (!allocation_failure_is_kept()) {
        skip();
    }
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    for (uint64_t nth = 1; has_failed; nth++) {
        struct pair pair;
        int64_t before = allocation_failure_live_blocks();
        open_pair(&pair);
        pair.server.replies = true;
        http2_transcript_reserve(&pair.client, RESERVED_BYTES);
        http2_transcript_reserve(&pair.server, RESERVED_BYTES);
        allocation_failure_arm(nth, nth % 2 == 0);
        talk(&pair, path);
        has_failed = allocation_failure_disarm();
        broken += pair.client.is_broken || pair.server.is_broken ||
                  pair.client.session.failure != 0 || pair.server.session.failure != 0;
        close_pair(&pair);
        assert_int_equal(allocation_failure_live_blocks(), before);
    }
    assert_true(broken > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),          cmocka_unit_test(test_unsent),
        cmocka_unit_test(test_cut_end),         cmocka_unit_test(test_goaway_of_server),
        cmocka_unit_test(test_numbers_used_up), cmocka_unit_test(test_large_messages),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
