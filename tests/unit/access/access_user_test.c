#include "access/access_identity.h"
#include "access/access_user.h"

#include "support/cmocka_test.h"
#include "unit/access/access_scene.h"

static void are_words(void **state)
{
    static const struct {
        const char *user;
        const char *word;
    } cases[] = {
        {"alice", "alice"},
        {"Alice.B-c_d~1@x", "Alice.B-c_d~1@x"},
        {"a b", "a%20b"},
        {"50%", "50%25"},
        {"-", "-"},
        {"\xc3\xb6", "%c3%b6"},
        {"a\"b/", "a%22b%2f"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char word[ACCESS_USER_WORD_BYTES];
        char user[ACCESS_USER_BYTES_MAX + 1];
        assert_true(access_user_is_valid(text_of(cases[i].user)));
        assert_string_equal(access_user_encode(text_of(cases[i].user), word).data, cases[i].word);
        assert_true(access_user_decode(text_of(cases[i].word), user));
        assert_string_equal(user, cases[i].user);
    }
}

static void are_within_limits(void **state)
{
    char long_user[ACCESS_USER_BYTES_MAX + 1];
    char word[ACCESS_USER_WORD_BYTES];
    char user[ACCESS_USER_BYTES_MAX + 1];
    (void)state;
    memset(long_user, ' ', sizeof(long_user));
    struct text longest = text_of_bytes(long_user, ACCESS_USER_BYTES_MAX);
    struct text encoded = access_user_encode(longest, word);
    assert_int_equal(encoded.length, ACCESS_USER_WORD_BYTES - 1);
    assert_true(access_user_is_valid(longest));
    assert_true(access_user_decode(encoded, user));
    assert_false(access_user_is_valid(text_of_bytes(long_user, sizeof(long_user))));
    memset(long_user, 'a', sizeof(long_user));
    assert_true(access_user_decode(text_of_bytes(long_user, ACCESS_USER_BYTES_MAX), user));
    assert_false(access_user_decode(text_of_bytes(long_user, sizeof(long_user)), user));
}

static void are_nothing_else(void **state)
{
    static const char *const words[] = {"",    "a b",      "%",   "%2",   "%zz",
                                        "a%0", "%00",      "%0a", "%7f",  "%ff",
                                        "a/b", "\xc3\xb6", "%c3", "a\"b", "a,b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        char user[ACCESS_USER_BYTES_MAX + 1];
        if (access_user_decode(text_of(words[i]), user)) {
            fail_msg("'%s' is a user", words[i]);
        }
    }
    assert_false(access_user_is_valid(TEXT("")));
    assert_false(access_user_is_valid(TEXT("a\nb")));
    assert_false(access_user_is_valid(TEXT("a\0b")));
    assert_false(access_user_is_valid(TEXT("\xff")));
}

static struct call call_of(const struct access_scene *scene, bool is_checked, unsigned scopes,
                           const char *caller)
{
    struct call call = scene->call;
    call.identity.is_checked = is_checked;
    call.identity.scopes = scopes;
    call.identity.user = text_of(caller);
    return call;
}

/* Whom a request may be about, by who makes it. */
static void speak_for_themselves(void **state)
{
    static const struct {
        bool is_checked;
        unsigned scopes;
        const char *caller;
        const char *given;
        const char *want; /* NULL: refused */
        const char *asked;
    } cases[] = {
        {true, ACCESS_VOTE, "alice", "", "alice", "alice"},
        {true, ACCESS_VOTE, "alice", "alice", "alice", "alice"},
        {true, ACCESS_VOTE, "alice", "bob", NULL, "bob"},
        {true, ACCESS_VOTE, "alice", "alic", NULL, "alic"},
        {true, ACCESS_VOTE, "alice", "alice2", NULL, "alice2"},
        {true, ACCESS_VOTE, "", "bob", NULL, "bob"},
        {true, ACCESS_VOTE, "", "", "", ""},
        {true, ACCESS_SCOPES_ALL, "root", "bob", "bob", "bob"},
        {true, ACCESS_SCOPES_ALL, "root", "", "root", "root"},
        {true, ACCESS_VOTE | ACCESS_IMPERSONATE, "", "bob", "bob", "bob"},
        {false, 0, "", "bob", "bob", "bob"},
        {false, 0, "alice", "bob", "bob", "bob"},
        {false, 0, "alice", "", "alice", "alice"},
    };
    struct access_scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_of(scene, cases[i].is_checked, cases[i].scopes, cases[i].caller);
        struct text given = text_of(cases[i].given);
        struct text user = TEXT("untouched");
        enum status status = access_user_writing(&call, given, &user);
        assert_int_equal(status, cases[i].want != NULL ? STATUS_OK : STATUS_PERMISSION_DENIED);
        assert_true(
            text_equal(user, cases[i].want != NULL ? text_of(cases[i].want) : TEXT("untouched")));
        assert_true(text_equal(access_user_asked(&call, given), text_of(cases[i].asked)));
    }
}

/* What is theirs alone is shown to them, and to who may act for them. */
static void see_what_is_theirs(void **state)
{
    static const struct {
        bool is_checked;
        unsigned scopes;
        const char *caller;
        const char *user;
        const char *provider;
        bool is_shown;
    } cases[] = {
        {true, ACCESS_READ, "alice", "alice", "", true},
        {true, ACCESS_READ, "alice", "bob", "", false},
        {true, ACCESS_READ, "alice", "alice", "imdb", false},
        {true, ACCESS_READ, "", "bob", "", false},
        {true, ACCESS_READ, "", "", "", false},
        {true, ACCESS_SCOPES_ALL, "root", "bob", "imdb", true},
        {true, ACCESS_READ | ACCESS_IMPERSONATE, "", "bob", "", true},
        {false, 0, "", "bob", "imdb", true},
    };
    struct access_scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_of(scene, cases[i].is_checked, cases[i].scopes, cases[i].caller);
        assert_int_equal(
            access_user_is_shown(&call, text_of(cases[i].user), text_of(cases[i].provider)),
            cases[i].is_shown);
    }
}

static void vote_for_no_providers(void **state)
{
    struct access_scene *scene = *state;
    struct call *call = &scene->call;
    call->identity.is_checked = true;
    call->identity.scopes = ACCESS_READ | ACCESS_VOTE;
    assert_int_equal(access_provider_writing(call, TEXT("")), STATUS_OK);
    assert_int_equal(access_provider_writing(call, TEXT("imdb")), STATUS_PERMISSION_DENIED);
    call->identity.scopes |= ACCESS_IMPERSONATE;
    assert_int_equal(access_provider_writing(call, TEXT("imdb")), STATUS_OK);
    assert_true(access_may(call, ACCESS_VOTE));
    assert_false(access_may(call, ACCESS_WRITE));
    assert_true(access_may(call, ACCESS_OPEN));
    call->identity.is_checked = false;
    assert_true(access_may(call, ACCESS_ADMIN));
}

int main(void)
{
#define CASE(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, access_scene_set_up, access_scene_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(are_words),          CASE(are_within_limits),
        CASE(are_nothing_else),   CASE(speak_for_themselves),
        CASE(see_what_is_theirs), CASE(vote_for_no_providers),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
