#include "access/access_sessions.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "access/access_session_ends.h"
#include "access/access_session_keys.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "unit/access/access_scene.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define NOW_MS INT64_C(1800000000000)

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct access_sessions *open_sessions(struct access_scene *scene, const char *file,
                                             int64_t now_ms)
{
    struct access_sessions *sessions = NULL;
    assert_int_equal(access_sessions_open(&scene->call, file, now_ms, &sessions), STATUS_OK);
    return sessions;
}

static const struct access_session alices = {
    .has_token = true, .token = "12345678", .expires_ms = NOW_MS + DAY_MS, .user = "alice"};

static struct text seal(struct access_sessions *sessions, int64_t now_ms,
                        const struct access_session *wanted, struct access_session *ret_session,
                        char text[static ACCESS_SESSION_TEXT_BYTES])
{
    *ret_session = *wanted;
    access_session_seal(sessions, now_ms, ret_session, text);
    return text_of(text);
}

static bool unseal(struct access_sessions *sessions, int64_t now_ms, struct text text)
{
    struct access_session session;
    return access_session_unseal(sessions, now_ms, text, &session);
}

static void come_back(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, NULL, NOW_MS);
    struct access_session sealed;
    struct access_session again;
    struct access_session longest = {.has_token = false, .expires_ms = NOW_MS + 1};
    char text[ACCESS_SESSION_TEXT_BYTES];
    memset(longest.user, 'u', ACCESS_USER_BYTES_MAX);
    seal(sessions, NOW_MS, &alices, &sealed, text);
    assert_true(access_session_unseal(sessions, NOW_MS, text_of(text), &again));
    assert_true(again.has_token);
    assert_int_equal(again.expires_ms, alices.expires_ms);
    assert_string_equal(again.user, "alice");
    assert_memory_equal(again.token, alices.token, sizeof(again.token));
    assert_memory_equal(again.id, sealed.id, sizeof(again.id));
    assert_int_equal(seal(sessions, NOW_MS, &longest, &sealed, text).length,
                     ACCESS_SESSION_TEXT_BYTES - 1);
    assert_true(access_session_unseal(sessions, NOW_MS, text_of(text), &again));
    assert_false(again.has_token);
    assert_string_equal(again.user, longest.user);
    access_sessions_destroy(sessions);
    access_sessions_destroy(NULL);
}

/* Whatever is changed, it is none: each character, its length, its letters' case. */
static void cannot_be_changed(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, NULL, NOW_MS);
    struct access_sessions *others = open_sessions(scene, NULL, NOW_MS);
    struct access_session sealed;
    char text[ACCESS_SESSION_TEXT_BYTES];
    struct text whole = seal(sessions, NOW_MS, &alices, &sealed, text);
    for (size_t i = 0; i < whole.length; i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        assert_false(unseal(sessions, NOW_MS, whole));
        text[i] = 'g';
        assert_false(unseal(sessions, NOW_MS, whole));
        text[i] = was;
        assert_false(unseal(sessions, NOW_MS, text_slice(whole, 0, i)));
        assert_false(unseal(sessions, NOW_MS, text_slice(whole, i + 1, whole.length)));
    }
    assert_true(unseal(sessions, NOW_MS, whole));
    assert_false(unseal(others, NOW_MS, whole)); /* another key, of the same time */
    assert_false(unseal(sessions, NOW_MS, TEXT("")));
    access_sessions_destroy(sessions);
    access_sessions_destroy(others);
}

static void end(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, NULL, NOW_MS);
    struct access_session first;
    struct access_session second;
    char first_text[ACCESS_SESSION_TEXT_BYTES];
    char second_text[ACCESS_SESSION_TEXT_BYTES];
    struct text one = seal(sessions, NOW_MS, &alices, &first, first_text);
    struct text two = seal(sessions, NOW_MS, &alices, &second, second_text);
    assert_true(unseal(sessions, alices.expires_ms - 1, one));
    assert_false(unseal(sessions, alices.expires_ms, one));
    access_session_end(sessions, &first, NOW_MS);
    access_session_end(sessions, &first, NOW_MS);
    assert_false(unseal(sessions, NOW_MS, one));
    assert_true(unseal(sessions, NOW_MS, two));
    access_sessions_destroy(sessions);
}

/* However many others are ended after it, by its holder and by another who has the set with it,
 * none that was ended holds again; nor does what others have open end. */
static void ended_ones_never_come_back(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, NULL, NOW_MS);
    struct access_session session;
    struct access_session others = alices;
    char text[ACCESS_SESSION_TEXT_BYTES];
    char other_text[ACCESS_SESSION_TEXT_BYTES];
    char bobs_text[ACCESS_SESSION_TEXT_BYTES];
    struct access_session bobs = alices;
    bobs.token[0] ^= 1;
    struct text bob = seal(sessions, NOW_MS, &bobs, &bobs, bobs_text);
    struct text ended = seal(sessions, NOW_MS, &alices, &session, text);
    access_session_end(sessions, &session, NOW_MS);
    for (size_t i = 0; i < 4 * ACCESS_ENDED_WAYS; i++) {
        others.expires_ms = alices.expires_ms + 1 + (int64_t)i;
        struct text other = seal(sessions, NOW_MS, &others, &session, other_text);
        assert_true(unseal(sessions, NOW_MS, other));
        access_session_end(sessions, &session, NOW_MS);
        assert_false(unseal(sessions, NOW_MS, other));
        assert_false(unseal(sessions, NOW_MS, ended));
        assert_true(unseal(sessions, NOW_MS, bob));
    }
    /* One that is over before all that the set holds. */
    others.expires_ms = NOW_MS + DAY_MS / 2;
    struct text early = seal(sessions, NOW_MS, &others, &session, other_text);
    access_session_end(sessions, &session, NOW_MS);
    assert_false(unseal(sessions, NOW_MS, early));
    /* What is opened later holds. */
    others.expires_ms = NOW_MS + 2 * DAY_MS;
    assert_true(unseal(sessions, NOW_MS, seal(sessions, NOW_MS, &others, &session, other_text)));
    access_sessions_destroy(sessions);
}

/* Those that are over make room, and nothing else ends. */
static void ended_ones_that_are_over_are_forgotten(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, NULL, NOW_MS);
    struct access_session session;
    struct access_session brief = alices;
    char text[ACCESS_SESSION_TEXT_BYTES];
    char kept_text[ACCESS_SESSION_TEXT_BYTES];
    struct text kept = seal(sessions, NOW_MS, &alices, &session, kept_text);
    for (size_t i = 0; i < 4 * ACCESS_ENDED_WAYS; i++) {
        int64_t now_ms = NOW_MS + (int64_t)i * DAY_MS / 64;
        brief.expires_ms = now_ms + 1;
        seal(sessions, now_ms, &brief, &session, text);
        access_session_end(sessions, &session, now_ms);
    }
    assert_true(unseal(sessions, NOW_MS, kept));
    access_sessions_destroy(sessions);
}

/* Those who share the keys, and who starts later. */
static void ends_are_told(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *one = open_sessions(scene, scene->file, NOW_MS);
    struct access_sessions *other = open_sessions(scene, scene->file, NOW_MS);
    struct access_session first;
    struct access_session second;
    char first_text[ACCESS_SESSION_TEXT_BYTES];
    char second_text[ACCESS_SESSION_TEXT_BYTES];
    struct text ended = seal(one, NOW_MS, &alices, &first, first_text);
    struct text kept = seal(one, NOW_MS, &alices, &second, second_text);
    assert_true(access_sessions_are_shared(one));
    for (int i = 0; i < 2; i++) { /* twice is once */
        assert_int_equal(access_session_tell_end(&scene->call, one, &first, NOW_MS), STATUS_OK);
    }
    assert_true(unseal(other, NOW_MS, ended));
    assert_int_equal(access_sessions_look(&scene->call, other, NOW_MS), STATUS_OK);
    assert_false(unseal(other, NOW_MS, ended));
    assert_true(unseal(other, NOW_MS, kept));
    assert_int_equal(access_session_tell_end(&scene->call, other, &second, NOW_MS), STATUS_OK);
    assert_int_equal(access_sessions_look(&scene->call, one, NOW_MS), STATUS_OK);
    assert_false(unseal(one, NOW_MS, ended));
    assert_false(unseal(one, NOW_MS, kept));
    access_sessions_destroy(one);
    access_sessions_destroy(other);
    one = open_sessions(scene, scene->file, NOW_MS + 1);
    assert_false(unseal(one, NOW_MS + 1, ended));
    access_sessions_destroy(one);
}

static void expect_file(struct access_scene *scene, const char *wanted)
{
    struct text is = access_scene_read(scene);
    if (!text_equal(is, text_of(wanted))) {
        fail_msg("%.*s", TEXT_ARGUMENTS(is));
    }
}

static void add(struct access_scene *scene, int64_t now_ms, const char *id, int64_t expires_ms)
{
    struct access_session session = {.has_token = true, .expires_ms = expires_ms};
    memcpy(session.token, "\x03\x02\0\0\0\0\0", 8); /* of set 3 */
    memcpy(session.id, id, sizeof(session.id));
    assert_int_equal(access_session_ends_add(&scene->call, scene->file, now_ms, &session),
                     STATUS_OK);
}

static void told_ends_are_bounded(void **state)
{
    struct access_scene *scene = *state;
    static struct access_ended ended;
    struct access_session_ends_seen seen = {0};
    bool is_new;
    add(scene, NOW_MS, "sessionA", NOW_MS + 1000);
    add(scene, NOW_MS, "sessionA", NOW_MS + 1000); /* twice is once */
    add(scene, NOW_MS, "sessionB", NOW_MS + 2000);
    expect_file(scene, "3 73657373696f6e41 2027-01-15T08:00:01Z\n"
                       "3 73657373696f6e42 2027-01-15T08:00:02Z\n");
    for (char i = 0; i < ACCESS_ENDED_WAYS; i++) {
        const char id[] = {'m', 'o', 'r', 'e', 'n', 'o', '.', (char)('1' + i), '\0'};
        add(scene, NOW_MS, id, NOW_MS + 3000);
    }
    assert_true(text_starts_with(access_scene_read(scene), TEXT("3 - 2027-01-15T08:00:02Z\n3 ")));
    assert_int_equal(access_session_ends_read(&scene->call, scene->file, &seen, &ended, &is_new),
                     STATUS_OK);
    assert_true(is_new);
    assert_int_equal(ended.sets[3].until_ms, NOW_MS + 2000);
    assert_true(access_ended_has(&ended, 3, 0, NOW_MS + 1000));
    assert_false(access_ended_has(&ended, 4, 0, NOW_MS + 1000));
    assert_false(access_ended_has(&ended, 3, 0, NOW_MS + 2001));
    assert_int_equal(access_session_ends_read(&scene->call, scene->file, &seen, &ended, &is_new),
                     STATUS_OK);
    assert_false(is_new);
    /* Those that are over go. */
    add(scene, NOW_MS + 3000, "sessionC", NOW_MS + 4000);
    expect_file(scene, "3 73657373696f6e43 2027-01-15T08:00:04Z\n");
}

static void refuses_other_files_of_ends(void **state)
{
    static const char *const wrong[] = {
        "x",
        "1 00112233445566 2027-01-15T08:00:00Z",
        "0011223344556677 2027-01-15T08:00:00Z",
        "512 0011223344556677 2027-01-15T08:00:00Z",
        "1 + 2027-01-15T08:00:00Z",
        "1 0011223344556677",
        "1 0011223344556677 soon",
        "1 0011223344556677 2027-01-15T08:00:00Z more",
        "1 0011223344556677 1969-01-15T08:00:00Z",
    };
    struct access_scene *scene = *state;
    static struct access_ended ended;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        call_clear_error(&scene->call);
        assert_int_equal(
            access_session_ends_parse(&scene->call, text_of(wrong[i]), "place", &ended),
            STATUS_FAILED_PRECONDITION);
        assert_true(text_starts_with(scene->call.error.message, TEXT("place:1:")));
    }
    assert_int_equal(access_session_ends_parse(&scene->call, TEXT("\n\n"), "place", &ended),
                     STATUS_OK);
    assert_int_equal(ended.sets[1].ones[0].expires_ms, 0);
    assert_int_equal(
        access_session_ends_parse(
            &scene->call, TEXT("511 0011223344556677 2027-01-15T08:00:00Z\n\n"), "place", &ended),
        STATUS_OK);
    assert_int_equal(ended.sets[511].ones[0].expires_ms, NOW_MS);
}

static void keys_are_kept(void **state)
{
    struct access_scene *scene = *state;
    struct access_session sealed;
    struct stat about;
    char text[ACCESS_SESSION_TEXT_BYTES];
    struct access_sessions *sessions = open_sessions(scene, scene->file, NOW_MS);
    struct text whole = seal(sessions, NOW_MS, &alices, &sealed, text);
    access_sessions_destroy(sessions);
    assert_int_equal(stat(scene->file, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    sessions = open_sessions(scene, scene->file, NOW_MS + 1);
    assert_true(unseal(sessions, NOW_MS + 1, whole));
    access_sessions_destroy(sessions);
}

/* One process has changed the keys: the other, which has not seen it, is not signed past, and by
 * the time that the new one signs, it has. */
static void keys_change_for_all(void **state)
{
    struct access_scene *scene = *state;
    struct access_session sealed;
    char text[ACCESS_SESSION_TEXT_BYTES];
    struct access_session longest = alices;
    int64_t due_ms = NOW_MS + ACCESS_SESSION_KEY_ROTATE_MS;
    longest.expires_ms = due_ms + ACCESS_SESSION_LIFETIME_MAX_MS;
    struct access_sessions *one = open_sessions(scene, scene->file, NOW_MS);
    struct access_sessions *other = open_sessions(scene, scene->file, NOW_MS);
    assert_int_equal(access_sessions_refresh(&scene->call, one, due_ms), STATUS_OK);
    assert_true(unseal(other, due_ms, seal(one, due_ms, &longest, &sealed, text)));
    int64_t adopted_ms = due_ms + ACCESS_SESSION_KEY_ADOPT_MS;
    struct text by_new = seal(one, adopted_ms, &longest, &sealed, text);
    assert_false(unseal(other, adopted_ms, by_new));
    assert_int_equal(access_sessions_refresh(&scene->call, other, adopted_ms), STATUS_OK);
    assert_true(unseal(other, adopted_ms, by_new));
    access_sessions_destroy(one);
    access_sessions_destroy(other);
}

/* Through a year, what was sealed for the longest time holds to its end. */
static void keys_outlive_sessions(void **state)
{
    enum { DAYS = 365 };
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, scene->file, NOW_MS);
    static char texts[DAYS][ACCESS_SESSION_TEXT_BYTES];
    for (int64_t day = 0; day < DAYS; day++) {
        int64_t now_ms = NOW_MS + day * DAY_MS;
        struct access_session sealed;
        struct access_session wanted = alices;
        wanted.expires_ms = now_ms + ACCESS_SESSION_LIFETIME_MAX_MS;
        assert_int_equal(access_sessions_refresh(&scene->call, sessions, now_ms), STATUS_OK);
        seal(sessions, now_ms, &wanted, &sealed, texts[day]);
        if (day >= 30) {
            assert_true(unseal(sessions, now_ms - 1, text_of(texts[day - 30])));
        }
    }
    struct access_session_key_list list;
    assert_int_equal(
        access_session_keys_load(&scene->call, scene->file, NOW_MS + DAYS * DAY_MS, &list),
        STATUS_OK);
    assert_in_range(list.count, 5, 7); /* 37 days of keys, one a week */
    access_sessions_destroy(sessions);
}

static void files_of_keys_are_checked(void **state)
{
    static const struct {
        const char *content;
        const char *want; /* NULL: it is one */
    } cases[] = {
        {KEY " 2027-01-15T08:00:00Z\n", NULL},
        {"# keys\n" KEY " 2027-01-14T08:00:00Z\n\n" KEY " 2027-01-15T08:00:00Z", NULL},
        {"", NULL},
        {"0011 2027-01-15T08:00:00Z", ":1: a key has 64 hexadecimal digits"},
        {KEY, ":1: behind a key stands since when it is, like 2026-11-29T16:00:00Z"},
        {KEY " soon", ":1: behind a key stands since when it is, like 2026-11-29T16:00:00Z"},
        {KEY " 2027-01-15T08:00:00Z x",
         ":1: behind a key stands since when it is, like 2026-11-29T16:00:00Z"},
        {KEY " 2027-01-15T08:00:00Z\n" KEY " 2027-01-15T08:00:00Z",
         ":2: a key is not newer than the one before it"},
    };
    struct access_scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct access_sessions *sessions = NULL;
        access_scene_write(scene, text_of(cases[i].content));
        enum status status = access_sessions_open(&scene->call, scene->file, NOW_MS, &sessions);
        assert_int_equal(status, cases[i].want == NULL ? STATUS_OK : STATUS_FAILED_PRECONDITION);
        struct text want = arena_format(&scene->arena, "%s%s", scene->file,
                                        cases[i].want != NULL ? cases[i].want : "");
        struct text seen = access_scene_error(scene);
        if (cases[i].want != NULL && !text_equal(seen, want)) {
            fail_msg("%.*s\nnot: %.*s", TEXT_ARGUMENTS(seen), TEXT_ARGUMENTS(want));
        }
        access_sessions_destroy(status == STATUS_OK ? sessions : NULL);
    }
}

struct looker {
    struct access_sessions *sessions;
    struct text text;
};

static void *look(void *argument)
{
    enum { TIMES = 2000 };
    struct looker *looker = argument;
    struct access_session session;
    for (size_t i = 0; i < TIMES; i++) {
        assert_true(access_session_unseal(looker->sessions, NOW_MS, looker->text, &session));
    }
    return NULL;
}

static void may_be_used_by_threads(void **state)
{
    struct access_scene *scene = *state;
    struct access_sessions *sessions = open_sessions(scene, scene->file, NOW_MS);
    struct access_session sealed;
    char text[ACCESS_SESSION_TEXT_BYTES];
    struct looker looker = {sessions, seal(sessions, NOW_MS, &alices, &sealed, text)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look, &looker), 0);
    for (size_t i = 0; i < 20; i++) {
        struct access_session other = alices;
        char other_text[ACCESS_SESSION_TEXT_BYTES];
        other.expires_ms--; /* where room is made, later ones stay */
        seal(sessions, NOW_MS, &other, &other, other_text);
        access_session_end(sessions, &other, NOW_MS);
        assert_int_equal(access_sessions_refresh(&scene->call, sessions, NOW_MS), STATUS_OK);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    access_sessions_destroy(sessions);
}

int main(void)
{
#define CASE(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, access_scene_set_up, access_scene_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(come_back),
        CASE(cannot_be_changed),
        CASE(end),
        CASE(ended_ones_never_come_back),
        CASE(ended_ones_that_are_over_are_forgotten),
        CASE(ends_are_told),
        CASE(told_ends_are_bounded),
        CASE(refuses_other_files_of_ends),
        CASE(keys_are_kept),
        CASE(keys_change_for_all),
        CASE(keys_outlive_sessions),
        CASE(files_of_keys_are_checked),
        CASE(may_be_used_by_threads),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
