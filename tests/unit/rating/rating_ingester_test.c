/* Ingestion over a log and a store in memory, both failing on demand. */
#include "rating/model/rating_burst.h"
#include "unit/rating/ingester_scene.h"

static void topic_made_later_is_read(struct ingester_scene *scene)
{
    ingester_scene_start(scene, 0);
    fiber_yield(); /* the topic has been asked for, and is not there */
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_wait_for_position(scene, 3);
    assert_int_equal(ingester_scene_vote_count(scene), 3);
    ingester_scene_assert_running(scene);
}
INGESTER_TEST(topic_made_later_is_read)

static void small_batches_keep_their_order(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 7);
    ingester_scene_start(scene, 2);
    ingester_scene_wait_for_position(scene, 7);
    assert_int_equal(scene->applications, 4);
    assert_int_equal(ingester_scene_vote_count(scene), 7);
}
INGESTER_TEST(small_batches_keep_their_order)

struct observer {
    struct fiber_wait told;
    unsigned times;
    int64_t next_offset;
    struct ingester_scene *scene;
};

/* What is told is in the store already. */
static void take_applied(void *state, struct text topic, int32_t partition, int64_t next_offset)
{
    struct observer *observer = state;
    assert_true(text_equal(topic, SCENE_TOPIC));
    assert_int_equal(partition, 0);
    assert_true(next_offset > observer->next_offset);
    assert_int_equal(ingester_scene_vote_count(observer->scene), next_offset);
    observer->next_offset = next_offset;
    observer->times++;
    fiber_wait_signal(&observer->told);
}

static void what_is_applied_is_told(struct ingester_scene *scene)
{
    struct observer observer = {.scene = scene};
    fiber_wait_init(&observer.told);
    ingester_scene_produce_votes(scene, 0, 7);
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = 1;
    scene->ingester = ingester_scene_open(
        scene, TEXT("group"),
        (struct rating_ingester_options){
            .batch_max = 2, .applied = take_applied, .applied_state = &observer});
    while (observer.next_offset < 7) {
        assert_int_equal(fiber_wait(&scene->call, &observer.told), STATUS_OK);
    }
    assert_int_equal(observer.times, 4);
}
INGESTER_TEST(what_is_applied_is_told)

static void store_that_is_away_is_asked_again(struct ingester_scene *scene)
{
    static const enum status faults[] = {STATUS_UNAVAILABLE, STATUS_RESOURCE_EXHAUSTED,
                                         STATUS_DEADLINE_EXCEEDED};
    ingester_scene_start(scene, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(faults); i++) {
        scene->fault = faults[i];
        scene->fault_times = 2;
        ingester_scene_produce_votes(scene, i, i + 1);
        ingester_scene_wait_for_position(scene, (int64_t)i + 1);
        assert_int_equal(scene->fault_times, 0);
        assert_int_equal(ingester_scene_vote_count(scene), i + 1);
        ingester_scene_assert_running(scene);
    }
}
INGESTER_TEST(store_that_is_away_is_asked_again)

/* The second attempt is refused for the position that the first has moved. */
static void lost_answers_double_nothing(struct ingester_scene *scene)
{
    static const enum status faults[] = {STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED,
                                         STATUS_ABORTED};
    unsigned votes = 0;
    ingester_scene_start(scene, 2);
    for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
        scene->fault = faults[i];
        scene->fault_times = 1;
        scene->fault_loses_answers = true;
        ingester_scene_produce_votes(scene, votes, votes + 5);
        votes += 5;
        ingester_scene_wait_for_position(scene, votes);
        assert_int_equal(scene->fault_times, 0);
        assert_int_equal(ingester_scene_vote_count(scene), votes);
        ingester_scene_assert_running(scene);
    }
}
INGESTER_TEST(lost_answers_double_nothing)

/* Another instance has applied the first two: they are read and refused, then passed over. */
static void refused_batch_is_read_anew(struct ingester_scene *scene)
{
    ingester_scene_start(scene, 1);
    ingester_scene_produce_votes(scene, 0, 1);
    ingester_scene_wait_for_position(scene, 1);
    struct rating_position moved;
    assert_int_equal(
        scene->whole.ops->claim_position(scene->whole.state, &scene->call, SCENE_TOPIC, 0, &moved),
        STATUS_OK);
    moved.next_offset = 3;
    const struct rating_batch others = {.position = &moved, .from_offset = 1};
    assert_int_equal(scene->whole.ops->apply(scene->whole.state, &scene->call, &others), STATUS_OK);
    ingester_scene_produce_votes(scene, 1, 6);
    ingester_scene_wait_for_position(scene, 6);
    assert_int_equal(ingester_scene_vote_count(scene), 4); /* 0, 3, 4, 5: once each */
    ingester_scene_assert_running(scene);
}
INGESTER_TEST(refused_batch_is_read_anew)

static void aborted_without_cause_changes_nothing(struct ingester_scene *scene)
{
    scene->fault = STATUS_ABORTED;
    scene->fault_times = 3;
    ingester_scene_produce_votes(scene, 0, 5);
    ingester_scene_start(scene, 2);
    ingester_scene_wait_for_position(scene, 5);
    assert_int_equal(ingester_scene_vote_count(scene), 5);
    assert_int_equal(scene->fault_times, 0);
}
INGESTER_TEST(aborted_without_cause_changes_nothing)

static void lasting_failures_stop_with_their_reason(struct ingester_scene *scene)
{
    scene->fault = STATUS_DATA_LOSS;
    scene->fault_times = 1;
    ingester_scene_produce_votes(scene, 0, 4);
    ingester_scene_start(scene, 2);
    assert_true(text_equal(ingester_scene_wait_for_stop(scene), TEXT("planted")));
    assert_int_equal(scene->applications, 1); /* not the batch behind it */
    assert_int_equal(ingester_scene_position(scene), 0);
}
INGESTER_TEST(lasting_failures_stop_with_their_reason)

static void gap_in_the_log_stops(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 4);
    memory_eventlog_lose(scene->log, SCENE_TOPIC, 0, 2);
    ingester_scene_start(scene, 0);
    assert_true(ingester_scene_wait_for_stop(scene).length > 0);
    assert_true(ingester_scene_position(scene) <= 2); /* nothing behind the gap */
    assert_true(ingester_scene_vote_count(scene) <= 2);
}
INGESTER_TEST(gap_in_the_log_stops)

static void log_that_is_away_is_read_again(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 2);
    memory_eventlog_fail(scene->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    ingester_scene_start(scene, 0);
    ingester_scene_wait_for_position(scene, 2);
    assert_int_equal(ingester_scene_vote_count(scene), 2);
}
INGESTER_TEST(log_that_is_away_is_read_again)

static void unreadable_events_become_dead_letters(struct ingester_scene *scene)
{
    struct rating_dead_letter *letters;
    size_t count;
    ingester_scene_produce_votes(scene, 0, 1);
    ingester_scene_produce(scene, TEXT("{"));
    ingester_scene_produce(scene, TEXT("\xff\0"));
    ingester_scene_produce(scene, TEXT("[]"));
    ingester_scene_produce_votes(scene, 1, 2);
    ingester_scene_start(scene, 0);
    ingester_scene_wait_for_position(scene, 5);
    assert_int_equal(ingester_scene_vote_count(scene), 2);
    assert_int_equal(scene->whole.ops->list_dead_letters(scene->whole.state, &scene->call, NULL, 10,
                                                         &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(letters[i].offset, i + 1);
        assert_true(text_equal(letters[i].topic, SCENE_TOPIC));
        assert_true(letters[i].reason.length > 0);
        assert_true(letters[i].time_ms > 0);
    }
    assert_true(text_equal(letters[1].payload, TEXT("\xff\0")));
    assert_true(text_equal(letters[2].reason, TEXT("an event is an object, not an array")));
}
INGESTER_TEST(unreadable_events_become_dead_letters)

/* run_body() stops it: here while it waits for events. */
static void stops_while_waiting_for_events(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 1);
    ingester_scene_start(scene, 0);
    ingester_scene_wait_for_position(scene, 1);
}
INGESTER_TEST(stops_while_waiting_for_events)

/* And here while it waits for the store. */
static void stops_while_waiting_for_the_store(struct ingester_scene *scene)
{
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = 1000000;
    ingester_scene_produce_votes(scene, 0, 1);
    ingester_scene_start(scene, 0);
    while (scene->applications < 2) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
    }
    rating_ingester_stop(scene->ingester);
    ingester_scene_assert_running(scene); /* it did not fail: it was stopped */
    assert_int_equal(ingester_scene_position(scene), 0);
}
INGESTER_TEST(stops_while_waiting_for_the_store)

/* In the transaction of the others, and once although no answer came at first. */
static void votes_of_a_burst_are_held(struct ingester_scene *scene)
{
    enum { FLOOR = 3, VOTES = 7 };
    const struct rating_burst_options options = {
        .window_ms = RATING_BURST_WINDOW_MS_MAX, .floor = FLOOR, .multiple = 2};
    struct rating_burst *burst;
    struct rating_dead_letter *letters;
    size_t count;
    assert_int_equal(rating_burst_create(&options, &burst), STATUS_OK);
    ingester_scene_produce_votes(scene, 0, VOTES);
    scene->fault = STATUS_DEADLINE_EXCEEDED;
    scene->fault_times = 1;
    scene->fault_loses_answers = true;
    scene->ingester =
        ingester_scene_open(scene, TEXT("group"), (struct rating_ingester_options){.burst = burst});
    ingester_scene_wait_for_position(scene, VOTES);
    assert_int_equal(ingester_scene_vote_count(scene), FLOOR);
    assert_int_equal(scene->whole.ops->list_dead_letters(scene->whole.state, &scene->call, NULL, 10,
                                                         &letters, &count),
                     STATUS_OK);
    assert_int_equal(count, VOTES - FLOOR);
    for (size_t i = 0; i < count; i++) {
        assert_true(text_equal(letters[i].topic, TEXT("~quarantine/ratings")));
        assert_int_equal(letters[i].offset, FLOOR + i);
    }
    rating_ingester_stop(scene->ingester);
    rating_ingester_destroy(scene->ingester);
    scene->ingester = NULL;
    rating_burst_destroy(burst);
}
INGESTER_TEST(votes_of_a_burst_are_held)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topic_made_later_is_read_test),
        cmocka_unit_test(small_batches_keep_their_order_test),
        cmocka_unit_test(what_is_applied_is_told_test),
        cmocka_unit_test(store_that_is_away_is_asked_again_test),
        cmocka_unit_test(lost_answers_double_nothing_test),
        cmocka_unit_test(refused_batch_is_read_anew_test),
        cmocka_unit_test(aborted_without_cause_changes_nothing_test),
        cmocka_unit_test(lasting_failures_stop_with_their_reason_test),
        cmocka_unit_test(gap_in_the_log_stops_test),
        cmocka_unit_test(log_that_is_away_is_read_again_test),
        cmocka_unit_test(unreadable_events_become_dead_letters_test),
        cmocka_unit_test(votes_of_a_burst_are_held_test),
        cmocka_unit_test(stops_while_waiting_for_events_test),
        cmocka_unit_test(stops_while_waiting_for_the_store_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
