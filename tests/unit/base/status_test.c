#include "base/status.h"

#include "base/check.h"
#include "support/cmocka_test.h"

/* google/rpc/code.proto: numbers, names and the HTTP codes in its comments. */
static const struct {
    int number;
    const char *name;
    const char *connect_name;
    int http;
} table[STATUS_COUNT] = {
    {0, "OK", "ok", 200},
    {1, "CANCELLED", "canceled", 499},
    {2, "UNKNOWN", "unknown", 500},
    {3, "INVALID_ARGUMENT", "invalid_argument", 400},
    {4, "DEADLINE_EXCEEDED", "deadline_exceeded", 504},
    {5, "NOT_FOUND", "not_found", 404},
    {6, "ALREADY_EXISTS", "already_exists", 409},
    {7, "PERMISSION_DENIED", "permission_denied", 403},
    {8, "RESOURCE_EXHAUSTED", "resource_exhausted", 429},
    {9, "FAILED_PRECONDITION", "failed_precondition", 400},
    {10, "ABORTED", "aborted", 409},
    {11, "OUT_OF_RANGE", "out_of_range", 400},
    {12, "UNIMPLEMENTED", "unimplemented", 501},
    {13, "INTERNAL", "internal", 500},
    {14, "UNAVAILABLE", "unavailable", 503},
    {15, "DATA_LOSS", "data_loss", 500},
    {16, "UNAUTHENTICATED", "unauthenticated", 401},
};

static void the_table_is_googles(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        assert_int_equal(table[i].number, i);
        enum status status = status_from_number(i);
        assert_int_equal(status, i);
        assert_string_equal(status_name(status), table[i].name);
        assert_string_equal(status_connect_name(status), table[i].connect_name);
        assert_int_equal(status_to_http(status), table[i].http);
        assert_int_equal(status_from_connect_name(table[i].connect_name), i);
    }
}

static void what_is_outside_is_unknown(void **state)
{
    (void)state;
    static const long numbers[] = {-1, 17, 1000, 0x7fffffffL, -0x7fffffffL};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        assert_int_equal(status_from_number(numbers[i]), STATUS_UNKNOWN);
    }
    assert_string_equal(status_name((enum status)17), "UNKNOWN");
    assert_int_equal(status_to_http((enum status)99), 500);
    assert_int_equal(status_from_connect_name("CANCELLED"), STATUS_UNKNOWN);
    assert_int_equal(status_from_connect_name(""), STATUS_UNKNOWN);
}

/* grpc/grpc doc/http-grpc-status-mapping.md. */
static void http_codes_map_to_statuses(void **state)
{
    (void)state;
    static const struct {
        int http;
        enum status want;
    } cases[] = {
        {400, STATUS_INTERNAL},      {401, STATUS_UNAUTHENTICATED}, {403, STATUS_PERMISSION_DENIED},
        {404, STATUS_UNIMPLEMENTED}, {429, STATUS_UNAVAILABLE},     {502, STATUS_UNAVAILABLE},
        {503, STATUS_UNAVAILABLE},   {504, STATUS_UNAVAILABLE},     {200, STATUS_UNKNOWN},
        {500, STATUS_UNKNOWN},       {0, STATUS_UNKNOWN},           {-1, STATUS_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(status_from_http(cases[i].http), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_googles),
        cmocka_unit_test(what_is_outside_is_unknown),
        cmocka_unit_test(http_codes_map_to_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
