/* The three guarantees of delivery, the epochs that fence them, and what event ids and times make
 * of events that come twice or late. */
#include "base/clock.h"
#include "unit/rating/ingester_scene.h"

#define PARTITION_ZERO_LAG "marquee_consumer_lag_events{partition=\"0\"}"

static struct rating_ingester *open_mode(struct ingester_scene *scene, enum rating_delivery mode)
{
    return ingester_scene_open(scene, TEXT("group"),
                               (struct rating_ingester_options){.delivery = mode, .batch_max = 10});
}

static void start_mode(struct ingester_scene *scene, enum rating_delivery mode)
{
    scene->ingester = open_mode(scene, mode);
}

static void assert_transaction(struct ingester_scene *scene, unsigned index, size_t changes,
                               bool moves)
{
    assert_true(index < scene->applications);
    assert_int_equal(scene->transactions[index].changes, changes);
    assert_int_equal(scene->transactions[index].moves, moves);
}

static void exactly_once_is_one_transaction(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 4);
    start_mode(scene, RATING_DELIVERY_EXACTLY_ONCE);
    ingester_scene_wait_for_position(scene, 4);
    assert_transaction(scene, 0, 4, true);
    assert_int_equal(scene->applications, 1);
}
INGESTER_TEST(exactly_once_is_one_transaction)

static void at_least_once_applies_before_it_moves(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 4);
    start_mode(scene, RATING_DELIVERY_AT_LEAST_ONCE);
    ingester_scene_wait_for_position(scene, 4);
    assert_transaction(scene, 0, 4, false);
    assert_transaction(scene, 1, 0, true);
    assert_int_equal(scene->applications, 2);
}
INGESTER_TEST(at_least_once_applies_before_it_moves)

static void at_most_once_moves_before_it_applies(struct ingester_scene *scene)
{
    ingester_scene_produce_votes(scene, 0, 4);
    start_mode(scene, RATING_DELIVERY_AT_MOST_ONCE);
    ingester_scene_wait_for_position(scene, 4);
    ingester_scene_wait_for_metric(scene, "marquee_ingested_events_total", 4);
    assert_transaction(scene, 0, 0, true);
    assert_transaction(scene, 1, 4, false);
    assert_int_equal(ingester_scene_vote_count(scene), 4);
}
INGESTER_TEST(at_most_once_moves_before_it_applies)

/* A process that dies between its two transactions: the second is never done, and another process
 * starts where the position is. */
static void die_between(struct ingester_scene *scene, enum rating_delivery mode)
{
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_after = 1;
    scene->fault_times = 1000000;
    ingester_scene_produce_votes(scene, 0, 4);
    struct rating_ingester *dying = open_mode(scene, mode);
    while (scene->applications < 2) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
    }
    rating_ingester_stop(dying);
    rating_ingester_destroy(dying);
    scene->fault_times = 0;
    scene->applications = 0;
    start_mode(scene, mode);
    ingester_scene_produce_votes(scene, 4, 5);
    ingester_scene_wait_for_position(scene, 5);
    ingester_scene_wait_for_metric(scene, PARTITION_ZERO_LAG, 0);
}

static void at_most_once_loses_what_lies_between(struct ingester_scene *scene)
{
    die_between(scene, RATING_DELIVERY_AT_MOST_ONCE);
    assert_int_equal(ingester_scene_vote_count(scene), 1);
}
INGESTER_TEST(at_most_once_loses_what_lies_between)

static void at_least_once_applies_again_what_lies_between(struct ingester_scene *scene)
{
    die_between(scene, RATING_DELIVERY_AT_LEAST_ONCE);
    assert_int_equal(ingester_scene_vote_count(scene), 5);
    size_t again = 0;
    for (unsigned i = 0; i < scene->applications; i++) {
        again += scene->transactions[i].changes;
    }
    assert_int_equal(again, 5); /* four of them for the second time */
}
INGESTER_TEST(at_least_once_applies_again_what_lies_between)

/* Whether the batch was applied, the store does not say: applied again, it could be twice. */
static void at_most_once_gives_up_what_is_unsure(struct ingester_scene *scene)
{
    scene->fault = STATUS_DEADLINE_EXCEEDED;
    scene->fault_after = 1;
    scene->fault_times = 1;
    ingester_scene_produce_votes(scene, 0, 4);
    start_mode(scene, RATING_DELIVERY_AT_MOST_ONCE);
    ingester_scene_wait_for_metric(scene, "marquee_ingestion_abandoned_events_total", 4);
    ingester_scene_produce_votes(scene, 4, 6);
    ingester_scene_wait_for_metric(scene, "marquee_ingested_events_total", 2);
    assert_int_equal(ingester_scene_vote_count(scene), 2);
    assert_int_equal(ingester_scene_position(scene), 6);
    ingester_scene_assert_running(scene);
}
INGESTER_TEST(at_most_once_gives_up_what_is_unsure)

static void claim_for_another(struct ingester_scene *scene)
{
    struct rating_position position;
    assert_int_equal(scene->whole.ops->claim_position(scene->whole.state, &scene->call, SCENE_TOPIC,
                                                      0, &position),
                     STATUS_OK);
}

/* Although the position stands where it expects it. */
static void zombie_is_refused_in_all_modes(struct ingester_scene *scene)
{
    static const enum rating_delivery modes[] = {
        RATING_DELIVERY_EXACTLY_ONCE, RATING_DELIVERY_AT_LEAST_ONCE, RATING_DELIVERY_AT_MOST_ONCE};
    unsigned votes = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
        struct rating_ingester *zombie = open_mode(scene, modes[i]);
        ingester_scene_produce_votes(scene, votes, votes + 1);
        ingester_scene_wait_for_position(scene, ++votes);
        unsigned claims = scene->claims;
        claim_for_another(scene);
        ingester_scene_produce_votes(scene, votes, votes + 2);
        votes += 2;
        while (ingester_scene_metric(scene, zombie, "marquee_ingestion_refused_total") != 1) {
            assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
        /* The log says that the partition is still its own: after the pause it claims it again. */
        ingester_scene_wait_for_position(scene, votes);
        assert_int_equal(scene->claims, claims + 1);
        rating_ingester_stop(zombie);
        rating_ingester_destroy(zombie);
        assert_int_equal(ingester_scene_vote_count(scene), votes);
    }
}
INGESTER_TEST(zombie_is_refused_in_all_modes)

/* Both own the partition, by two groups: one after the other claims it, but not at once. */
static void two_that_fight_do_not_spin(struct ingester_scene *scene)
{
    enum { CLAIMS = 6 };
    const struct rating_ingester_options options = {.batch_max = 10};
    struct rating_ingester *other = ingester_scene_open(scene, TEXT("other"), options);
    scene->ingester = ingester_scene_open(scene, TEXT("group"), options);
    int64_t began_ns = clock_monotonic_ns();
    unsigned votes = 0;
    while (scene->claims < CLAIMS) {
        ingester_scene_produce_votes(scene, votes, votes + 1);
        ingester_scene_wait_for_position(scene, ++votes);
        assert_int_equal(fiber_sleep(&scene->call, 5 * CLOCK_NS_PER_MS), STATUS_OK); /* few votes */
    }
    /* Of six claims, one of both has made three: with two pauses between them. */
    assert_true(clock_monotonic_ns() - began_ns >=
                2 * RATING_INGESTER_CLAIM_PAUSE_MS * CLOCK_NS_PER_MS);
    assert_int_equal(ingester_scene_vote_count(scene), votes);
    rating_ingester_stop(other);
    rating_ingester_destroy(other);
}
INGESTER_TEST(two_that_fight_do_not_spin)

/* As Kafka's consumer claims all of its partitions when it gets another one. */
static void own_claim_refuses_no_batch(struct ingester_scene *scene)
{
    int64_t next_offset = 0;
    scene->fault = STATUS_UNAVAILABLE;
    scene->fault_times = 2;
    ingester_scene_produce_votes(scene, 0, 3);
    ingester_scene_start(scene, 10);
    while (scene->applications == 0) {
        assert_int_equal(fiber_wait(&scene->call, &scene->applied), STATUS_OK);
    }
    struct eventlog_positions positions = rating_ingester_positions(scene->ingester);
    assert_int_equal(positions.get(positions.state, &scene->call, SCENE_TOPIC, 0, &next_offset),
                     STATUS_OK);
    assert_int_equal(next_offset, 3); /* the batch went first */
    ingester_scene_produce_votes(scene, 3, 4);
    ingester_scene_wait_for_position(scene, 4);
    ingester_scene_wait_for_metric(scene, "marquee_ingestion_refused_total", 0);
    assert_int_equal(scene->claims, 2);
}
INGESTER_TEST(own_claim_refuses_no_batch)

static void changes_say_where_they_come_from(struct ingester_scene *scene)
{
    struct rating_change_record *records;
    size_t count;
    ingester_scene_produce_votes(scene, 0, 2);
    ingester_scene_produce(scene, TEXT("{"));
    ingester_scene_produce_votes(scene, 2, 3);
    ingester_scene_start(scene, 3);
    ingester_scene_wait_for_position(scene, 4);
    assert_int_equal(
        scene->whole.ops->list_changes(scene->whole.state, &scene->call, 0, 10, &records, &count),
        STATUS_OK);
    assert_int_equal(count, 4);
    bool seen[4] = {false};
    for (size_t i = 0; i < count; i++) {
        assert_true(text_equal(records[i].source.topic, SCENE_TOPIC));
        assert_int_equal(records[i].source.partition, 0);
        assert_in_range(records[i].offset, 0, 3);
        assert_false(seen[records[i].offset]);
        seen[records[i].offset] = true;
        assert_int_equal(records[i].kind == RATING_RECORD_DEAD_LETTER, records[i].offset == 2);
    }
}
INGESTER_TEST(changes_say_where_they_come_from)

static void produce_event(struct ingester_scene *scene, const char *kind, int points,
                          const char *more)
{
    ingester_scene_produce(
        scene, arena_format(&scene->arena,
                            "{\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"movie\","
                            "\"value\":%d,\"providerId\":\"p\",\"eventType\":\"%s\"%s}",
                            points, kind, more));
}

static int32_t stored_points(struct ingester_scene *scene, const char *provider)
{
    struct vote vote;
    const struct vote_key key = {{RECORD_TYPE_MOVIE, TEXT("tt1")}, text_of(provider), TEXT("u")};
    enum status status = scene->whole.ops->get_vote(scene->whole.state, &scene->call, &key, &vote);
    return status == STATUS_OK ? vote.hundredths / RATING_HUNDREDTHS_PER_POINT : -1;
}

static void event_that_comes_twice_counts_once(struct ingester_scene *scene)
{
    produce_event(scene, "put", 8, ",\"eventId\":\"e1\"");
    produce_event(scene, "put", 3, ",\"eventId\":\"e1\"");
    produce_event(scene, "put", 4, ",\"eventId\":\"e2\"");
    produce_event(scene, "delete", 0, ",\"eventId\":\"e2\"");
    ingester_scene_start(scene, 1);
    ingester_scene_wait_for_position(scene, 4);
    assert_int_equal(stored_points(scene, "p"), 4);
    ingester_scene_wait_for_metric(scene, "marquee_ingested_duplicate_events_total", 2);
    ingester_scene_wait_for_metric(scene, "marquee_ingested_events_total", 4);
}
INGESTER_TEST(event_that_comes_twice_counts_once)

struct timed_event {
    const char *kind;
    int points;
    const char *time;
};

/* In all orders of arrival, and in one batch or three. */
static void assert_latest_stands(struct ingester_scene *scene, const struct timed_event *events,
                                 int want)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    int64_t position = ingester_scene_position(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        struct text provider = arena_format(&scene->arena, "p%lld", (long long)position);
        for (size_t j = 0; j < 3; j++) {
            const struct timed_event *event = &events[orders[i][j]];
            ingester_scene_produce(
                scene,
                arena_format(&scene->arena,
                             "{\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"movie\","
                             "\"value\":%d,\"providerId\":\"%s\",\"eventType\":\"%s\","
                             "\"eventTime\":\"2026-01-01T00:00:%sZ\"}",
                             event->points, provider.data, event->kind, event->time));
        }
        position += 3;
        ingester_scene_wait_for_position(scene, position);
        if (stored_points(scene, provider.data) != want) {
            fail_msg("order %zu: %d, not %d", i, stored_points(scene, provider.data), want);
        }
    }
}

static void later_time_wins(struct ingester_scene *scene)
{
    static const struct {
        struct timed_event events[3];
        int want; /* points; -1: no vote */
    } cases[] = {
        {{{"put", 1, "01"}, {"put", 2, "02"}, {"put", 3, "03"}}, 3},
        {{{"put", 1, "01"}, {"delete", 0, "02"}, {"put", 3, "03"}}, 3},
        {{{"put", 1, "01"}, {"put", 2, "02"}, {"delete", 0, "03"}}, -1},
        {{{"delete", 0, "01"}, {"put", 2, "02"}, {"delete", 0, "03"}}, -1},
        {{{"delete", 0, "01"}, {"delete", 0, "02"}, {"put", 3, "03"}}, 3},
    };
    static const size_t batches[] = {1, 3};
    for (size_t i = 0; i < ARRAY_LENGTH(batches); i++) {
        struct rating_ingester *ingester = ingester_scene_open(
            scene, TEXT("group"), (struct rating_ingester_options){.batch_max = batches[i]});
        for (size_t j = 0; j < ARRAY_LENGTH(cases); j++) {
            assert_latest_stands(scene, cases[j].events, cases[j].want);
        }
        rating_ingester_stop(ingester);
        rating_ingester_destroy(ingester);
    }
}
INGESTER_TEST(later_time_wins)

static void position_outside_the_log_stops_until_it_is_moved(struct ingester_scene *scene)
{
    static const struct rating_ingester_move moves[] = {{.partition = 1, .from = 2, .to = 0},
                                                        {.partition = 0, .from = 2, .to = 4}};
    ingester_scene_produce_votes(scene, 0, 2);
    struct rating_ingester *stopped =
        ingester_scene_open(scene, TEXT("group"), (struct rating_ingester_options){.batch_max = 9});
    ingester_scene_wait_for_position(scene, 2);
    rating_ingester_stop(stopped);
    rating_ingester_destroy(stopped);
    ingester_scene_produce_votes(scene, 2, 6);
    memory_eventlog_trim(scene->log, SCENE_TOPIC, 0, 4);

    ingester_scene_start(scene, 9);
    assert_true(text_ends_with(ingester_scene_wait_for_stop(scene),
                               TEXT("start once with --move-position PARTITION@FROM-TO")));
    assert_int_equal(ingester_scene_position(scene), 2);
    rating_ingester_stop(scene->ingester);
    rating_ingester_destroy(scene->ingester);

    scene->ingester = ingester_scene_open(
        scene, TEXT("group"), (struct rating_ingester_options){.moves = moves, .move_count = 2});
    ingester_scene_wait_for_position(scene, 6);
    assert_int_equal(ingester_scene_vote_count(scene), 4);
}
INGESTER_TEST(position_outside_the_log_stops_until_it_is_moved)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_once_is_one_transaction_test),
        cmocka_unit_test(at_least_once_applies_before_it_moves_test),
        cmocka_unit_test(at_most_once_moves_before_it_applies_test),
        cmocka_unit_test(at_most_once_loses_what_lies_between_test),
        cmocka_unit_test(at_least_once_applies_again_what_lies_between_test),
        cmocka_unit_test(at_most_once_gives_up_what_is_unsure_test),
        cmocka_unit_test(zombie_is_refused_in_all_modes_test),
        cmocka_unit_test(two_that_fight_do_not_spin_test),
        cmocka_unit_test(own_claim_refuses_no_batch_test),
        cmocka_unit_test(changes_say_where_they_come_from_test),
        cmocka_unit_test(event_that_comes_twice_counts_once_test),
        cmocka_unit_test(later_time_wins_test),
        cmocka_unit_test(position_outside_the_log_stops_until_it_is_moved_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
