/* The outbox: what has changed leaves, at least once, and what stands last in the topic of
 * aggregates is the truth. */
#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/rating/rating_relay_scene.h"

#define RELAY_TEST(name)                                                                           \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct relay_scene scene = {.body = name};                                                 \
        (void)state;                                                                               \
        in_fiber(relay_scene_run, &scene);                                                         \
    }

static void a_new_store_is_sent_as_a_whole(struct relay_scene *scene)
{
    struct rating_aggregate_event mark;
    relay_scene_put(scene, "a", "u1", 800);
    relay_scene_put(scene, "a", "u2", 600);
    relay_scene_put(scene, "b", "u1", 500);
    relay_scene_change(scene, RATING_DELETE, "b", "u1", 0);
    relay_scene_put(scene, "c", "u1", 500);
    assert_int_equal(relay_scene_position(scene), -1);
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 5);
    assert_true(rating_relay_is_leader(scene->instances[0].relay));
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "c");
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "movie/b"),
                     0); /* nobody has heard of it */
    assert_true(relay_scene_last(scene, "complete", &mark));
    assert_int_equal(mark.kind, RATING_EVENT_COMPLETE);
    assert_int_equal(mark.sequence, 5);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_CHANGES, "*"), 1);
}
RELAY_TEST(a_new_store_is_sent_as_a_whole)

/* Also when it is larger than a page. */
static void all_pages_of_a_new_store_are_sent(struct relay_scene *scene)
{
    enum { RECORDS = RATING_PAGE_SIZE_MAX + 7 };
    size_t count;
    size_t aggregates = 0;
    for (int i = 0; i < RECORDS; i++) {
        char record[RELAY_SCENE_NAME_BYTES];
        (void)snprintf(record, sizeof(record), "r%d", i);
        relay_scene_put(scene, record, "u", 700);
    }
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, RECORDS);
    const struct eventlog_record *records = relay_scene_read(scene, RELAY_SCENE_AGGREGATES, &count);
    for (size_t i = 0; i < count; i++) {
        aggregates += text_starts_with(records[i].key, TEXT("movie/r")) ? 1 : 0;
    }
    assert_int_equal(aggregates, RECORDS);
}
RELAY_TEST(all_pages_of_a_new_store_are_sent)

static void each_change_is_notified_and_each_record_sent_once(struct relay_scene *scene)
{
    struct rating_aggregate_event event;
    struct rating_change_event notice;
    size_t count;
    int64_t sequence = 0;
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    scene->instances[0].holds_produce = true; /* so that what follows is one batch */
    relay_scene_put(scene, "first", "u", 100);
    while (!scene->instances[0].is_held) {
        fiber_yield();
    }
    for (int i = 0; i < 10; i++) {
        relay_scene_put(scene, "a", "u1", 100 * i);
        relay_scene_put(scene, "b", "u2", 50 * i);
    }
    relay_scene_change(scene, RATING_DELETE, "b", "u2", 0);
    fiber_wait_signal(&scene->instances[0].go_on);
    relay_scene_await_position(scene, 22);
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "b");
    assert_true(relay_scene_last(scene, "movie/b", &event));
    assert_int_equal(event.aggregate.count, 0); /* it has no votes any more */
    assert_int_equal(event.sequence, 22);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "movie/a"), 1);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "movie/b"), 1);

    const struct eventlog_record *records = relay_scene_read(scene, RELAY_SCENE_CHANGES, &count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rating_change_event_decode(&scene->call, records[i].value, &notice),
                         STATUS_OK);
        if (text_equal(records[i].key, TEXT("movie/b"))) {
            assert_true(notice.sequence > sequence); /* of one key, in order */
            sequence = notice.sequence;
        }
    }
    assert_int_equal(sequence, 22);
    assert_int_equal(count, 1 + 22); /* "*", and each change */
}
RELAY_TEST(each_change_is_notified_and_each_record_sent_once)

static void small_batches_send_everything(struct relay_scene *scene)
{
    relay_scene_start_with(scene, 0, 2);
    relay_scene_await_position(scene, 0);
    for (int i = 0; i < 25; i++) {
        char user[RELAY_SCENE_NAME_BYTES];
        (void)snprintf(user, sizeof(user), "u%d", i);
        relay_scene_put(scene, i % 2 == 0 ? "a" : "b", user, 100);
    }
    relay_scene_await_all_relayed(scene);
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "b");
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_CHANGES, "movie/a"), 13);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_CHANGES, "movie/b"), 12);
}
RELAY_TEST(small_batches_send_everything)

/* A crash before the log has acknowledged must find the position where it was. */
static void position_moves_when_the_log_has_acknowledged(struct relay_scene *scene)
{
    struct relay_instance *instance = &scene->instances[0];
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    instance->holds_produce = true;
    relay_scene_put(scene, "a", "u", 700);
    while (!instance->is_held) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(relay_scene_position(scene), 0);
    fiber_wait_signal(&instance->go_on);
    relay_scene_await_position(scene, 1);
    relay_scene_assert_truth(scene, "a");
}
RELAY_TEST(position_moves_when_the_log_has_acknowledged)

static void troubles_of_the_log_are_survived(struct relay_scene *scene)
{
    static const enum status faults[] = {STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED};
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(faults); i++) {
        memory_eventlog_fail(scene->log, MEMORY_EVENTLOG_PRODUCE, faults[i], 3);
        relay_scene_put(scene, "a", "u", (int32_t)(100 * i));
        relay_scene_await_all_relayed(scene);
        relay_scene_assert_truth(scene, "a");
    }
}
RELAY_TEST(troubles_of_the_log_are_survived)

/* The position has moved, or has not: either way everything leaves. */
static void troubles_of_the_store_are_survived(struct relay_scene *scene)
{
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    for (unsigned i = 0; i < 4; i++) {
        scene->fault = i % 2 == 0 ? STATUS_UNAVAILABLE : STATUS_DEADLINE_EXCEEDED;
        scene->fault_loses_answers = i >= 2;
        scene->fault_times = 2;
        relay_scene_put(scene, "a", "u", (int32_t)(100 * (i + 1)));
        relay_scene_await_all_relayed(scene);
        while (scene->fault_times > 0) {
            assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
        relay_scene_await_all_relayed(scene);
        relay_scene_assert_truth(scene, "a");
    }
}
RELAY_TEST(troubles_of_the_store_are_survived)

static void a_restart_goes_on_where_it_was(struct relay_scene *scene)
{
    relay_scene_start(scene, 0);
    relay_scene_put(scene, "a", "u", 700);
    relay_scene_await_position(scene, 1);
    relay_scene_stop(scene, 0);
    relay_scene_put(scene, "b", "u", 700);
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 2);
    relay_scene_assert_truth(scene, "b");
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "movie/a"), 1);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "complete"), 1);
}
RELAY_TEST(a_restart_goes_on_where_it_was)

static void a_topic_that_is_new_gets_everything(struct relay_scene *scene)
{
    struct eventlog_admin admin;
    relay_scene_start(scene, 0);
    relay_scene_put(scene, "a", "u", 700);
    relay_scene_await_position(scene, 1);
    relay_scene_stop(scene, 0);
    assert_int_equal(memory_eventlog_admin_open(scene->log, &scene->call, &admin), STATUS_OK);
    assert_int_equal(admin.ops->delete_topic(admin.state, &scene->call, RELAY_SCENE_AGGREGATES),
                     STATUS_OK);
    admin.ops->close(admin.state);
    relay_scene_start(scene, 0);
    while (relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "complete") == 0) {
        fiber_yield();
    }
    relay_scene_assert_truth(scene, "a");
}
RELAY_TEST(a_topic_that_is_new_gets_everything)

static void a_trimmed_change_log_has_everything_sent(struct relay_scene *scene)
{
    struct rating_aggregate_event mark;
    relay_scene_start(scene, 0);
    relay_scene_put(scene, "a", "u", 700);
    relay_scene_put(scene, "gone", "u", 700);
    relay_scene_await_position(scene, 2);
    relay_scene_stop(scene, 0);
    relay_scene_change(scene, RATING_DELETE, "gone", "u", 0);
    relay_scene_put(scene, "a", "u", 900);
    relay_scene_put(scene, "b", "u", 100);
    assert_int_equal(scene->whole.ops->trim_changes(scene->whole.state, &scene->call, 4),
                     STATUS_OK);
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 5);
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "b");
    assert_true(
        relay_scene_last(scene, "complete", &mark)); /* what voids "gone", which is not sent */
    assert_int_equal(mark.sequence, 5);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "complete"), 2);
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_CHANGES, "*"), 2);
}
RELAY_TEST(a_trimmed_change_log_has_everything_sent)

static void one_relays_at_a_time_and_another_takes_over(struct relay_scene *scene)
{
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    relay_scene_start(scene, 1);
    relay_scene_put(scene, "a", "u", 700);
    relay_scene_await_position(scene, 1);
    assert_int_equal(scene->instances[1].produced, 0);
    assert_false(rating_relay_is_leader(scene->instances[1].relay));
    relay_scene_stop(scene, 0); /* which gives the lease back */
    relay_scene_put(scene, "a", "u", 800);
    relay_scene_put(scene, "b", "u", 800);
    relay_scene_await_position(scene, 3);
    assert_true(rating_relay_is_leader(scene->instances[1].relay));
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "b");
    assert_int_equal(relay_scene_count(scene, RELAY_SCENE_CHANGES, "movie/a"), 2);
}
RELAY_TEST(one_relays_at_a_time_and_another_takes_over)

/* The first is stopped between reading an aggregate and sending it. Another takes over, sends what
 * is newer and goes on; then the first wakes up, and what it sends stands last: until it finds
 * itself fenced, and has all of it sent again. */
static void what_a_zombie_sends_late_is_sent_again_after_it(struct relay_scene *scene)
{
    struct rating_aggregate_event event;
    struct relay_instance *zombie = &scene->instances[0];
    scene->leader = 0;
    relay_scene_start(scene, 0);
    relay_scene_start(scene, 1);
    relay_scene_await_position(scene, 0);
    zombie->holds_produce = true;
    relay_scene_put(scene, "a", "u", 100);
    while (!zombie->is_held) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    scene->leader = 1;
    relay_scene_put(scene, "a", "u", 900);
    relay_scene_await_position(scene, 2);
    relay_scene_assert_truth(scene, "a");

    fiber_wait_signal(&zombie->go_on);
    while (zombie->is_held || rating_relay_is_leader(zombie->relay)) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    relay_scene_put(scene, "b", "u", 100);
    relay_scene_await_position(scene, 3);
    do {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
        assert_true(relay_scene_last(scene, "movie/a", &event));
    } while (event.aggregate.sum_hundredths != 900);
    relay_scene_await_position(scene, 3);
    assert_true(relay_scene_count(scene, RELAY_SCENE_AGGREGATES, "movie/a") >= 3);
    relay_scene_assert_truth(scene, "a");
    relay_scene_assert_truth(scene, "b");
}
RELAY_TEST(what_a_zombie_sends_late_is_sent_again_after_it)

static void dead_letters_leave_with_where_they_came_from(struct relay_scene *scene)
{
    static const char *const names[] = {
        "__connect.errors.topic", "__connect.errors.partition", "__connect.errors.offset",
        "__connect.errors.exception.message", "marquee.errors.time"};
    static const char *const values[] = {"ratings", "3", "17", "no such thing",
                                         "1970-01-01T00:00:09Z"};
    static const struct rating_dead_letter letters[] = {
        {TEXT_INIT("ratings"), 3, 17, TEXT_INIT("no such thing"), TEXT_INIT("{\xff"), 9000},
        {TEXT_INIT("ratings"), 3, 18, TEXT_INIT("settled"), TEXT_INIT("{}"), 9000},
    };
    static const struct rating_dead_letter_key settled = {TEXT_INIT("ratings"), 3, 18};
    const struct rating_batch set_aside = {.dead_letters = letters, .dead_letter_count = 2};
    const struct rating_batch settle = {.settled = &settled, .settled_count = 1};
    struct relay_instance *instance = &scene->instances[0];
    size_t count;
    relay_scene_start(scene, 0);
    relay_scene_await_position(scene, 0);
    instance->holds_produce = true;
    relay_scene_put(scene, "a", "u", 700);
    while (!instance->is_held) {
        fiber_yield();
    }
    struct rating_repository whole = scene->whole;
    assert_int_equal(whole.ops->apply(whole.state, &scene->call, &set_aside), STATUS_OK);
    assert_int_equal(whole.ops->apply(whole.state, &scene->call, &settle), STATUS_OK);
    fiber_wait_signal(&instance->go_on);
    relay_scene_await_position(scene, 3);
    const struct eventlog_record *records = relay_scene_read(scene, RELAY_SCENE_LETTERS, &count);
    assert_int_equal(count, 1);
    assert_true(text_equal(records[0].key, TEXT("ratings/3/17")));
    assert_true(text_equal(records[0].value, TEXT("{\xff")));
    assert_int_equal(records[0].header_count, ARRAY_LENGTH(names));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        assert_true(text_equal(records[0].headers[i].name, text_of(names[i])));
        assert_true(text_equal(records[0].headers[i].value, text_of(values[i])));
    }
}
RELAY_TEST(dead_letters_leave_with_where_they_came_from)

/* More and larger ones than are held in memory at once, by a transfer and one by one. */
static void many_dead_letters_leave(struct relay_scene *scene)
{
    enum { HALF = 2 * RATING_RELAY_LETTERS_MAX + 1, PAYLOAD_BYTES = 900 * 1024 };
    static char payload[PAYLOAD_BYTES];
    size_t count;
    memset(payload, 'x', sizeof(payload));
    for (int i = 0; i < 2 * HALF; i++) {
        const struct rating_dead_letter letter = {
            TEXT("ratings"), 0, i, TEXT("bad"), text_of_bytes(payload, sizeof(payload)), 1};
        const struct rating_batch batch = {.dead_letters = &letter, .dead_letter_count = 1};
        assert_int_equal(scene->whole.ops->apply(scene->whole.state, &scene->call, &batch),
                         STATUS_OK);
        if (i == HALF) {
            relay_scene_start(scene, 0);
            relay_scene_await_position(scene, HALF + 1);
        }
    }
    relay_scene_await_position(scene, 2 * HALF);
    (void)relay_scene_read(scene, RELAY_SCENE_LETTERS, &count);
    assert_int_equal(count, 2 * HALF);
}
RELAY_TEST(many_dead_letters_leave)

static void receivers_are_told_that_nothing_is_missing(struct relay_scene *scene)
{
    struct rating_aggregate_event mark = {.time_ms = 0};
    int64_t before_ms = clock_wall_ms();
    relay_scene_start(scene, 0);
    relay_scene_put(scene, "a", "u", 700);
    while (!relay_scene_last(scene, "current", &mark) || mark.sequence < 1 ||
           mark.time_ms < before_ms) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    relay_scene_assert_truth(scene, "a");
}
RELAY_TEST(receivers_are_told_that_nothing_is_missing)

static void test_options_are_looked_at(void **state)
{
    char name[EVENTLOG_TOPIC_BYTES_MAX + 1];
    struct rating_relay *relay;
    (void)state;
    memset(name, 'x', sizeof(name));
    struct text overlong = text_of_bytes(name, sizeof(name));
    const struct rating_relay_options cases[] = {
        {.owner = TEXT("")},
        {.owner = overlong},
        {.owner = TEXT("o"), .changes_topic = overlong},
        {.owner = TEXT("o"), .aggregates_topic = overlong},
        {.owner = TEXT("o"), .dead_letters_topic = overlong},
        {.owner = TEXT("o"), .batch_max = RATING_RELAY_BATCH_MAX + 1},
        {.owner = TEXT("o"), .lease_ms = RATING_RELAY_LEASE_MS_MIN - 1},
        {.owner = TEXT("o"), .lease_ms = RATING_RELAY_LEASE_MS_MAX + 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(rating_relay_create(&cases[i], &relay), STATUS_INVALID_ARGUMENT);
    }
    struct text longest = text_slice(overlong, 0, EVENTLOG_TOPIC_BYTES_MAX);
    const struct rating_relay_options most = {.owner = longest,
                                              .changes_topic = longest,
                                              .aggregates_topic = longest,
                                              .dead_letters_topic = longest,
                                              .batch_max = RATING_RELAY_BATCH_MAX};
    assert_int_equal(rating_relay_create(&most, &relay), STATUS_OK);
    rating_relay_destroy(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_store_is_sent_as_a_whole_test),
        cmocka_unit_test(all_pages_of_a_new_store_are_sent_test),
        cmocka_unit_test(each_change_is_notified_and_each_record_sent_once_test),
        cmocka_unit_test(small_batches_send_everything_test),
        cmocka_unit_test(position_moves_when_the_log_has_acknowledged_test),
        cmocka_unit_test(troubles_of_the_log_are_survived_test),
        cmocka_unit_test(troubles_of_the_store_are_survived_test),
        cmocka_unit_test(a_restart_goes_on_where_it_was_test),
        cmocka_unit_test(a_topic_that_is_new_gets_everything_test),
        cmocka_unit_test(a_trimmed_change_log_has_everything_sent_test),
        cmocka_unit_test(one_relays_at_a_time_and_another_takes_over_test),
        cmocka_unit_test(what_a_zombie_sends_late_is_sent_again_after_it_test),
        cmocka_unit_test(dead_letters_leave_with_where_they_came_from_test),
        cmocka_unit_test(many_dead_letters_leave_test),
        cmocka_unit_test(receivers_are_told_that_nothing_is_missing_test),
        cmocka_unit_test(test_options_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
