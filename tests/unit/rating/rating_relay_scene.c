#include "unit/rating/rating_relay_scene.h"

#include <stdio.h>

#include "base/clock.h"
#include "rating/relay/rating_relay_position.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"

enum {
    TIMEOUT_MS = 30000,
    QUIET_MS = 20, /* a topic that gives nothing for so long has been read */
    ARENA_BYTES_MAX = 64 * 1024 * 1024,
    EVENTS_MAX = 4096,
};

/* The store, as an instance sees it */

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct relay_instance *instance = state;
    struct relay_scene *scene = instance->scene;
    if (scene->fault_times > 0) {
        scene->fault_times--;
        if (scene->fault_loses_answers) {
            assert_int_equal(scene->whole.ops->apply(scene->whole.state, call, batch), STATUS_OK);
        }
        return call_fail(call, scene->fault, "planted");
    }
    return scene->whole.ops->apply(scene->whole.state, call, batch);
}

static enum status hold_lease(void *state, struct call *call, struct text name, struct text owner,
                              int64_t ttl_ms, bool *ret_held)
{
    struct relay_instance *instance = state;
    struct relay_scene *scene = instance->scene;
    if (scene->leader < 0) {
        return scene->whole.ops->hold_lease(scene->whole.state, call, name, owner, ttl_ms,
                                            ret_held);
    }
    *ret_held = scene->leader == (int)instance->number;
    return STATUS_OK;
}

#define WHOLE(state) (((struct relay_instance *)(state))->scene->whole)

static enum status claim_position(void *state, struct call *call, struct text topic,
                                  int32_t partition, struct rating_position *ret_position)
{
    return WHOLE(state).ops->claim_position(WHOLE(state).state, call, topic, partition,
                                            ret_position);
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate)
{
    return WHOLE(state).ops->get_aggregate(WHOLE(state).state, call, record, ret_aggregate);
}

static enum status get_aggregates(void *state, struct call *call,
                                  struct rating_stored_aggregate *aggregates, size_t count)
{
    return WHOLE(state).ops->get_aggregates(WHOLE(state).state, call, aggregates, count);
}

static enum status list_aggregates(void *state, struct call *call, const struct record_key *after,
                                   size_t limit, struct rating_stored_aggregate **ret_aggregates,
                                   size_t *ret_count)
{
    return WHOLE(state).ops->list_aggregates(WHOLE(state).state, call, after, limit, ret_aggregates,
                                             ret_count);
}

static enum status get_dead_letter(void *state, struct call *call,
                                   const struct rating_dead_letter_key *key,
                                   struct rating_dead_letter *ret_letter)
{
    return WHOLE(state).ops->get_dead_letter(WHOLE(state).state, call, key, ret_letter);
}

static enum status list_dead_letters(void *state, struct call *call,
                                     const struct rating_dead_letter_key *after, size_t limit,
                                     struct rating_dead_letter **ret_letters, size_t *ret_count)
{
    return WHOLE(state).ops->list_dead_letters(WHOLE(state).state, call, after, limit, ret_letters,
                                               ret_count);
}

static enum status list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                struct rating_change_record **ret_records, size_t *ret_count)
{
    return WHOLE(state).ops->list_changes(WHOLE(state).state, call, after, limit, ret_records,
                                          ret_count);
}

static enum status get_change_range(void *state, struct call *call,
                                    struct rating_change_range *ret_range)
{
    return WHOLE(state).ops->get_change_range(WHOLE(state).state, call, ret_range);
}

static enum status await_change(void *state, struct call *call, int64_t after)
{
    return WHOLE(state).ops->await_change(WHOLE(state).state, call, after);
}

/* The relay asks for nothing else. */
static const struct rating_repository_ops faulty_ops = {
    .apply = apply,
    .hold_lease = hold_lease,
    .claim_position = claim_position,
    .get_aggregate = get_aggregate,
    .get_aggregates = get_aggregates,
    .list_aggregates = list_aggregates,
    .get_dead_letter = get_dead_letter,
    .list_dead_letters = list_dead_letters,
    .list_changes = list_changes,
    .get_change_range = get_change_range,
    .await_change = await_change,
};

/* The log, as an instance sees it */

static enum status produce(void *state, struct call *call, struct text topic,
                           const struct eventlog_message *messages, size_t count,
                           size_t *ret_delivered)
{
    struct relay_instance *instance = state;
    struct eventlog_producer producer = instance->scene->producer;
    instance->produced++;
    if (instance->holds_produce && text_equal(topic, RELAY_SCENE_AGGREGATES)) {
        instance->holds_produce = false;
        instance->is_held = true;
        assert_int_equal(fiber_wait(&instance->scene->call, &instance->go_on), STATUS_OK);
        instance->is_held = false;
    }
    return producer.ops->produce(producer.state, call, topic, messages, count, ret_delivered);
}

static void close_producer(void *state)
{
    (void)state; /* the producer behind is the scene's */
}

static const struct eventlog_producer_ops holding_ops = {.produce = produce,
                                                         .close = close_producer};

void relay_scene_start_with(struct relay_scene *scene, unsigned number, size_t batch_max)
{
    struct relay_instance *instance = &scene->instances[number];
    struct eventlog_admin admin;
    char owner[RELAY_SCENE_NAME_BYTES];
    (void)snprintf(owner, sizeof(owner), "instance-%u", number);
    const struct rating_relay_options options = {.repository = {&faulty_ops, instance},
                                                 .changes_topic = RELAY_SCENE_CHANGES,
                                                 .aggregates_topic = RELAY_SCENE_AGGREGATES,
                                                 .dead_letters_topic = RELAY_SCENE_LETTERS,
                                                 .owner = text_of(owner),
                                                 .batch_max = batch_max};
    instance->scene = scene;
    instance->number = number;
    fiber_wait_init(&instance->go_on);
    assert_int_equal(rating_relay_create(&options, &instance->relay), STATUS_OK);
    assert_int_equal(memory_eventlog_admin_open(scene->log, &scene->call, &admin), STATUS_OK);
    assert_int_equal(rating_relay_start(instance->relay,
                                        (struct eventlog_producer){&holding_ops, instance}, admin),
                     STATUS_OK);
}

void relay_scene_start(struct relay_scene *scene, unsigned number)
{
    relay_scene_start_with(scene, number, 0);
}

void relay_scene_stop(struct relay_scene *scene, unsigned number)
{
    struct relay_instance *instance = &scene->instances[number];
    if (instance->relay != NULL) {
        rating_relay_stop(instance->relay);
        rating_relay_destroy(instance->relay);
        instance->relay = NULL;
    }
}

void relay_scene_run(void *argument)
{
    struct relay_scene *scene = argument;
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    scene->leader = -1;
    scene->log = memory_eventlog_create(3);
    assert_non_null(scene->log);
    assert_int_equal(memory_eventlog_producer_open(scene->log, &scene->call, &scene->producer),
                     STATUS_OK);
    assert_int_equal(memory_rating_repository_open(&scene->call, &scene->whole), STATUS_OK);
    scene->body(scene);
    for (unsigned i = 0; i < RELAY_SCENE_RELAYS; i++) {
        relay_scene_stop(scene, i);
    }
    scene->producer.ops->close(scene->producer.state);
    memory_eventlog_destroy(scene->log);
    scene->whole.ops->close(scene->whole.state);
    arena_deinit(&scene->arena);
}

/* What voters do */

void relay_scene_change(struct relay_scene *scene, enum rating_change_kind kind, const char *record,
                        const char *user, int32_t hundredths)
{
    const struct rating_change vote = {
        .kind = kind,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(record)}, .user = text_of(user)},
        .hundredths = hundredths,
    };
    const struct rating_batch batch = {.changes = &vote, .change_count = 1};
    assert_int_equal(scene->whole.ops->apply(scene->whole.state, &scene->call, &batch), STATUS_OK);
}

void relay_scene_put(struct relay_scene *scene, const char *record, const char *user,
                     int32_t hundredths)
{
    relay_scene_change(scene, RATING_PUT, record, user, hundredths);
}

static int64_t last_sequence(struct relay_scene *scene)
{
    struct rating_change_range range;
    assert_int_equal(scene->whole.ops->get_change_range(scene->whole.state, &scene->call, &range),
                     STATUS_OK);
    return range.last;
}

int64_t relay_scene_position(struct relay_scene *scene)
{
    int64_t sequence;
    enum status status = rating_relay_get_position(scene->whole, &scene->call, &sequence);
    return status == STATUS_OK ? sequence : -1;
}

void relay_scene_await_position(struct relay_scene *scene, int64_t want)
{
    while (relay_scene_position(scene) != want) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

void relay_scene_await_all_relayed(struct relay_scene *scene)
{
    relay_scene_await_position(scene, last_sequence(scene));
}

/* What receivers see */

static enum status from_the_beginning(void *state, struct call *call, struct text topic,
                                      int32_t partition, int64_t *ret_next_offset)
{
    (void)state;
    (void)call;
    (void)topic;
    (void)partition;
    (void)ret_next_offset;
    return STATUS_NOT_FOUND;
}

/* All records of a topic, in the order of their partitions; valid in the scene's arena. */
struct eventlog_record *relay_scene_read(struct relay_scene *scene, struct text topic,
                                         size_t *ret_count)
{
    struct eventlog_consumer consumer;
    char group[RELAY_SCENE_NAME_BYTES];
    struct eventlog_batch batch;
    size_t count = 0;
    struct eventlog_record *records = arena_calloc(&scene->arena, EVENTS_MAX, sizeof(*records));
    assert_non_null(records);
    (void)snprintf(group, sizeof(group), "reader-%u", scene->groups++);
    assert_int_equal(memory_eventlog_consumer_open(
                         scene->log, &scene->call, text_of(group), topic,
                         (struct eventlog_positions){.get = from_the_beginning}, &consumer),
                     STATUS_OK);
    struct call quiet = call_within(&scene->call, QUIET_MS);
    enum status status;
    while ((status = consumer.ops->poll(consumer.state, &quiet, EVENTS_MAX, &batch)) == STATUS_OK) {
        for (size_t i = 0; i < batch.count; i++) {
            assert_true(count < EVENTS_MAX);
            records[count] = batch.records[i];
            records[count].key = arena_copy(&scene->arena, batch.records[i].key);
            records[count].value = arena_copy(&scene->arena, batch.records[i].value);
            count++;
        }
        quiet = call_within(&scene->call, QUIET_MS);
    }
    consumer.ops->close(consumer.state);
    *ret_count = count;
    return records;
}

/* What stands last in the topic under the key. false: nothing does. */
bool relay_scene_last(struct relay_scene *scene, const char *key,
                      struct rating_aggregate_event *ret_event)
{
    size_t count;
    const struct eventlog_record *records = relay_scene_read(scene, RELAY_SCENE_AGGREGATES, &count);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (text_equal(records[i].key, text_of(key))) {
            assert_int_equal(
                rating_aggregate_event_decode(&scene->call, records[i].value, ret_event),
                STATUS_OK);
            found = true;
        }
    }
    return found;
}

unsigned relay_scene_count(struct relay_scene *scene, struct text topic, const char *key)
{
    size_t count;
    unsigned found = 0;
    const struct eventlog_record *records = relay_scene_read(scene, topic, &count);
    for (size_t i = 0; i < count; i++) {
        found += text_equal(records[i].key, text_of(key)) ? 1 : 0;
    }
    return found;
}

/* For the record: what stands last is what the store says. */
void relay_scene_assert_truth(struct relay_scene *scene, const char *record)
{
    struct rating_aggregate want = {.count = 0};
    struct rating_aggregate_event got;
    char key[RELAY_SCENE_NAME_BYTES];
    (void)snprintf(key, sizeof(key), "movie/%s", record);
    enum status status = scene->whole.ops->get_aggregate(
        scene->whole.state, &scene->call, (struct record_key){RECORD_TYPE_MOVIE, text_of(record)},
        &want);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    assert_true(relay_scene_last(scene, key, &got));
    assert_int_equal(got.aggregate.count, want.count);
    assert_int_equal(got.aggregate.sum_hundredths, want.sum_hundredths);
    assert_memory_equal(got.aggregate.histogram, want.histogram, sizeof(want.histogram));
}
