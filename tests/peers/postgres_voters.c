#include "peers/postgres_voters.h"

#include <libpq-fe.h>
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
    SQL_BYTES = 512,
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

static void check_tables(struct text directory)
{
    assert_none(directory, "aggregates that are not the sums of the votes",
                "select count(*) from (select record_type, record_id, count(*) as n,"
                " sum(hundredths) as s from votes where deleted_ms is null group by 1, 2) v"
                " full join (select * from aggregates where vote_count > 0) a"
                " using (record_type, record_id)"
                " where n is distinct from vote_count or s is distinct from sum_hundredths"
                " or vote_count <> (select sum(b) from unnest(histogram) b)");
    assert_none(directory, "votes that are not what the log says last",
                "select count(*) from (select distinct on (record_type, record_id, provider,"
                " user_id) * from changes order by record_type, record_id, provider, user_id,"
                " sequence desc) c full join votes v using (record_type, record_id, provider,"
                " user_id) where c.hundredths is distinct from v.hundredths"
                " or c.vote_time_ms is distinct from v.time_ms");
    assert_none(directory, "holes in the log",
                "select count(*) - max(last_sequence) from changes, change_log");
    assert_none(directory, "events that are not in the log once each",
                "select count(*) from (select partition, count(*) as n, count(distinct"
                " event_offset) as d, max(event_offset) + 1 as m from changes"
                " where topic = 'ratings' group by 1) c full join positions p using (partition)"
                " where n is distinct from next_offset or d is distinct from next_offset"
                " or m is distinct from next_offset");
    assert_none(directory, "votes that are in the log twice",
                "select count(*) - count(distinct vote_time_ms) from changes where topic = ''");
}

/* Every direct vote of the log was asked for; every one that was acknowledged is there. */
static void check_fates(struct postgres_voters *voters)
{
    unsigned logged = 0;
    unsigned acknowledged = 0;
    PGresult *result = postgres_scene_query(voters->directory,
                                            "select vote_time_ms from changes where topic = ''");
    for (int row = 0; row < PQntuples(result); row++) {
        int time = atoi(PQgetvalue(result, row, 0));
        enum fate fate = (enum fate)voters->fates[time];
        assert_true(fate == ASKED || fate == ACKNOWLEDGED);
        logged += fate == ACKNOWLEDGED ? 1 : 0;
    }
    PQclear(result);
    for (unsigned i = 0; i < TIMES_MAX; i++) {
        acknowledged += voters->fates[i] == ACKNOWLEDGED ? 1 : 0;
    }
    assert_int_equal(logged, acknowledged);
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
    check_tables(directory);
    check_fates(voters);
    free(voters);
}
