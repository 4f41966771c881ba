/* What marquee-movie answers to people, whichever way it asks the others: one suite over real
 * services, by gRPC and by plain HTTP. */
#include <stdio.h>

#include "base/arena.h"
#include "contract/movie_scene.h"
#include "movie/controller/movie_voting.h"
#include "support/cmocka_test.h"

#define TIME(day) "2026-01-" day "T00:00:00Z"
#define CARD(id, title, year)                                                                      \
    "\"id\":\"" id "\",\"title\":\"" title "\",\"year\":" year                                     \
    ",\"genres\":[\"Drama\",\"War\"],\"director\":\"Ann Ant\""
#define METADATA(id, title, year)                                                                  \
    "\"metadata\":{\"id\":\"" id "\",\"title\":\"" title                                           \
    "\",\"director\":\"Ann Ant\",\"year\":" year ",\"genres\":[\"Drama\",\"War\"]}"
#define AWAY "the rating service cannot be asked"
#define BINS_7_AND_9 "\"histogram\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,1,0,0]"
#define BINS_7 "\"histogram\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0]"
#define BINS_7_AND_8 "\"histogram\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,1,0,0,0,0]"

static void put_movies(struct movie_scene *scene)
{
    movie_scene_put_movie(scene, "a", "One", 1999);
    movie_scene_put_movie(scene, "b", "One more", 2001);
    movie_scene_put_movie(scene, "c", "Three", 2003);
    movie_scene_put_vote(scene, "ann", "a", 700, TIME("01"));
    movie_scene_put_vote(scene, "bob", "a", 900, TIME("02"));
}

static void search_joins_ratings(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_ask(
        scene, "SearchMovies", "{\"query\":\"One\"}", 200,
        "{\"results\":[{" CARD("a", "One",
                               "1999") ",\"ratingState\":\"RATED\","
                                       "\"mean\":8,\"votes\":2,\"match\":10},{" CARD(
                                           "b", "One more",
                                           "2001") ",\"ratingState\":\"NO_VOTES\",\"match\":9}]}");
    movie_scene_ask(
        scene, "SearchMovies", "{\"query\":\"One\",\"pageSize\":1}", 200,
        "{\"results\":[{" CARD("a", "One", "1999") ",\"ratingState\":\"RATED\","
                                                   "\"mean\":8,\"votes\":2,\"match\":10}]}");
    movie_scene_ask(scene, "SearchMovies", "{\"query\":\"Nothing\"}", 200, "{}");
    movie_scene_ask(scene, "SearchMovies", "{}", 400, "the query is empty");
    movie_scene_ask(scene, "SearchMovies", "{\"query\":\"One\",\"pageSize\":101}", 400,
                    "the page size must be 0 to 100");
    movie_scene_ask_plain(
        scene, "GET", "/movies/search?q=One&limit=1", 200,
        "{\"results\":[{" CARD("a", "One", "1999") ",\"ratingState\":\"RATED\","
                                                   "\"mean\":8,\"votes\":2,\"match\":10}]}");
    movie_scene_ask_plain(scene, "GET", "/movies/search?q=One&limit=0", 400,
                          "limit must be 1 to 100");
}

static void search_without_ratings(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_lose_rating(scene);
    movie_scene_ask(scene, "SearchMovies", "{\"query\":\"Three\"}", 200,
                    "{\"results\":[{" CARD(
                        "c", "Three", "2003") ",\"ratingState\":\"UNAVAILABLE\","
                                              "\"match\":10}],\"ratingUnavailableReason\":\"" AWAY
                                              "\"}");
    movie_scene_ask_plain(
        scene, "GET", "/movies/search?q=Three", 200,
        "{\"results\":[{" CARD("c", "Three",
                               "2003") ",\"ratingState\":\"UNAVAILABLE\",\"match\":10}],"
                                       "\"ratingUnavailableReason\":\"" AWAY "\"}");
    movie_scene_lose_metadata(scene);
    movie_scene_ask(scene, "SearchMovies", "{\"query\":\"Three\"}", 503,
                    "the metadata service cannot be asked");
}

#define BASIC_A                                                                                    \
    "\"rating\":8," METADATA("a", "One", "1999") ",\"ratingState\":\"RATED\",\"ratingCount\":2"

static void details_tell_more_when_asked(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_ask(scene, "GetMovieDetails", "{\"movieId\":\"a\",\"view\":\"MOVIE_FULL\"}", 200,
                    "{\"movieDetails\":{" BASIC_A
                    ",\"summary\":{\"mean\":8,\"count\":2," BINS_7_AND_9 "}}}");
    movie_scene_ask(scene, "GetMovieDetails",
                    "{\"movieId\":\"a\",\"userId\":\"bob\",\"view\":\"MOVIE_FULL\"}", 200,
                    "{\"movieDetails\":{" BASIC_A
                    ",\"summary\":{\"mean\":8,\"count\":2," BINS_7_AND_9
                    "},\"own\":{\"hundredths\":900},\"ownState\":\"RATED\","
                    "\"ownTime\":\"" TIME("02") "\"}}");
    movie_scene_ask(
        scene, "GetMovieDetails", "{\"movieId\":\"b\",\"userId\":\"bob\",\"view\":\"MOVIE_FULL\"}",
        200,
        "{\"movieDetails\":{" METADATA(
            "b", "One more", "2001") ",\"ratingState\":\"NO_VOTES\",\"ownState\":\"NO_VOTES\"}}");
    movie_scene_ask_plain(scene, "GET", "/movie?id=a&userId=bob&view=full", 200,
                          "{\"rating\":8,\"metadata\":{\"id\":\"a\",\"title\":\"One\","
                          "\"description\":\"\",\"director\":\"Ann Ant\",\"year\":1999,"
                          "\"genres\":[\"Drama\",\"War\"]},\"ratingState\":\"RATED\","
                          "\"ratingCount\":2,\"summary\":{\"mean\":8,\"count\":2," BINS_7_AND_9
                          "},\"ownState\":\"RATED\",\"own\":9,\"ownTime\":\"" TIME("02") "\"}");
    movie_scene_ask_plain(scene, "GET", "/movie?id=a&view=whole", 400,
                          "view must be basic or full");
    movie_scene_lose_rating(scene);
    movie_scene_ask(
        scene, "GetMovieDetails", "{\"movieId\":\"a\",\"userId\":\"bob\",\"view\":\"MOVIE_FULL\"}",
        200,
        "{\"movieDetails\":{" METADATA(
            "a", "One",
            "1999") ",\"ratingState\":\"UNAVAILABLE\",\"ratingUnavailableReason\":\"" AWAY
                    "\",\"ownState\":\"UNAVAILABLE\"}}");
}

static void votes_are_cast_and_taken_back(struct movie_scene *scene)
{
    movie_scene_put_movie(scene, "a", "One", 1999);
    movie_scene_put_vote(scene, "ann", "a", 700, TIME("01"));
    movie_scene_ask(
        scene, "RateMovie", "{\"userId\":\"bob\",\"movieId\":\"a\",\"value\":{\"hundredths\":800}}",
        200, "{\"summary\":{\"mean\":7.5,\"count\":2," BINS_7_AND_8 "},\"ratingState\":\"RATED\"}");
    movie_scene_ask(scene, "RateMovie",
                    "{\"userId\":\"bob\",\"movieId\":\"a\",\"value\":{\"hundredths\":725}}", 400,
                    "ratings are given in steps of 0.5 points");
    movie_scene_ask(scene, "RateMovie",
                    "{\"userId\":\"bob\",\"movieId\":\"a\",\"value\":{\"hundredths\":1050}}", 400,
                    "a rating must be 0 to 10 points");
    movie_scene_ask(scene, "RateMovie",
                    "{\"userId\":\"bob\",\"movieId\":\"z\",\"value\":{\"hundredths\":800}}", 404,
                    "there is no movie 'z'");
    movie_scene_ask(scene, "RateMovie", "{\"userId\":\"bob\",\"movieId\":\"a\"}", 400,
                    "the value is missing");
    movie_scene_ask(scene, "RateMovie", "{\"movieId\":\"a\",\"value\":{}}", 400,
                    "user id is empty");
    movie_scene_ask(scene, "UnrateMovie", "{\"userId\":\"bob\",\"movieId\":\"a\"}", 200,
                    "{\"summary\":{\"mean\":7,\"count\":1," BINS_7 "},\"ratingState\":\"RATED\"}");
    movie_scene_ask(scene, "UnrateMovie", "{\"userId\":\"bob\",\"movieId\":\"a\"}", 404,
                    "user 'bob' has not rated movie 'a'");
    movie_scene_ask(scene, "UnrateMovie", "{\"userId\":\"ann\",\"movieId\":\"a\"}", 200,
                    "{\"ratingState\":\"NO_VOTES\"}");
    movie_scene_ask_plain(scene, "PUT", "/movie/rating?id=a&userId=cid&value=7", 200,
                          "{\"ratingState\":\"RATED\",\"summary\":{\"mean\":7,\"count\":1," BINS_7
                          "}}");
    movie_scene_ask_plain(scene, "PUT", "/movie/rating?id=a&userId=cid&value=many", 400,
                          "'many' is not a rating such as 8 or 7.5 (two decimals at most)");
    movie_scene_ask_plain(scene, "DELETE", "/movie/rating?id=a&userId=cid", 200,
                          "{\"ratingState\":\"NO_VOTES\"}");
    movie_scene_ask_plain(scene, "DELETE", "/movie/rating?id=a", 400,
                          "the parameter 'userId' is missing");
}

/* A vote is not lost for want of metadata, and is refused when it cannot be kept. */
static void votes_while_one_is_away(struct movie_scene *scene)
{
    movie_scene_put_movie(scene, "a", "One", 1999);
    movie_scene_lose_metadata(scene);
    movie_scene_ask(scene, "RateMovie",
                    "{\"userId\":\"bob\",\"movieId\":\"a\",\"value\":{\"hundredths\":700}}", 200,
                    "{\"summary\":{\"mean\":7,\"count\":1," BINS_7 "},\"ratingState\":\"RATED\"}");
    movie_scene_lose_rating(scene);
    movie_scene_ask(scene, "RateMovie",
                    "{\"userId\":\"bob\",\"movieId\":\"a\",\"value\":{\"hundredths\":700}}", 503,
                    AWAY);
    movie_scene_ask(scene, "UnrateMovie", "{\"userId\":\"bob\",\"movieId\":\"a\"}", 503, AWAY);
}

#define OWN(hundredths, day)                                                                       \
    ",\"own\":{\"hundredths\":" hundredths "},\"ownTime\":\"" TIME(day) "\"}"
#define RATED(mean, votes) ",\"ratingState\":\"RATED\",\"mean\":" mean ",\"votes\":" votes

static void own_votes_come_newest_first(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_put_vote(scene, "bob", "c", 300, TIME("01"));
    movie_scene_put_vote(scene, "bob", "gone", 500, TIME("03"));
    movie_scene_put_vote(scene, "bob", "b", 400, TIME("02"));
    movie_scene_ask(scene, "ListUserMovies", "{\"order\":\"BY_TIME\",\"userId\":\"bob\"}", 200,
                    "{\"movies\":[{\"id\":\"gone\"" RATED("5", "1")
                        OWN("500", "03") ",{" CARD("a", "One", "1999") RATED("8", "2")
                            OWN("900", "02") ",{" CARD("b", "One more", "2001") RATED("4", "1")
                                OWN("400", "02") ",{" CARD("c", "Three", "2003") RATED("3", "1")
                                    OWN("300", "01") "]}");
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"order\":\"BY_TIME\",\"userId\":\"bob\",\"pageSize\":2}", 200,
                    "{\"movies\":[{\"id\":\"gone\"" RATED("5", "1")
                        OWN("500", "03") ",{" CARD("a", "One", "1999") RATED("8", "2")
                            OWN("900", "02") "],\"nextPageToken\":\"1767312000000/1/a\"}");
    movie_scene_put_vote(scene, "bob", "new", 600, TIME("09")); /* moves no page */
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"order\":\"BY_TIME\",\"userId\":\"bob\",\"pageSize\":2,\"pageToken\":"
                    "\"1767312000000/1/a\"}",
                    200,
                    "{\"movies\":[{" CARD("b", "One more", "2001") RATED("4", "1")
                        OWN("400", "02") ",{" CARD("c", "Three", "2003") RATED("3", "1")
                            OWN("300", "01") "]}");
    movie_scene_ask(scene, "ListUserMovies", "{\"userId\":\"nobody\"}", 200, "{}");
    movie_scene_ask(scene, "ListUserMovies", "{}", 400, "user id is empty");
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"order\":\"BY_TIME\",\"userId\":\"bob\",\"pageToken\":\"x/1/a\"}", 400,
                    "the page token is not one of ours");
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"order\":\"BY_TIME\",\"userId\":\"bob\",\"pageToken\":\"1/9/a\"}", 400,
                    "the page token is not one of ours");
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"order\":\"BY_TIME\",\"userId\":\"bob\",\"pageSize\":101}", 400,
                    "the page size must be 0 to 100");
    movie_scene_ask_plain(
        scene, "GET", "/user/movies?userId=bob&order=time&pageSize=1", 200,
        "{\"movies\":[{\"id\":\"new\",\"title\":\"\",\"genres\":[]" RATED(
            "6", "1") ",\"own\":6,\"ownTime\":\"" TIME("09") "\"}],\"nextPageToken\":"
                                                             "\"1767916800000/3/new\"}");
    movie_scene_lose_metadata(scene);
    movie_scene_ask(scene, "ListUserMovies", "{\"userId\":\"ann\"}", 200,
                    "{\"movies\":[{\"id\":\"a\"" RATED("8", "2")
                        OWN("700", "01") "],\"metadataUnavailable\":true}");
    movie_scene_lose_rating(scene);
    movie_scene_ask(scene, "ListUserMovies", "{\"userId\":\"ann\"}", 503, AWAY);
}

/* More than are asked for at once, and than fit a page: walked to the end, each comes once. */
static void many_own_votes_are_walked(struct movie_scene *scene)
{
    enum { VOTES = 2 * MOVIE_OWN_VOTES_AT_ONCE + 300 };
    struct text token = TEXT("");
    size_t seen = 0;
    for (unsigned i = 0; i < VOTES; i++) {
        struct text id = arena_format(&scene->rating_scene.arena, "m%04u", i);
        struct text time =
            arena_format(&scene->rating_scene.arena, "2026-01-01T%02u:%02u:%02uZ",
                         (i * 7 % VOTES) / 3600, (i * 7 % VOTES) / 60 % 60, (i * 7 % VOTES) % 60);
        movie_scene_put_vote(scene, "ann", id.data, 500, time.data);
    }
    int64_t before_ms = INT64_MAX;
    do {
        struct call call = call_within(&scene->movie_scene.call, 0);
        struct movie_own_page page;
        assert_int_equal(movie_controller_list_own(&scene->movie, &call, TEXT("ann"),
                                                   MOVIE_OWN_BY_TIME, 100, token, &page),
                         STATUS_OK);
        for (size_t i = 0; i < page.list.count; i++) {
            assert_true(page.list.cards[i].own.time_ms < before_ms);
            before_ms = page.list.cards[i].own.time_ms;
        }
        seen += page.list.count;
        token = page.next_page_token;
    } while (token.length > 0);
    assert_int_equal(seen, VOTES);
}

/* How much the rating service is asked for. */
struct counted_votes {
    struct rating_votes votes;
    size_t calls;
    size_t listed;
};

static enum status list_counted(void *state, struct call *call, struct text user_id,
                                size_t page_size, struct text page_token,
                                struct rated_movies *ret_page)
{
    struct counted_votes *self = state;
    self->calls++;
    enum status status =
        self->votes.ops->list(self->votes.state, call, user_id, page_size, page_token, ret_page);
    self->listed += status == STATUS_OK ? ret_page->count : 0;
    return status;
}

/* Of a user with many votes a page by movie costs what is in it, wherever it is. */
static void pages_by_movie_cost_what_they_hold(struct movie_scene *scene)
{
    enum { VOTES = 10000, PAGE = 100 };
    struct counted_votes counted = {.votes = scene->movie.votes};
    const struct rating_votes_ops ops = {.list = list_counted};
    char before[16] = "";
    char token_bytes[64];
    struct text token = TEXT("");
    size_t seen = 0;
    for (unsigned i = 0; i < VOTES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "m%05u", i * 7 % VOTES);
        movie_scene_put_vote(scene, "ann", id, 500, TIME("01"));
    }
    scene->movie.votes = (struct rating_votes){&ops, &counted};
    do {
        struct arena arena;
        struct movie_own_page page;
        struct call call = call_within(&scene->movie_scene.call, 0);
        arena_init(&arena, 16 * 1024 * 1024);
        call.arena = &arena;
        counted.calls = counted.listed = 0;
        assert_int_equal(movie_controller_list_own(&scene->movie, &call, TEXT("ann"),
                                                   MOVIE_OWN_BY_MOVIE, PAGE, token, &page),
                         STATUS_OK);
        assert_int_equal(counted.calls, 1);
        assert_int_equal(counted.listed, PAGE);
        for (size_t i = 0; i < page.list.count; i++) {
            assert_true(text_compare(page.list.cards[i].id, text_of(before)) > 0);
            assert_true(text_to_c_string(page.list.cards[i].id, before, sizeof(before)));
        }
        seen += page.list.count;
        assert_true(text_to_c_string(page.next_page_token, token_bytes, sizeof(token_bytes)));
        token = text_of(token_bytes);
        arena_deinit(&arena);
    } while (token.length > 0);
    assert_int_equal(seen, VOTES);
    scene->movie.votes = counted.votes;
}

static void own_votes_come_by_movie(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_put_vote(scene, "bob", "c", 300, TIME("01"));
    movie_scene_put_vote(scene, "bob", "b", 400, TIME("02"));
    movie_scene_ask(scene, "ListUserMovies", "{\"userId\":\"bob\"}", 200,
                    "{\"movies\":[{" CARD("a", "One", "1999") RATED("8", "2")
                        OWN("900", "02") ",{" CARD("b", "One more", "2001") RATED("4", "1")
                            OWN("400", "02") ",{" CARD("c", "Three", "2003") RATED("3", "1")
                                OWN("300", "01") "]}");
    movie_scene_ask_plain(scene, "GET", "/user/movies?userId=bob&order=year", 400,
                          "order must be movie or time");
    movie_scene_ask(scene, "ListUserMovies", "{\"userId\":\"bob\",\"order\":2}", 400,
                    "there is no such order");
    /* A token is of its order. */
    movie_scene_ask(scene, "ListUserMovies",
                    "{\"userId\":\"bob\",\"pageToken\":\"1767312000000/1/a\"}", 400,
                    "the page token is not one of ours");
}

static void many_votes_are_taken_in(struct movie_scene *scene)
{
    put_movies(scene);
    movie_scene_ask(scene, "MatchMovies",
                    "{\"queries\":[{\"title\":\"three\",\"year\":2003},{\"title\":\"none\"},"
                    "{\"movieId\":\"a\"}]}",
                    200,
                    "{\"matches\":[{\"movieId\":\"c\",\"how\":\"MATCHED_BY_TITLE_AND_YEAR\"},{},"
                    "{\"movieId\":\"a\",\"how\":\"MATCHED_BY_MOVIE_ID\"}]}");
    movie_scene_ask(
        scene, "RateMovies",
        "{\"userId\":\"bob\",\"votes\":["
        "{\"movieId\":\"a\"},"
        "{\"movieId\":\"a\",\"value\":{\"hundredths\":100},\"time\":\"2026-01-01T00:00:00Z\"},"
        "{\"movieId\":\"b\",\"value\":{\"hundredths\":725}},"
        "{\"movieId\":\"b\",\"value\":{},\"time\":\"yesterday\"},"
        "{\"movieId\":\"c\",\"value\":{\"hundredths\":600},\"time\":\"2026-01-04T00:00:00Z\"}]}",
        200,
        "{\"accepted\":2,\"refused\":[{\"reason\":\"the value is missing\"},"
        "{\"index\":3,\"reason\":\"the time is not one of RFC 3339\"},"
        "{\"index\":2,\"reason\":\"ratings are given in steps of 0.5 points\"}]}");
    /* The vote of the 1st is older than that of the 2nd, and yields to it. */
    movie_scene_ask(scene, "ListUserMovies", "{\"order\":\"BY_TIME\",\"userId\":\"bob\"}", 200,
                    "{\"movies\":[{" CARD("c", "Three", "2003") RATED("6", "1")
                        OWN("600", "04") ",{" CARD("a", "One", "1999") RATED("8", "2")
                            OWN("900", "02") "]}");
    movie_scene_ask(scene, "RateMovies", "{\"votes\":[]}", 400, "user id is empty");
    movie_scene_ask(scene, "RateMovies", "{\"userId\":\"bob\"}", 200, "{}");
    movie_scene_lose_metadata(scene);
    movie_scene_ask(scene, "MatchMovies", "{\"queries\":[{\"movieId\":\"a\"}]}", 503,
                    "the metadata service cannot be asked");
    movie_scene_lose_rating(scene);
    movie_scene_ask(scene, "RateMovies",
                    "{\"userId\":\"bob\",\"votes\":[{\"movieId\":\"a\",\"value\":{}}]}", 503, AWAY);
}

MOVIE_SCENE_CASE(search_joins_ratings)
MOVIE_SCENE_CASE(search_without_ratings)
MOVIE_SCENE_CASE(details_tell_more_when_asked)
MOVIE_SCENE_CASE(votes_are_cast_and_taken_back)
MOVIE_SCENE_CASE(votes_while_one_is_away)
MOVIE_SCENE_CASE(own_votes_come_newest_first)
MOVIE_SCENE_CASE(many_own_votes_are_walked)
MOVIE_SCENE_CASE(own_votes_come_by_movie)
MOVIE_SCENE_CASE(pages_by_movie_cost_what_they_hold)
MOVIE_SCENE_CASE(many_votes_are_taken_in)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOVIE_SCENE_BOTH(search_joins_ratings),
        MOVIE_SCENE_BOTH(search_without_ratings),
        MOVIE_SCENE_BOTH(details_tell_more_when_asked),
        MOVIE_SCENE_BOTH(votes_are_cast_and_taken_back),
        MOVIE_SCENE_BOTH(votes_while_one_is_away),
        MOVIE_SCENE_BOTH(own_votes_come_newest_first),
        MOVIE_SCENE_BOTH(many_own_votes_are_walked),
        MOVIE_SCENE_BOTH(many_votes_are_taken_in),
        MOVIE_SCENE_BOTH(own_votes_come_by_movie),
        MOVIE_SCENE_BOTH(pages_by_movie_cost_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
