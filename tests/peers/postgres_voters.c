#include "peers/postgres_voters.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum {
    USERS = 40,
    RECORDS = 12, /* few: so that transactions meet */
    BATCH_MAX = 8,
    TIMES_MAX = 4 * 1000 * 1000,
    ARENA_BYTES_MAX = 1024 * 1024,
    CALL_MS = 20 * 1000,
    PAUSE_NS = 20 * 1000 * 1000,
    AWAIT_S = 60,
    LOOK_MS = 5,
};

/* What was said of the change that has this time: each has a time of its own. */
enum fate { NEVER, ASKED, ACKNOWLEDGED, STALE };

struct postgres_voters {
    struct text directory;
    void (*chaos)(struct postgres_voters *voters);
    struct rating_repository repositories[POSTGRES_VOTERS_REPOSITORIES];
    atomic_bool stop;
    atomic_int time;
    atomic_uint acknowledged;
    atomic_uint unknown;
    atomic_uint other;
    atomic_uint ingested;
    atomic_uint reclaims;
    unsigned char fates[TIMES_MAX];
    char users[USERS][16];
    char records[RECORDS][16];
};

struct voter {
    struct postgres_voters *voters;
    unsigned repository;
    unsigned number;
};

static struct vote_key random_key(struct postgres_voters *voters)
{
    return (struct vote_key){
        .record = {RECORD_TYPE_MOVIE, text_of(voters->records[random_below(RECORDS)])},
        .user = text_of(voters->users[random_below(USERS)])};
}

static struct rating_change random_change(struct postgres_voters *voters)
{
    return (struct rating_change){.kind = random_below(5) == 0 ? RATING_DELETE : RATING_PUT,
                                  .key = random_key(voters),
                                  .hundredths = (int32_t)random_below(RATING_HUNDREDTHS_MAX + 1)};
}

static enum status apply(struct voter *voter, const struct rating_batch *batch)
{
    const struct rating_repository *repository = &voter->voters->repositories[voter->repository];
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_MS);
    enum status status = repository->ops->apply(repository->state, &call, batch);
    arena_deinit(&arena);
    return status;
}

/* Direct votes: each has a time that no other has. */

static void note_fates(struct postgres_voters *voters, const struct rating_batch *batch,
                       enum status status)
{
    for (size_t i = 0; i < batch->change_count; i++) {
        bool applied = status == STATUS_OK && batch->outcomes[i] == RATING_APPLIED;
        voters->fates[batch->changes[i].time_ms] =
            applied ? ACKNOWLEDGED : (status == STATUS_OK ? STALE : ASKED);
        atomic_fetch_add(&voters->acknowledged, applied ? 1 : 0);
        atomic_fetch_add(&voters->unknown, status == STATUS_UNAVAILABLE ? 1 : 0);
        atomic_fetch_add(&voters->other,
                         status != STATUS_OK && status != STATUS_UNAVAILABLE ? 1 : 0);
    }
}

static bool vote_once(struct voter *voter)
{
    struct postgres_voters *voters = voter->voters;
    struct rating_change changes[BATCH_MAX];
    enum rating_outcome outcomes[BATCH_MAX];
    struct rating_batch batch = {.changes = changes, .outcomes = outcomes};
    batch.change_count = 1 + random_below(BATCH_MAX);
    for (size_t i = 0; i < batch.change_count; i++) {
        changes[i] = random_change(voters);
        changes[i].kind = RATING_PUT; /* a deletion may change nothing */
        changes[i].has_time = true;
        changes[i].time_ms = 1 + atomic_fetch_add(&voters->time, 1);
        assert_true(changes[i].time_ms < TIMES_MAX);
    }
    enum status status = apply(voter, &batch);
    note_fates(voters, &batch, status);
    return status == STATUS_OK;
}

/* Votes until it is over, and has been acknowledged after that. */
static void vote(void *argument)
{
    struct voter *voter = argument;
    bool over = false;
    while (!over) {
        bool last = atomic_load(&voter->voters->stop);
        bool acknowledged = vote_once(voter);
        over = last && acknowledged;
        if (!acknowledged) {
            assert_int_equal(fiber_sleep(NULL, PAUSE_NS), STATUS_OK);
        }
    }
}

/* Ingestion: every event puts, without a time, so that every event is a record of the log. */

static struct rating_position claim(struct voter *voter)
{
    const struct rating_repository *repository = &voter->voters->repositories[voter->repository];
    struct rating_position position;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (;;) {
        struct call call;
        call_init(&call, &arena, CALL_MS);
        if (repository->ops->claim_position(repository->state, &call, TEXT("ratings"),
                                            (int32_t)voter->number, &position) == STATUS_OK) {
            arena_deinit(&arena);
            return position;
        }
        assert_int_equal(fiber_sleep(NULL, PAUSE_NS), STATUS_OK);
    }
}

static bool ingest_once(struct voter *voter, struct rating_position *position)
{
    const struct rating_source source = {TEXT("ratings"), (int32_t)voter->number};
    struct rating_change changes[BATCH_MAX];
    struct rating_position next = *position;
    struct rating_batch batch = {.changes = changes,
                                 .source = &source,
                                 .position = &next,
                                 .from_offset = position->next_offset};
    batch.change_count = 1 + random_below(BATCH_MAX);
    next.next_offset += (int64_t)batch.change_count;
    for (size_t i = 0; i < batch.change_count; i++) {
        changes[i] = random_change(voter->voters);
        changes[i].key.provider = TEXT("provider"); /* apart from the direct votes' small times */
        changes[i].kind = RATING_PUT;
        changes[i].offset = position->next_offset + (int64_t)i;
    }
    if (apply(voter, &batch) != STATUS_OK) {
        return false;
    }
    *position = next;
    return true;
}

static void ingest(void *argument)
{
    struct voter *voter = argument;
    struct rating_position position = claim(voter);
    bool over = false;
    while (!over) {
        bool last = atomic_load(&voter->voters->stop);
        bool acknowledged = ingest_once(voter, &position);
        over = last && acknowledged;
        if (!acknowledged) {
            position = claim(voter); /* which says whether it was done */
            atomic_fetch_add(&voter->voters->reclaims, 1);
        }
    }
    atomic_fetch_add(&voter->voters->ingested, (unsigned)position.next_offset);
}

/* Running */

static enum status run_on_loop(void *argument, unsigned index)
{
    struct voter people[POSTGRES_VOTERS_FIBERS + POSTGRES_VOTERS_PARTITIONS];
    struct fiber_group group;
    fiber_group_init(&group);
    for (unsigned i = 0; i < ARRAY_LENGTH(people); i++) {
        bool votes = i < POSTGRES_VOTERS_FIBERS;
        people[i] = (struct voter){.voters = argument, .repository = index};
        people[i].number = index * POSTGRES_VOTERS_PARTITIONS + i % POSTGRES_VOTERS_FIBERS;
        assert_int_equal(fiber_group_start(&group, votes ? vote : ingest, &people[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    return STATUS_OK;
}

struct text postgres_voters_directory(const struct postgres_voters *voters)
{
    return voters->directory;
}

static void await_more(const atomic_uint *counter, unsigned more)
{
    int64_t until_ns = clock_monotonic_ns() + AWAIT_S * CLOCK_NS_PER_S;
    unsigned goal = atomic_load(counter) + more;
    while (atomic_load(counter) < goal) {
        if (clock_monotonic_ns() > until_ns) {
            fail_msg("%u of %u within %d s", atomic_load(counter), goal, AWAIT_S);
        }
        (void)poll(NULL, 0, LOOK_MS); /* between two looks */
    }
}

void postgres_voters_await_acknowledged(const struct postgres_voters *voters, unsigned more)
{
    await_more(&voters->acknowledged, more);
}

void postgres_voters_await_unknown(const struct postgres_voters *voters, unsigned more)
{
    await_more(&voters->unknown, more);
}

static void *run_chaos(void *argument)
{
    struct postgres_voters *voters = argument;
    voters->chaos(voters);
    atomic_store(&voters->stop, true);
    return NULL;
}

static void open_all(struct postgres_voters *voters)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (unsigned i = 0; i < POSTGRES_VOTERS_REPOSITORIES; i++) {
        struct call call;
        call_init(&call, &arena, CALL_MS);
        assert_int_equal(postgres_scene_open(&call, voters->directory, &voters->repositories[i]),
                         STATUS_OK);
    }
    arena_deinit(&arena);
}

static void name_all(struct postgres_voters *voters)
{
    for (unsigned i = 0; i < USERS; i++) {
        (void)snprintf(voters->users[i], sizeof(voters->users[i]), "user-%u", i);
    }
    for (unsigned i = 0; i < RECORDS; i++) {
        (void)snprintf(voters->records[i], sizeof(voters->records[i]), "record-%u", i);
    }
}

/* Checking */

static void assert_none(struct text directory, const char *what, const char *sql)
{
    long long count = postgres_scene_ask(directory, sql);
    if (count != 0) {
        fail_msg("%s: %lld", what, count);
    }
}

static void check_aggregates(struct text directory)
{
    assert_none(directory, "aggregates that are not the sums of the votes",
                "select count(*) from (select record_type, record_id, count(*) as n,"
                " sum(hundredths) as s from votes where deleted_ms is null group by 1, 2) v"
                " full join (select * from aggregates where vote_count > 0) a"
                " using (record_type, record_id)"
                " where n is distinct from vote_count or s is distinct from sum_hundredths"
                " or vote_count <> (select sum(b) from unnest(histogram) b)");
}

/* What the log says, record by record. */
struct log_check {
    struct postgres_voters *voters;
    struct rating_repository repository;
    int64_t last;    /* sequence */
    unsigned direct; /* acknowledged votes found */
    int64_t ingested[POSTGRES_VOTERS_REPOSITORIES * POSTGRES_VOTERS_PARTITIONS];
    int32_t standing[2][USERS][RECORDS]; /* hundredths by provider; -1: none */
};

static unsigned number_behind(struct text name, size_t prefix)
{
    uint64_t number;
    assert_true(text_to_u64(text_slice(name, prefix, name.length), &number));
    return (unsigned)number;
}

static void check_record(struct log_check *check, const struct rating_change_record *record)
{
    bool direct = record->source.topic.length == 0;
    assert_true(record->sequence == check->last + 1);
    check->last = record->sequence;
    if (direct) {
        /* Asked for, and here for the first time. */
        unsigned char *fate = &check->voters->fates[record->vote.time_ms];
        assert_true(*fate == ASKED || *fate == ACKNOWLEDGED);
        check->direct += *fate == ACKNOWLEDGED ? 1 : 0;
        *fate = NEVER;
    } else {
        /* Of a partition, each offset once and in order. */
        assert_true(record->offset == check->ingested[record->source.partition]++);
    }
    check->standing[direct ? 0 : 1][number_behind(record->vote.key.user, strlen("user-"))]
                   [number_behind(record->vote.key.record.id, strlen("record-"))] =
        record->vote.hundredths;
}

static void walk_log(struct log_check *check)
{
    const struct rating_repository *repository = &check->repository;
    struct rating_change_record *records;
    size_t count = 1;
    while (count > 0) {
        struct arena arena;
        struct call call;
        arena_init(&arena, 8 * ARENA_BYTES_MAX);
        call_init(&call, &arena, CALL_MS);
        assert_int_equal(repository->ops->list_changes(repository->state, &call, check->last, 1000,
                                                       &records, &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            check_record(check, &records[i]);
        }
        arena_deinit(&arena);
    }
}

/* The votes that stand are those that the log says last; positions are where the events end. */
static void check_standing(struct log_check *check)
{
    const struct rating_repository *repository = &check->repository;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_MS);
    for (unsigned i = 0; i < 2 * USERS * RECORDS; i++) {
        unsigned user = i / 2 % USERS;
        unsigned record = i / 2 / USERS;
        int32_t want = check->standing[i % 2][user][record];
        const struct vote_key key = {
            .record = {RECORD_TYPE_MOVIE, text_of(check->voters->records[record])},
            .provider = i % 2 == 0 ? TEXT("") : TEXT("provider"),
            .user = text_of(check->voters->users[user])};
        struct vote vote = {.hundredths = -1};
        assert_int_equal(repository->ops->get_vote(repository->state, &call, &key, &vote),
                         want < 0 ? STATUS_NOT_FOUND : STATUS_OK);
        assert_int_equal(vote.hundredths, want);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(check->ingested); i++) {
        int64_t next_offset;
        assert_int_equal(repository->ops->get_position(repository->state, &call, TEXT("ratings"),
                                                       (int32_t)i, &next_offset),
                         STATUS_OK);
        assert_true(next_offset == check->ingested[i]);
    }
    arena_deinit(&arena);
}

static void check_log(void *argument)
{
    struct log_check *check = argument;
    struct arena arena;
    struct call call;
    memset(check->standing, 0xff, sizeof(check->standing)); /* -1 */
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_MS);
    assert_int_equal(postgres_scene_open(&call, check->voters->directory, &check->repository),
                     STATUS_OK);
    walk_log(check);
    check_standing(check);
    assert_int_equal(check->direct, atomic_load(&check->voters->acknowledged));
    check->repository.ops->close(check->repository.state);
    arena_deinit(&arena);
}

void postgres_voters_run(struct text directory, void (*chaos)(struct postgres_voters *voters),
                         struct postgres_voters_report *ret_report)
{
    struct postgres_voters *voters = calloc(1, sizeof(*voters));
    struct loop_threads *threads;
    pthread_t thread;
    assert_non_null(voters);
    voters->directory = directory;
    voters->chaos = chaos;
    name_all(voters);
    assert_int_equal(loop_threads_start(POSTGRES_VOTERS_REPOSITORIES, &threads), STATUS_OK);
    open_all(voters);
    assert_int_equal(pthread_create(&thread, NULL, run_chaos, voters), 0);
    assert_int_equal(loop_threads_each(threads, run_on_loop, voters), STATUS_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (unsigned i = 0; i < POSTGRES_VOTERS_REPOSITORIES; i++) {
        voters->repositories[i].ops->close(voters->repositories[i].state);
    }
    loop_threads_destroy(threads);
    *ret_report = (struct postgres_voters_report){
        .acknowledged = atomic_load(&voters->acknowledged),
        .unknown = atomic_load(&voters->unknown),
        .other = atomic_load(&voters->other),
        .ingested = atomic_load(&voters->ingested),
        .reclaims = atomic_load(&voters->reclaims),
    };
    print_message("  %u acknowledged, %u unknown, %u other, %u ingested, %u claims again\n",
                  ret_report->acknowledged, ret_report->unknown, ret_report->other,
                  ret_report->ingested, ret_report->reclaims);
    check_aggregates(directory);
    struct log_check *check = calloc(1, sizeof(*check));
    assert_non_null(check);
    check->voters = voters;
    in_fiber(check_log, check);
    free(check);
    free(voters);
}
