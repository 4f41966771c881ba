/* Hosts as text. */
#include "http/socket_address.h"
#include "support/cmocka_test.h"

static void test_any(void **state)
{
    static const struct {
        const char *host;
        bool is_any;
    } cases[] = {
        {"0.0.0.0", true},   {"::", true},       {"0:0::0", true}, {"127.0.0.1", false},
        {"10.0.0.0", false}, {"::1", false},     {"", false},      {"localhost", false},
        {"0.0.0.0.", false}, {"example", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(socket_address_is_any(text_of(cases[i].host)), cases[i].is_any);
    }
}

static void test_toward(void **state)
{
    char own[HTTP_ADDRESS_BYTES_MAX];
    (void)state;
    assert_true(socket_address_toward(TEXT("127.0.0.1"), own));
    assert_string_equal(own, "127.0.0.1");
    assert_true(socket_address_toward(TEXT("localhost"), own));
    assert_string_equal(own, "127.0.0.1");
    assert_false(socket_address_toward(TEXT("registry.example"), own));
    assert_false(socket_address_toward(TEXT(""), own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_toward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
