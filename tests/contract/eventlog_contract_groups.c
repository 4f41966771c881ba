#include <stdio.h>

#include "base/clock.h"
#include "contract/eventlog_contract_private.h"
#include "loop/fiber.h"

enum { KEYS = CONTRACT_KEYS };

/* One member of a group, polling in a fiber of its own. */
struct member {
    struct trial *trial;
    struct eventlog_consumer consumer;
    struct reader_store *store;
    size_t records;
    bool leave;
};

static void run_member(void *argument)
{
    struct member *member = argument;
    while (!member->leave) {
        struct eventlog_batch batch;
        struct call call = call_within(&member->trial->call, 50);
        enum status status = member->consumer.ops->poll(member->consumer.state, &call, 10, &batch);
        if (status == STATUS_DEADLINE_EXCEEDED || status == STATUS_NOT_FOUND) {
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        if (reader_store_apply(member->store, &batch)) {
            member->records += batch.count;
            member->consumer.ops->committed(member->consumer.state, &batch);
        } else {
            member->consumer.ops->rewind(member->consumer.state, batch.partition);
        }
    }
    contract_close_member(member->consumer);
}

static void produce_until(struct trial *trial, unsigned *sequence, const struct member *member,
                          size_t records)
{
    while (member->records < records) {
        reader_produce(trial->producer, &trial->call, trial->topic, KEYS, (*sequence)++, 1);
        assert_int_equal(fiber_sleep(&trial->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void await_total(struct trial *trial, size_t total)
{
    while (trial->store.total < total) {
        assert_int_equal(fiber_sleep(&trial->call, 5 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(trial->store.total, total);
}

/* Two members of a group, and then one of them alone. */
static void share(struct trial *trial, struct eventlog_positions positions)
{
    struct member members[2];
    struct fiber_group group;
    fiber_group_init(&group);
    unsigned sequence = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(members); i++) {
        members[i] = (struct member){.trial = trial,
                                     .store = &trial->store,
                                     .consumer = contract_open_at(trial, "shared", positions)};
        assert_int_equal(fiber_group_start(&group, run_member, &members[i]), STATUS_OK);
    }
    /* Both get some, */
    produce_until(trial, &sequence, &members[0], 1);
    produce_until(trial, &sequence, &members[1], 1);
    await_total(trial, (size_t)sequence * KEYS);
    /* and the one that stays gets all. */
    members[0].leave = true;
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, sequence, 10);
    sequence += 10;
    await_total(trial, (size_t)sequence * KEYS);
    members[1].leave = true;
    fiber_group_join(&group);
    assert_int_equal(members[0].records + members[1].records, (size_t)sequence * KEYS);
}

static void shares_within_a_group(struct trial *trial)
{
    share(trial, reader_store_positions(&trial->store));
}

static const struct eventlog_positions of_the_log = {.get = NULL};

/* A queue of jobs: where nobody dies, each is handled once, though members come and go. A batch
 * that does not begin where the one before it ended would be refused, and counted. */
static void is_a_queue_of_jobs(struct trial *trial)
{
    if (trial->contract->refuses_commits_at_times) {
        return; /* at least once only */
    }
    share(trial, of_the_log);
    assert_int_equal(trial->store.refused, 0);
}

static void publishes_to_every_group(struct trial *trial)
{
    struct reader_store other;
    reader_store_init(&other);
    struct eventlog_consumer first = contract_open_at(trial, "first", of_the_log);
    struct eventlog_consumer second = contract_open_at(trial, "second", of_the_log);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    reader_consume(first, &trial->store, &trial->call, 100, KEYS * 10);
    reader_consume(second, &other, &trial->call, 100, KEYS * 10);
    contract_close_member(first);
    contract_close_member(second);
}

static void restarts_at_what_was_committed(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_at(trial, "again", of_the_log);
    reader_consume(consumer, &trial->store, &trial->call, 1000, KEYS * 10);
    contract_close_member(consumer);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 10, 10);
    consumer = contract_open_at(trial, "again", of_the_log);
    /* Given but not committed: it comes again. */
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 5, &batch), STATUS_OK);
    contract_close_member(consumer);
    consumer = contract_open_at(trial, "again", of_the_log);
    reader_consume(consumer, &trial->store, &trial->call, 7, KEYS * 20);
    contract_close_member(consumer);
    assert_int_equal(trial->store.refused, 0);
}

static void rewinds_to_what_was_committed(struct trial *trial)
{
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_at(trial, "rewind", of_the_log);
    struct eventlog_batch batch;
    assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 3, &batch), STATUS_OK);
    assert_true(reader_store_apply(&trial->store, &batch));
    consumer.ops->committed(consumer.state, &batch);
    int32_t partition = batch.partition;
    do { /* of that partition again, which is not applied */
        assert_int_equal(consumer.ops->poll(consumer.state, &trial->call, 3, &batch), STATUS_OK);
        if (batch.partition != partition) {
            assert_true(reader_store_apply(&trial->store, &batch));
            consumer.ops->committed(consumer.state, &batch);
        }
    } while (batch.partition != partition);
    consumer.ops->rewind(consumer.state, partition);
    reader_consume(consumer, &trial->store, &trial->call, 5, KEYS * 10);
    assert_int_equal(trial->store.refused, 0);
    contract_close_member(consumer);
}

static void reads_all_without_a_group(struct trial *trial)
{
    struct reader_store other;
    reader_store_init(&other);
    struct eventlog_consumer first = contract_open_at(trial, "", of_the_log);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer second = contract_open_member(trial, "", &other);
    reader_consume(first, &trial->store, &trial->call, 100, KEYS * 10);
    reader_consume(second, &other, &trial->call, 100, KEYS * 10);
    contract_close_member(first);
    /* Nothing is kept of what it has read. */
    first = contract_open_at(trial, "", of_the_log);
    reader_store_init(&trial->store);
    reader_consume(first, &trial->store, &trial->call, 100, KEYS * 10);
    contract_close_member(first);
    contract_close_member(second);
}

static enum status produce_numbered(struct trial *trial, uint64_t producer_id, unsigned first,
                                    unsigned count)
{
    struct eventlog_message messages[KEYS];
    char values[KEYS][READER_KEY_BYTES];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(values[i], sizeof(values[i]), "v0-%u", first + i);
        messages[i] = (struct eventlog_message){.key = TEXT("k0"),
                                                .value = text_of(values[i]),
                                                .time_ms = 1700000000 + (int64_t)(first + i)};
    }
    const struct eventlog_sequence sequence = {.producer_id = producer_id, .first = first};
    size_t delivered = 0;
    enum status status = trial->producer.ops->produce_once(
        trial->producer.state, &trial->call, trial->topic, &sequence, messages, count, &delivered);
    assert_int_equal(delivered, count);
    return status;
}

/* The store notices what comes twice, or not. */
static void knows_what_it_has(struct trial *trial)
{
    if (trial->producer.ops->produce_once == NULL) {
        return; /* Kafka cannot */
    }
    static const struct {
        unsigned first;
        unsigned count;
    } produces[] = {{0, 5}, {0, 5}, {3, 7}, {2, 4}, {10, 1}, {10, 1}, {0, 12}};
    for (size_t i = 0; i < ARRAY_LENGTH(produces); i++) {
        assert_int_equal(produce_numbered(trial, 77, produces[i].first, produces[i].count),
                         STATUS_OK);
    }
    struct eventlog_consumer consumer = contract_open_member(trial, "once", &trial->store);
    reader_consume(consumer, &trial->store, &trial->call, 100, 12);
    /* Another producer's numbers are its own. */
    assert_int_equal(produce_numbered(trial, 78, 12, 3), STATUS_OK);
    reader_consume(consumer, &trial->store, &trial->call, 100, 15);
    contract_close_member(consumer);
}

static struct eventlog_admin open_admin(struct trial *trial)
{
    struct eventlog_admin admin;
    assert_int_equal(trial->contract->open_admin(trial->log, &trial->call, &admin), STATUS_OK);
    return admin;
}

static const struct eventlog_topic_state *find_topic(struct trial *trial,
                                                     struct eventlog_admin admin)
{
    struct eventlog_topics topics;
    assert_int_equal(admin.ops->list_topics(admin.state, &trial->call, &topics), STATUS_OK);
    const struct eventlog_topic_state *found = NULL;
    for (size_t i = 0; i < topics.count; i++) {
        assert_true(i == 0 || text_compare(topics.rows[i - 1].name, topics.rows[i].name) < 0);
        if (text_equal(topics.rows[i].name, trial->topic)) {
            found = &topics.rows[i];
        }
    }
    return found;
}

/* A broker tells of a change when it has come round. */
static const struct eventlog_topic_state *await_topic(struct trial *trial,
                                                      struct eventlog_admin admin, bool is_there)
{
    const struct eventlog_topic_state *found = find_topic(trial, admin);
    while ((found != NULL) != is_there) {
        assert_int_equal(fiber_sleep(&trial->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
        found = find_topic(trial, admin);
    }
    return found;
}

static void makes_and_lists_topics(struct trial *trial)
{
    struct eventlog_admin admin = open_admin(trial);
    const struct eventlog_topic_options options = {
        .partitions = 3, .retention_ms = 3600000, .retention_bytes = 1 << 30};
    assert_int_equal(admin.ops->create_topic(admin.state, &trial->call, trial->topic, &options),
                     STATUS_OK);
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(admin.ops->create_topic(admin.state, &call, trial->topic, &options),
                     STATUS_ALREADY_EXISTS);
    assert_true(call.error.message.length > 0);
    (void)await_topic(trial, admin, true);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    const struct eventlog_topic_state *topic = await_topic(trial, admin, true);
    assert_int_equal(topic->options.partitions, 3);
    assert_int_equal(topic->options.cleanup, EVENTLOG_CLEANUP_DELETE);
    assert_int_equal(topic->options.retention_ms, 3600000);
    assert_int_equal(topic->options.retention_bytes, 1 << 30);
    int64_t sum = 0;
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(topic->partitions[i].begin_offset, 0);
        assert_true(topic->partitions[i].bytes != 0);
        sum += topic->partitions[i].end_offset;
    }
    assert_int_equal(sum, KEYS * 10);
    admin.ops->close(admin.state);
}

static void deletes_topics(struct trial *trial)
{
    struct eventlog_admin admin = open_admin(trial);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    (void)await_topic(trial, admin, true);
    /* A producer that knows the topic has a broker make it anew. */
    trial->producer.ops->close(trial->producer.state);
    assert_int_equal(admin.ops->delete_topic(admin.state, &trial->call, trial->topic), STATUS_OK);
    assert_null(await_topic(trial, admin, false));
    struct call call = call_within(&trial->call, 0);
    assert_int_equal(admin.ops->delete_topic(admin.state, &call, trial->topic), STATUS_NOT_FOUND);
    assert_true(call.error.message.length > 0);
    admin.ops->close(admin.state);
    assert_int_equal(trial->contract->open_producer(trial->log, &trial->call, &trial->producer),
                     STATUS_OK);
}

static void refuses_bad_topics(struct trial *trial)
{
    const struct {
        struct text topic;
        struct eventlog_topic_options options;
    } cases[] = {
        {TEXT("a/b"), {.partitions = 1}},
        {trial->topic, {.partitions = EVENTLOG_PARTITIONS_MAX + 1}},
        {trial->topic, {.partitions = -1}},
        {trial->topic, {.partitions = 1, .retention_ms = -2}},
        {trial->topic, {.cleanup = EVENTLOG_CLEANUP_COMPACT, .retention_bytes = 1}},
    };
    struct eventlog_admin admin = open_admin(trial);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct call call = call_within(&trial->call, 0);
        assert_int_equal(
            admin.ops->create_topic(admin.state, &call, cases[i].topic, &cases[i].options),
            STATUS_INVALID_ARGUMENT);
        assert_true(call.error.message.length > 0);
    }
    assert_null(find_topic(trial, admin));
    admin.ops->close(admin.state);
}

/* Rows of the trial's topic: their lag, how many are owned, and whether a group is whose name ends
 * so. */
struct group_sum {
    int64_t lag;
    size_t rows;
    size_t owned;
};

static struct group_sum sum_groups(struct trial *trial, struct eventlog_admin admin)
{
    struct eventlog_groups groups;
    struct group_sum sum = {0};
    assert_int_equal(admin.ops->list_groups(admin.state, &trial->call, &groups), STATUS_OK);
    for (size_t i = 0; i < groups.count; i++) {
        const struct eventlog_group_state *row = &groups.rows[i];
        if (text_equal(row->topic, trial->topic)) {
            assert_true(text_starts_with(row->group, TEXT("lagging")));
            sum.lag += eventlog_group_lag(row);
            sum.rows++;
            sum.owned += row->owner.length > 0 ? 1 : 0;
        }
    }
    return sum;
}

static void lists_groups(struct trial *trial, struct eventlog_positions positions)
{
    struct eventlog_admin admin = open_admin(trial);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 0, 10);
    struct eventlog_consumer consumer = contract_open_at(trial, "lagging", positions);
    reader_consume(consumer, &trial->store, &trial->call, 100, KEYS * 10);
    struct group_sum sum;
    do { /* what is committed is stored a moment later */
        assert_int_equal(fiber_sleep(&trial->call, 20 * CLOCK_NS_PER_MS), STATUS_OK);
        sum = sum_groups(trial, admin);
    } while (sum.rows != 4 || sum.lag != 0);
    assert_int_equal(sum.owned, 4);
    contract_close_member(consumer);
    reader_produce(trial->producer, &trial->call, trial->topic, KEYS, 10, 5);
    sum = sum_groups(trial, admin);
    assert_int_equal(sum.lag, KEYS * 5);
    assert_int_equal(sum.rows, 4);
    assert_int_equal(sum.owned, 0);
    admin.ops->close(admin.state);
}

static void lists_groups_with_positions(struct trial *trial)
{
    lists_groups(trial, reader_store_positions(&trial->store));
}

static void lists_groups_without_positions(struct trial *trial)
{
    lists_groups(trial, of_the_log);
}

static const struct named_trial trials[] = {
    {.name = "shares_within_a_group", .body = shares_within_a_group},
    {.name = "is_a_queue_of_jobs", .body = is_a_queue_of_jobs},
    {.name = "publishes_to_every_group", .body = publishes_to_every_group},
    {.name = "restarts_at_what_was_committed", .body = restarts_at_what_was_committed},
    {.name = "rewinds_to_what_was_committed", .body = rewinds_to_what_was_committed},
    {.name = "reads_all_without_a_group", .body = reads_all_without_a_group},
    {.name = "knows_what_it_has", .body = knows_what_it_has},
    {.name = "makes_and_lists_topics", .body = makes_and_lists_topics, .needs_admin = true},
    {.name = "deletes_topics", .body = deletes_topics, .needs_admin = true},
    {.name = "refuses_bad_topics", .body = refuses_bad_topics, .needs_admin = true},
    {.name = "lists_groups_with_positions",
     .body = lists_groups_with_positions,
     .needs_admin = true},
    {.name = "lists_groups_without_positions",
     .body = lists_groups_without_positions,
     .needs_admin = true},
};

const struct named_trial *contract_group_trials(size_t *ret_count)
{
    *ret_count = ARRAY_LENGTH(trials);
    return trials;
}
