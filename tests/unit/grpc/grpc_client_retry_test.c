/* Retries by policy, against a server that follows a script. */
#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_service_config.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_script.h"

static const struct grpc_retry_policy policy = {
    .attempts_max = 3,
    .backoff = {.first_ns = 1000, .most_ns = 10000, .factor = 2, .jitter = 0.2},
    .statuses = GRPC_STATUS_BIT(STATUS_UNAVAILABLE) | GRPC_STATUS_BIT(STATUS_ABORTED),
    .when_unreachable = true,
};

/* A tenth of a second at least. */
static const struct grpc_retry_policy slow_policy = {
    .attempts_max = 2,
    .backoff = {.first_ns = CLOCK_NS_PER_S / 8, .most_ns = CLOCK_NS_PER_S, .factor = 2},
    .statuses = GRPC_STATUS_BIT(STATUS_UNAVAILABLE),
};

static void open_script(struct grpc_fixture *fixture, struct script *script,
                        const struct grpc_retry_policy *channel_policy)
{
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "script", .retry = channel_policy};
    script_open(fixture, script, &options);
}

static void calls_are_retried_by_policy(struct grpc_fixture *fixture)
{
    static const struct {
        const char *name;
        struct script script;
        unsigned requests;
        enum status want;
    } rows[] = {
        {"at last", {ANSWERS(ANSWER_UNAVAILABLE, ANSWER_ABORTED, ANSWER_OK)}, 3, STATUS_OK},
        {"in vain", {ANSWERS(ANSWER_UNAVAILABLE)}, 3, STATUS_UNAVAILABLE},
        {"not named", {ANSWERS(ANSWER_INTERNAL)}, 1, STATUS_INTERNAL},
        {"committed", {ANSWERS(ANSWER_HEADERS_FIRST)}, 1, STATUS_UNAVAILABLE},
        {"pushed back",
         {ANSWERS(ANSWER_PUSHBACK, ANSWER_OK), .pushback = TEXT_INIT("0")},
         2,
         STATUS_OK},
        {"never", {ANSWERS(ANSWER_PUSHBACK), .pushback = TEXT_INIT("-1")}, 1, STATUS_UNAVAILABLE},
        {"no number",
         {ANSWERS(ANSWER_PUSHBACK), .pushback = TEXT_INIT("soon")},
         1,
         STATUS_UNAVAILABLE},
        {"refused, then in vain",
         {ANSWERS(ANSWER_REFUSED, ANSWER_UNAVAILABLE)},
         4,
         STATUS_UNAVAILABLE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct script script = rows[i].script;
        struct call call = grpc_fixture_call(fixture, 0);
        open_script(fixture, &script, &policy);
        enum status status = script_call(&script, &call, NULL);
        if (status != rows[i].want || script.requests != rows[i].requests) {
            fail_msg("%s: %s after %u", rows[i].name, status_name(status), script.requests);
        }
        script_close(&script);
    }
}
FIXTURE_LOOPBACK_TEST(calls_are_retried_by_policy)

static void the_server_is_told_of_earlier_attempts(struct grpc_fixture *fixture)
{
    struct script script = {ANSWERS(ANSWER_REFUSED, ANSWER_UNAVAILABLE)};
    struct call call = grpc_fixture_call(fixture, 0);
    open_script(fixture, &script, &policy);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(script.requests, 4);
    assert_string_equal(script.previous[0], "");
    assert_string_equal(script.previous[1], ""); /* what was refused does not count */
    assert_string_equal(script.previous[2], "1");
    assert_string_equal(script.previous[3], "2");
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(the_server_is_told_of_earlier_attempts)

static void the_nearest_policy_counts(struct grpc_fixture *fixture)
{
    static const struct grpc_retry_policy none = {.attempts_max = 1};
    const struct {
        const struct grpc_retry_policy *channel;
        struct grpc_call_options options;
        unsigned want;
    } rows[] = {
        {NULL, {.idempotent = false}, 1},   {&policy, {.idempotent = false}, 3},
        {&policy, {.idempotent = true}, 3}, {&policy, {.retry = &none}, 1},
        {NULL, {.retry = &policy}, 3},      {NULL, {.retry = &none, .idempotent = true}, 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
        struct call call = grpc_fixture_call(fixture, 0);
        open_script(fixture, &script, rows[i].channel);
        assert_int_equal(script_call(&script, &call, &rows[i].options), STATUS_UNAVAILABLE);
        assert_int_equal(script.requests, rows[i].want);
        script_close(&script);
    }
}
FIXTURE_LOOPBACK_TEST(the_nearest_policy_counts)

static void a_service_config_says_how(struct grpc_fixture *fixture)
{
    static const char json[] =
        "{\"methodConfig\":[{\"name\":[{\"service\":\"s\"}],\"timeout\":\"0.1s\"},"
        "{\"name\":[{\"service\":\"s\",\"method\":\"m\"}],\"retryPolicy\":{\"maxAttempts\":2,"
        "\"initialBackoff\":\"0.001s\",\"maxBackoff\":\"1s\",\"backoffMultiplier\":2,"
        "\"retryableStatusCodes\":[\"INTERNAL\"]}}],"
        "\"retryThrottling\":{\"maxTokens\":4,\"tokenRatio\":1}}";
    struct script script = {ANSWERS(ANSWER_ABORTED)};
    struct grpc_service_config *config;
    struct call call = grpc_fixture_call(fixture, 0);
    assert_int_equal(grpc_service_config_parse(&call, text_of(json), &config), STATUS_OK);
    struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "script", .retry = &policy, .config = config};
    script_open(fixture, &script, &options);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_ABORTED);
    /* Not named, so of the channel's policy; but there are no tokens for a third attempt. */
    assert_int_equal(script.requests, 2);
    script.answers[0] = ANSWER_OK;
    call_clear_error(&call);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_OK);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_OK);
    script.answers[0] = ANSWER_INTERNAL;
    script.path = "/s/m";
    assert_int_equal(script_call(&script, &call, NULL), STATUS_INTERNAL);
    assert_int_equal(script.requests, 2); /* of the channel's it would be one */
    script.answers[0] = ANSWER_NONE;
    script.path = "/s/other";
    call_clear_error(&call);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(call_check(&call), STATUS_OK);
    script_close(&script);
    grpc_service_config_destroy(config);
}
FIXTURE_LOOPBACK_TEST(a_service_config_says_how)

/* A wait that would outlast the call is not begun: the server's own words are told at once. */
static void the_deadline_bounds_all(struct grpc_fixture *fixture)
{
    struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
    open_script(fixture, &script, &slow_policy);
    struct call call = grpc_fixture_call(fixture, 100);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(script.requests, 1);
    assert_int_equal(call_check(&call), STATUS_OK);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(the_deadline_bounds_all)

struct cancelling {
    struct script *script;
    struct cancellation cancellation;
};

static void cancel_during_the_wait(void *argument)
{
    struct cancelling *cancelling = argument;
    while (cancelling->script->answered == 0) {
        fiber_yield();
    }
    for (int i = 0; i < 10; i++) { /* the answer arrives */
        fiber_yield();
    }
    cancellation_request(&cancelling->cancellation);
}

static void a_wait_can_be_cancelled(struct grpc_fixture *fixture)
{
    struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
    struct cancelling cancelling = {.script = &script};
    struct fiber_group group;
    open_script(fixture, &script, &slow_policy);
    struct call call = grpc_fixture_call(fixture, 0);
    cancellation_init(&cancelling.cancellation);
    call.cancellation = &cancelling.cancellation;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, cancel_during_the_wait, &cancelling), STATUS_OK);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_CANCELLED);
    assert_int_equal(script.requests, 1);
    fiber_group_join(&group);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(a_wait_can_be_cancelled)

static void failures_use_up_the_channels_tokens(struct grpc_fixture *fixture)
{
    struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
    unsigned requests = 0;
    open_script(fixture, &script, &policy);
    do {
        struct call call = grpc_fixture_call(fixture, 0);
        assert_int_equal(script_call(&script, &call, NULL), STATUS_UNAVAILABLE);
        requests += script.requests;
    } while (script.requests > 1 && requests < GRPC_RETRY_TOKENS_DEFAULT);
    assert_int_equal(requests, GRPC_RETRY_TOKENS_DEFAULT / 2 + 1);
    script.answers[0] = ANSWER_OK;
    for (int i = 0; i < 10; i++) {
        struct call call = grpc_fixture_call(fixture, 0);
        assert_int_equal(script_call(&script, &call, NULL), STATUS_OK);
    }
    script.answers[0] = ANSWER_UNAVAILABLE;
    struct call call = grpc_fixture_call(fixture, 0);
    assert_int_equal(script_call(&script, &call, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(script.requests, 1); /* a single token has been earned, and spent */
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(failures_use_up_the_channels_tokens)

static enum status call_stream(struct script *script, struct call *call, unsigned messages,
                               size_t payload_bytes)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    struct grpc_stream *stream;
    char *payload = arena_calloc(call->arena, 1, payload_bytes + 1);
    assert_non_null(payload);
    request.payload = proto_bytes((struct text){payload, payload_bytes});
    assert_int_equal(grpc_client_open(script->channel, call, "/x", NULL,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    for (unsigned i = 0; i < messages; i++) {
        assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    }
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    if (message != NULL) {
        assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
        assert_null(message);
    }
    return grpc_client_finish(stream);
}

/* All of it is sent again, as long as it is no more than what is kept. */
static void streams_are_retried_by_policy(struct grpc_fixture *fixture)
{
    enum { FRAME_BYTES = 5 + 4, HALF = GRPC_REPLAY_BYTES_MAX / 2 - FRAME_BYTES };
    static const struct {
        const char *name;
        struct script script;
        unsigned messages;
        size_t payload_bytes;
        unsigned requests;
        enum status want;
    } rows[] = {
        {"empty", {ANSWERS(ANSWER_ABORTED, ANSWER_OK)}, 0, 0, 2, STATUS_OK},
        {"at last", {ANSWERS(ANSWER_ABORTED, ANSWER_ABORTED, ANSWER_OK)}, 3, 10, 3, STATUS_OK},
        {"in vain", {ANSWERS(ANSWER_ABORTED)}, 3, 10, 3, STATUS_ABORTED},
        {"committed", {ANSWERS(ANSWER_HEADERS_FIRST)}, 3, 10, 1, STATUS_UNAVAILABLE},
        {"as much as is kept", {ANSWERS(ANSWER_ABORTED, ANSWER_OK)}, 2, HALF, 2, STATUS_OK},
        {"too much", {ANSWERS(ANSWER_ABORTED, ANSWER_OK)}, 2, HALF + 1, 1, STATUS_ABORTED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct script script = rows[i].script;
        struct call call = grpc_fixture_call(fixture, 0);
        open_script(fixture, &script, &policy);
        enum status status = call_stream(&script, &call, rows[i].messages, rows[i].payload_bytes);
        if (status != rows[i].want || script.requests != rows[i].requests) {
            fail_msg("%s: %s after %u", rows[i].name, status_name(status), script.requests);
        }
        assert_true(script.body_bytes >= rows[i].messages * rows[i].payload_bytes);
        script_close(&script);
    }
}
FIXTURE_LOOPBACK_TEST(streams_are_retried_by_policy)

/* A stream that was refused long ago learns of it when it sends. */
static void a_send_begins_the_next_attempt(struct grpc_fixture *fixture)
{
    struct script script = {ANSWERS(ANSWER_REFUSED, ANSWER_OK)};
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    struct grpc_stream *stream;
    open_script(fixture, &script, NULL);
    struct call call = grpc_fixture_call(fixture, 0);
    assert_int_equal(grpc_client_open(script.channel, &call, "/x", NULL,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    request.text = proto_bytes(TEXT("first"));
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    grpc_fixture_await(fixture, &script.requests, 1);
    /* Its reply comes behind the refusal. */
    struct call other = grpc_fixture_call(fixture, 0);
    assert_int_equal(grpc_call_unary(script.channel, &other, "/x", NULL, &request.base,
                                     &marquee__test__echo_response__descriptor, &message),
                     STATUS_OK);
    request.text = proto_bytes(TEXT("second"));
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    grpc_fixture_await(fixture, &script.requests, 3);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_non_null(message);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
    assert_int_equal(script.body_bytes, 5 + 2 + 5 + 5 + 2 + 6);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(a_send_begins_the_next_attempt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_retried_by_policy_loopback),
        cmocka_unit_test(the_server_is_told_of_earlier_attempts_loopback),
        cmocka_unit_test(the_nearest_policy_counts_loopback),
        cmocka_unit_test(a_service_config_says_how_loopback),
        cmocka_unit_test(the_deadline_bounds_all_loopback),
        cmocka_unit_test(a_wait_can_be_cancelled_loopback),
        cmocka_unit_test(failures_use_up_the_channels_tokens_loopback),
        cmocka_unit_test(streams_are_retried_by_policy_loopback),
        cmocka_unit_test(a_send_begins_the_next_attempt_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
