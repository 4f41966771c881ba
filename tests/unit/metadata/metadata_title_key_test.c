#include "metadata/repository/metadata_title_key.h"

#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 256 * 1024 };

static const struct {
    const char *title;
    const char *key;
    const char *whole; /* NULL: the same */
} keys[] = {
    {"The Matrix", "matrix", NULL},
    {"Matrix, The", "matrix", NULL},
    {"  MATRIX ", "matrix", NULL},
    {"The", "the", NULL},
    {"A Beautiful Mind", "beautiful mind", NULL},
    {"Beautiful Mind, A", "beautiful mind", NULL},
    {"Les Misérables", "miserables", NULL},
    {"Misérables, Les", "miserables", NULL},
    {"L'Avventura", "avventura", NULL},
    {"L’avventura", "avventura", NULL},
    {"Avventura, L'", "avventura", NULL},
    {"Good, the Bad and the Ugly, The", "good the bad and the ugly", NULL},
    {"Love, Actually", "love actually", NULL},
    {"Amélie", "amelie", NULL},
    {"Amelie (Fabuleux destin d'Amélie Poulain, Le)", "amelie",
     "amelie fabuleux destin damelie poulain"},
    {"Seven (a.k.a. Se7en) (1995)", "seven", "seven a k a se7en 1995"},
    {"(500) Days of Summer", "500 days of summer", NULL},
    {"(Untitled)", "untitled", NULL},
    {"()", " ()", NULL},
    {"Fast & Furious", "fast and furious", NULL},
    {"Fast and Furious", "fast and furious", NULL},
    {"Spider-Man", "spider man", NULL},
    {"Spider Man", "spider man", NULL},
    {"Ocean's Eleven", "oceans eleven", NULL},
    {"Rocky II", "rocky 2", NULL},
    {"Rocky 2", "rocky 2", NULL},
    {"The Godfather: Part II", "godfather part 2", NULL},
    {"M*A*S*H", "m a s h", NULL},
    {"!!!", " !!!", NULL},
    {"千と千尋の神隠し", "千と千尋の神隠し", NULL},
    {"", " ", NULL},
};

static void keys_are_folded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct arena arena;
        struct metadata_title_key key;
        const char *whole = keys[i].whole != NULL ? keys[i].whole : keys[i].key;
        arena_init(&arena, ARENA_BYTES_MAX);
        assert_int_equal(metadata_title_key(&arena, text_of(keys[i].title), &key), STATUS_OK);
        if (!text_equal(key.key, text_of(keys[i].key)) || !text_equal(key.whole, text_of(whole))) {
            fail_msg("%s: '%.*s', '%.*s'", keys[i].title, TEXT_ARGUMENTS(key.key),
                     TEXT_ARGUMENTS(key.whole));
        }
        arena_deinit(&arena);
    }
}

/* However little room there is, a key is whole or is not made. */
static void without_room(void **state)
{
    unsigned refused = 0;
    (void)state;
    for (size_t room = 0;; room += 64) {
        struct arena arena;
        struct metadata_title_key key = {.key = {NULL, 7}};
        arena_init(&arena, room);
        enum status status = metadata_title_key(&arena, TEXT("Matrix (Redux), The"), &key);
        if (status == STATUS_OK) {
            assert_true(text_equal(key.key, TEXT("matrix redux")));
            arena_deinit(&arena);
            break;
        }
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(key.key.length, 7);
        refused++;
        arena_deinit(&arena);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_folded),
        cmocka_unit_test(without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
