/* HTTP/2 codes as statuses, and how long a backoff is. */
#include "grpc/grpc_status_map.h"

#include "base/check.h"
#include "base/clock.h"
#include "grpc/grpc_backoff.h"
#include "support/cmocka_test.h"

static void every_http2_code_has_a_status(void **state)
{
    (void)state;
    static const enum status want[] = {
        STATUS_INTERNAL,           /* NO_ERROR */
        STATUS_INTERNAL,           /* PROTOCOL_ERROR */
        STATUS_INTERNAL,           /* INTERNAL_ERROR */
        STATUS_INTERNAL,           /* FLOW_CONTROL_ERROR */
        STATUS_INTERNAL,           /* SETTINGS_TIMEOUT */
        STATUS_INTERNAL,           /* STREAM_CLOSED */
        STATUS_INTERNAL,           /* FRAME_SIZE_ERROR */
        STATUS_UNAVAILABLE,        /* REFUSED_STREAM */
        STATUS_CANCELLED,          /* CANCEL */
        STATUS_INTERNAL,           /* COMPRESSION_ERROR */
        STATUS_INTERNAL,           /* CONNECT_ERROR */
        STATUS_RESOURCE_EXHAUSTED, /* ENHANCE_YOUR_CALM */
        STATUS_PERMISSION_DENIED,  /* INADEQUATE_SECURITY */
        STATUS_INTERNAL,           /* HTTP_1_1_REQUIRED */
        STATUS_INTERNAL,           /* unknown */
    };
    for (uint32_t code = 0; code < ARRAY_LENGTH(want); code++) {
        assert_int_equal(grpc_status_from_http2_error(code), want[code]);
    }
    assert_int_equal(grpc_status_from_http2_error(UINT32_MAX), STATUS_INTERNAL);
}

static void a_backoff_grows_up_to_its_limit(void **state)
{
    (void)state;
    static const struct grpc_backoff backoff = {
        .first_ns = CLOCK_NS_PER_S,
        .most_ns = 120 * CLOCK_NS_PER_S,
        .factor = 1.6,
        .jitter = 0.2,
    };
    static const struct {
        unsigned failures;
        double fraction;
        double want_s;
    } cases[] = {
        {1, 0.5, 1.0},   {1, 0.0, 0.8},         {1, 0.999999, 1.2}, {2, 0.5, 1.6},
        {3, 0.5, 2.56},  {11, 0.5, 109.95},     {12, 0.5, 120.0},   {1000000, 0.5, 120.0},
        {50, 0.0, 96.0}, {50, 0.999999, 144.0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        double got_s = (double)grpc_backoff_ns(&backoff, cases[i].failures, cases[i].fraction) /
                       (double)CLOCK_NS_PER_S;
        double difference = got_s - cases[i].want_s;
        if (difference > 0.01 || difference < -0.01) {
            fail_msg("after %u failures: %f s", cases[i].failures, got_s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_http2_code_has_a_status),
        cmocka_unit_test(a_backoff_grows_up_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
