/* A model that follows a rating service which is away, comes back, and forgets. */
#include "followed_scene.h"

static void it_says_that_there_is_no_model_yet(struct fixture *fixture)
{
    struct text reason = {NULL, 0};
    fixture->fake->is_away = true;
    start(fixture);
    await_refusals(fixture, 3);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message,
                           TEXT("recommendations are not made yet: the rating service cannot be "
                                "asked (0 votes so far)")));
    assert_true(followed_recommendations_look(fixture->followed, &fixture->call, &reason));
    assert_true(reason.length > 0);
    vote_alike(fixture, "heat", "ronin");
    fake_vote_feed_come_back(fixture->fake);
    await_votes(fixture, 9);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "ronin");
    reason = (struct text){NULL, 0};
    assert_true(followed_recommendations_look(fixture->followed, &fixture->call, &reason));
    assert_int_equal(reason.length, 0);
}
FOLLOWED_TEST(it_says_that_there_is_no_model_yet)

static void a_vote_changes_what_is_recommended(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 0);
    assert_int_equal(fixture->list.votes, 0);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_first(fixture, "ronin");
    assert_true(text_equal(fixture->list.items[0].because_of, TEXT("heat")));
    assert_true(fixture->list.items[0].has_foretold);
    vote_alike(fixture, "heat", "alien"); /* three of the nine are new */
    await_votes(fixture, 13);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 2);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", -1);
    await_votes(fixture, 12);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_int_equal(fixture->list.count, 0);
}
FOLLOWED_TEST(a_vote_changes_what_is_recommended)

static void it_answers_through_an_outage(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    fake_vote_feed_go_away(fixture->fake);
    await_refusals(fixture, 3);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "ronin");
    int64_t age_ms = fixture->list.basis.age_ms;
    unsigned refused = fixture->fake->refused;
    await_refusals(fixture, refused + 2);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_true(fixture->list.basis.age_ms > age_ms); /* there are pauses between */
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    fake_vote_feed_come_back(fixture->fake);
    await_votes(fixture, 10);
    assert_int_equal(fixture->fake->listings, 1); /* it goes on from where it was */
}
FOLLOWED_TEST(it_answers_through_an_outage)

/* Of many changes the first have come: their lists do not wait until the others do. */
static void it_computes_what_it_has_when_the_others_do_not_come(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    await_rest(fixture);
    fixture->fake->pages_before_away = 2;
    vote_alike(fixture, "alien", "bug"); /* six are new; the others are as they were */
    vote_alike(fixture, "big", "up");
    await_refusals(fixture, 2);
    await_votes(fixture, 9 + 6 + 4);
    assert_int_equal(ask_like(fixture, "alien"), STATUS_OK);
    assert_int_equal(fixture->list.votes, 3);
    assert_true(fixture->list.count > 0);
    fake_vote_feed_come_back(fixture->fake);
    await_votes(fixture, 9 + 6 + 6);
}
FOLLOWED_TEST(it_computes_what_it_has_when_the_others_do_not_come)

static void it_begins_anew_when_changes_are_forgotten(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    await_rest(fixture);
    /* Told to nobody: a model that went on would not know. */
    vote_alike(fixture, "heat", "alien");
    fake_vote_feed_vote(fixture->fake, "ann", "ronin", -1);
    fake_vote_feed_forget(fixture->fake);
    await_votes(fixture, 11);
    assert_int_equal(fixture->fake->listings, 2);
    assert_int_equal(ask_like(fixture, "alien"), STATUS_OK);
    assert_first(fixture, "heat");
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 12); /* and it is the new one that follows */
}
FOLLOWED_TEST(it_begins_anew_when_changes_are_forgotten)

static void it_can_be_stopped_at_any_time(struct fixture *fixture)
{
    vote_alike(fixture, "heat", "ronin");
    start(fixture); /* in the listing */
    fiber_give_way();
    followed_recommendations_stop(fixture->followed);
    fixture->fake->is_away = true;
    start(fixture); /* in a pause */
    await_refusals(fixture, 1);
    followed_recommendations_stop(fixture->followed);
    fixture->fake->is_away = false;
    start(fixture); /* waiting for a change */
    await_rest(fixture);
    followed_recommendations_stop(fixture->followed);
    assert_int_equal(fixture->fake->waiting, 0);
}
FOLLOWED_TEST(it_can_be_stopped_at_any_time)

static void its_metrics_say_how_it_is(struct fixture *fixture)
{
    assert_true(tells(fixture, "marquee_recommendation_ready 0"));
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    assert_true(tells(fixture, "marquee_recommendation_ready 1"));
    assert_true(tells(fixture, "marquee_recommendation_votes 10"));
    assert_true(tells(fixture, "marquee_recommendation_changes_total 1"));
    assert_true(tells(fixture, "marquee_recommendation_models_total 1"));
    assert_true(tells(fixture, "marquee_recommendation_connected 1"));
}
FOLLOWED_TEST(its_metrics_say_how_it_is)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_that_there_is_no_model_yet_test),
        cmocka_unit_test(a_vote_changes_what_is_recommended_test),
        cmocka_unit_test(it_answers_through_an_outage_test),
        cmocka_unit_test(it_computes_what_it_has_when_the_others_do_not_come_test),
        cmocka_unit_test(it_begins_anew_when_changes_are_forgotten_test),
        cmocka_unit_test(it_can_be_stopped_at_any_time_test),
        cmocka_unit_test(its_metrics_say_how_it_is_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
