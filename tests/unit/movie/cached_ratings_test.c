/* Ratings that are kept until something is told of them. */
#include "base/clock.h"
#include "rating/model/rating_outbox_event.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/movie/followed_ratings_scene.h"

static void await_notifications(struct follow_scene *scene, uint64_t want)
{
    while (atomic_load(&scene->cached.notifications) < want) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void a_notification_has_it_asked_for_again(struct follow_scene *scene)
{
    static const struct rating_change_event changed = {
        .record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 5};
    static const struct rating_change_event anything = {.all = true, .sequence = 6};
    struct rating_view view;
    follow_scene_cached(scene);
    scene->answer_count = 2;
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_CALLED);
    assert_int_equal(follow_scene_ask(scene, "tt2", &view), STATUS_OK);
    scene->answer_count = 3;
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_CACHED);
    assert_int_equal(view.count, 2);
    assert_int_equal(scene->asked, 2);

    follow_scene_send_change(scene, &changed);
    await_notifications(scene, 1);
    assert_int_equal(follow_scene_count(scene, "tt1"), 3);
    assert_int_equal(follow_scene_count(scene, "tt2"), 2);
    assert_int_equal(scene->asked, 3);

    follow_scene_send_change(scene, &changed); /* again: no harm */
    follow_scene_send_change(scene, &anything);
    await_notifications(scene, 3);
    assert_int_equal(follow_scene_count(scene, "tt1"), 3);
    assert_int_equal(follow_scene_count(scene, "tt2"), 3);
    assert_int_equal(scene->asked, 5);
}
FOLLOW_TEST(a_notification_has_it_asked_for_again)

/* What was told before is passed over, and what was asked before that was known is asked again. */
static void a_cache_begins_at_the_end(struct follow_scene *scene)
{
    static const struct rating_change_event changed = {
        .record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 5};
    struct rating_view view;
    for (int i = 0; i < 100; i++) {
        follow_scene_send_change(scene, &changed);
    }
    scene->looks_refused = 1;
    scene->answer_count = 2;
    follow_scene_start_cached(scene);
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    while (scene->opened == 0) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    scene->answer_count = 3;
    assert_int_equal(follow_scene_count(scene, "tt1"), 3);
    scene->answer_count = 4;
    follow_scene_send_change(scene, &changed);
    follow_scene_await_count(scene, "tt1", 4);
    assert_int_equal(atomic_load(&scene->cached.notifications), 1);
}
FOLLOW_TEST(a_cache_begins_at_the_end)

static void ask_in_fiber(void *argument)
{
    struct follow_scene *scene = argument;
    assert_int_equal(follow_scene_count(scene, "tt1"), 2);
}

/* The service read the aggregate before the change, and its answer comes after the notification. */
static void an_answer_that_a_change_overtook_is_not_kept(struct follow_scene *scene)
{
    static const struct rating_change_event changed = {
        .record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 5};
    struct fiber_group group;
    fiber_group_init(&group);
    follow_scene_cached(scene);
    scene->answer_count = 2;
    scene->holds_answers = true;
    assert_int_equal(fiber_group_start(&group, ask_in_fiber, scene), STATUS_OK);
    while (scene->asked == 0) {
        fiber_yield();
    }
    follow_scene_send_change(scene, &changed);
    await_notifications(scene, 1);
    scene->answer_count = 3;
    scene->holds_answers = false;
    fiber_wait_signal(&scene->answer_now);
    fiber_group_join(&group);
    assert_int_equal(follow_scene_count(scene, "tt1"), 3);
    assert_int_equal(scene->asked, 2);
}
FOLLOW_TEST(an_answer_that_a_change_overtook_is_not_kept)

static void only_answers_are_kept(struct follow_scene *scene)
{
    struct rating_view view;
    follow_scene_cached(scene);
    scene->answer = STATUS_UNAVAILABLE;
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(scene->call.error.message, TEXT("planted")));
    scene->answer = STATUS_NOT_FOUND;
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_NOT_FOUND);
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    assert_true(view.no_votes);
    assert_int_equal(view.source, MOVIE_RATING_CACHED);
    assert_int_equal(scene->asked, 2);

    follow_scene_produce(scene, TEXT("k"), TEXT("{")); /* whatever it was about */
    scene->answer = STATUS_OK;
    scene->answer_count = 1;
    follow_scene_await_count(scene, "tt1", 1);
}
FOLLOW_TEST(only_answers_are_kept)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_has_it_asked_for_again_test),
        cmocka_unit_test(a_cache_begins_at_the_end_test),
        cmocka_unit_test(an_answer_that_a_change_overtook_is_not_kept_test),
        cmocka_unit_test(only_answers_are_kept_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
