/* The lists of all movies over real services that change, go away, come back and are replaced; by
 * gRPC and by plain HTTP. */
#include "base/clock.h"
#include "contract/movie_scene.h"
#include "loop/fiber.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "movie/controller/movie_discover.h"
#include "support/cmocka_test.h"

enum { WAIT_MS = 15000, MANY = 1300, PAGE = 7 };

#define TIME(day) "2026-01-" day "T00:00:00Z"

/* Each answer in memory of its own. */
struct answer {
    struct arena arena;
    struct call call;
    enum status status;
    struct movie_list list;
};

static void ask(struct movie_scene *scene, const struct movie_list_query *query,
                struct answer *answer)
{
    arena_init(&answer->arena, 1024 * 1024);
    call_init(&answer->call, &answer->arena, WAIT_MS);
    answer->status = movie_controller_discover(&scene->movie, &answer->call, query, &answer->list);
}

static void forget(struct answer *answer)
{
    arena_deinit(&answer->arena);
}

/* The ids of a page, "a b c", in the scene's arena; where it is no page, the error's words. */
static const char *ids_of(struct movie_scene *scene, const struct movie_list_query *query)
{
    struct answer answer;
    struct text ids = TEXT("");
    ask(scene, query, &answer);
    if (answer.status != STATUS_OK) {
        ids = arena_copy(&scene->movie_scene.arena, answer.call.error.message);
    }
    for (size_t i = 0; answer.status == STATUS_OK && i < answer.list.count; i++) {
        ids = arena_format(&scene->movie_scene.arena, "%.*s%s%.*s", TEXT_ARGUMENTS(ids),
                           i > 0 ? " " : "", TEXT_ARGUMENTS(answer.list.cards[i].id));
    }
    forget(&answer);
    return ids.data != NULL ? ids.data : "";
}

/* Asks until the page is the wanted one: the copy follows within a moment. */
static void await_ids(struct movie_scene *scene, const struct movie_list_query *query,
                      const char *wanted)
{
    int64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
    const char *seen = ids_of(scene, query);
    while (strcmp(seen, wanted) != 0) {
        if (clock_monotonic_ns() > until_ns) {
            fail_msg("'%s', not '%s'", seen, wanted);
        }
        fiber_give_way();
        seen = ids_of(scene, query);
    }
}

/* Until all ratings have been had: what is without votes is known to have none. */
static void await_ratings(struct movie_scene *scene)
{
    int64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
    bool is_filled = false;
    while (!is_filled) {
        const struct movie_list_query query = {.order = MOVIE_BY_SCORE};
        struct answer answer;
        ask(scene, &query, &answer);
        is_filled = answer.status == STATUS_OK && answer.list.age.rating_reason.length == 0;
        forget(&answer);
        assert_true(clock_monotonic_ns() < until_ns);
        fiber_give_way();
    }
}

static const struct movie_list_query by_score = {.order = MOVIE_BY_SCORE};
static const struct movie_list_query by_votes = {.order = MOVIE_BY_VOTES};

static void put_movies(struct movie_scene *scene)
{
    movie_scene_put_movie(scene, "a", "One", 1999);
    movie_scene_put_movie(scene, "b", "Two", 2001);
    movie_scene_put_movie(scene, "c", "Three", 2003);
    movie_scene_put_movie(scene, "d", "Four", 0);
    movie_scene_put_vote(scene, "ann", "b", 900, TIME("01"));
    movie_scene_put_vote(scene, "bob", "b", 800, TIME("01"));
    movie_scene_put_vote(scene, "ann", "c", 950, TIME("01"));
}

static void orders_and_filters(struct movie_scene *scene)
{
    static const struct {
        struct movie_list_query query;
        const char *ids;
    } cases[] = {
        {{.order = MOVIE_BY_MEAN}, "c b a d"},
        {{.order = MOVIE_BY_VOTES}, "b c a d"},
        {{.order = MOVIE_BY_YEAR}, "c b a d"},
        {{.order = MOVIE_BY_YEAR, .year_from = 2000}, "c b"},
        {{.order = MOVIE_BY_YEAR, .year_to = 2001}, "b a"},
        {{.order = MOVIE_BY_VOTES, .minimum_votes = 1}, "b c"},
        {{.order = MOVIE_BY_VOTES, .minimum_votes = 2}, "b"},
        {{.order = MOVIE_BY_YEAR, .genre = TEXT_INIT("drama")}, "c b a d"},
        {{.order = MOVIE_BY_YEAR, .genre = TEXT_INIT("comedy")}, ""},
        {{.order = MOVIE_BY_VOTES, .page_size = 2}, "b c"},
        {{.order = (enum movie_order)4}, "there is no such order"},
        {{.page_size = 101}, "the page size must be 0 to 100"},
        {{.year_from = -1}, "a year must be 0 to 2200"},
        {{.year_to = 2201}, "a year must be 0 to 2200"},
    };
    put_movies(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_votes, "b c a d");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_string_equal(ids_of(scene, &cases[i].query), cases[i].ids);
    }
    movie_scene_ask(scene, "ListGenres", "{}", 200,
                    "{\"genres\":[{\"name\":\"Drama\",\"movies\":\"4\"},"
                    "{\"name\":\"War\",\"movies\":\"4\"}]}");
    movie_scene_ask_plain(scene, "GET", "/genres", 200,
                          "{\"genres\":[{\"name\":\"Drama\",\"movies\":4},"
                          "{\"name\":\"War\",\"movies\":4}]}");
    movie_scene_ask(scene, "DiscoverMovies", "{\"pageSize\":-1}", 400,
                    "the page size must be 0 to 100");
    movie_scene_ask(scene, "DiscoverMovies", "{\"pageToken\":\"none\"}", 400,
                    "the page token is not one of ours");
    movie_scene_ask_plain(scene, "GET", "/movies?order=best", 400,
                          "order must be score, mean, votes or year");
    movie_scene_ask_plain(scene, "GET", "/movies?pageSize=0", 400, "pageSize must be 1 to 100");
    movie_scene_ask_plain(scene, "GET", "/movies?yearFrom=x", 400, "yearFrom must be 0 to 2200");
}

static void cards_are_whole(struct movie_scene *scene)
{
    struct answer answer;
    put_movies(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_votes, "b c a d");
    await_ratings(scene);
    ask(scene, &by_votes, &answer);
    const struct movie_card *card = &answer.list.cards[0];
    assert_true(text_equal(card->title, TEXT("Two")));
    assert_true(text_equal(card->director, TEXT("Ann Ant")));
    assert_int_equal(card->year, 2001);
    assert_int_equal(card->genre_count, 2);
    assert_true(text_equal(card->genres[1], TEXT("War")));
    assert_int_equal(card->rating_state, MOVIE_RATED);
    assert_true(card->mean == 8.5);
    assert_int_equal(card->votes, 2);
    assert_int_equal(answer.list.cards[2].rating_state, MOVIE_NO_VOTES);
    assert_int_equal(answer.list.age.rating_reason.length, 0);
    forget(&answer);
}

/* What is listed and counted, whatever is shown. */
static void expect_movies(struct movie_scene *scene, const char *count)
{
    struct text reply = arena_format(&scene->movie_scene.arena,
                                     "{\"genres\":[{\"name\":\"Drama\",\"movies\":\"%s\"},"
                                     "{\"name\":\"War\",\"movies\":\"%s\"}]}",
                                     count, count);
    movie_scene_ask(scene, "ListGenres", "{}", 200, reply.data);
}

static void changes_are_followed(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_votes, "b c a d");
    movie_scene_delete_movie(scene, "c");
    movie_scene_put_movie(scene, "e", "Five", 2005);
    await_ids(scene, &by_votes, "b a d e");
    expect_movies(scene, "4");
    assert_string_equal(
        ids_of(scene, &(struct movie_list_query){.order = MOVIE_BY_VOTES, .page_size = 2}), "b a");
    movie_scene_put_vote(scene, "ann", "e", 500, TIME("02"));
    movie_scene_put_vote(scene, "bob", "e", 500, TIME("02"));
    movie_scene_put_vote(scene, "cid", "e", 500, TIME("02"));
    await_ids(scene, &by_votes, "e b a d");
    movie_scene_ask(scene, "UnrateMovie", "{\"userId\":\"ann\",\"movieId\":\"e\"}", 200,
                    "{\"summary\":{\"mean\":5,\"count\":2,\"histogram\":"
                    "[0,0,0,0,0,0,0,0,0,0,2,0,0,0,0,0,0,0,0,0,0]},\"ratingState\":\"RATED\"}");
    await_ids(scene, &by_votes, "b e a d");
}

/* While it is walked, movies come, go and are voted on: those that stay come once each. */
static void pages_hold_under_writes(struct movie_scene *scene)
{
    unsigned char seen[MANY] = {0};
    struct movie_list_query query = {.order = MOVIE_BY_YEAR, .page_size = PAGE};
    struct arena *kept = &scene->movie_scene.arena;
    unsigned pages = 0;
    for (unsigned i = 0; i < MANY; i++) {
        movie_scene_put_movie(scene, arena_format(kept, "m%04u", i).data, "M",
                              1900 + (int32_t)(i % 100));
    }
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &(struct movie_list_query){.order = MOVIE_BY_YEAR, .page_size = 1}, "m0099");
    do {
        struct answer answer;
        ask(scene, &query, &answer);
        assert_int_equal(answer.status, STATUS_OK);
        for (size_t i = 0; i < answer.list.count; i++) {
            struct text id = answer.list.cards[i].id;
            uint64_t number;
            if (id.data[0] == 'm') {
                assert_true(text_to_u64(text_slice(id, 1, id.length), &number));
                seen[number]++;
            }
        }
        query.page_token = arena_copy(kept, answer.list.next_page_token);
        forget(&answer);
        movie_scene_put_movie(scene, arena_format(kept, "x%04u", pages).data, "X",
                              1900 + (int32_t)(pages * 7 % 100));
        movie_scene_put_vote(scene, "ann", arena_format(kept, "m%04u", pages * 11 % MANY).data, 500,
                             TIME("01"));
        fiber_give_way();
        pages++;
    } while (query.page_token.length > 0);
    assert_true(pages > MANY / PAGE);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void lists_without_ratings(struct movie_scene *scene)
{
    struct answer answer;
    put_movies(scene);
    movie_scene_lose_rating(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_score, "a b c d");
    ask(scene, &by_score, &answer);
    assert_int_equal(answer.list.cards[0].rating_state, MOVIE_RATING_UNAVAILABLE);
    assert_true(
        text_equal(answer.list.age.rating_reason, TEXT("the ratings have not been had yet")));
    forget(&answer);
    if (scene->transport == MOVIE_BY_HTTP) { /* and once they are there */
        movie_scene_find_rating(scene);
        await_ids(scene, &by_votes, "b c a d");
    }
}

static void lists_outlive_the_services(struct movie_scene *scene)
{
    struct answer answer;
    put_movies(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_votes, "b c a d");
    await_ratings(scene);
    movie_scene_lose_rating(scene);
    movie_scene_lose_metadata(scene);
    int64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
    int64_t age_ms = 0;
    while (age_ms < 1500) { /* older than the longest wait of a question */
        ask(scene, &by_votes, &answer);
        assert_int_equal(answer.status, STATUS_OK);
        assert_int_equal(answer.list.count, 4);
        assert_true(answer.list.cards[0].mean == 8.5);
        age_ms = answer.list.age.metadata_ms < answer.list.age.rating_ms
                     ? answer.list.age.metadata_ms
                     : answer.list.age.rating_ms;
        forget(&answer);
        assert_true(clock_monotonic_ns() < until_ns);
        fiber_give_way();
    }
}

static void lists_are_being_made(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_lose_metadata(scene);
    movie_scene_ask(scene, "DiscoverMovies", "{}", 501, "this service keeps no lists of movies");
    movie_scene_start_catalogue(scene, 0);
    movie_scene_ask(scene, "DiscoverMovies", "{}", 503,
                    "the lists of movies are being made: 0 so far");
    movie_scene_ask(scene, "ListGenres", "{}", 503, "the lists of movies are being made: 0 so far");
    movie_scene_ask_plain(scene, "GET", "/movies", 503,
                          "the lists of movies are being made: 0 so far");
}

/* The store behind the service is another one, with fewer changes: what it lacks goes. */
static void another_store_is_listed_anew(struct movie_scene *scene)
{
    struct metadata_repository before = scene->metadata.repository;
    struct metadata_repository other;
    put_movies(scene);
    movie_scene_start_catalogue(scene, 0);
    await_ids(scene, &by_votes, "b c a d");
    assert_int_equal(memory_metadata_repository_open(&scene->metadata_scene.call, &other),
                     STATUS_OK);
    scene->metadata.repository = other;
    movie_scene_put_movie(scene, "c", "Three", 2003);
    movie_scene_put_movie(scene, "z", "Last", 2009);
    await_ids(scene, &by_votes, "c z");
    expect_movies(scene, "2");
    before.ops->close(before.state);
}

/* What does not fit is left out, and what is there is kept up to date. */
static void lists_have_a_limit(struct movie_scene *scene)
{
    movie_scene_put_movie(scene, "a", "One", 1999);
    movie_scene_put_movie(scene, "b", "Two", 2001);
    movie_scene_put_movie(scene, "c", "Three", 2003);
    movie_scene_start_catalogue(scene, 2);
    await_ids(scene, &(struct movie_list_query){.order = MOVIE_BY_YEAR}, "b a");
    movie_scene_put_movie(scene, "a", "One", 2010);
    movie_scene_put_movie(scene, "e", "Five", 2005);
    await_ids(scene, &(struct movie_list_query){.order = MOVIE_BY_YEAR}, "a b");
}

MOVIE_SCENE_CASE(orders_and_filters)
MOVIE_SCENE_CASE(cards_are_whole)
MOVIE_SCENE_CASE(changes_are_followed)
MOVIE_SCENE_CASE(pages_hold_under_writes)
MOVIE_SCENE_CASE(lists_without_ratings)
MOVIE_SCENE_CASE(lists_outlive_the_services)
MOVIE_SCENE_CASE(lists_are_being_made)
MOVIE_SCENE_CASE(another_store_is_listed_anew)
MOVIE_SCENE_CASE(lists_have_a_limit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOVIE_SCENE_BOTH(orders_and_filters),    MOVIE_SCENE_BOTH(cards_are_whole),
        MOVIE_SCENE_BOTH(changes_are_followed),  MOVIE_SCENE_BOTH(pages_hold_under_writes),
        MOVIE_SCENE_BOTH(lists_without_ratings), MOVIE_SCENE_BOTH(lists_outlive_the_services),
        MOVIE_SCENE_BOTH(lists_are_being_made),  MOVIE_SCENE_BOTH(another_store_is_listed_anew),
        MOVIE_SCENE_BOTH(lists_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
