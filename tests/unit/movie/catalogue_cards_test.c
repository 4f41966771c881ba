/* What lists show of each movie: kept, replaced, forgotten, and refilled. */
#include "movie/catalogue/catalogue_cards.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

enum { MANY = 4 * CATALOGUE_CARD_SHARDS * CATALOGUE_SWEEP_COUNT };

static struct catalogue_cards *open_cards(void)
{
    struct catalogue_cards *cards;
    assert_int_equal(catalogue_cards_create(&cards), STATUS_OK);
    return cards;
}

static void put(struct catalogue_cards *cards, struct text id, struct text title, int32_t year)
{
    const struct metadata metadata = {.id = id, .title = title, .year = year};
    catalogue_cards_put(cards, &metadata);
}

static void texts_come_back(void **state)
{
    static char letters[METADATA_TITLE_BYTES_MAX];
    struct text genres[METADATA_GENRES_MAX];
    struct catalogue_cards *cards = open_cards();
    struct movie_card card = {.id = TEXT("m")};
    struct arena arena;
    (void)state;
    memset(letters, 'x', sizeof(letters));
    for (size_t i = 0; i < METADATA_GENRES_MAX; i++) {
        genres[i] = text_of_bytes(letters, METADATA_GENRE_BYTES_MAX - i);
    }
    const struct metadata largest = {.id = TEXT("m"),
                                     .title = text_of_bytes(letters, METADATA_TITLE_BYTES_MAX),
                                     .director =
                                         text_of_bytes(letters, METADATA_DIRECTOR_BYTES_MAX),
                                     .year = METADATA_YEAR_MAX,
                                     .genres = genres,
                                     .genre_count = METADATA_GENRES_MAX};
    arena_init(&arena, 64 * 1024);
    catalogue_cards_put(cards, &largest);
    assert_int_equal(catalogue_cards_describe(cards, &arena, &card), STATUS_OK);
    assert_true(text_equal(card.title, largest.title));
    assert_true(text_equal(card.director, largest.director));
    assert_int_equal(card.year, METADATA_YEAR_MAX);
    assert_int_equal(card.genre_count, METADATA_GENRES_MAX);
    for (size_t i = 0; i < METADATA_GENRES_MAX; i++) {
        assert_true(text_equal(card.genres[i], genres[i]));
    }
    put(cards, TEXT("m"), TEXT("Short"), 0);
    assert_int_equal(catalogue_cards_describe(cards, &arena, &card), STATUS_OK);
    assert_true(text_equal(card.title, TEXT("Short")));
    assert_int_equal(card.director.length, 0);
    assert_int_equal(card.genre_count, 0);
    assert_int_equal(card.year, 0);
    assert_int_equal(catalogue_cards_count(cards), 1);
    catalogue_cards_remove(cards, TEXT("m"));
    catalogue_cards_remove(cards, TEXT("m"));
    assert_int_equal(catalogue_cards_count(cards), 0);
    assert_int_equal(catalogue_cards_describe(cards, &arena, &card), STATUS_NOT_FOUND);
    arena_deinit(&arena);
    catalogue_cards_destroy(cards);
}

static void small_arena_is_told(void **state)
{
    struct catalogue_cards *cards = open_cards();
    struct movie_card card = {.id = TEXT("m")};
    struct arena arena;
    (void)state;
    put(cards, TEXT("m"), TEXT("A title that needs room"), 1999);
    arena_init(&arena, 8);
    assert_int_equal(catalogue_cards_describe(cards, &arena, &card), STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&arena);
    catalogue_cards_destroy(cards);
}

/* What is not put between the two goes, in every shard, however many there are. */
static void a_refill_forgets_the_rest(void **state)
{
    struct catalogue_cards *cards = open_cards();
    struct arena arena;
    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    for (unsigned i = 0; i < MANY; i++) {
        put(cards, arena_format(&arena, "m%u", i), TEXT("old"), 0);
    }
    assert_int_equal(catalogue_cards_count(cards), MANY);
    catalogue_cards_begin_refill(cards);
    for (unsigned i = 0; i < MANY; i += 3) {
        put(cards, arena_format(&arena, "m%u", i), TEXT("new"), 0);
    }
    assert_int_equal(catalogue_cards_count(cards), MANY); /* shown meanwhile */
    catalogue_cards_end_refill(cards);
    assert_int_equal(catalogue_cards_count(cards), (MANY + 2) / 3);
    for (unsigned i = 0; i < MANY; i++) {
        struct movie_card card = {.id = arena_format(&arena, "m%u", i)};
        assert_int_equal(catalogue_cards_describe(cards, &arena, &card),
                         i % 3 == 0 ? STATUS_OK : STATUS_NOT_FOUND);
        assert_true(i % 3 != 0 || text_equal(card.title, TEXT("new")));
    }
    arena_deinit(&arena);
    catalogue_cards_destroy(cards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(small_arena_is_told),
        cmocka_unit_test(a_refill_forgets_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
