/* What is recommended as cards, from services that answer, lack something, or are away. */
#include "movie/controller/movie_recommendations.h"

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TIMEOUT_MS = 10000, ARENA_BYTES_MAX = 1024 * 1024 };

struct fixture {
    struct arena arena;
    struct call call;
    struct movie_controller controller;
    enum status metadata;
    enum status rating;
    enum status recommendation;
    size_t asked_count; /* of recommendations */
    struct text asked_id;
    unsigned metadata_asked;
    void (*body)(struct fixture *fixture);
};

/* There is no "gone". */
static enum status get_all(void *state, struct call *call, const struct text *movie_ids,
                           size_t count, struct metadata **ret_entries, size_t *ret_count)
{
    struct fixture *fixture = state;
    struct metadata *entries = arena_calloc(call->arena, count, sizeof(*entries));
    size_t found = 0;
    fixture->metadata_asked++;
    assert_non_null(entries);
    for (size_t i = 0; i < count; i++) {
        if (!text_equal(movie_ids[i], TEXT("gone"))) {
            entries[found].id = movie_ids[i];
            entries[found++].title =
                arena_format(call->arena, "Title of %.*s", TEXT_ARGUMENTS(movie_ids[i]));
        }
    }
    *ret_entries = entries;
    *ret_count = found;
    return fixture->metadata;
}

static enum status get_aggregates(void *state, struct call *call, const struct text *movie_ids,
                                  size_t count, struct rating_views *ret_views)
{
    const struct fixture *fixture = state;
    struct rating_view *views = arena_calloc(call->arena, count, sizeof(*views));
    (void)movie_ids;
    assert_non_null(views);
    for (size_t i = 0; i < count; i++) {
        views[i] = (struct rating_view){.mean = 7.5, .count = (uint32_t)i + 1};
    }
    *ret_views = (struct rating_views){.views = views};
    return fixture->rating == STATUS_OK ? STATUS_OK : call_fail(call, fixture->rating, "away");
}

static enum status recommend(struct fixture *fixture, struct call *call, struct text id,
                             size_t count, struct recommendation_list *ret_list)
{
    fixture->asked_id = id;
    fixture->asked_count = count;
    *ret_list = (struct recommendation_list){
        .items = {{.record_id = TEXT("a"),
                   .score = 0.5,
                   .has_foretold = true,
                   .foretold_hundredths = 875,
                   .because_of = TEXT("liked")},
                  {.record_id = TEXT("gone"), .score = 0.4, .because_of = TEXT("other")},
                  {.record_id = TEXT("b"), .score = 0.3, .because_of = TEXT("gone")},
                  {.record_id = TEXT("c"), .score = 0.2, .because_of = TEXT("liked")}},
        .count = 4,
        .votes = 9,
        .basis = {.age_ms = 1200},
    };
    return fixture->recommendation == STATUS_OK
               ? STATUS_OK
               : call_fail(call, fixture->recommendation,
                           "the recommendation service cannot be asked");
}

static enum status list_similar(void *state, struct call *call, struct text movie_id, size_t count,
                                struct recommendation_list *ret_list)
{
    return recommend(state, call, movie_id, count, ret_list);
}

static enum status list_for_user(void *state, struct call *call, struct text user_id, size_t count,
                                 struct recommendation_list *ret_list)
{
    return recommend(state, call, user_id, count, ret_list);
}

static const struct metadata_gateway_ops metadata_ops = {.get_all = get_all};
static const struct rating_gateway_ops rating_ops = {.get_aggregates = get_aggregates};
static const struct recommendation_gateway_ops recommendation_ops = {list_similar, list_for_user};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->controller.metadata = (struct metadata_gateway){&metadata_ops, fixture};
    fixture->controller.rating = (struct rating_gateway){&rating_ops, fixture};
    fixture->controller.recommendations =
        (struct recommendation_gateway){&recommendation_ops, fixture};
    fixture->body(fixture);
    arena_deinit(&fixture->arena);
}

#define RECOMMENDED_TEST(name)                                                                     \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static enum status ask_for_ann(struct fixture *fixture, int32_t count,
                               struct movie_recommendations *ret_found)
{
    return movie_controller_list_recommended(&fixture->controller, &fixture->call, TEXT("ann"),
                                             count, ret_found);
}

static void assert_text(struct text seen, const char *wanted)
{
    assert_true(text_equal(seen, text_of(wanted)));
}

static void cards_have_titles_votes_and_reasons(struct fixture *fixture)
{
    struct movie_recommendations found;
    assert_int_equal(ask_for_ann(fixture, 7, &found), STATUS_OK);
    assert_text(fixture->asked_id, "ann");
    assert_int_equal(fixture->asked_count, 7);
    assert_int_equal(found.votes, 9);
    assert_int_equal(found.model_age_ms, 1200);
    assert_int_equal(found.list.count, 3); /* without the one that is gone */
    const struct movie_card *cards = found.list.cards;
    assert_text(cards[0].id, "a");
    assert_text(cards[0].title, "Title of a");
    assert_true(cards[0].match == 8.75);
    assert_int_equal(cards[0].rating_state, MOVIE_RATED);
    assert_int_equal(cards[0].votes, 1);
    assert_text(cards[0].because_of, "liked");
    assert_text(cards[0].because_of_title, "Title of liked");
    assert_text(cards[1].id, "b");
    assert_int_equal(cards[1].votes, 3);
    assert_text(cards[1].because_of, "gone");
    assert_text(cards[1].because_of_title, "");
    assert_text(cards[2].because_of_title, "Title of liked");
    assert_int_equal(fixture->metadata_asked, 2); /* once for the films, once for the reasons */
}
RECOMMENDED_TEST(cards_have_titles_votes_and_reasons)

static void alike_is_a_share(struct fixture *fixture)
{
    struct movie_recommendations found;
    assert_int_equal(
        movie_controller_list_similar(&fixture->controller, &fixture->call, TEXT("tt1"), 0, &found),
        STATUS_OK);
    assert_text(fixture->asked_id, "tt1");
    assert_int_equal(fixture->asked_count, RECOMMENDATION_COUNT_DEFAULT);
    assert_true(found.list.cards[0].match == 0.5);
}
RECOMMENDED_TEST(alike_is_a_share)

static void without_metadata_there_are_ids(struct fixture *fixture)
{
    struct movie_recommendations found;
    fixture->metadata = STATUS_UNAVAILABLE;
    assert_int_equal(ask_for_ann(fixture, 0, &found), STATUS_OK);
    assert_true(found.list.is_without_titles);
    assert_int_equal(found.list.count, 4); /* who knows what is gone? */
    assert_text(found.list.cards[0].title, "");
    assert_text(found.list.cards[0].because_of, "liked");
    assert_int_equal(found.list.cards[0].votes, 1);
    assert_int_equal(fixture->metadata_asked, 1);
}
RECOMMENDED_TEST(without_metadata_there_are_ids)

static void without_ratings_it_is_said(struct fixture *fixture)
{
    struct movie_recommendations found;
    fixture->rating = STATUS_UNAVAILABLE;
    assert_int_equal(ask_for_ann(fixture, 0, &found), STATUS_OK);
    assert_int_equal(found.list.count, 3);
    assert_int_equal(found.list.cards[0].rating_state, MOVIE_RATING_UNAVAILABLE);
    assert_text(found.list.rating_reason, "away");
}
RECOMMENDED_TEST(without_ratings_it_is_said)

static void without_recommendations_there_are_none(struct fixture *fixture)
{
    struct movie_recommendations found;
    fixture->recommendation = STATUS_UNAVAILABLE;
    assert_int_equal(ask_for_ann(fixture, 0, &found), STATUS_UNAVAILABLE);
    assert_text(fixture->call.error.message, "the recommendation service cannot be asked");
    assert_int_equal(fixture->metadata_asked, 0);
    fixture->controller.recommendations.ops = NULL;
    call_clear_error(&fixture->call);
    assert_int_equal(ask_for_ann(fixture, 0, &found), STATUS_UNAVAILABLE);
    assert_text(fixture->call.error.message, "there is no recommendation service");
}
RECOMMENDED_TEST(without_recommendations_there_are_none)

static void what_is_wrong_asks_nobody(struct fixture *fixture)
{
    struct movie_recommendations found;
    const int32_t counts[] = {-1, RECOMMENDATION_COUNT_MAX + 1};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        call_clear_error(&fixture->call);
        assert_int_equal(ask_for_ann(fixture, counts[i], &found), STATUS_INVALID_ARGUMENT);
        assert_text(fixture->call.error.message, "the page size must be 0 to 100");
    }
    assert_int_equal(
        movie_controller_list_similar(&fixture->controller, &fixture->call, TEXT(""), 0, &found),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(movie_controller_list_recommended(&fixture->controller, &fixture->call,
                                                       TEXT(""), 0, &found),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(fixture->asked_count, 0);
    assert_int_equal(ask_for_ann(fixture, RECOMMENDATION_COUNT_MAX, &found), STATUS_OK);
    assert_int_equal(fixture->asked_count, RECOMMENDATION_COUNT_MAX);
}
RECOMMENDED_TEST(what_is_wrong_asks_nobody)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_have_titles_votes_and_reasons_test),
        cmocka_unit_test(alike_is_a_share_test),
        cmocka_unit_test(without_metadata_there_are_ids_test),
        cmocka_unit_test(without_ratings_it_is_said_test),
        cmocka_unit_test(without_recommendations_there_are_none_test),
        cmocka_unit_test(what_is_wrong_asks_nobody_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
