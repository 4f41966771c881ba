/* Stores of schema version 1, written here byte by byte, opened by the repository of today. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum {
    ARENA_BYTES_MAX = 1024 * 1024,
    TIMEOUT_MS = 60 * 1000,
    V1_MAP_BYTES = 64 * 1024 * 1024,
    V1_VOTE_BYTES = 12,
    V1_AGGREGATE_BYTES = 8 + 8 + 21 * 4,
};

/* Writing version 1 */

struct v1_store {
    MDB_env *env;
    MDB_txn *txn;
};

static void begin_v1(struct v1_store *store, const char *path)
{
    assert_int_equal(mdb_env_create(&store->env), 0);
    assert_int_equal(mdb_env_set_mapsize(store->env, V1_MAP_BYTES), 0);
    assert_int_equal(mdb_env_set_maxdbs(store->env, 17), 0);
    assert_int_equal(mdb_env_open(store->env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &store->txn), 0);
}

static void put(struct v1_store *store, const char *map, struct text key, struct text value)
{
    char key_bytes[512];
    char value_bytes[512];
    MDB_dbi dbi;
    assert_int_equal(mdb_dbi_open(store->txn, map, MDB_CREATE, &dbi), 0);
    assert_true(key.length <= sizeof(key_bytes) && value.length <= sizeof(value_bytes));
    memcpy(key_bytes, key.data, key.length);
    memcpy(value_bytes, value.data, value.length);
    MDB_val given = {.mv_size = key.length, .mv_data = key_bytes};
    MDB_val wanted = {.mv_size = value.length, .mv_data = value_bytes};
    assert_int_equal(mdb_put(store->txn, dbi, &given, &wanted, 0), 0);
}

static void put_schema(struct v1_store *store, uint32_t version)
{
    static const char *const maps[] = {"votes", "user_votes", "aggregates", "positions",
                                       "dead_letters"};
    MDB_dbi dbi;
    put(store, "schema", TEXT("kind"), TEXT("rating"));
    put(store, "schema", TEXT("version"), text_of_bytes(&version, sizeof(version)));
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        assert_int_equal(mdb_dbi_open(store->txn, maps[i], MDB_CREATE, &dbi), 0);
    }
}

static void commit_v1(struct v1_store *store)
{
    assert_int_equal(mdb_txn_commit(store->txn), 0);
    mdb_env_close(store->env);
}

/* 850 hundredths, or a tombstone, of time 5. */
static struct text vote_value(bool deleted, char bytes[static V1_VOTE_BYTES])
{
    memset(bytes, 0, V1_VOTE_BYTES);
    bytes[0] = deleted ? 0 : 0x52;
    bytes[1] = deleted ? 0 : 0x03;
    bytes[2] = deleted ? 1 : 0;
    bytes[4] = 5;
    return text_of_bytes(bytes, V1_VOTE_BYTES);
}

/* Two votes of 850 on the movie "m", a tombstone, a position and a dead letter. */
static void write_v1(const char *path)
{
    struct v1_store store;
    char vote[V1_VOTE_BYTES];
    char aggregate[V1_AGGREGATE_BYTES] = {2, 0, 0, 0, 0, 0, 0, 0, (char)0xa4, 0x06};
    aggregate[16 + 17 * 4] = 2;
    begin_v1(&store, path);
    put_schema(&store, 1);
    put(&store, "votes", TEXT("\1m\0\0a"), vote_value(false, vote));
    put(&store, "votes", TEXT("\1m\0p\0b"), vote_value(false, vote));
    put(&store, "votes", TEXT("\1m\0p\0c"), vote_value(true, vote));
    put(&store, "user_votes", TEXT("a\0\1m\0"), TEXT(""));
    put(&store, "user_votes", TEXT("b\0\1m\0p"), TEXT(""));
    put(&store, "aggregates", TEXT("\1m"), text_of_bytes(aggregate, sizeof(aggregate)));
    put(&store, "positions", TEXT("ratings\0\x80\0\0\3"), TEXT("\x2a\0\0\0\0\0\0\0"));
    put(&store, "dead_letters", TEXT("ratings\0\x80\0\0\3\x80\0\0\0\0\0\0\7"),
        TEXT("\1\0\0\0\0\0\0\0\3\0\0\0why{}"));
    commit_v1(&store);
}

/* Opening it */

struct scene {
    char path[SCRATCH_PATH_BYTES];
    void (*run)(struct scene *scene);
    struct lmdb_rating_repository_options options;
    struct rating_repository repository;
    struct arena arena;
    struct call call;
};

static enum status open_store(struct scene *scene)
{
    scene->options.path = text_of(scene->path);
    return lmdb_rating_repository_open(&scene->call, &scene->options, &scene->repository);
}

static void close_store(struct scene *scene)
{
    scene->repository.ops->close(scene->repository.state);
}

static void run_scene(void *argument)
{
    struct scene *scene = argument;
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    scene->run(scene);
    arena_deinit(&scene->arena);
}

static void in_scratch(void (*run)(struct scene *scene))
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    scene->run = run;
    scratch_directory_make(scene->path);
    in_fiber(run_scene, scene);
    scratch_directory_remove(scene->path);
    free(scene);
}

static void check_votes(struct scene *scene)
{
    const struct rating_repository_ops *ops = scene->repository.ops;
    void *state = scene->repository.state;
    const struct record_key record = {RECORD_TYPE_MOVIE, TEXT("m")};
    struct rating_stored_vote *votes;
    struct rating_aggregate aggregate;
    struct vote *user_votes;
    size_t count;
    assert_int_equal(ops->list_votes(state, &scene->call, NULL, 10, &votes, &count), STATUS_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(votes[i].vote.time_ms, 5);
        assert_int_equal(votes[i].deleted, i == 2);
        assert_int_equal(votes[i].vote.hundredths, i == 2 ? 0 : 850);
    }
    assert_int_equal(ops->get_aggregate(state, &scene->call, record, &aggregate), STATUS_OK);
    assert_int_equal(aggregate.count, 2);
    assert_int_equal(aggregate.sum_hundredths, 1700);
    assert_int_equal(aggregate.histogram[17], 2);
    assert_int_equal(
        ops->list_user_votes(state, &scene->call, TEXT("b"), NULL, 10, &user_votes, &count),
        STATUS_OK);
    assert_int_equal(count, 1);
}

static void check_ingestion(struct scene *scene, int64_t epoch)
{
    const struct rating_repository_ops *ops = scene->repository.ops;
    void *state = scene->repository.state;
    const struct rating_dead_letter_key key = {TEXT("ratings"), 3, 7};
    struct rating_position position;
    struct rating_dead_letter letter;
    int64_t next_offset;
    assert_int_equal(ops->get_position(state, &scene->call, TEXT("ratings"), 3, &next_offset),
                     STATUS_OK);
    assert_int_equal(next_offset, 42);
    assert_int_equal(ops->claim_position(state, &scene->call, TEXT("ratings"), 3, &position),
                     STATUS_OK);
    assert_int_equal(position.next_offset, 42);
    assert_int_equal(position.epoch, epoch);
    assert_int_equal(ops->get_dead_letter(state, &scene->call, &key, &letter), STATUS_OK);
    assert_true(text_equal(letter.reason, TEXT("why")));
    assert_true(text_equal(letter.payload, TEXT("{}")));
}

static void check_range(struct scene *scene, int64_t first, int64_t last)
{
    struct rating_change_range range;
    assert_int_equal(
        scene->repository.ops->get_change_range(scene->repository.state, &scene->call, &range),
        STATUS_OK);
    assert_int_equal(range.first, first);
    assert_int_equal(range.last, last);
}

static enum status list_changes(struct scene *scene, int64_t after, size_t *ret_count)
{
    struct rating_change_record *records;
    return scene->repository.ops->list_changes(scene->repository.state, &scene->call, after, 10,
                                               &records, ret_count);
}

static void everything_is_kept(struct scene *scene)
{
    size_t count;
    write_v1(scene->path);
    for (int64_t epoch = 1; epoch <= 2; epoch++) { /* the second time it is of this version */
        assert_int_equal(open_store(scene), STATUS_OK);
        check_votes(scene);
        check_ingestion(scene, epoch);
        check_range(scene, 2, 1);
        close_store(scene);
    }
    assert_int_equal(open_store(scene), STATUS_OK);
    /* Its votes are no records: who reads from the beginning is sent to a snapshot. */
    assert_int_equal(list_changes(scene, 0, &count), STATUS_OUT_OF_RANGE);
    assert_int_equal(list_changes(scene, 1, &count), STATUS_OK);
    assert_int_equal(count, 0);
    const struct rating_change change = {
        .key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("d")}, .hundredths = 100};
    const struct rating_batch batch = {.changes = &change, .change_count = 1};
    assert_int_equal(scene->repository.ops->apply(scene->repository.state, &scene->call, &batch),
                     STATUS_OK);
    check_range(scene, 2, 2);
    assert_int_equal(list_changes(scene, 1, &count), STATUS_OK);
    assert_int_equal(count, 1);
    close_store(scene);
}

static void old_tombstones_are_forgotten_in_time(struct scene *scene)
{
    struct rating_stored_vote *votes;
    size_t count;
    write_v1(scene->path);
    assert_int_equal(open_store(scene), STATUS_OK); /* kept since now */
    assert_int_equal(
        scene->repository.ops->expire(scene->repository.state, &scene->call, 10, &count),
        STATUS_OK);
    assert_int_equal(count, 0);
    close_store(scene);
    scene->options.retention.tombstone_retention_ms = 1;
    int64_t opened_ms = clock_wall_ms();
    while (clock_wall_ms() <= opened_ms + 1) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(open_store(scene), STATUS_OK);
    assert_int_equal(
        scene->repository.ops->expire(scene->repository.state, &scene->call, 10, &count),
        STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(scene->repository.ops->list_votes(scene->repository.state, &scene->call, NULL,
                                                       10, &votes, &count),
                     STATUS_OK);
    assert_int_equal(count, 2);
    close_store(scene);
}

/* Nothing is missing from the log of a store that had nothing. */
static void an_empty_store_begins_at_the_beginning(struct scene *scene)
{
    struct v1_store store;
    size_t count;
    begin_v1(&store, scene->path);
    put_schema(&store, 1);
    commit_v1(&store);
    assert_int_equal(open_store(scene), STATUS_OK);
    check_range(scene, 1, 0);
    assert_int_equal(list_changes(scene, 0, &count), STATUS_OK);
    close_store(scene);
}

/* What the migration writes does not fit into the file as it is. */
static void a_large_store_grows(struct scene *scene)
{
    enum { TOMBSTONES = 20000 };
    struct v1_store store;
    char vote[V1_VOTE_BYTES];
    size_t count;
    begin_v1(&store, scene->path);
    put_schema(&store, 1);
    for (unsigned i = 0; i < TOMBSTONES; i++) {
        char key[64];
        int length = snprintf(key, sizeof(key), "\1m%cp%cuser-%05u", 0, 0, i);
        put(&store, "votes", text_of_bytes(key, (size_t)length), vote_value(true, vote));
    }
    commit_v1(&store);
    scene->options.map_bytes = 64 * 1024;
    scene->options.retention.tombstone_retention_ms = 1;
    assert_int_equal(open_store(scene), STATUS_OK);
    int64_t opened_ms = clock_wall_ms();
    while (clock_wall_ms() <= opened_ms + 1) {
        assert_int_equal(fiber_sleep(&scene->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(scene->repository.ops->expire(scene->repository.state, &scene->call,
                                                   TOMBSTONES + 1, &count),
                     STATUS_OK);
    assert_int_equal(count, TOMBSTONES);
    close_store(scene);
}

static void a_newer_store_is_refused(struct scene *scene)
{
    struct v1_store store;
    begin_v1(&store, scene->path);
    put_schema(&store, 3);
    commit_v1(&store);
    assert_int_equal(open_store(scene), STATUS_FAILED_PRECONDITION);
    assert_true(text_equal(scene->call.error.message,
                           TEXT("the store was written by a newer program: start that one, or "
                                "restore a backup that this one made")));
}

/* Who only looks upgrades nothing: the next who may finds all as it was. */
static void an_older_store_can_be_refused(struct scene *scene)
{
    write_v1(scene->path);
    scene->options.refuse_older = true;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(open_store(scene), STATUS_FAILED_PRECONDITION);
        assert_true(
            text_equal(scene->call.error.message, TEXT("the store is of an older version")));
        call_clear_error(&scene->call);
    }
    scene->options.refuse_older = false;
    assert_int_equal(open_store(scene), STATUS_OK);
    check_votes(scene);
    close_store(scene);
    scene->options.refuse_older = true;
    assert_int_equal(open_store(scene), STATUS_OK);
    close_store(scene);
}

/* What cannot be migrated stays as it is. */
static void a_damaged_store_is_left_alone(struct scene *scene)
{
    struct v1_store store;
    begin_v1(&store, scene->path);
    put_schema(&store, 1);
    put(&store, "positions", TEXT("ratings\0\x80\0\0\3"), TEXT("\x2a\0\0\0\0\0\0"));
    commit_v1(&store);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(open_store(scene), STATUS_DATA_LOSS);
        call_clear_error(&scene->call);
    }
    begin_v1(&store, scene->path);
    MDB_dbi schema;
    MDB_val key = {.mv_size = 7, .mv_data = (char[]){'v', 'e', 'r', 's', 'i', 'o', 'n'}};
    MDB_val value;
    uint32_t version;
    assert_int_equal(mdb_dbi_open(store.txn, "schema", 0, &schema), 0);
    assert_int_equal(mdb_get(store.txn, schema, &key, &value), 0);
    memcpy(&version, value.mv_data, sizeof(version));
    assert_int_equal(version, 1);
    commit_v1(&store);
}

static void test_scene(void **state)
{
    void (*const *run)(struct scene * scene) = *state;
    in_scratch(*run);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(struct scene *scene);
    } scenes[] = {
        {"everything_is_kept", everything_is_kept},
        {"old_tombstones_are_forgotten_in_time", old_tombstones_are_forgotten_in_time},
        {"an_empty_store_begins_at_the_beginning", an_empty_store_begins_at_the_beginning},
        {"a_large_store_grows", a_large_store_grows},
        {"a_newer_store_is_refused", a_newer_store_is_refused},
        {"an_older_store_can_be_refused", an_older_store_can_be_refused},
        {"a_damaged_store_is_left_alone", a_damaged_store_is_left_alone},
    };
    struct CMUnitTest tests[ARRAY_LENGTH(scenes)];
    void (*runs[ARRAY_LENGTH(scenes)])(struct scene * scene);
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++) {
        runs[i] = scenes[i].run;
        tests[i] = (struct CMUnitTest){
            .name = scenes[i].name, .test_func = test_scene, .initial_state = &runs[i]};
    }
    return cmocka_run_group_tests_name("migration", tests, NULL, NULL);
}
