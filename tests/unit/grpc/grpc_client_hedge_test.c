/* Several attempts at once, against a server that follows a script. */
#include "base/clock.h"
#include "grpc/grpc_service_config.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_script.h"

#define NEVER_NS (3600 * CLOCK_NS_PER_S)
#define SOON_NS CLOCK_NS_PER_MS
#define NON_FATAL (GRPC_STATUS_BIT(STATUS_UNAVAILABLE) | GRPC_STATUS_BIT(STATUS_ABORTED))

static void open_script(struct grpc_fixture *fixture, struct script *script)
{
    const struct grpc_channel_options options = {.pool = fixture->pool, .target = "script"};
    script_open(fixture, script, &options);
}

static enum status call_hedged(struct script *script, struct call *call,
                               const struct grpc_hedging_policy *policy)
{
    const struct grpc_call_options options = {.hedging = policy};
    return script_call(script, call, &options);
}

static void the_first_success_counts(struct grpc_fixture *fixture)
{
    static const struct {
        const char *name;
        struct script script;
        struct grpc_hedging_policy policy;
        enum status want;
        unsigned requests;
        unsigned cancelled;
    } rows[] = {
        {"the first", {ANSWERS(ANSWER_OK)}, {3, NEVER_NS, NON_FATAL}, STATUS_OK, 1, 0},
        {"while another hangs",
         {ANSWERS(ANSWER_NONE, ANSWER_OK)},
         {2, SOON_NS, NON_FATAL},
         STATUS_OK,
         2,
         1},
        {"after a failure, at once",
         {ANSWERS(ANSWER_ABORTED, ANSWER_OK)},
         {2, NEVER_NS, NON_FATAL},
         STATUS_OK,
         2,
         0},
        {"a failure that ends it",
         {ANSWERS(ANSWER_INTERNAL, ANSWER_OK)},
         {2, NEVER_NS, NON_FATAL},
         STATUS_INTERNAL,
         1,
         0},
        {"it ends the others, too",
         {ANSWERS(ANSWER_NONE, ANSWER_NONE, ANSWER_INTERNAL)},
         {3, SOON_NS, NON_FATAL},
         STATUS_INTERNAL,
         3,
         2},
        {"in vain",
         {ANSWERS(ANSWER_UNAVAILABLE)},
         {3, NEVER_NS, NON_FATAL},
         STATUS_UNAVAILABLE,
         3,
         0},
        {"no more than the most",
         {ANSWERS(ANSWER_UNAVAILABLE)},
         {50, NEVER_NS, NON_FATAL},
         STATUS_UNAVAILABLE,
         GRPC_ATTEMPTS_MAX,
         0},
        {"told never",
         {ANSWERS(ANSWER_PUSHBACK), .pushback = TEXT_INIT("-1")},
         {3, NEVER_NS, NON_FATAL},
         STATUS_UNAVAILABLE,
         1,
         0},
        {"told when",
         {ANSWERS(ANSWER_PUSHBACK, ANSWER_OK), .pushback = TEXT_INIT("1")},
         {3, NEVER_NS, NON_FATAL},
         STATUS_OK,
         2,
         0},
        {"all at once",
         {ANSWERS(ANSWER_NONE, ANSWER_NONE, ANSWER_OK)},
         {3, 0, NON_FATAL},
         STATUS_OK,
         3,
         2},
        {"of one", {ANSWERS(ANSWER_UNAVAILABLE)}, {1, 0, NON_FATAL}, STATUS_UNAVAILABLE, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct script script = rows[i].script;
        struct call call = grpc_fixture_call(fixture, 0);
        open_script(fixture, &script);
        enum status status = call_hedged(&script, &call, &rows[i].policy);
        if (status != rows[i].want || script.requests != rows[i].requests) {
            fail_msg("%s: %s after %u", rows[i].name, status_name(status), script.requests);
        }
        grpc_fixture_await(fixture, &script.cancelled, rows[i].cancelled);
        script_close(&script);
    }
}
FIXTURE_LOOPBACK_TEST(the_first_success_counts)

static void the_deadline_ends_all(struct grpc_fixture *fixture)
{
    static const struct grpc_hedging_policy policy = {2, SOON_NS, NON_FATAL};
    struct script script = {ANSWERS(ANSWER_NONE)};
    struct call call = grpc_fixture_call(fixture, 100);
    open_script(fixture, &script);
    assert_int_equal(call_hedged(&script, &call, &policy), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(script.requests, 2);
    grpc_fixture_await(fixture, &script.cancelled, 2);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(the_deadline_ends_all)

struct cancelling {
    struct script *script;
    struct cancellation cancellation;
};

static void cancel_when_both_hang(void *argument)
{
    struct cancelling *cancelling = argument;
    while (cancelling->script->requests < 2) {
        assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
    }
    cancellation_request(&cancelling->cancellation);
}

static void a_cancellation_ends_all(struct grpc_fixture *fixture)
{
    static const struct grpc_hedging_policy policy = {2, SOON_NS, NON_FATAL};
    struct script script = {ANSWERS(ANSWER_NONE)};
    struct cancelling cancelling = {.script = &script};
    struct fiber_group group;
    struct call call = grpc_fixture_call(fixture, 0);
    cancellation_init(&cancelling.cancellation);
    call.cancellation = &cancelling.cancellation;
    open_script(fixture, &script);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, cancel_when_both_hang, &cancelling), STATUS_OK);
    assert_int_equal(call_hedged(&script, &call, &policy), STATUS_CANCELLED);
    fiber_group_join(&group);
    grpc_fixture_await(fixture, &script.cancelled, 2);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(a_cancellation_ends_all)

static void the_server_is_told_which_attempt_it_is(struct grpc_fixture *fixture)
{
    static const struct grpc_hedging_policy policy = {3, NEVER_NS, NON_FATAL};
    struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
    struct call call = grpc_fixture_call(fixture, 0);
    open_script(fixture, &script);
    assert_int_equal(call_hedged(&script, &call, &policy), STATUS_UNAVAILABLE);
    assert_string_equal(script.previous[0], "");
    assert_string_equal(script.previous[1], "1");
    assert_string_equal(script.previous[2], "2");
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(the_server_is_told_which_attempt_it_is)

/* As retries, further attempts are paid for: without tokens there is the first alone. */
static void failures_use_up_the_tokens(struct grpc_fixture *fixture)
{
    static const struct grpc_hedging_policy policy = {3, NEVER_NS, NON_FATAL};
    struct script script = {ANSWERS(ANSWER_UNAVAILABLE)};
    unsigned requests = 0;
    open_script(fixture, &script);
    do {
        struct call call = grpc_fixture_call(fixture, 0);
        assert_int_equal(call_hedged(&script, &call, &policy), STATUS_UNAVAILABLE);
        requests += script.requests;
    } while (script.requests > 1 && requests < GRPC_RETRY_TOKENS_DEFAULT);
    assert_int_equal(requests, GRPC_RETRY_TOKENS_DEFAULT / 2 + 1);
    script_close(&script);
}
FIXTURE_LOOPBACK_TEST(failures_use_up_the_tokens)

static void observe(void *state, const char *target, const char *path, enum status status,
                    int64_t duration_ns)
{
    unsigned *told = state;
    (void)target;
    (void)path;
    (void)duration_ns;
    assert_int_equal(status, STATUS_OK);
    *told += 1;
}

static void it_is_one_call_to_those_outside(struct grpc_fixture *fixture)
{
    static const char json[] =
        "{\"methodConfig\":[{\"name\":[{}],\"hedgingPolicy\":{\"maxAttempts\":3,"
        "\"hedgingDelay\":\"0.001s\"}}]}";
    struct script script = {ANSWERS(ANSWER_NONE, ANSWER_NONE, ANSWER_OK)};
    struct grpc_reply reply = {.trailer_count = 0};
    struct grpc_service_config *config;
    unsigned told = 0;
    struct call call = grpc_fixture_call(fixture, 0);
    assert_int_equal(grpc_service_config_parse(&call, text_of(json), &config), STATUS_OK);
    const struct grpc_channel_options options = {.pool = fixture->pool,
                                                 .target = "script",
                                                 .observe = observe,
                                                 .observe_state = &told,
                                                 .config = config};
    const struct grpc_call_options call_options = {.ret_reply = &reply};
    script_open(fixture, &script, &options);
    assert_int_equal(script_call(&script, &call, &call_options), STATUS_OK);
    assert_int_equal(script.requests, 3);
    assert_int_equal(told, 1);
    assert_int_equal(reply.trailer_count, 1);
    assert_true(text_equal(reply.trailers[0].name, TEXT("grpc-status")));
    script_close(&script);
    grpc_service_config_destroy(config);
}
FIXTURE_LOOPBACK_TEST(it_is_one_call_to_those_outside)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_success_counts_loopback),
        cmocka_unit_test(the_deadline_ends_all_loopback),
        cmocka_unit_test(a_cancellation_ends_all_loopback),
        cmocka_unit_test(the_server_is_told_which_attempt_it_is_loopback),
        cmocka_unit_test(failures_use_up_the_tokens_loopback),
        cmocka_unit_test(it_is_one_call_to_those_outside_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
