#include "movie/gateway/gateway_status.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

static void every_status(void **state)
{
    static const char away[] = "the rating service cannot be asked";
    static const char slow[] = "the rating service did not answer in time";
    static const struct {
        enum status given;
        enum status want;
        const char *message;
        const char *detail;
    } cases[] = {
        {STATUS_NOT_FOUND, STATUS_NOT_FOUND, "words", ""},
        {STATUS_INVALID_ARGUMENT, STATUS_INVALID_ARGUMENT, "words", ""},
        {STATUS_DEADLINE_EXCEEDED, STATUS_DEADLINE_EXCEEDED, slow, ""},
        {STATUS_CANCELLED, STATUS_UNAVAILABLE, away, "CANCELLED: words"},
        {STATUS_UNKNOWN, STATUS_UNAVAILABLE, away, "UNKNOWN: words"},
        {STATUS_ALREADY_EXISTS, STATUS_UNAVAILABLE, away, "ALREADY_EXISTS: words"},
        {STATUS_PERMISSION_DENIED, STATUS_UNAVAILABLE, away, "PERMISSION_DENIED: words"},
        {STATUS_RESOURCE_EXHAUSTED, STATUS_UNAVAILABLE, away, "RESOURCE_EXHAUSTED: words"},
        {STATUS_FAILED_PRECONDITION, STATUS_UNAVAILABLE, away, "FAILED_PRECONDITION: words"},
        {STATUS_ABORTED, STATUS_UNAVAILABLE, away, "ABORTED: words"},
        {STATUS_OUT_OF_RANGE, STATUS_UNAVAILABLE, away, "OUT_OF_RANGE: words"},
        {STATUS_UNIMPLEMENTED, STATUS_UNAVAILABLE, away, "UNIMPLEMENTED: words"},
        {STATUS_INTERNAL, STATUS_UNAVAILABLE, away, "INTERNAL: words"},
        {STATUS_UNAVAILABLE, STATUS_UNAVAILABLE, away, "UNAVAILABLE: words"},
        {STATUS_DATA_LOSS, STATUS_UNAVAILABLE, away, "DATA_LOSS: words"},
        {STATUS_UNAUTHENTICATED, STATUS_UNAVAILABLE, away, "UNAUTHENTICATED: words"},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena, 64 * 1024);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call;
        call_init(&call, &arena, 0);
        (void)call_fail(&call, cases[i].given, "words");
        enum status got = gateway_status(&call, "rating", cases[i].given);
        if (got != cases[i].want || !text_equal(call.error.message, text_of(cases[i].message)) ||
            !text_equal(call.error.detail, text_of(cases[i].detail))) {
            fail_msg("%s: %s '%.*s' '%.*s'", status_name(cases[i].given), status_name(got),
                     TEXT_ARGUMENTS(call.error.message), TEXT_ARGUMENTS(call.error.detail));
        }
    }
    arena_deinit(&arena);
}

static void cancelled_here_is_cancelled(void **state)
{
    struct arena arena;
    struct call call;
    struct cancellation cancellation;
    (void)state;
    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, 0);
    cancellation_init(&cancellation);
    call.cancellation = &cancellation;
    assert_int_equal(gateway_status(&call, "rating", STATUS_CANCELLED), STATUS_UNAVAILABLE);
    cancellation_request(&cancellation);
    assert_int_equal(gateway_status(&call, "rating", STATUS_CANCELLED), STATUS_CANCELLED);
    assert_int_equal(gateway_status(&call, "rating", STATUS_OK), STATUS_OK);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status),
        cmocka_unit_test(cancelled_here_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
