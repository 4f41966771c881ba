#include "access/access_scope.h"

#include "support/cmocka_test.h"

static void reads_sets(void **state)
{
    static const struct {
        const char *given;
        unsigned want; /* 0: none */
    } cases[] = {
        {"read", ACCESS_READ},
        {"read,vote", ACCESS_READ | ACCESS_VOTE},
        {" vote , READ ", ACCESS_READ | ACCESS_VOTE},
        {"write,write", ACCESS_WRITE},
        {"impersonate", ACCESS_IMPERSONATE},
        {"admin", ACCESS_SCOPES_ALL},
        {"read,admin", ACCESS_SCOPES_ALL},
        {"", 0},
        {"read,", 0},
        {",read", 0},
        {"reads", 0},
        {"rea", 0},
        {"read vote", 0},
        {"open", 0},
        {"none", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned scopes = 0;
        bool is_set = access_scopes_parse(text_of(cases[i].given), &scopes);
        if (is_set != (cases[i].want != 0) || scopes != cases[i].want) {
            fail_msg("'%s': %d %u", cases[i].given, is_set, scopes);
        }
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    for (unsigned scopes = 1; scopes <= ACCESS_SCOPES_ALL; scopes++) {
        char buffer[ACCESS_SCOPES_TEXT_BYTES];
        unsigned again = 0;
        struct text text = access_scopes_format(scopes, buffer);
        assert_int_equal(buffer[text.length], '\0');
        assert_true(access_scopes_parse(text, &again));
        unsigned want = (scopes & ACCESS_ADMIN) != 0 ? (unsigned)ACCESS_SCOPES_ALL : scopes;
        assert_int_equal(again, want);
    }
    char buffer[ACCESS_SCOPES_TEXT_BYTES];
    assert_string_equal(access_scopes_format(0, buffer).data, "none");
    assert_string_equal(access_scopes_format(ACCESS_VOTE | ACCESS_READ, buffer).data, "read,vote");
    assert_string_equal(access_scopes_format(ACCESS_SCOPES_ALL, buffer).data, "admin");
}

static void names_each(void **state)
{
    (void)state;
    assert_string_equal(access_scope_name(ACCESS_OPEN), "open");
    assert_string_equal(access_scope_name(ACCESS_READ), "read");
    assert_string_equal(access_scope_name(ACCESS_VOTE), "vote");
    assert_string_equal(access_scope_name(ACCESS_WRITE), "write");
    assert_string_equal(access_scope_name(ACCESS_ADMIN), "admin");
    assert_string_equal(access_scope_name(ACCESS_IMPERSONATE), "impersonate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sets),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(names_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
