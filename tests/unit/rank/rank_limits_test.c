/* What an index refuses, and how much a loop thread does for it. */
#include <stdio.h>

#include "base/arena.h"
#include "rank/rank.h"
#include "support/cmocka_test.h"

enum { MANY = 3 * RANK_LOOP_ENTRIES_MAX };

struct scene {
    struct rank_index *index;
    struct arena arena;
    struct call call;
};

static void open_scene(struct scene *scene, unsigned orders, size_t entries_max)
{
    const struct rank_options options = {.orders = orders,
                                         .listed_parts = RANK_FACTS,
                                         .entries_max = entries_max,
                                         .parameters = rank_parameters_make(25, 7)};
    assert_int_equal(rank_index_create(&options, &scene->index), STATUS_OK);
    arena_init(&scene->arena, 8 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, 0);
}

static void close_scene(struct scene *scene)
{
    rank_index_destroy(scene->index);
    arena_deinit(&scene->arena);
}

/* Facts of entry `number`, whose id is so long that it is kept apart. */
static enum status put_facts(struct scene *scene, unsigned number, int32_t year, const char *genre)
{
    char id[RANK_ID_BYTES_MAX + 1];
    const struct text name = text_of(genre);
    snprintf(id, sizeof(id), "%0*u", (int)RANK_ID_BYTES_MAX, number);
    const struct rank_change change = {
        .id = text_of(id), .part = RANK_FACTS, .year = year, .genres = &name, .genre_count = 1};
    return rank_apply(scene->index, &change, 1);
}

static enum status put_votes(struct scene *scene, unsigned number, uint64_t count)
{
    char id[RANK_ID_BYTES_MAX + 1];
    snprintf(id, sizeof(id), "%0*u", (int)RANK_ID_BYTES_MAX, number);
    const struct rank_change change = {
        .id = text_of(id), .part = RANK_VOTES, .count = count, .sum_hundredths = count * 700};
    return rank_apply(scene->index, &change, 1);
}

static void says_what_is_wrong_with_a_query(void **state)
{
    (void)state;
    static const char long_genre[RANK_GENRE_BYTES_MAX + 2] =
        "123456789 123456789 123456789 123456789 123456789 123456789 12345";
    static const struct {
        struct rank_query query;
        const char *want;
    } rows[] = {
        {{.page_size = 0}, "a page has 1 to 1000 entries"},
        {{.page_size = RANK_PAGE_SIZE_MAX + 1}, "a page has 1 to 1000 entries"},
        {{.page_size = 1, .year_from = -1}, "years are from 1 to 32767"},
        {{.page_size = 1, .year_to = INT16_MAX + 1}, "years are from 1 to 32767"},
        {{.page_size = 1, .order = RANK_BY_MEAN}, "there is no list in this order"},
        {{.page_size = 1, .order = (enum rank_order)RANK_ORDER_COUNT},
         "there is no list in this order"},
        {{.page_size = 1, .genre = {long_genre, RANK_GENRE_BYTES_MAX + 1}},
         "a genre has at most 64 bytes"},
        {{.page_size = 1, .page_token = TEXT_INIT("?")}, "the page token is not one of ours"},
        {{.page_size = 1, .page_token = TEXT_INIT("MSAwIDAgMCAwIDAgMCAx")},
         "the page token is not one of ours"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene;
        struct rank_page page;
        open_scene(&scene, 1u << RANK_BY_SCORE, 0);
        assert_int_equal(rank_list(scene.index, &scene.call, &rows[i].query, RANK_ON_LOOP, &page),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(scene.call.error.message.length, strlen(rows[i].want));
        assert_memory_equal(scene.call.error.message.data, rows[i].want, strlen(rows[i].want));
        close_scene(&scene);
    }
}

static void takes_the_longest_of_everything(void **state)
{
    (void)state;
    char genre[RANK_GENRE_BYTES_MAX + 1];
    struct scene scene;
    struct rank_page page;
    memset(genre, 'g', RANK_GENRE_BYTES_MAX);
    genre[RANK_GENRE_BYTES_MAX] = '\0';
    open_scene(&scene, 1u << RANK_BY_YEAR, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_facts(&scene, i, INT16_MAX, genre), STATUS_OK);
    }
    struct rank_query query = {.order = RANK_BY_YEAR,
                               .year_from = INT16_MAX,
                               .year_to = INT16_MAX,
                               .page_size = 2,
                               .genre = text_of(genre)};
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    assert_int_equal(page.count, 2);
    assert_true(page.next_page_token.length > 0 &&
                page.next_page_token.length <= RANK_TOKEN_BYTES_MAX);
    query.page_token = page.next_page_token;
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.rows[0].id.length, RANK_ID_BYTES_MAX);
    assert_int_equal(page.next_page_token.length, 0);
    close_scene(&scene);
}

static void refuses_a_token_of_another_list(void **state)
{
    (void)state;
    struct scene scene;
    struct rank_page page;
    open_scene(&scene, 1u << RANK_BY_SCORE | 1u << RANK_BY_VOTES, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_facts(&scene, i, 1999, "Drama"), STATUS_OK);
    }
    struct rank_query query = {.page_size = 1, .genre = TEXT("Drama")};
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    struct rank_query others[] = {query, query, query, query, query};
    others[0].genre = TEXT("War");
    others[1].order = RANK_BY_VOTES;
    others[2].minimum_votes = 1;
    others[3].year_from = 1999;
    others[4].year_to = 1999;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct rank_page other;
        others[i].page_token = page.next_page_token;
        assert_int_equal(rank_list(scene.index, &scene.call, &others[i], RANK_ON_LOOP, &other),
                         STATUS_INVALID_ARGUMENT);
    }
    close_scene(&scene);
}

/* The last of many has what is looked for: too much for a loop thread at first, until it has been
 * seen that the others have it not. */
static void leaves_long_work_to_a_worker(void **state)
{
    (void)state;
    struct scene scene;
    struct rank_page page;
    const struct rank_query query = {.order = RANK_BY_YEAR, .page_size = 5, .genre = TEXT("War")};
    open_scene(&scene, 1u << RANK_BY_YEAR, 0);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(put_facts(&scene, i, 2000, "War"), STATUS_OK);
    }
    for (unsigned i = 0; i < MANY - 1; i++) {
        assert_int_equal(put_facts(&scene, i, 2000, "Drama"), STATUS_OK);
    }
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    assert_false(page.finished);
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_WORKER, &page), STATUS_OK);
    assert_true(page.finished);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.next_page_token.length, 0);
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    assert_true(page.finished);
    assert_int_equal(page.count, 1);
    close_scene(&scene);
}

static void stops_a_worker_whose_call_is_over(void **state)
{
    (void)state;
    struct scene scene;
    struct rank_page page;
    const struct rank_query query = {.order = RANK_BY_YEAR, .page_size = 5, .genre = TEXT("War")};
    open_scene(&scene, 1u << RANK_BY_YEAR, 0);
    assert_int_equal(put_facts(&scene, 1, 2000, "Drama"), STATUS_OK);
    scene.call.deadline_ns = 1;
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_WORKER, &page),
                     STATUS_DEADLINE_EXCEEDED);
    close_scene(&scene);
}

static void takes_as_many_entries_as_it_may(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 1u << RANK_BY_SCORE, 2);
    assert_int_equal(put_facts(&scene, 1, 2000, "Drama"), STATUS_OK);
    assert_int_equal(put_votes(&scene, 2, 1), STATUS_OK);
    assert_int_equal(put_facts(&scene, 3, 2000, "Drama"), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(put_votes(&scene, 1, 9), STATUS_OK);
    assert_int_equal(put_votes(&scene, 2, 0), STATUS_OK); /* it has no part left */
    assert_int_equal(put_facts(&scene, 3, 2000, "Drama"), STATUS_OK);
    assert_int_equal(rank_index_stats(scene.index).listed, 2);
    close_scene(&scene);
}

static void leaves_out_genres_over_the_limit_until_one_is_free(void **state)
{
    (void)state;
    struct scene scene;
    struct rank_genre *genres;
    size_t count;
    open_scene(&scene, 1u << RANK_BY_SCORE, 0);
    for (unsigned i = 0; i <= RANK_GENRES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "genre %u", i);
        assert_int_equal(put_facts(&scene, i, 2000, name), STATUS_OK);
    }
    assert_int_equal(rank_index_stats(scene.index).genres_left_out, 1);
    assert_int_equal(rank_list_genres(scene.index, &scene.call, &genres, &count), STATUS_OK);
    assert_int_equal(count, RANK_GENRES_MAX);
    assert_int_equal(put_facts(&scene, 0, 2000, "genre 1"), STATUS_OK);
    assert_int_equal(put_facts(&scene, RANK_GENRES_MAX, 2000, "genre new"), STATUS_OK);
    assert_int_equal(rank_index_stats(scene.index).genres_left_out, 1);
    assert_int_equal(rank_list_genres(scene.index, &scene.call, &genres, &count), STATUS_OK);
    assert_int_equal(count, RANK_GENRES_MAX);
    close_scene(&scene);
}

static void says_when_the_arena_has_no_room(void **state)
{
    (void)state;
    struct scene scene;
    struct rank_page page;
    struct arena small;
    const struct rank_query query = {.page_size = RANK_PAGE_SIZE_MAX};
    open_scene(&scene, 1u << RANK_BY_SCORE, 0);
    assert_int_equal(put_facts(&scene, 1, 2000, "Drama"), STATUS_OK);
    arena_init(&small, 1024);
    scene.call.arena = &small;
    assert_int_equal(rank_list(scene.index, &scene.call, &query, RANK_ON_LOOP, &page),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&small);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_with_a_query),
        cmocka_unit_test(takes_the_longest_of_everything),
        cmocka_unit_test(refuses_a_token_of_another_list),
        cmocka_unit_test(leaves_long_work_to_a_worker),
        cmocka_unit_test(stops_a_worker_whose_call_is_over),
        cmocka_unit_test(takes_as_many_entries_as_it_may),
        cmocka_unit_test(leaves_out_genres_over_the_limit_until_one_is_free),
        cmocka_unit_test(says_when_the_arena_has_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
