/* The statements of one transaction: sent together up to what must be known, then all the rest. */
#include "rating/repository/postgres_rating_private.h"

#include <stdlib.h>

/* Sending */

static struct postgres_array *begin_array(struct postgres_rating_writer *writer, unsigned place,
                                          enum postgres_type type)
{
    struct postgres_array *array = &writer->arrays[place];
    postgres_array_begin(array, type);
    return array;
}

/* The first `count` arrays, as parameters behind those that there are. */
static void send_arrays(struct postgres_rating_writer *writer, enum postgres_rating_write statement,
                        unsigned count, struct postgres_parameters *parameters)
{
    for (unsigned i = 0; i < count; i++) {
        postgres_add_array(parameters, &writer->arrays[i]);
    }
    postgres_send(writer->connection, statement, parameters);
}

static void send_plain(struct postgres_rating_writer *writer, enum postgres_rating_write statement)
{
    struct postgres_parameters none = {.count = 0};
    postgres_send(writer->connection, statement, &none);
}

static void begin_votes(struct postgres_rating_writer *writer)
{
    (void)begin_array(writer, 0, POSTGRES_INT2);
    for (unsigned i = 1; i <= 3; i++) {
        (void)begin_array(writer, i, POSTGRES_TEXT);
    }
}

static void add_vote_key(struct postgres_rating_writer *writer, const struct vote_key *key)
{
    postgres_array_add_int2(&writer->arrays[0], (int16_t)key->record.type);
    postgres_array_add_text(&writer->arrays[1], key->record.id);
    postgres_array_add_text(&writer->arrays[2], key->provider);
    postgres_array_add_text(&writer->arrays[3], key->user);
}

static const struct vote_key *key_of(const struct postgres_rating_plan *plan,
                                     const struct postgres_rating_vote *vote)
{
    return &plan->items[plan->order[vote->first].item].change->key;
}

/* Locking and reading */

static void send_lock_aggregates(struct postgres_rating_writer *writer,
                                 const struct postgres_rating_plan *plan)
{
    struct postgres_array *types = begin_array(writer, 0, POSTGRES_INT2);
    struct postgres_array *ids = begin_array(writer, 1, POSTGRES_TEXT);
    for (size_t i = 0; i < plan->record_count; i++) {
        postgres_array_add_int2(types, (int16_t)plan->records[i].key.type);
        postgres_array_add_text(ids, plan->records[i].key.id);
    }
    struct postgres_parameters parameters = {.count = 0};
    send_arrays(writer, POSTGRES_LOCK_AGGREGATES, 2, &parameters);
}

static void send_lock_votes(struct postgres_rating_writer *writer,
                            const struct postgres_rating_plan *plan)
{
    begin_votes(writer);
    for (size_t i = 0; i < plan->vote_count; i++) {
        add_vote_key(writer, key_of(plan, &plan->votes[i]));
    }
    struct postgres_parameters parameters = {.count = 0};
    send_arrays(writer, POSTGRES_LOCK_VOTES, 4, &parameters);
}

/* Each id once: its first event takes it. */
static void send_take_events(struct postgres_rating_writer *writer,
                             const struct postgres_rating_plan *plan)
{
    struct postgres_array *providers = begin_array(writer, 0, POSTGRES_TEXT);
    struct postgres_array *ids = begin_array(writer, 1, POSTGRES_TEXT);
    for (size_t i = 0; i < plan->event_count; i++) {
        const struct rating_change *change = plan->items[plan->events[i]].change;
        if (i == 0 || !postgres_rating_plan_same_event(plan, i - 1, i)) {
            postgres_array_add_text(providers, change->key.provider);
            postgres_array_add_text(ids, change->event_id);
        }
    }
    struct postgres_parameters parameters = {.count = 0};
    postgres_add_array(&parameters, providers);
    postgres_add_array(&parameters, ids);
    postgres_add_int8(&parameters, writer->event_id_window_ms);
    postgres_send(writer->connection, POSTGRES_TAKE_EVENTS, &parameters);
}

static enum status receive_nothing(struct postgres_rating_writer *writer, struct call *call,
                                   struct store_error *error)
{
    PGresult *result;
    enum status status = postgres_receive(writer->connection, call, error, &result);
    if (status == STATUS_OK) {
        PQclear(result);
    }
    return status;
}

/* What must be as many as was asked for: less means that it changed in between. */
static enum status fail_changed(struct store_error *error, const char *what)
{
    return store_fail(error, STATUS_ABORTED, "the database has changed meanwhile", "PostgreSQL: %s",
                      what);
}

/* A record that does not come has no row yet, and so no votes. */
static enum status read_aggregates(const PGresult *result, struct postgres_rating_plan *plan,
                                   struct store_error *error)
{
    for (int row = 0; row < PQntuples(result); row++) {
        uint64_t place = (uint64_t)postgres_int8(result, row, 0) - 1;
        if (place >= plan->record_count) {
            return fail_changed(error, "an aggregate that was not asked for");
        }
        struct rating_aggregate *aggregate = &plan->records[place].aggregate;
        plan->records[place].stored = true;
        if (!postgres_rating_read_aggregate(result, row, 1, aggregate)) {
            return store_fail(error, STATUS_DATA_LOSS, "the store is damaged",
                              "PostgreSQL: a histogram without %d bins", RATING_BIN_COUNT);
        }
    }
    return STATUS_OK;
}

static enum status read_votes(const PGresult *result, struct postgres_rating_plan *plan,
                              struct store_error *error)
{
    for (int row = 0; row < PQntuples(result); row++) {
        uint64_t place = (uint64_t)postgres_int8(result, row, 0) - 1;
        if (place >= plan->vote_count) {
            return fail_changed(error, "a vote that was not asked for");
        }
        if (!plan->records[plan->votes[place].record].stored) {
            continue; /* both are newer than the look for records: inserting those will fail */
        }
        plan->votes[place].stored = true;
        plan->votes[place].before = (struct vote_state){
            .exists = true,
            .hundredths = postgres_int2(result, row, 1),
            .time_ms = postgres_int8(result, row, 2),
            .deleted = postgres_bool(result, row, 3),
        };
    }
    return STATUS_OK;
}

/* The ids that came back were free: their first events are taken, all others are duplicates. */
static enum status read_events(const PGresult *result, struct postgres_rating_plan *plan,
                               struct store_error *error)
{
    int row = 0;
    for (size_t i = 0; i < plan->event_count; i++) {
        struct postgres_rating_item *item = &plan->items[plan->events[i]];
        bool first = i == 0 || !postgres_rating_plan_same_event(plan, i - 1, i);
        bool taken = first && row < PQntuples(result) &&
                     text_equal(postgres_text(result, row, 0), item->change->key.provider) &&
                     text_equal(postgres_text(result, row, 1), item->change->event_id);
        item->outcome = taken ? RATING_APPLIED : RATING_DUPLICATE;
        row += taken ? 1 : 0;
    }
    return row == PQntuples(result) ? STATUS_OK : fail_changed(error, "event ids in another order");
}

/* Takes an answer and reads it into the plan. */
static enum status
receive_into(struct postgres_rating_writer *writer, struct postgres_rating_plan *plan,
             enum status (*read)(const PGresult *result, struct postgres_rating_plan *plan,
                                 struct store_error *error),
             struct call *call, struct store_error *error, bool *ret_unread)
{
    PGresult *result;
    enum status status = postgres_receive(writer->connection, call, error, &result);
    if (status != STATUS_OK) {
        return status;
    }
    status = read(result, plan, error);
    *ret_unread = status != STATUS_OK; /* the answers behind it still come */
    PQclear(result);
    return status;
}

static enum status receive_locked(struct postgres_rating_writer *writer,
                                  struct postgres_rating_plan *plan, struct call *call,
                                  struct store_error *error, bool *ret_unread)
{
    enum status status = receive_into(writer, plan, read_aggregates, call, error, ret_unread);
    if (status == STATUS_OK && plan->event_count > 0) {
        status = receive_into(writer, plan, read_events, call, error, ret_unread);
    }
    if (status == STATUS_OK) {
        status = receive_into(writer, plan, read_votes, call, error, ret_unread);
    }
    return status;
}

enum status postgres_rating_lock_plan(struct postgres_rating_writer *writer,
                                      struct postgres_rating_plan *plan, struct call *call,
                                      struct store_error *error)
{
    bool unread = false;
    enum status status = STATUS_OK;
    bool begins = !writer->begun;
    if (begins) {
        send_plain(writer, POSTGRES_BEGIN);
        writer->begun = true;
    }
    if (plan->item_count > 0) {
        send_lock_aggregates(writer, plan);
        if (plan->event_count > 0) {
            send_take_events(writer, plan);
        }
        send_lock_votes(writer, plan);
    } else if (!begins) {
        return STATUS_OK; /* nothing was sent */
    }
    postgres_sync(writer->connection);
    if (begins) {
        status = receive_nothing(writer, call, error);
    }
    if (status == STATUS_OK && plan->item_count > 0) {
        status = receive_locked(writer, plan, call, error, &unread);
    }
    if (unread) {
        postgres_connection_close(writer->connection);
        writer->connection = NULL;
        writer->begun = false;
    }
    return status == STATUS_OK ? postgres_receive_sync(writer->connection, call, error) : status;
}

/* Writing */

struct writes {
    struct postgres_rating_writer *writer;
    const struct postgres_rating_plan *plan;
    size_t statements; /* sent, whose answers say nothing but that they were done */
    bool log;
    uint64_t rows;
};

static void expect(struct writes *writes, size_t rows)
{
    writes->statements++;
    writes->rows += rows;
}

static bool is_changed(const struct postgres_rating_vote *vote)
{
    return vote->after.exists &&
           (!vote->before.exists || vote->before.deleted != vote->after.deleted ||
            vote->before.hundredths != vote->after.hundredths ||
            vote->before.time_ms != vote->after.time_ms);
}

/* Those that stand in the table, or those that do not. */
static void send_votes(struct writes *writes, bool stored)
{
    struct postgres_rating_writer *writer = writes->writer;
    size_t rows = 0;
    begin_votes(writer);
    struct postgres_array *hundredths = begin_array(writer, 4, POSTGRES_INT2);
    struct postgres_array *times = begin_array(writer, 5, POSTGRES_INT8);
    struct postgres_array *deleted = begin_array(writer, 6, POSTGRES_INT2);
    for (size_t i = 0; i < writes->plan->vote_count; i++) {
        const struct postgres_rating_vote *vote = &writes->plan->votes[i];
        if (vote->stored == stored && is_changed(vote)) {
            add_vote_key(writer, key_of(writes->plan, vote));
            postgres_array_add_int2(hundredths, (int16_t)vote->after.hundredths);
            postgres_array_add_int8(times, vote->after.time_ms);
            postgres_array_add_int2(deleted, vote->after.deleted ? 1 : 0);
            rows++;
        }
    }
    if (rows > 0) {
        struct postgres_parameters parameters = {.count = 0};
        for (unsigned i = 0; i < 7; i++) {
            postgres_add_array(&parameters, &writer->arrays[i]);
        }
        if (stored) {
            postgres_add_int8(&parameters, (int64_t)rows);
        }
        postgres_send(writer->connection, stored ? POSTGRES_UPDATE_VOTES : POSTGRES_INSERT_VOTES,
                      &parameters);
        expect(writes, rows);
    }
}

/* Those that have rows, as far as they have changed, or those that have none: these all, as a vote
 * is written only where its record has a row. */
static void send_aggregates(struct writes *writes, bool stored)
{
    struct postgres_rating_writer *writer = writes->writer;
    size_t rows = 0;
    struct postgres_array *types = begin_array(writer, 0, POSTGRES_INT2);
    struct postgres_array *ids = begin_array(writer, 1, POSTGRES_TEXT);
    struct postgres_array *counts = begin_array(writer, 2, POSTGRES_INT8);
    struct postgres_array *sums = begin_array(writer, 3, POSTGRES_INT8);
    struct postgres_array *bins = begin_array(writer, 4, POSTGRES_INT4);
    for (size_t i = 0; i < writes->plan->record_count; i++) {
        const struct postgres_rating_record *record = &writes->plan->records[i];
        if (record->stored == stored && (record->changed || !stored)) {
            postgres_array_add_int2(types, (int16_t)record->key.type);
            postgres_array_add_text(ids, record->key.id);
            postgres_array_add_int8(counts, (int64_t)record->aggregate.count);
            postgres_array_add_int8(sums, (int64_t)record->aggregate.sum_hundredths);
            for (unsigned bin = 0; bin < RATING_BIN_COUNT; bin++) {
                postgres_array_add_int4(bins, (int32_t)record->aggregate.histogram[bin]);
            }
            rows++;
        }
    }
    if (rows > 0) {
        struct postgres_parameters parameters = {.count = 0};
        send_arrays(writer, stored ? POSTGRES_UPDATE_AGGREGATES : POSTGRES_INSERT_AGGREGATES, 5,
                    &parameters);
        expect(writes, rows);
    }
}

static void send_letters(struct writes *writes, bool put)
{
    struct postgres_rating_writer *writer = writes->writer;
    size_t rows = 0;
    (void)begin_array(writer, 0, POSTGRES_TEXT);
    (void)begin_array(writer, 1, POSTGRES_INT4);
    (void)begin_array(writer, 2, POSTGRES_INT8);
    (void)begin_array(writer, 3, POSTGRES_INT8);
    (void)begin_array(writer, 4, POSTGRES_BYTEA);
    (void)begin_array(writer, 5, POSTGRES_BYTEA);
    for (size_t i = 0; i < writes->plan->letter_count; i++) {
        const struct postgres_rating_letter *letter = &writes->plan->letters[i];
        if ((letter->put != NULL) == put) {
            postgres_array_add_text(&writer->arrays[0], letter->key.topic);
            postgres_array_add_int4(&writer->arrays[1], letter->key.partition);
            postgres_array_add_int8(&writer->arrays[2], letter->key.offset);
            if (put) {
                postgres_array_add_int8(&writer->arrays[3], letter->put->time_ms);
                postgres_array_add_text(&writer->arrays[4], letter->put->reason);
                postgres_array_add_text(&writer->arrays[5], letter->put->payload);
            }
            rows++;
        }
    }
    if (rows > 0) {
        struct postgres_parameters parameters = {.count = 0};
        send_arrays(writer, put ? POSTGRES_PUT_LETTERS : POSTGRES_SETTLE, put ? 6 : 3, &parameters);
        expect(writes, rows);
    }
}

static void send_positions(struct writes *writes)
{
    for (size_t i = 0; i < writes->plan->job_count; i++) {
        const struct rating_batch *batch = &writes->plan->jobs[i]->batch;
        if (batch->position != NULL) {
            struct postgres_parameters parameters = {.count = 0};
            postgres_add_text(&parameters, batch->position->topic);
            postgres_add_int4(&parameters, batch->position->partition);
            postgres_add_int8(&parameters, batch->position->next_offset);
            postgres_add_int8(&parameters, batch->position->epoch);
            postgres_add_int8(&parameters, batch->from_offset);
            postgres_send(writes->writer->connection, POSTGRES_PUT_POSITION, &parameters);
            expect(writes, 1);
        }
    }
}

static void send_mark(struct writes *writes)
{
    struct postgres_rating_writer *writer = writes->writer;
    struct postgres_parameters parameters = {.count = 0};
    postgres_add_text(&parameters, text_of(writer->name));
    postgres_add_int8(&parameters, (int64_t)writer->group);
    postgres_send(writer->connection, POSTGRES_PUT_MARK, &parameters);
    expect(writes, 1);
}

/* Last, as the log's lock is held to the end. */
static void send_log_and_mark(struct writes *writes)
{
    size_t chunks = postgres_rating_send_log(writes->writer, writes->plan);
    writes->log = chunks > 0;
    writes->rows += chunks;
    if (chunks == 0) {
        send_mark(writes);
    }
}

static enum status receive_written(struct writes *writes, struct call *call,
                                   struct store_error *error, int64_t *ret_last)
{
    struct postgres_rating_writer *writer = writes->writer;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < writes->statements && status == STATUS_OK; i++) {
        status = receive_nothing(writer, call, error);
    }
    if (status == STATUS_OK && writes->log) {
        PGresult *result;
        status = postgres_receive(writer->connection, call, error, &result);
        if (status == STATUS_OK) {
            *ret_last = postgres_int8(result, 0, 0);
            PQclear(result);
        }
    }
    if (status == STATUS_OK) {
        status = receive_nothing(writer, call, error); /* the commit */
    }
    return status == STATUS_OK ? postgres_receive_sync(writer->connection, call, error) : status;
}

enum status postgres_rating_write_plan(struct postgres_rating_writer *writer,
                                       const struct postgres_rating_plan *plan, struct call *call,
                                       struct store_error *error, int64_t *ret_last)
{
    struct writes writes = {.writer = writer, .plan = plan};
    int64_t last = 0;
    send_aggregates(&writes, false); /* first: what fails for another writer's is here */
    send_votes(&writes, false);
    send_votes(&writes, true);
    send_aggregates(&writes, true);
    send_letters(&writes, false);
    send_letters(&writes, true);
    send_positions(&writes);
    send_log_and_mark(&writes);
    send_plain(writer, POSTGRES_COMMIT);
    postgres_sync(writer->connection);
    writer->in_doubt = true;
    enum status status = receive_written(&writes, call, error, &last);
    /* An answer that says no leaves no doubt; no answer does. */
    writer->in_doubt = status != STATUS_OK && !postgres_connection_is_usable(writer->connection);
    if (status == STATUS_OK) {
        writer->begun = false;
        atomic_fetch_add_explicit(&writer->counters->rows, writes.rows, memory_order_relaxed);
        *ret_last = last;
    }
    return status;
}

/* Records that another has made meanwhile */

static bool is_missing(const struct postgres_rating_plan *plan)
{
    for (size_t i = 0; i < plan->record_count; i++) {
        if (!plan->records[i].stored) {
            return true;
        }
    }
    return false;
}

void postgres_rating_make_records(struct postgres_rating_writer *writer,
                                  const struct postgres_rating_plan *plan, struct call *call)
{
    struct postgres_parameters parameters = {.count = 0};
    struct store_error ignored; /* what fails here fails again when it is tried again */
    if (writer->connection == NULL || !postgres_connection_is_usable(writer->connection) ||
        !is_missing(plan)) {
        return;
    }
    struct postgres_array *types = begin_array(writer, 0, POSTGRES_INT2);
    struct postgres_array *ids = begin_array(writer, 1, POSTGRES_TEXT);
    for (size_t i = 0; i < plan->record_count; i++) {
        if (!plan->records[i].stored) {
            postgres_array_add_int2(types, (int16_t)plan->records[i].key.type);
            postgres_array_add_text(ids, plan->records[i].key.id);
        }
    }
    send_plain(writer, POSTGRES_ROLLBACK);
    send_arrays(writer, POSTGRES_NEW_AGGREGATES, 2, &parameters);
    postgres_sync(writer->connection); /* which ends the statement's own transaction */
    enum status status = receive_nothing(writer, call, &ignored);
    if (status == STATUS_OK) {
        writer->begun = false;
        atomic_fetch_add_explicit(&writer->counters->retries, 1, memory_order_relaxed);
        status = receive_nothing(writer, call, &ignored);
    }
    if (status == STATUS_OK) {
        status = postgres_receive_sync(writer->connection, call, &ignored);
    }
}
