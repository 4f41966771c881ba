/* A log that is faster than the store: memory stays bounded, nothing is lost, and one can see it.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "unit/rating/ingester_scene.h"

#define LAG "marquee_consumer_lag_events{partition=\"0\"}"
#define BEHIND "marquee_consumer_behind_seconds{partition=\"0\"}"

/* No events: they are set aside whole, so that a batch of them is as large as can be. */
static void produce_large(struct ingester_scene *scene, unsigned count)
{
    char *bytes = malloc(EVENTLOG_VALUE_BYTES_MAX);
    assert_non_null(bytes);
    memset(bytes, 'x', EVENTLOG_VALUE_BYTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        ingester_scene_produce(scene, text_of_bytes(bytes, EVENTLOG_VALUE_BYTES_MAX));
    }
    free(bytes);
}

static void large_events_are_taken_in_parts(struct ingester_scene *scene)
{
    enum { COUNT = 70 };
    produce_large(scene, COUNT);
    ingester_scene_start(scene, RATING_REPOSITORY_BATCH_MAX);
    ingester_scene_wait_for_position(scene, COUNT);
    size_t letters = 0;
    for (unsigned i = 0; i < scene->applications; i++) {
        letters += scene->transactions[i].dead_letters;
    }
    assert_int_equal(letters, COUNT);
    assert_int_equal(scene->applications, 3);
    assert_true(scene->bytes_most <= RATING_INGESTER_BATCH_BYTES_MAX + EVENTLOG_VALUE_BYTES_MAX);
    ingester_scene_assert_running(scene);
}
INGESTER_TEST(large_events_are_taken_in_parts)

/* A refusal between the parts drops what follows, and all is read anew. */
static void parts_behind_a_refused_one_are_dropped(struct ingester_scene *scene)
{
    enum { COUNT = 70 };
    scene->fault = STATUS_ABORTED;
    scene->fault_after = 1;
    scene->fault_times = 1;
    produce_large(scene, COUNT);
    ingester_scene_start(scene, RATING_REPOSITORY_BATCH_MAX);
    ingester_scene_wait_for_position(scene, COUNT);
    assert_int_equal(scene->transactions[1].status, STATUS_ABORTED);
    for (unsigned i = 2; i < scene->applications; i++) {
        assert_int_equal(scene->transactions[i].status, STATUS_OK);
    }
    ingester_scene_wait_for_metric(scene, "marquee_dead_letters_total", COUNT);
}
INGESTER_TEST(parts_behind_a_refused_one_are_dropped)

/* 0 where the sanitizers' heap does not tell. */
static size_t heap_bytes(void)
{
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

static void memory_is_bounded_while_the_store_is_away(struct ingester_scene *scene)
{
    enum { COUNT = 160, TRIES = 6 };
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = TRIES;
    produce_large(scene, COUNT);
    size_t before = heap_bytes();
    ingester_scene_start(scene, RATING_REPOSITORY_BATCH_MAX);
    while (scene->fault_times > 0) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
    }
    /* The second batch is decoded by now, and nothing behind it. */
    size_t now = heap_bytes();
    print_message("heap grown by %zu KiB\n", (now - before) / 1024);
    assert_true(now <= before + 2 * (size_t)RATING_INGESTER_ARENA_BYTES_MAX);
    ingester_scene_wait_for_position(scene, COUNT);
    ingester_scene_assert_running(scene);
}
INGESTER_TEST(memory_is_bounded_while_the_store_is_away)

static void waiting_for_the_store_shows(struct ingester_scene *scene)
{
    enum status status = STATUS_OK;
    int64_t waiting_ms;
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = 3;
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_start(scene, 0);
    assert_false(rating_ingester_is_waiting(scene->ingester, &status, &waiting_ms));
    while (!rating_ingester_is_waiting(scene->ingester, &status, &waiting_ms)) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
        fiber_yield();
    }
    assert_int_equal(status, STATUS_UNAVAILABLE);
    assert_true(waiting_ms >= 0);
    ingester_scene_assert_running(scene); /* it goes on by itself */
    ingester_scene_wait_for_position(scene, 3);
    ingester_scene_wait_for_metric(scene, "marquee_ingested_events_total", 3);
    assert_false(rating_ingester_is_waiting(scene->ingester, &status, &waiting_ms));
}
INGESTER_TEST(waiting_for_the_store_shows)

static void await_waiting(struct ingester_scene *scene, enum status *ret_status,
                          int64_t *ret_waiting_ms)
{
    while (!rating_ingester_is_waiting(scene->ingester, ret_status, ret_waiting_ms)) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

/* As one whose lock a stopped process holds. */
static void store_without_an_answer_shows(struct ingester_scene *scene)
{
    enum status status = STATUS_UNKNOWN;
    int64_t waiting_ms;
    scene->hangs = true;
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_start(scene, 0);
    await_waiting(scene, &status, &waiting_ms);
    assert_int_equal(status, STATUS_OK); /* it has said nothing */
    assert_true(waiting_ms >= RATING_INGESTER_SLOW_MS);
    assert_true(
        ingester_scene_metric(scene, scene->ingester, "marquee_ingestion_waiting_seconds") >= 1);
    scene->hangs = false;
    fiber_wait_signal(&scene->goes_on);
    ingester_scene_wait_for_position(scene, 3);
    ingester_scene_wait_for_metric(scene, "marquee_ingestion_waiting_seconds", 0);
}
INGESTER_TEST(store_without_an_answer_shows)

static void claim_that_fails_shows(struct ingester_scene *scene)
{
    enum status status = STATUS_OK;
    int64_t waiting_ms;
    scene->claim_fault = STATUS_UNAVAILABLE;
    scene->claim_fault_times = 3;
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_start(scene, 0);
    await_waiting(scene, &status, &waiting_ms);
    assert_int_equal(status, STATUS_UNAVAILABLE);
    ingester_scene_wait_for_position(scene, 3);
    assert_int_equal(scene->claims, 4);
    ingester_scene_wait_for_metric(scene, "marquee_ingestion_waiting_seconds", 0);
}
INGESTER_TEST(claim_that_fails_shows)

static void lag_is_known_before_the_first_batch(struct ingester_scene *scene)
{
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = 1000000;
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_start(scene, 0);
    ingester_scene_wait_for_metric(scene, LAG, 3);
    ingester_scene_produce_votes(scene, 3, 5);
    ingester_scene_wait_for_metric(scene, LAG, 5);
    assert_true(ingester_scene_metric(scene, scene->ingester, BEHIND) == -1); /* nobody knows */
    scene->fault_times = 0;
    ingester_scene_wait_for_metric(scene, LAG, 0);
    assert_true(ingester_scene_metric(scene, scene->ingester, BEHIND) == 0);
}
INGESTER_TEST(lag_is_known_before_the_first_batch)

static void being_behind_is_the_age_of_what_was_applied(struct ingester_scene *scene)
{
    enum { AGE_S = 1000 };
    const struct eventlog_message old = {
        .key = TEXT("k"), .value = TEXT("{"), .time_ms = clock_wall_ms() - AGE_S * 1000};
    size_t delivered;
    assert_int_equal(scene->producer.ops->produce(scene->producer.state, &scene->call, SCENE_TOPIC,
                                                  &old, 1, &delivered),
                     STATUS_OK);
    ingester_scene_produce_votes(scene, 0, 1);
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_after = 1;
    scene->fault_times = 1000000;
    ingester_scene_start(scene, 1);
    ingester_scene_wait_for_metric(scene, LAG, 1);
    double behind = ingester_scene_metric(scene, scene->ingester, BEHIND);
    assert_true(behind >= AGE_S && behind < AGE_S + SCENE_TIMEOUT_MS / 1000.0);
}
INGESTER_TEST(being_behind_is_the_age_of_what_was_applied)

static void batches_are_counted_by_their_sizes(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 11);
    ingester_scene_start(scene, 10);
    ingester_scene_wait_for_metric(scene, "marquee_ingestion_batch_events_count", 2);
    static const struct {
        const char *name;
        double want;
    } samples[] = {
        {"marquee_ingestion_batch_events_bucket{le=\"1\"}", 1},
        {"marquee_ingestion_batch_events_bucket{le=\"10\"}", 2},
        {"marquee_ingestion_batch_events_bucket{le=\"+Inf\"}", 2},
        {"marquee_ingestion_batch_events_sum", 11},
        {"marquee_ingestion_apply_seconds_bucket{le=\"+Inf\"}", 2},
        {"marquee_ingestion_apply_seconds_count", 2},
        {"marquee_ingested_events_total", 11},
        {"marquee_ingested_stale_events_total", 0},
        {"marquee_dead_letters_total", 0},
        {"marquee_ingestion_up", 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        double got = ingester_scene_metric(scene, scene->ingester, samples[i].name);
        if (got != samples[i].want) {
            fail_msg("%s is %g, not %g", samples[i].name, got, samples[i].want);
        }
    }
}
INGESTER_TEST(batches_are_counted_by_their_sizes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_events_are_taken_in_parts_test),
        cmocka_unit_test(parts_behind_a_refused_one_are_dropped_test),
        cmocka_unit_test(memory_is_bounded_while_the_store_is_away_test),
        cmocka_unit_test(waiting_for_the_store_shows_test),
        cmocka_unit_test(store_without_an_answer_shows_test),
        cmocka_unit_test(claim_that_fails_shows_test),
        cmocka_unit_test(lag_is_known_before_the_first_batch_test),
        cmocka_unit_test(being_behind_is_the_age_of_what_was_applied_test),
        cmocka_unit_test(batches_are_counted_by_their_sizes_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
