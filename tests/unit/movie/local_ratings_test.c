/* The local copy of ratings: what it claims, and when. */
#include <stdio.h>

#include "base/clock.h"
#include "rating/model/rating_outbox_event.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/movie/followed_ratings_scene.h"

static void await_passed_over(struct follow_scene *scene, uint64_t want)
{
    while (atomic_load(&scene->local.passed_over) < want) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}
static void nothing_is_claimed_before_all_is_known(struct follow_scene *scene)
{
    struct rating_view view;
    int64_t sent_ms = clock_wall_ms();
    follow_scene_local(scene);
    fiber_yield();
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(scene->call.error.message,
                           TEXT("the local copy of ratings has not been filled yet")));
    follow_scene_send_aggregate(scene, "tt1", 3, 2);
    follow_scene_send_mark(scene, RATING_EVENT_CURRENT, 3, sent_ms);
    while (atomic_load(&scene->local.taken) < 2) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_UNAVAILABLE);

    follow_scene_send_mark(scene, RATING_EVENT_COMPLETE, 3, sent_ms);
    follow_scene_send_mark(scene, RATING_EVENT_CURRENT, 3, sent_ms);
    follow_scene_await_count(scene, "tt1", 2);
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_LOCAL);
    assert_true(view.mean > 6.99 && view.mean < 7.01);
    assert_true(view.age_ms >= 0 && view.age_ms <= clock_wall_ms() - sent_ms);
    assert_int_equal(follow_scene_ask(scene, "tt2", &view), STATUS_OK);
    assert_true(view.no_votes);
    assert_int_equal(local_rating_gateway_as_of_ms(&scene->local), sent_ms);
    assert_int_equal(scene->asked, 0);
}
FOLLOW_TEST(nothing_is_claimed_before_all_is_known)

static void fill(struct follow_scene *scene, int64_t sequence)
{
    follow_scene_send_mark(scene, RATING_EVENT_COMPLETE, sequence, 1);
    follow_scene_send_mark(scene, RATING_EVENT_CURRENT, sequence, 1);
}

static void changes_arrive_and_what_is_late_does_no_harm(struct follow_scene *scene)
{
    follow_scene_local(scene);
    follow_scene_send_aggregate(scene, "tt1", 3, 2);
    fill(scene, 3);
    follow_scene_await_count(scene, "tt1", 2);
    follow_scene_send_aggregate(scene, "tt1", 9, 5);
    follow_scene_await_count(scene, "tt1", 5);
    uint64_t before = atomic_load(&scene->local.passed_over);
    follow_scene_send_aggregate(scene, "tt1", 9, 5); /* again */
    follow_scene_send_aggregate(scene, "tt1", 8, 4); /* and late */
    follow_scene_send_aggregate(scene, "tt1", 3, 2);
    await_passed_over(scene, before + 3);
    assert_int_equal(follow_scene_count(scene, "tt1"), 5);
    follow_scene_send_aggregate(scene, "tt1", 10, 0);
    follow_scene_await_count(scene, "tt1", 0);
}
FOLLOW_TEST(changes_arrive_and_what_is_late_does_no_harm)

static void age_follows_the_marks(struct follow_scene *scene)
{
    struct rating_view view;
    int64_t now_ms = clock_wall_ms();
    follow_scene_local(scene);
    fill(scene, 0);
    follow_scene_await_count(scene, "tt1", 0);
    assert_int_equal(follow_scene_ask(scene, "tt1", &view), STATUS_OK);
    assert_true(view.age_ms >= now_ms - 1); /* the mark was of 1970 */
    follow_scene_send_mark(scene, RATING_EVENT_CURRENT, 0, now_ms);
    while (local_rating_gateway_as_of_ms(&scene->local) != now_ms) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    follow_scene_send_mark(scene, RATING_EVENT_CURRENT, 0,
                           now_ms - 5000); /* an old one makes nothing older */
    follow_scene_send_aggregate(scene, "tt1", 1, 1);
    follow_scene_await_count(scene, "tt1", 1);
    assert_int_equal(local_rating_gateway_as_of_ms(&scene->local), now_ms);
}
FOLLOW_TEST(age_follows_the_marks)

/* The number-th record, as it comes, of a partition that has no mark in it. */
static void next_id_without_mark(int *number, char id[static FOLLOW_SCENE_ID_BYTES])
{
    int32_t partition;
    do {
        char key[RATING_OUTBOX_KEY_BYTES_MAX];
        (void)snprintf(id, FOLLOW_SCENE_ID_BYTES, "tt%d", (*number)++);
        (void)snprintf(key, sizeof(key), "movie/%s", id);
        partition = eventlog_partition(text_of(key), FOLLOW_SCENE_PARTITIONS);
    } while (partition == eventlog_partition(TEXT("complete"), FOLLOW_SCENE_PARTITIONS) ||
             partition == eventlog_partition(TEXT("current"), FOLLOW_SCENE_PARTITIONS));
}

/* Marks lie in partitions that are read at once; what was sent before them lies in others, which
 * take longer. */
static void marks_hold_when_all_partitions_have_come_so_far(struct follow_scene *scene)
{
    enum { RECORDS = 10000 };
    char id[FOLLOW_SCENE_ID_BYTES];
    int number = 0;
    for (int i = 0; i < RECORDS; i++) {
        next_id_without_mark(&number, id);
        follow_scene_send_aggregate(scene, id, 7, 1);
    }
    fill(scene, 7);
    scene->records_before_answers = RECORDS;
    follow_scene_local(scene);
    follow_scene_await_count(scene, id, 1);
    number = 0;
    for (int i = 0; i < RECORDS; i++) {
        next_id_without_mark(&number, id);
        assert_int_equal(follow_scene_count(scene, id), 1);
    }
}
FOLLOW_TEST(marks_hold_when_all_partitions_have_come_so_far)

static void what_a_transfer_passed_over_has_no_votes(struct follow_scene *scene)
{
    follow_scene_local(scene);
    follow_scene_send_aggregate(scene, "gone", 3, 2);
    follow_scene_send_aggregate(scene, "kept", 3, 2);
    fill(scene, 3);
    follow_scene_await_count(scene, "gone", 2);
    follow_scene_send_aggregate(scene, "kept", 9, 3);
    fill(scene, 9);
    follow_scene_await_count(scene, "gone", 0);
    assert_int_equal(follow_scene_count(scene, "kept"), 3);
}
FOLLOW_TEST(what_a_transfer_passed_over_has_no_votes)

static void troubles_of_the_log_are_survived(struct follow_scene *scene)
{
    memory_eventlog_fail(scene->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    scene->looks_refused = 2;
    follow_scene_local(scene);
    follow_scene_produce(scene, TEXT("k"), TEXT("{"));
    follow_scene_produce(scene, TEXT("k"), TEXT(""));
    follow_scene_send_aggregate(scene, "tt1", 3, 2);
    fill(scene, 3);
    follow_scene_await_count(scene, "tt1", 2);
    await_passed_over(scene, 2);
    assert_int_equal(scene->restarts, 1);
}
FOLLOW_TEST(troubles_of_the_log_are_survived)

/* A restarted instance is a new follower: it finds all of it in the topic. */
static void a_new_instance_is_filled_from_the_topic(struct follow_scene *scene)
{
    follow_scene_local(scene);
    follow_scene_send_aggregate(scene, "tt1", 3, 2);
    fill(scene, 3);
    follow_scene_send_aggregate(scene, "tt1", 4, 6);
    follow_scene_await_count(scene, "tt1", 6);
    topic_follower_stop(scene->follower);
    memset(&scene->local, 0, sizeof(scene->local));
    rating_copy_clear(scene->copy);
    follow_scene_local(scene);
    assert_int_equal(follow_scene_count(scene, "tt1"), -1);
    follow_scene_await_count(scene, "tt1", 6);
}
FOLLOW_TEST(a_new_instance_is_filled_from_the_topic)

/* What was to be read next is lost: the copy is made anew from what there is. */
static void lost_records_have_it_begin_anew(struct follow_scene *scene)
{
    static const struct text key = TEXT_INIT("movie/tt1");
    int32_t partition = eventlog_partition(key, FOLLOW_SCENE_PARTITIONS);
    follow_scene_local(scene);
    follow_scene_send_aggregate(scene, "tt1", 30, 2); /* offset 0 of its partition */
    fill(scene, 30);
    follow_scene_await_count(scene, "tt1", 2);
    int64_t next_offset = 1;
    next_offset +=
        eventlog_partition(TEXT("complete"), FOLLOW_SCENE_PARTITIONS) == partition ? 1 : 0;
    next_offset +=
        eventlog_partition(TEXT("current"), FOLLOW_SCENE_PARTITIONS) == partition ? 1 : 0;
    follow_scene_produce(scene, key, TEXT("lost"));
    memory_eventlog_lose(scene->log, FOLLOW_SCENE_TOPIC, partition, next_offset);
    while (scene->restarts == 1) { /* the first is the beginning */
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    memory_eventlog_trim(scene->log, FOLLOW_SCENE_TOPIC, partition, next_offset + 1);
    assert_int_equal(follow_scene_count(scene, "tt1"), -1);
    follow_scene_send_aggregate(scene, "tt1", 31, 9);
    fill(scene, 31);
    follow_scene_await_count(scene, "tt1", 9);
}
FOLLOW_TEST(lost_records_have_it_begin_anew)

static void a_full_copy_says_that_it_does_not_know(struct follow_scene *scene)
{
    struct rating_view view;
    rating_copy_destroy(scene->copy);
    assert_int_equal(rating_copy_create(1, &scene->copy), STATUS_OK);
    follow_scene_local(scene);
    follow_scene_send_aggregate(scene, "tt1", 2, 2);
    fill(scene, 2);
    follow_scene_await_count(scene, "tt1", 2);
    follow_scene_send_aggregate(scene, "tt2", 3, 2);
    follow_scene_await_count(scene, "tt2", -1);
    assert_int_equal(follow_scene_ask(scene, "tt2", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(scene->call.error.message, TEXT("the local copy of ratings is full")));
    assert_int_equal(follow_scene_count(scene, "tt1"), 2);
}
FOLLOW_TEST(a_full_copy_says_that_it_does_not_know)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_claimed_before_all_is_known_test),
        cmocka_unit_test(changes_arrive_and_what_is_late_does_no_harm_test),
        cmocka_unit_test(age_follows_the_marks_test),
        cmocka_unit_test(marks_hold_when_all_partitions_have_come_so_far_test),
        cmocka_unit_test(what_a_transfer_passed_over_has_no_votes_test),
        cmocka_unit_test(troubles_of_the_log_are_survived_test),
        cmocka_unit_test(a_new_instance_is_filled_from_the_topic_test),
        cmocka_unit_test(lost_records_have_it_begin_anew_test),
        cmocka_unit_test(a_full_copy_says_that_it_does_not_know_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
