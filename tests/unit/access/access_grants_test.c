#include "access/access_grants.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "unit/access/access_scene.h"

#define ALICES "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* "test" */
#define BOBS "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"   /* "test2" */

#define ALICE ALICES " read,vote alice 2026-11-29T16:00:00Z never laptop\n"
#define BOB BOBS " read b%c3%b6b%20x 2026-11-29T16:00:00Z 2026-11-30T00:00:00Z\n"

static int64_t at(const char *time)
{
    int64_t wall_ms = 0;
    assert_true(clock_parse(text_of(time), &wall_ms));
    return wall_ms;
}

static bool find(struct access_grants *grants, const char *token, int64_t now_ms,
                 struct access_holder *ret_holder)
{
    unsigned char digest[ACCESS_DIGEST_BYTES];
    access_digest(text_of(token), digest);
    return access_grants_find(grants, digest, now_ms, ret_holder);
}

static struct access_grants *open_grants(struct access_scene *scene, const char *content)
{
    struct access_grants *grants = NULL;
    access_scene_write(scene, text_of(content));
    assert_int_equal(access_grants_open(&scene->call, scene->file, &grants), STATUS_OK);
    return grants;
}

static void finds_holders(void **state)
{
    struct access_scene *scene = *state;
    struct access_holder holder = {.scopes = 0};
    struct access_grants *grants = open_grants(scene, "# of ours\n\n" ALICE "  " BOB);
    int64_t now_ms = at("2026-11-29T17:00:00Z");
    assert_int_equal(access_grants_count(grants), 2);
    assert_false(find(grants, "tes", now_ms, &holder));
    assert_false(find(grants, "", now_ms, &holder));
    assert_false(find(grants, ALICES, now_ms, &holder)); /* the digest is no token */
    assert_int_equal(holder.scopes, 0);
    assert_true(find(grants, "test", now_ms, &holder));
    assert_int_equal(holder.scopes, ACCESS_READ | ACCESS_VOTE);
    assert_string_equal(holder.user, "alice");
    struct access_holder by_id = {.scopes = 0};
    assert_true(access_grants_find_id(grants, holder.id, now_ms, &by_id));
    assert_string_equal(by_id.user, "alice");
    by_id.id[0] ^= 1;
    assert_false(access_grants_find_id(grants, by_id.id, now_ms, &by_id));
    assert_true(find(grants, "test2", now_ms, &holder));
    assert_string_equal(holder.user, "b\xc3\xb6"
                                     "b x");
    access_grants_destroy(grants);
    access_grants_destroy(NULL);
}

static void ends_in_time(void **state)
{
    struct access_scene *scene = *state;
    struct access_holder holder;
    struct access_grants *grants = open_grants(scene, ALICE BOB);
    int64_t end_ms = at("2026-11-30T00:00:00Z");
    assert_true(find(grants, "test2", end_ms - 1, &holder));
    assert_true(access_grants_find_id(grants, holder.id, end_ms - 1, &holder));
    assert_false(find(grants, "test2", end_ms, &holder));
    assert_false(access_grants_find_id(grants, holder.id, end_ms, &holder));
    assert_true(find(grants, "test", INT64_MAX - 1, &holder));
    access_grants_destroy(grants);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *content;
        const char *want; /* behind the file's name */
    } cases[] = {
        {"x", ":1: a line begins with a SHA-256 in hexadecimal"},
        {ALICE "0 read - never never", ":2: a line begins with a SHA-256 in hexadecimal"},
        {ALICES, ":1: scopes are read, vote, write, admin and impersonate, with commas between"},
        {ALICES " none alice never never",
         ":1: scopes are read, vote, write, admin and impersonate, with commas between"},
        {ALICES " read", ":1: the user is no id of 1 to 128 bytes, percent-encoded, nor -"},
        {ALICES " read a%zz never never",
         ":1: the user is no id of 1 to 128 bytes, percent-encoded, nor -"},
        {ALICES " read a%00 never never",
         ":1: the user is no id of 1 to 128 bytes, percent-encoded, nor -"},
        {ALICES " read alice", ":1: a time is like 2026-11-29T16:00:00Z, or never"},
        {ALICES " read alice never", ":1: a time is like 2026-11-29T16:00:00Z, or never"},
        {ALICES " read alice never tomorrow", ":1: a time is like 2026-11-29T16:00:00Z, or never"},
        {ALICES " read alice never never a b",
         ":1: a name is one word of at most 64 printable ASCII characters"},
        {ALICES " read alice never never n\xc3\xb6",
         ":1: a name is one word of at most 64 printable ASCII characters"},
        {ALICE BOB ALICE, " holds a token twice"},
    };
    struct access_scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct access_grants *grants = NULL;
        access_scene_write(scene, text_of(cases[i].content));
        assert_int_equal(access_grants_open(&scene->call, scene->file, &grants),
                         STATUS_FAILED_PRECONDITION);
        struct text want = arena_format(&scene->arena, "%s%s", scene->file, cases[i].want);
        struct text seen = access_scene_error(scene);
        if (!text_equal(seen, want)) {
            fail_msg("%.*s\nnot: %.*s", TEXT_ARGUMENTS(seen), TEXT_ARGUMENTS(want));
        }
    }
}

static void has_limits(void **state)
{
    struct access_scene *scene = *state;
    struct access_grant_list list = {.count = 0};
    struct access_grant grant = {
        .scopes = ACCESS_READ, .created_ms = 0, .expires_ms = ACCESS_NEVER_MS, .user = "u"};
    memset(grant.name, 'n', ACCESS_GRANT_NAME_BYTES_MAX);
    for (uint32_t i = 0; i < ACCESS_GRANTS_MAX; i++) {
        memcpy(grant.digest + 4, &i, sizeof(i)); /* within the id, which is looked for */
        assert_int_equal(access_grant_list_add(&scene->call, &list, &grant), STATUS_OK);
    }
    assert_int_equal(access_grant_list_add(&scene->call, &list, &grant), STATUS_RESOURCE_EXHAUSTED);
    assert_true(text_equal(access_scene_error(scene), TEXT("more than 10000 tokens")));
    assert_int_equal(access_grant_list_write(&scene->call, scene->file, &list), STATUS_OK);
    struct access_grants *grants = NULL;
    assert_int_equal(access_grants_open(&scene->call, scene->file, &grants), STATUS_OK);
    struct access_holder holder;
    for (size_t i = 0; i < ACCESS_GRANTS_MAX; i++) {
        assert_true(access_grants_find(grants, list.grants[i].digest, 0, &holder));
        assert_true(access_grants_find_id(grants, list.grants[i].digest, 0, &holder));
    }
    /* The beginning of a digest alone lets nobody in. */
    unsigned char other[ACCESS_DIGEST_BYTES];
    memcpy(other, list.grants[17].digest, sizeof(other));
    other[ACCESS_DIGEST_BYTES - 1] ^= 1;
    assert_false(access_grants_find(grants, other, 0, &holder));
    access_grants_destroy(grants);
    access_grant_list_deinit(&list);
}

static void is_refused(struct access_scene *scene, const char *words)
{
    struct access_grants *grants = NULL;
    assert_int_not_equal(access_grants_open(&scene->call, scene->file, &grants), STATUS_OK);
    assert_true(text_ends_with(access_scene_error(scene), text_of(words)));
}

static void wants_a_file_that_is_its_owners(void **state)
{
    struct access_scene *scene = *state;
    is_refused(scene, ": No such file or directory");
    access_scene_write(scene, TEXT(ALICE));
    assert_int_equal(chmod(scene->file, 0666), 0);
    is_refused(scene, ": everybody may change it");
    assert_int_equal(chmod(scene->file, 0644), 0);
    struct access_grants *grants = NULL;
    assert_int_equal(access_grants_open(&scene->call, scene->file, &grants), STATUS_OK);
    access_grants_destroy(grants);
}

static void reads_what_it_wrote(void **state)
{
    struct access_scene *scene = *state;
    struct access_grant_list list = {.count = 0};
    struct stat about;
    assert_int_equal(access_grant_list_parse(&scene->call, TEXT(ALICE BOB), "here", &list),
                     STATUS_OK);
    assert_int_equal(access_grant_list_write(&scene->call, scene->file, &list), STATUS_OK);
    assert_int_equal(stat(scene->file, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    struct text written = access_scene_read(scene);
    assert_true(text_ends_with(written, TEXT("NAME\n" ALICE BOB)));
    access_grant_list_deinit(&list);
    assert_int_equal(access_grant_list_read(&scene->call, scene->file, &list), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(access_grant_list_write(&scene->call, scene->file, &list), STATUS_OK);
    assert_true(text_equal(access_scene_read(scene), written));
    access_grant_list_deinit(&list);
}

static void keeps_what_it_has(void **state)
{
    struct access_scene *scene = *state;
    struct access_holder holder;
    struct access_grants *grants = open_grants(scene, ALICE);
    access_scene_write(scene, TEXT("nonsense\n"));
    assert_int_equal(access_grants_reload(&scene->call, grants), STATUS_FAILED_PRECONDITION);
    assert_true(find(grants, "test", 0, &holder));
    access_scene_write(scene, TEXT(BOB));
    assert_int_equal(access_grants_reload(&scene->call, grants), STATUS_OK);
    assert_false(find(grants, "test", 0, &holder));
    assert_true(find(grants, "test2", 0, &holder));
    access_scene_write(scene, TEXT("# nobody any more\n"));
    assert_int_equal(access_grants_reload(&scene->call, grants), STATUS_OK);
    assert_int_equal(access_grants_count(grants), 0);
    assert_false(find(grants, "test2", 0, &holder));
    access_grants_destroy(grants);
}

static void tokens_are_drawn(void **state)
{
    char first[ACCESS_TOKEN_BYTES];
    char second[ACCESS_TOKEN_BYTES];
    (void)state;
    access_token_draw(first);
    access_token_draw(second);
    assert_int_equal(strlen(first), ACCESS_TOKEN_BYTES - 1);
    assert_true(text_starts_with(text_of(first), TEXT("marquee_")));
    assert_false(text_equal(text_of(first), text_of(second)));
}

struct reloader {
    struct access_grants *grants;
    atomic_bool stop;
};

static void *reload_on(void *argument)
{
    struct reloader *reloader = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    while (!atomic_load(&reloader->stop)) {
        assert_int_equal(access_grants_reload(&call, reloader->grants), STATUS_OK);
    }
    arena_deinit(&arena);
    return NULL;
}

static void is_found_meanwhile(void **state)
{
    enum { TIMES = 3000 };
    struct access_scene *scene = *state;
    struct reloader reloader = {.grants = open_grants(scene, BOB ALICE)};
    pthread_t thread;
    struct access_holder holder;
    assert_int_equal(pthread_create(&thread, NULL, reload_on, &reloader), 0);
    for (size_t i = 0; i < TIMES; i++) {
        assert_true(find(reloader.grants, "test", 0, &holder));
        assert_string_equal(holder.user, "alice");
    }
    atomic_store(&reloader.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    access_grants_destroy(reloader.grants);
}

int main(void)
{
#define CASE(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, access_scene_set_up, access_scene_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(finds_holders),
        CASE(ends_in_time),
        CASE(says_what_is_wrong),
        CASE(has_limits),
        CASE(wants_a_file_that_is_its_owners),
        CASE(reads_what_it_wrote),
        CASE(keeps_what_it_has),
        CASE(tokens_are_drawn),
        CASE(is_found_meanwhile),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
