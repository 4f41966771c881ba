/* How long a call has that is made for another. */
#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

static struct grpc_channel *create(struct grpc_fixture *fixture, int64_t margin_ms)
{
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "next", .deadline_margin_ms = margin_ms};
    struct grpc_channel *channel;
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, fixture->server.http, &options, &channel),
        STATUS_OK);
    return channel;
}

static enum status try(struct grpc_channel *channel, struct call *call, int64_t delay_ms)
{
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    plan.delay_ms = delay_ms;
    request.plan = &plan;
    return grpc_call_unary(channel, call, "/marquee.test.EchoService/Echo", NULL, &request.base,
                           &marquee__test__echo_response__descriptor, &response);
}

/* Margins are far larger than what passes until the server looks at its deadline. */
static void a_call_for_another_gets_less_time(struct grpc_fixture *fixture)
{
    enum { TIMEOUT_MS = 50000, OWN_MS = 1500, NONE = 0, TENTH = TIMEOUT_MS / 10 };
    static const struct {
        const char *name;
        const char *peer;
        int64_t margin_ms;
        int64_t want_ms; /* less, up to OWN_MS that have passed */
    } rows[] = {
        {"the process's own", "", 3000, NONE},
        {"for a peer", "127.0.0.1:1", 3000, 3000},
        {"for a peer, no margin", "127.0.0.1:1", -1, NONE},
        {"for a peer, not more than a part", "127.0.0.1:1", 50000, TENTH},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct grpc_channel *channel = create(fixture, rows[i].margin_ms);
        struct call call;
        call_init(&call, &fixture->arena, TIMEOUT_MS);
        call.identity.peer = text_of(rows[i].peer);
        int64_t deadline_ns = call.deadline_ns;
        assert_int_equal(try(channel, &call, 0), STATUS_OK);
        assert_int_equal(call.deadline_ns, deadline_ns);
        int64_t most_ms = TIMEOUT_MS - rows[i].want_ms;
        int64_t got_ms = fixture->server.echo.remaining_ns / CLOCK_NS_PER_MS;
        if (got_ms > most_ms || got_ms < most_ms - OWN_MS) {
            fail_msg("%s: %lld", rows[i].name, (long long)got_ms);
        }
        grpc_channel_destroy(channel);
    }
}
FIXTURE_LOOPBACK_TEST(a_call_for_another_gets_less_time)

static void the_default_margin_is_left(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = create(fixture, 0);
    struct call call;
    call_init(&call, &fixture->arena, 50000);
    call.identity.peer = TEXT("127.0.0.1:1");
    int64_t most_ns = call_remaining_ns(&call) - GRPC_DEADLINE_MARGIN_MS * CLOCK_NS_PER_MS;
    assert_int_equal(try(channel, &call, 0), STATUS_OK);
    assert_true(fixture->server.echo.remaining_ns <= most_ns + 1000); /* a header of microseconds */
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(the_default_margin_is_left)

static void there_is_time_to_answer(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = create(fixture, 1000);
    struct call call = grpc_fixture_call(fixture, 2000); /* a tenth of it is left */
    call.identity.peer = TEXT("127.0.0.1:1");
    assert_int_equal(try(channel, &call, 3600000), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(call_check(&call), STATUS_OK);
    assert_true(call.error.message.length > 0);
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(there_is_time_to_answer)

/* The server then sets its own. */
static void without_a_deadline_there_is_none(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = create(fixture, 0);
    struct call call;
    call_init(&call, &fixture->arena, 0);
    call.identity.peer = TEXT("127.0.0.1:1");
    assert_int_equal(try(channel, &call, 0), STATUS_OK);
    assert_int_equal(call.deadline_ns, CALL_NO_DEADLINE);
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(without_a_deadline_there_is_none)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_for_another_gets_less_time_loopback),
        cmocka_unit_test(the_default_margin_is_left_loopback),
        cmocka_unit_test(there_is_time_to_answer_loopback),
        cmocka_unit_test(without_a_deadline_there_is_none_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
