#include "access/access_tokens.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

#define FIRST "first-secret-of-all"
#define SECOND "second-secret-of-all"

struct fixture {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
    char file[SCRATCH_PATH_BYTES + 16];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    arena_init(&fixture->arena, 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    scratch_directory_make(fixture->directory);
    (void)snprintf(fixture->file, sizeof(fixture->file), "%s/tokens", fixture->directory);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    scratch_directory_remove(fixture->directory);
    arena_deinit(&fixture->arena);
    free(fixture);
    return 0;
}

static void write_file(struct fixture *fixture, struct text content)
{
    FILE *file = fopen(fixture->file, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.length, file), content.length);
    assert_int_equal(fclose(file), 0);
}

static struct access_tokens *create(struct fixture *fixture, const char *content)
{
    struct access_tokens *tokens = NULL;
    assert_int_equal(access_tokens_create(&fixture->call, text_of(content), &tokens), STATUS_OK);
    return tokens;
}

static void test_holders(void **state)
{
    struct fixture *fixture = *state;
    char name[ACCESS_NAME_BYTES_MAX + 1] = "untouched";
    struct access_tokens *tokens =
        create(fixture, "# a comment\n\n  deploy\t" FIRST "  \r\n" SECOND);
    assert_false(access_tokens_find(tokens, TEXT("deploy"), name));
    assert_false(access_tokens_find(tokens, TEXT("first-secret-of-al"), name));
    assert_false(access_tokens_find(tokens, TEXT("# a comment"), name));
    assert_false(access_tokens_find(tokens, TEXT(""), name));
    assert_string_equal(name, "untouched");
    assert_true(access_tokens_find(tokens, TEXT(FIRST), name));
    assert_string_equal(name, "deploy");
    assert_true(access_tokens_find(tokens, TEXT(SECOND), name));
    char fingerprint[ACCESS_FINGERPRINT_BYTES];
    access_fingerprint(TEXT(SECOND), fingerprint);
    assert_string_equal(name, fingerprint);
    assert_true(access_tokens_find(tokens, TEXT(SECOND), NULL));
    struct text shown = access_tokens_show(tokens, &fixture->arena, "Bearer ");
    assert_true(text_equal(shown, TEXT("Bearer " FIRST)));
    struct arena small;
    arena_init(&small, 8);
    assert_null(access_tokens_show(tokens, &small, "Bearer ").data);
    arena_deinit(&small);
    access_tokens_destroy(tokens);
    access_tokens_destroy(NULL);
}

/* What is wrong is said without the secret. */
static void test_bad_files(void **state)
{
    static const struct {
        const char *content;
        const char *why;
    } cases[] = {
        {"", "the text holds no secret"},
        {"# only a comment\n", "the text holds no secret"},
        {FIRST "\nshort\n", "the text:2: a secret has 16 to 256 characters"},
        {"name fifteen-letters", "the text:1: a secret has 16 to 256 characters"},
        {"name " FIRST " more", "the text:1: more than a name and a secret"},
        {"name first-secret-of-\xc3\xa4ll",
         "the text:1: only printable ASCII characters can be sent"},
        {"n\x7fme " FIRST, "the text:1: only printable ASCII characters can be sent"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct access_tokens *tokens = NULL;
        call_clear_error(&fixture->call);
        assert_int_equal(access_tokens_create(&fixture->call, text_of(cases[i].content), &tokens),
                         STATUS_FAILED_PRECONDITION);
        assert_null(tokens);
        if (!text_equal(fixture->call.error.message, text_of(cases[i].why))) {
            fail_msg("case %zu: %.*s", i, TEXT_ARGUMENTS(fixture->call.error.message));
        }
    }
}

/* A file of one line: a name and a secret of so many characters. */
static enum status try_lengths(struct fixture *fixture, size_t name, size_t secret)
{
    char line[1024];
    struct access_tokens *tokens = NULL;
    memset(line, 'n', sizeof(line));
    line[name] = ' ';
    call_clear_error(&fixture->call);
    enum status status =
        access_tokens_create(&fixture->call, text_of_bytes(line, name + 1 + secret), &tokens);
    access_tokens_destroy(tokens);
    return status;
}

static enum status try_count(struct fixture *fixture, unsigned count)
{
    struct access_tokens *tokens = NULL;
    char content[(ACCESS_TOKENS_MAX + 1) * 32];
    size_t length = 0;
    for (unsigned i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(content + length, sizeof(content) - length, "secret-number-%04u\n", i);
    }
    call_clear_error(&fixture->call);
    enum status status =
        access_tokens_create(&fixture->call, text_of_bytes(content, length), &tokens);
    access_tokens_destroy(tokens);
    return status;
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(try_lengths(fixture, 1, ACCESS_SECRET_BYTES_MIN), STATUS_OK);
    assert_int_equal(try_lengths(fixture, 1, ACCESS_SECRET_BYTES_MIN - 1),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(try_lengths(fixture, 1, ACCESS_SECRET_BYTES_MAX), STATUS_OK);
    assert_int_equal(try_lengths(fixture, 1, ACCESS_SECRET_BYTES_MAX + 1),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(try_lengths(fixture, ACCESS_NAME_BYTES_MAX, 20), STATUS_OK);
    assert_int_equal(try_lengths(fixture, ACCESS_NAME_BYTES_MAX + 1, 20),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(try_count(fixture, ACCESS_TOKENS_MAX), STATUS_OK);
    assert_int_equal(try_count(fixture, ACCESS_TOKENS_MAX + 1), STATUS_FAILED_PRECONDITION);
}

static void test_file(void **state)
{
    struct fixture *fixture = *state;
    struct access_tokens *tokens = NULL;
    static char large[ACCESS_FILE_BYTES_MAX + 1];
    assert_int_equal(access_tokens_open(&fixture->call, fixture->file, &tokens),
                     STATUS_FAILED_PRECONDITION);
    assert_true(text_ends_with(fixture->call.error.message, TEXT("No such file or directory")));
    assert_int_equal(access_tokens_open(&fixture->call, fixture->directory, &tokens),
                     STATUS_FAILED_PRECONDITION);
    memset(large, '\n', sizeof(large));
    memcpy(large, FIRST, strlen(FIRST));
    write_file(fixture, text_of_bytes(large, sizeof(large)));
    assert_int_equal(access_tokens_open(&fixture->call, fixture->file, &tokens),
                     STATUS_FAILED_PRECONDITION);
    assert_null(tokens);
    write_file(fixture, text_of_bytes(large, sizeof(large) - 1));
    assert_int_equal(access_tokens_open(&fixture->call, fixture->file, &tokens), STATUS_OK);
    assert_true(access_tokens_find(tokens, TEXT(FIRST), NULL));

    assert_int_equal(chmod(fixture->file, 0666), 0);
    call_clear_error(&fixture->call);
    assert_int_equal(access_tokens_reload(&fixture->call, tokens), STATUS_FAILED_PRECONDITION);
    assert_true(text_ends_with(fixture->call.error.message, TEXT(": everybody may change it")));
    assert_int_equal(chmod(fixture->file, 0644), 0);
    write_file(fixture, TEXT(SECOND "\n"));
    assert_int_equal(access_tokens_reload(&fixture->call, tokens), STATUS_OK);
    assert_false(access_tokens_find(tokens, TEXT(FIRST), NULL));
    assert_true(access_tokens_find(tokens, TEXT(SECOND), NULL));

    write_file(fixture, TEXT(FIRST "\nshort\n"));
    assert_int_equal(access_tokens_reload(&fixture->call, tokens), STATUS_FAILED_PRECONDITION);
    assert_false(access_tokens_find(tokens, TEXT(FIRST), NULL));
    assert_true(access_tokens_find(tokens, TEXT(SECOND), NULL));
    access_tokens_destroy(tokens);

    tokens = create(fixture, FIRST);
    assert_int_equal(access_tokens_reload(&fixture->call, tokens), STATUS_FAILED_PRECONDITION);
    access_tokens_destroy(tokens);
}

enum { RELOADS = 200 };

struct reloader {
    struct access_tokens *tokens;
    _Atomic bool done;
};

static void *reload_often(void *argument)
{
    struct reloader *reloader = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    for (unsigned i = 0; i < RELOADS; i++) {
        if (access_tokens_reload(&call, reloader->tokens) != STATUS_OK) {
            break;
        }
    }
    arena_deinit(&arena);
    atomic_store(&reloader->done, true);
    return NULL;
}

/* Who asks while the file is read again finds all of it. */
static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    struct reloader reloader = {.tokens = NULL};
    pthread_t thread;
    unsigned found = 0;
    write_file(fixture, TEXT(FIRST "\nsecond " SECOND));
    assert_int_equal(access_tokens_open(&fixture->call, fixture->file, &reloader.tokens),
                     STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, reload_often, &reloader), 0);
    while (!atomic_load(&reloader.done) || found == 0) {
        char name[ACCESS_NAME_BYTES_MAX + 1];
        assert_true(access_tokens_find(reloader.tokens, TEXT(SECOND), name));
        assert_string_equal(name, "second");
        found++;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    access_tokens_destroy(reloader.tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_holders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
