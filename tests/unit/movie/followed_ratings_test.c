/* The movie service's ratings, kept up to date by topics of an event log in memory: the local copy,
 * and the cache. */
#include <stdio.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"
#include "movie/gateway/cached_rating_gateway.h"
#include "movie/gateway/local_rating_gateway.h"
#include "movie/gateway/topic_follower.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum {
    TIMEOUT_MS = 20000,
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
    PARTITIONS = 4,
    ID_BYTES = 32,
};

#define TOPIC TEXT("topic")

struct fixture {
    struct arena arena;
    struct call call;
    struct buffer buffer;
    struct memory_eventlog *log;
    struct eventlog_producer producer;
    unsigned opened;
    struct rating_copy *copy;
    struct rating_cache *cache;
    struct local_rating_gateway local;
    struct cached_rating_gateway cached;
    struct rating_gateway gateway;
    struct topic_follower *follower;
    size_t records_before_answers;
    unsigned looks_refused;
    unsigned restarts;
    /* What the rating service would say, and how often it was asked. */
    enum status answer;
    uint32_t answer_count;
    bool holds_answers;
    unsigned asked;
    struct fiber_wait answer_now;
    void (*body)(struct fixture *fixture);
};

/* A consumer in a group of its own, as every instance has. */
static enum status open_consumer(void *source, struct call *call,
                                 struct eventlog_positions positions,
                                 struct eventlog_consumer *ret_consumer)
{
    struct fixture *fixture = source;
    char group[ID_BYTES];
    (void)snprintf(group, sizeof(group), "group-%u", fixture->opened++);
    return memory_eventlog_consumer_open(fixture->log, call, text_of(group), TOPIC, positions,
                                         ret_consumer);
}

static enum status count_partitions(void *source, struct call *call, int32_t *ret_count)
{
    struct fixture *fixture = source;
    if (fixture->looks_refused > 0) {
        fixture->looks_refused--;
        return call_fail(call, STATUS_UNAVAILABLE, "planted");
    }
    *ret_count = PARTITIONS;
    return STATUS_OK;
}

static enum status ask_service(void *state, struct call *call, struct record_key record,
                               struct rating_view *ret_view)
{
    struct fixture *fixture = state;
    (void)record;
    fixture->asked++;
    uint32_t count = fixture->answer_count;
    if (fixture->holds_answers) {
        assert_int_equal(fiber_wait(call, &fixture->answer_now), STATUS_OK);
    }
    if (fixture->answer != STATUS_OK) {
        return call_fail(call, fixture->answer, "planted");
    }
    *ret_view = (struct rating_view){.mean = 5, .count = count};
    return STATUS_OK;
}

static const struct rating_gateway_ops service_ops = {.get_aggregate = ask_service};

static void restart_local(void *receiver)
{
    struct fixture *fixture =
        CONTAINER_OF((struct local_rating_gateway *)receiver, struct fixture, local);
    fixture->restarts++;
    local_rating_gateway_restart(receiver);
}

/* Nothing is answered before all of it is there. */
static void look_local(void *receiver, const struct eventlog_lag *lags, size_t count)
{
    struct fixture *fixture =
        CONTAINER_OF((struct local_rating_gateway *)receiver, struct fixture, local);
    local_rating_gateway_look(receiver, lags, count);
    assert_true(local_rating_gateway_as_of_ms(&fixture->local) == 0 ||
                rating_copy_count(fixture->copy) >= fixture->records_before_answers);
}

static void follow_local(struct fixture *fixture)
{
    const struct topic_follower_options options = {.open = open_consumer,
                                                   .partitions = count_partitions,
                                                   .source = fixture,
                                                   .take = local_rating_gateway_take,
                                                   .look = look_local,
                                                   .restart = restart_local,
                                                   .receiver = &fixture->local};
    fixture->gateway = local_rating_gateway(&fixture->local, fixture->copy);
    assert_int_equal(topic_follower_start(&options, &fixture->follower), STATUS_OK);
}

static void follow_cached(struct fixture *fixture)
{
    const struct topic_follower_options options = {.open = open_consumer,
                                                   .partitions = count_partitions,
                                                   .source = fixture,
                                                   .take = cached_rating_gateway_take,
                                                   .look = cached_rating_gateway_look,
                                                   .restart = cached_rating_gateway_restart,
                                                   .receiver = &fixture->cached};
    fixture->cached.inner = (struct rating_gateway){&service_ops, fixture};
    fixture->cached.cache = fixture->cache;
    fixture->gateway = cached_rating_gateway(&fixture->cached);
    assert_int_equal(topic_follower_start(&options, &fixture->follower), STATUS_OK);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    buffer_init(&fixture->buffer, 4096);
    fiber_wait_init(&fixture->answer_now);
    fixture->log = memory_eventlog_create(PARTITIONS);
    assert_non_null(fixture->log);
    assert_int_equal(
        memory_eventlog_producer_open(fixture->log, &fixture->call, &fixture->producer), STATUS_OK);
    assert_int_equal(rating_copy_create(100000, &fixture->copy), STATUS_OK);
    assert_int_equal(rating_cache_create(1000, TIMEOUT_MS, &fixture->cache), STATUS_OK);
    fixture->body(fixture);
    topic_follower_stop(fixture->follower);
    fixture->producer.ops->close(fixture->producer.state);
    memory_eventlog_destroy(fixture->log);
    rating_copy_destroy(fixture->copy);
    rating_cache_destroy(fixture->cache);
    buffer_deinit(&fixture->buffer);
    arena_deinit(&fixture->arena);
}

#define FOLLOW_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        static struct fixture fixture;                                                             \
        (void)state;                                                                               \
        memset(&fixture, 0, sizeof(fixture));                                                      \
        fixture.body = name;                                                                       \
        in_fiber(run_body, &fixture);                                                              \
    }

static void produce(struct fixture *fixture, struct text key, struct text value)
{
    const struct eventlog_message message = {.key = key, .value = value};
    size_t delivered;
    assert_int_equal(fixture->producer.ops->produce(fixture->producer.state, &fixture->call, TOPIC,
                                                    &message, 1, &delivered),
                     STATUS_OK);
}

static void send_event(struct fixture *fixture, const struct rating_aggregate_event *event)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&fixture->buffer);
    assert_true(rating_aggregate_event_encode(event, &fixture->buffer));
    produce(fixture, rating_aggregate_event_key(event, key), buffer_text(&fixture->buffer));
}

static void send_aggregate(struct fixture *fixture, const char *id, int64_t sequence,
                           uint64_t count)
{
    const struct rating_aggregate_event event = {
        .record = {RECORD_TYPE_MOVIE, text_of(id)},
        .aggregate = {.count = count, .sum_hundredths = count * 700},
        .sequence = sequence};
    send_event(fixture, &event);
}

static void send_mark(struct fixture *fixture, enum rating_aggregate_event_kind kind,
                      int64_t sequence, int64_t time_ms)
{
    const struct rating_aggregate_event event = {
        .kind = kind, .sequence = sequence, .time_ms = time_ms};
    send_event(fixture, &event);
}

static void send_change(struct fixture *fixture, const struct rating_change_event *event)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&fixture->buffer);
    assert_true(rating_change_event_encode(event, &fixture->buffer));
    produce(fixture, rating_change_event_key(event, key), buffer_text(&fixture->buffer));
}

static enum status ask(struct fixture *fixture, const char *id, struct rating_view *ret_view)
{
    call_clear_error(&fixture->call);
    return fixture->gateway.ops->get_aggregate(fixture->gateway.state, &fixture->call,
                                               (struct record_key){RECORD_TYPE_MOVIE, text_of(id)},
                                               ret_view);
}

/* How many votes it says there are; -1: it says that it does not know. */
static int count_of(struct fixture *fixture, const char *id)
{
    struct rating_view view;
    enum status status = ask(fixture, id, &view);
    assert_true(status == STATUS_OK || status == STATUS_UNAVAILABLE);
    assert_true(status != STATUS_OK || !view.no_votes || view.count == 0);
    return status == STATUS_OK ? (int)view.count : -1;
}

static void await_count(struct fixture *fixture, const char *id, int want)
{
    while (count_of(fixture, id) != want) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void await_passed_over(struct fixture *fixture, uint64_t want)
{
    while (atomic_load(&fixture->local.passed_over) < want) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void nothing_is_claimed_before_all_is_known(struct fixture *fixture)
{
    struct rating_view view;
    int64_t sent_ms = clock_wall_ms();
    follow_local(fixture);
    fiber_yield();
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message,
                           TEXT("the local copy of ratings has not been filled yet")));
    send_aggregate(fixture, "tt1", 3, 2);
    send_mark(fixture, RATING_EVENT_CURRENT, 3, sent_ms);
    while (atomic_load(&fixture->local.taken) < 2) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_UNAVAILABLE);

    send_mark(fixture, RATING_EVENT_COMPLETE, 3, sent_ms);
    send_mark(fixture, RATING_EVENT_CURRENT, 3, sent_ms);
    await_count(fixture, "tt1", 2);
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_LOCAL);
    assert_true(view.mean > 6.99 && view.mean < 7.01);
    assert_true(view.age_ms >= 0 && view.age_ms <= clock_wall_ms() - sent_ms);
    assert_int_equal(ask(fixture, "tt2", &view), STATUS_OK);
    assert_true(view.no_votes);
    assert_int_equal(local_rating_gateway_as_of_ms(&fixture->local), sent_ms);
    assert_int_equal(fixture->asked, 0);
}
FOLLOW_TEST(nothing_is_claimed_before_all_is_known)

static void fill(struct fixture *fixture, int64_t sequence)
{
    send_mark(fixture, RATING_EVENT_COMPLETE, sequence, 1);
    send_mark(fixture, RATING_EVENT_CURRENT, sequence, 1);
}

static void changes_arrive_and_what_is_late_does_no_harm(struct fixture *fixture)
{
    follow_local(fixture);
    send_aggregate(fixture, "tt1", 3, 2);
    fill(fixture, 3);
    await_count(fixture, "tt1", 2);
    send_aggregate(fixture, "tt1", 9, 5);
    await_count(fixture, "tt1", 5);
    uint64_t before = atomic_load(&fixture->local.passed_over);
    send_aggregate(fixture, "tt1", 9, 5); /* again */
    send_aggregate(fixture, "tt1", 8, 4); /* and late */
    send_aggregate(fixture, "tt1", 3, 2);
    await_passed_over(fixture, before + 3);
    assert_int_equal(count_of(fixture, "tt1"), 5);
    send_aggregate(fixture, "tt1", 10, 0);
    await_count(fixture, "tt1", 0);
}
FOLLOW_TEST(changes_arrive_and_what_is_late_does_no_harm)

static void age_follows_the_marks(struct fixture *fixture)
{
    struct rating_view view;
    int64_t now_ms = clock_wall_ms();
    follow_local(fixture);
    fill(fixture, 0);
    await_count(fixture, "tt1", 0);
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_OK);
    assert_true(view.age_ms >= now_ms - 1); /* the mark was of 1970 */
    send_mark(fixture, RATING_EVENT_CURRENT, 0, now_ms);
    while (local_rating_gateway_as_of_ms(&fixture->local) != now_ms) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    send_mark(fixture, RATING_EVENT_CURRENT, 0, now_ms - 5000); /* an old one makes nothing older */
    send_aggregate(fixture, "tt1", 1, 1);
    await_count(fixture, "tt1", 1);
    assert_int_equal(local_rating_gateway_as_of_ms(&fixture->local), now_ms);
}
FOLLOW_TEST(age_follows_the_marks)

/* The number-th record, as it comes, of a partition that has no mark in it. */
static void next_id_without_mark(int *number, char id[static ID_BYTES])
{
    int32_t partition;
    do {
        char key[RATING_OUTBOX_KEY_BYTES_MAX];
        (void)snprintf(id, ID_BYTES, "tt%d", (*number)++);
        (void)snprintf(key, sizeof(key), "movie/%s", id);
        partition = eventlog_partition(text_of(key), PARTITIONS);
    } while (partition == eventlog_partition(TEXT("complete"), PARTITIONS) ||
             partition == eventlog_partition(TEXT("current"), PARTITIONS));
}

/* Marks lie in partitions that are read at once; what was sent before them lies in others, which
 * take longer. */
static void marks_hold_when_all_partitions_have_come_so_far(struct fixture *fixture)
{
    enum { RECORDS = 10000 };
    char id[ID_BYTES];
    int number = 0;
    for (int i = 0; i < RECORDS; i++) {
        next_id_without_mark(&number, id);
        send_aggregate(fixture, id, 7, 1);
    }
    fill(fixture, 7);
    fixture->records_before_answers = RECORDS;
    follow_local(fixture);
    await_count(fixture, id, 1);
    number = 0;
    for (int i = 0; i < RECORDS; i++) {
        next_id_without_mark(&number, id);
        assert_int_equal(count_of(fixture, id), 1);
    }
}
FOLLOW_TEST(marks_hold_when_all_partitions_have_come_so_far)

static void what_a_transfer_passed_over_has_no_votes(struct fixture *fixture)
{
    follow_local(fixture);
    send_aggregate(fixture, "gone", 3, 2);
    send_aggregate(fixture, "kept", 3, 2);
    fill(fixture, 3);
    await_count(fixture, "gone", 2);
    send_aggregate(fixture, "kept", 9, 3);
    fill(fixture, 9);
    await_count(fixture, "gone", 0);
    assert_int_equal(count_of(fixture, "kept"), 3);
}
FOLLOW_TEST(what_a_transfer_passed_over_has_no_votes)

static void troubles_of_the_log_are_survived(struct fixture *fixture)
{
    memory_eventlog_fail(fixture->log, MEMORY_EVENTLOG_POLL, STATUS_UNAVAILABLE, 2);
    fixture->looks_refused = 2;
    follow_local(fixture);
    produce(fixture, TEXT("k"), TEXT("{"));
    produce(fixture, TEXT("k"), TEXT(""));
    send_aggregate(fixture, "tt1", 3, 2);
    fill(fixture, 3);
    await_count(fixture, "tt1", 2);
    await_passed_over(fixture, 2);
    assert_int_equal(fixture->restarts, 0);
}
FOLLOW_TEST(troubles_of_the_log_are_survived)

/* A restarted instance is a new follower: it finds all of it in the topic. */
static void a_new_instance_is_filled_from_the_topic(struct fixture *fixture)
{
    follow_local(fixture);
    send_aggregate(fixture, "tt1", 3, 2);
    fill(fixture, 3);
    send_aggregate(fixture, "tt1", 4, 6);
    await_count(fixture, "tt1", 6);
    topic_follower_stop(fixture->follower);
    memset(&fixture->local, 0, sizeof(fixture->local));
    rating_copy_clear(fixture->copy);
    follow_local(fixture);
    assert_int_equal(count_of(fixture, "tt1"), -1);
    await_count(fixture, "tt1", 6);
}
FOLLOW_TEST(a_new_instance_is_filled_from_the_topic)

/* What was to be read next is lost: the copy is made anew from what there is. */
static void lost_records_have_it_begin_anew(struct fixture *fixture)
{
    static const struct text key = TEXT_INIT("movie/tt1");
    int32_t partition = eventlog_partition(key, PARTITIONS);
    follow_local(fixture);
    send_aggregate(fixture, "tt1", 30, 2); /* offset 0 of its partition */
    fill(fixture, 30);
    await_count(fixture, "tt1", 2);
    int64_t next_offset = 1;
    next_offset += eventlog_partition(TEXT("complete"), PARTITIONS) == partition ? 1 : 0;
    next_offset += eventlog_partition(TEXT("current"), PARTITIONS) == partition ? 1 : 0;
    produce(fixture, key, TEXT("lost"));
    memory_eventlog_lose(fixture->log, TOPIC, partition, next_offset);
    while (fixture->restarts == 0) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    memory_eventlog_trim(fixture->log, TOPIC, partition, next_offset + 1);
    assert_int_equal(count_of(fixture, "tt1"), -1);
    send_aggregate(fixture, "tt1", 31, 9);
    fill(fixture, 31);
    await_count(fixture, "tt1", 9);
}
FOLLOW_TEST(lost_records_have_it_begin_anew)

static void a_full_copy_says_that_it_does_not_know(struct fixture *fixture)
{
    struct rating_view view;
    rating_copy_destroy(fixture->copy);
    assert_int_equal(rating_copy_create(1, &fixture->copy), STATUS_OK);
    follow_local(fixture);
    send_aggregate(fixture, "tt1", 2, 2);
    fill(fixture, 2);
    await_count(fixture, "tt1", 2);
    send_aggregate(fixture, "tt2", 3, 2);
    await_count(fixture, "tt2", -1);
    assert_int_equal(ask(fixture, "tt2", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message, TEXT("the local copy of ratings is full")));
    assert_int_equal(count_of(fixture, "tt1"), 2);
}
FOLLOW_TEST(a_full_copy_says_that_it_does_not_know)

/* The cache */

static void await_notifications(struct fixture *fixture, uint64_t want)
{
    while (atomic_load(&fixture->cached.notifications) < want) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void a_notification_has_it_asked_for_again(struct fixture *fixture)
{
    static const struct rating_change_event changed = {
        .record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 5};
    static const struct rating_change_event anything = {.all = true, .sequence = 6};
    struct rating_view view;
    follow_cached(fixture);
    fixture->answer_count = 2;
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_CALLED);
    assert_int_equal(ask(fixture, "tt2", &view), STATUS_OK);
    fixture->answer_count = 3;
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_OK);
    assert_int_equal(view.source, MOVIE_RATING_CACHED);
    assert_int_equal(view.count, 2);
    assert_int_equal(fixture->asked, 2);

    send_change(fixture, &changed);
    await_notifications(fixture, 1);
    assert_int_equal(count_of(fixture, "tt1"), 3);
    assert_int_equal(count_of(fixture, "tt2"), 2);
    assert_int_equal(fixture->asked, 3);

    send_change(fixture, &changed); /* again: no harm */
    send_change(fixture, &anything);
    await_notifications(fixture, 3);
    assert_int_equal(count_of(fixture, "tt1"), 3);
    assert_int_equal(count_of(fixture, "tt2"), 3);
    assert_int_equal(fixture->asked, 5);
}
FOLLOW_TEST(a_notification_has_it_asked_for_again)

static void ask_in_fiber(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(count_of(fixture, "tt1"), 2);
}

/* The service read the aggregate before the change, and its answer comes after the notification. */
static void an_answer_that_a_change_overtook_is_not_kept(struct fixture *fixture)
{
    static const struct rating_change_event changed = {
        .record = {RECORD_TYPE_MOVIE, TEXT_INIT("tt1")}, .sequence = 5};
    struct fiber_group group;
    fiber_group_init(&group);
    follow_cached(fixture);
    fixture->answer_count = 2;
    fixture->holds_answers = true;
    assert_int_equal(fiber_group_start(&group, ask_in_fiber, fixture), STATUS_OK);
    while (fixture->asked == 0) {
        fiber_yield();
    }
    send_change(fixture, &changed);
    await_notifications(fixture, 1);
    fixture->answer_count = 3;
    fixture->holds_answers = false;
    fiber_wait_signal(&fixture->answer_now);
    fiber_group_join(&group);
    assert_int_equal(count_of(fixture, "tt1"), 3);
    assert_int_equal(fixture->asked, 2);
}
FOLLOW_TEST(an_answer_that_a_change_overtook_is_not_kept)

static void only_answers_are_kept(struct fixture *fixture)
{
    struct rating_view view;
    follow_cached(fixture);
    fixture->answer = STATUS_UNAVAILABLE;
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_UNAVAILABLE);
    assert_true(text_equal(fixture->call.error.message, TEXT("planted")));
    fixture->answer = STATUS_NOT_FOUND;
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_NOT_FOUND);
    assert_int_equal(ask(fixture, "tt1", &view), STATUS_OK);
    assert_true(view.no_votes);
    assert_int_equal(view.source, MOVIE_RATING_CACHED);
    assert_int_equal(fixture->asked, 2);

    produce(fixture, TEXT("k"), TEXT("{")); /* whatever it was about */
    fixture->answer = STATUS_OK;
    fixture->answer_count = 1;
    await_count(fixture, "tt1", 1);
}
FOLLOW_TEST(only_answers_are_kept)

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
        cmocka_unit_test(a_notification_has_it_asked_for_again_test),
        cmocka_unit_test(an_answer_that_a_change_overtook_is_not_kept_test),
        cmocka_unit_test(only_answers_are_kept_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
