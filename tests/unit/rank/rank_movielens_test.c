/* The lists of MovieLens' small set, by figures that were computed apart from us. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "rank/rank.h"
#include "support/cmocka_test.h"

enum { SKIPPED = 77, MOVIES_MAX = 300000, LINE_BYTES = 256 };

struct movie {
    uint64_t count;
    uint64_t sum_hundredths;
};

/* "userId,movieId,rating,timestamp"; stars of five are twice as many points. */
static void read_ratings(FILE *file, struct movie *movies)
{
    char line[LINE_BYTES];
    assert_non_null(fgets(line, sizeof(line), file)); /* the names */
    while (fgets(line, sizeof(line), file) != NULL) {
        struct text rest = text_of(line);
        uint64_t user;
        uint64_t movie;
        double stars;
        assert_true(text_to_u64(text_next(&rest, ','), &user));
        assert_true(text_to_u64(text_next(&rest, ','), &movie) && movie < MOVIES_MAX);
        assert_true(text_to_double(text_next(&rest, ','), &stars));
        movies[movie].count++;
        movies[movie].sum_hundredths += (uint64_t)lround(stars * 200);
    }
}

static struct rank_index *build(const struct movie *movies)
{
    const struct rank_options options = {.orders = 1u << RANK_BY_SCORE,
                                         .listed_parts = RANK_VOTES,
                                         .parameters = rank_parameters_make(25, 5)};
    struct rank_index *index;
    struct rank_parameters next;
    assert_int_equal(rank_index_create(&options, &index), STATUS_OK);
    for (unsigned i = 0; i < MOVIES_MAX; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%u", i);
        const struct rank_change change = {.id = text_of(id),
                                           .part = RANK_VOTES,
                                           .count = movies[i].count,
                                           .sum_hundredths = movies[i].sum_hundredths};
        assert_int_equal(rank_apply(index, &change, 1), STATUS_OK);
    }
    const struct rank_parameters published = rank_index_parameters(index);
    assert_true(rank_parameters_moved(&published, rank_index_stats(index).totals, &next));
    assert_int_equal(rank_resort(index, &next), STATUS_OK);
    return index;
}

static void ranks_the_best_films_first(void **state)
{
    static const struct {
        const char *id;
        const char *score;
    } want[] = {{"318", "8.834"}, {"858", "8.765"}, {"50", "8.558"}};
    struct movie *movies = calloc(MOVIES_MAX, sizeof(*movies));
    struct arena arena;
    struct call call;
    struct rank_page page;
    const struct rank_query query = {.page_size = ARRAY_LENGTH(want)};
    assert_non_null(movies);
    read_ratings(*state, movies);
    struct rank_index *index = build(movies);
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    assert_int_equal(rank_list(index, &call, &query, RANK_ON_LOOP, &page), STATUS_OK);
    assert_true(page.finished);
    assert_string_equal(page.parameters.version, "1:25:7.087");
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        char score[16];
        snprintf(score, sizeof(score), "%.3f", page.rows[i].score);
        assert_true(text_equal(page.rows[i].id, text_of(want[i].id)));
        assert_string_equal(score, want[i].score);
    }
    rank_index_destroy(index);
    arena_deinit(&arena);
    free(movies);
}

int main(void)
{
    const char *directory = getenv("MARQUEE_MOVIELENS_DIR");
    char path[4096];
    if (directory == NULL || directory[0] == '\0') {
        print_message("skipped: MARQUEE_MOVIELENS_DIR names no MovieLens set\n");
        return SKIPPED;
    }
    snprintf(path, sizeof(path), "%s/ratings.csv", directory);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        print_message("skipped: %s cannot be opened\n", path);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(ranks_the_best_films_first, file),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)fclose(file);
    return failed;
}
