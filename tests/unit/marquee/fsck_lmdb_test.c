/* marquee fsck on stores that were damaged on purpose, through LMDB itself: each kind of damage is
 * found and said. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "marquee/command.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_key.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, TIMEOUT_MS = 20000, MAPS = 16, ARGUMENT_BYTES = 128 };

/* The store: three records, four users, one of whom has taken a vote back; an event's vote, its
 * position, and a dead letter. */

static struct rating_change put(const char *user, const char *record, int32_t hundredths)
{
    return (struct rating_change){
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(record)}, .user = text_of(user)},
        .hundredths = hundredths,
    };
}

static void apply(struct rating_repository *repository, struct call *call,
                  const struct rating_batch *batch)
{
    assert_int_equal(repository->ops->apply(repository->state, call, batch), STATUS_OK);
}

static void fill(struct rating_repository *repository, struct call *call)
{
    struct rating_change changes[] = {
        put("ann", "m1", 800), put("bob", "m1", 600), put("cid", "m1", 50), put("ann", "m2", 900),
        put("ann", "m3", 300), put("dee", "m3", 100), put("dee", "m3", 0),
    };
    changes[6].kind = RATING_DELETE;
    apply(repository, call,
          &(struct rating_batch){.changes = changes, .change_count = ARRAY_LENGTH(changes)});
    struct rating_change event = put("eve", "m2", 700);
    event.key.provider = TEXT("club");
    event.has_time = true;
    event.time_ms = 1000;
    struct rating_position position;
    assert_int_equal(
        repository->ops->claim_position(repository->state, call, TEXT("ratings"), 0, &position),
        STATUS_OK);
    position.next_offset = 2;
    const struct rating_source source = {TEXT("ratings"), 0};
    const struct rating_dead_letter letter = {.topic = TEXT("ratings"),
                                              .offset = 1,
                                              .reason = TEXT("no JSON"),
                                              .payload = TEXT("x"),
                                              .time_ms = 1};
    apply(repository, call,
          &(struct rating_batch){.changes = &event,
                                 .change_count = 1,
                                 .dead_letters = &letter,
                                 .dead_letter_count = 1,
                                 .source = &source,
                                 .position = &position});
}

static void make_store(void *argument)
{
    struct arena arena;
    struct call call;
    struct rating_repository repository;
    const struct lmdb_rating_repository_options options = {.path = text_of(argument)};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(lmdb_rating_repository_open(&call, &options, &repository), STATUS_OK);
    fill(&repository, &call);
    repository.ops->close(repository.state);
    arena_deinit(&arena);
}

/* As a service does. */
static void upgrade_store(void *argument)
{
    struct arena arena;
    struct call call;
    struct rating_repository repository;
    const struct lmdb_rating_repository_options options = {.path = text_of(argument)};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    assert_int_equal(lmdb_rating_repository_open(&call, &options, &repository), STATUS_OK);
    repository.ops->close(repository.state);
    arena_deinit(&arena);
}

/* Damage */

struct damage {
    MDB_txn *txn;
    MDB_dbi votes, users, aggregates, changes, letters, positions;
};

static MDB_val value_of(char *bytes, size_t size)
{
    return (MDB_val){.mv_size = size, .mv_data = bytes};
}

static struct vote_key key_of(const char *user, const char *record)
{
    return (struct vote_key){.record = {RECORD_TYPE_MOVIE, text_of(record)}, .user = text_of(user)};
}

static void write_aggregate(struct damage *damage, const char *record, uint64_t count, uint64_t sum,
                            unsigned bin)
{
    char key_bytes[RATING_RECORD_KEY_BYTES_MAX];
    char value_bytes[RATING_AGGREGATE_VALUE_BYTES];
    struct rating_aggregate aggregate = {.count = count, .sum_hundredths = sum};
    const struct record_key name = {RECORD_TYPE_MOVIE, text_of(record)};
    aggregate.histogram[bin] = (uint32_t)count;
    rating_codec_encode_aggregate(&aggregate, value_bytes);
    MDB_val key = value_of(key_bytes, rating_key_encode_record(name, key_bytes));
    MDB_val value = value_of(value_bytes, sizeof(value_bytes));
    assert_int_equal(mdb_put(damage->txn, damage->aggregates, &key, &value, 0), 0);
}

static void wrong_count(struct damage *damage)
{
    write_aggregate(damage, "m2", 3, 1600, 18);
}

static void wrong_bin(struct damage *damage)
{
    write_aggregate(damage, "m2", 2, 1600, 3);
}

static void extra_aggregate(struct damage *damage)
{
    write_aggregate(damage, "m0", 1, 500, 10);
    write_aggregate(damage, "m9", 1, 500, 10);
}

static void empty_aggregate(struct damage *damage)
{
    write_aggregate(damage, "m0", 0, 0, 0);
}

static void missing_aggregate(struct damage *damage)
{
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    const struct record_key name = {RECORD_TYPE_MOVIE, TEXT("m3")};
    MDB_val key = value_of(bytes, rating_key_encode_record(name, bytes));
    assert_int_equal(mdb_del(damage->txn, damage->aggregates, &key, NULL), 0);
}

static void drop_entry(struct damage *damage, const char *user, const char *record)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    const struct vote_key vote = key_of(user, record);
    MDB_val key = value_of(bytes, rating_key_encode_user_vote(&vote, bytes));
    assert_int_equal(mdb_del(damage->txn, damage->users, &key, NULL), 0);
}

static void first_not_listed(struct damage *damage)
{
    drop_entry(damage, "ann", "m1");
}

static void middle_not_listed(struct damage *damage)
{
    drop_entry(damage, "ann", "m2");
}

static void only_not_listed(struct damage *damage)
{
    drop_entry(damage, "bob", "m1");
}

static void listed_without_vote(struct damage *damage)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    const struct vote_key vote = key_of("bob", "m2");
    MDB_val key = value_of(bytes, rating_key_encode_user_vote(&vote, bytes));
    MDB_val value = value_of(bytes, 0);
    assert_int_equal(mdb_put(damage->txn, damage->users, &key, &value, 0), 0);
}

static void write_vote(struct damage *damage, const char *user, const char *record,
                       int32_t hundredths, int64_t time_ms, size_t size)
{
    char key_bytes[RATING_VOTE_KEY_BYTES_MAX];
    char value_bytes[RATING_VOTE_VALUE_BYTES];
    const struct vote_key vote = key_of(user, record);
    const struct vote_state state = {.exists = true, .hundredths = hundredths, .time_ms = time_ms};
    rating_codec_encode_vote(&state, value_bytes);
    MDB_val key = value_of(key_bytes, rating_key_encode_vote(&vote, key_bytes));
    MDB_val value = value_of(value_bytes, size);
    assert_int_equal(mdb_put(damage->txn, damage->votes, &key, &value, 0), 0);
}

static void other_time(struct damage *damage)
{
    write_vote(damage, "ann", "m1", 800, 77, RATING_VOTE_VALUE_BYTES);
}

static void vote_came_back(struct damage *damage)
{
    write_vote(damage, "dee", "m3", 100, 77, RATING_VOTE_VALUE_BYTES);
}

static void vote_malformed(struct damage *damage)
{
    write_vote(damage, "ann", "m1", 800, 77, 5);
}

static void vote_lost(struct damage *damage)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    const struct vote_key vote = key_of("cid", "m1");
    MDB_val key = value_of(bytes, rating_key_encode_vote(&vote, bytes));
    assert_int_equal(mdb_del(damage->txn, damage->votes, &key, NULL), 0);
    drop_entry(damage, "cid", "m1");
    write_aggregate(damage, "m1", 2, 1400, 16); /* and its histogram */
}

/* The first chunk, of the seven direct changes, is put off by one. */
static void hole_in_the_log(struct damage *damage)
{
    char bytes[RATING_SEQUENCE_KEY_BYTES];
    char copy[4096];
    rating_key_encode_sequence(8, bytes);
    MDB_val key = value_of(bytes, sizeof(bytes));
    MDB_val value;
    assert_int_equal(mdb_get(damage->txn, damage->changes, &key, &value), 0);
    assert_true(value.mv_size < sizeof(copy));
    memcpy(copy, value.mv_data, value.mv_size);
    value.mv_data = copy;
    assert_int_equal(mdb_del(damage->txn, damage->changes, &key, NULL), 0);
    rating_key_encode_sequence(9, bytes);
    assert_int_equal(mdb_put(damage->txn, damage->changes, &key, &value, 0), 0);
}

static void chunk_malformed(struct damage *damage)
{
    char bytes[RATING_SEQUENCE_KEY_BYTES];
    rating_key_encode_sequence(1, bytes);
    MDB_val key = value_of(bytes, sizeof(bytes));
    MDB_val value = value_of(bytes, 3);
    assert_int_equal(mdb_put(damage->txn, damage->changes, &key, &value, 0), 0);
}

static void cut_first(struct damage *damage, MDB_dbi map)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    char copy[1024];
    assert_int_equal(mdb_cursor_open(damage->txn, map, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
    memcpy(copy, key.mv_data, key.mv_size);
    key.mv_data = copy;
    value.mv_size = 3;
    mdb_cursor_close(cursor);
    char cut[3] = "";
    value.mv_data = cut;
    assert_int_equal(mdb_put(damage->txn, map, &key, &value, 0), 0);
}

static void letter_malformed(struct damage *damage)
{
    cut_first(damage, damage->letters);
}

static void position_malformed(struct damage *damage)
{
    cut_first(damage, damage->positions);
}

/* What a store of version 1 did not have. */
static void as_version_1(struct damage *damage)
{
    static const char *const newer[] = {"events", "expiries", "leases", "changes", "marks"};
    uint32_t version = 1;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key = {.mv_size = strlen("version")};
    MDB_val value = {.mv_size = sizeof(version), .mv_data = &version};
    char version_key[] = "version";
    char offset[8];
    for (size_t i = 0; i < ARRAY_LENGTH(newer); i++) {
        assert_int_equal(mdb_dbi_open(damage->txn, newer[i], 0, &dbi), 0);
        assert_int_equal(mdb_drop(damage->txn, dbi, 1), 0);
    }
    key.mv_data = version_key;
    assert_int_equal(mdb_dbi_open(damage->txn, "schema", 0, &dbi), 0);
    assert_int_equal(mdb_put(damage->txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_cursor_open(damage->txn, damage->positions, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
    char name[64];
    assert_true(key.mv_size <= sizeof(name));
    memcpy(name, key.mv_data, key.mv_size);
    memcpy(offset, value.mv_data, sizeof(offset)); /* without its epoch */
    mdb_cursor_close(cursor);
    key.mv_data = name;
    value = value_of(offset, sizeof(offset));
    assert_int_equal(mdb_put(damage->txn, damage->positions, &key, &value, 0), 0);
}

static void nothing(struct damage *damage)
{
    (void)damage;
}

static void damage_store(const char *path, void (*run)(struct damage *damage))
{
    static const char *const names[] = {"votes",   "user_votes",   "aggregates",
                                        "changes", "dead_letters", "positions"};
    struct damage damage;
    MDB_env *env;
    MDB_dbi *maps[] = {&damage.votes,   &damage.users,   &damage.aggregates,
                       &damage.changes, &damage.letters, &damage.positions};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, MAPS), 0);
    assert_int_equal(mdb_env_set_mapsize(env, (size_t)1 << 28), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &damage.txn), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        assert_int_equal(mdb_dbi_open(damage.txn, names[i], 0, maps[i]), 0);
    }
    run(&damage);
    assert_int_equal(mdb_txn_commit(damage.txn), 0);
    mdb_env_close(env);
}

/* Checking */

struct checked {
    char *output;
    size_t length;
    int status;
};

static struct checked run_command(int (*run)(const struct command_input *input), const char *path,
                                  const char *third, const char *fourth)
{
    char command[] = "command";
    char data[ARGUMENT_BYTES];
    char last[ARGUMENT_BYTES];
    char more[ARGUMENT_BYTES];
    char *environment[] = {NULL};
    struct checked checked;
    (void)snprintf(data, sizeof(data), "--data=%s", path);
    (void)snprintf(last, sizeof(last), "%s", third);
    (void)snprintf(more, sizeof(more), "%s", fourth != NULL ? fourth : "");
    char *argv[] = {command, data, last, fourth != NULL ? more : NULL, NULL};
    FILE *output = open_memstream(&checked.output, &checked.length);
    assert_non_null(output);
    checked.status = run(&(struct command_input){.argc = fourth != NULL ? 4 : 3,
                                                 .argv = argv,
                                                 .environment = environment,
                                                 .output = output,
                                                 .errors = output});
    assert_int_equal(fclose(output), 0);
    return checked;
}

static struct checked check(const char *path, const char *option)
{
    return run_command(fsck_command, path, option != NULL ? option : "--no-json", NULL);
}

static const struct {
    void (*damage)(struct damage *damage);
    const char *words[3]; /* each a part of what is said */
    int status;
    unsigned differences;
} cases[] = {
    {nothing,
     {"6 votes, 1 tombstones, 3 aggregates, 6 entries of users' lists",
      "7 votes with changes in the log, 1 dead letters, 1 positions: 0 differences"},
     0,
     0},
    {wrong_count,
     {"difference: aggregate: movie m2 has 3 votes of 1600 hundredths; counted: 2 of 1600\n"},
     1,
     1},
    {wrong_bin,
     {"movie m2 has 2 votes of 1600 hundredths; counted: 2 of 1600, in other bins\n"},
     1,
     1},
    {extra_aggregate,
     {"movie m0 has 1 votes of 500 hundredths; counted: 0 of 0\n",
      "movie m9 has 1 votes of 500 hundredths; counted: 0 of 0\n"},
     1,
     2},
    {empty_aggregate, {"movie m0 has 0 votes of 0 hundredths; counted: 0 of 0"}, 1, 1},
    {missing_aggregate, {"difference: aggregate: movie m3 has none, but 1 votes\n"}, 1, 1},
    {first_not_listed,
     {"difference: user index: movie m1 of user ann is not in the user's list\n"},
     1,
     1},
    {middle_not_listed, {"movie m2 of user ann is not in the user's list\n"}, 1, 1},
    {only_not_listed, {"movie m1 of user bob is not in the user's list\n"}, 1, 1},
    {listed_without_vote,
     {"difference: damage: the votes of user bob: the store is damaged"},
     1,
     0},
    {other_time,
     {"difference: vote: movie m1 of user ann is 800 hundredths at 77; the change log"},
     1,
     1},
    {vote_came_back,
     {"difference: vote: movie m3 of user dee stands, but the change log has none\n",
      "difference: user index: movie m3 of user dee is not in the user's list\n",
      "difference: aggregate: movie m3 has 1 votes of 300 hundredths; counted: 2 of 400\n"},
     1,
     3},
    {vote_malformed, {"difference: damage: votes and aggregates: the store is damaged"}, 1, 0},
    {vote_lost,
     {"difference: vote: movie m1 of user cid is missing; the change log has 50 hundredths at",
      "difference: aggregate: movie m1 has 2 votes of 1400 hundredths; counted: 2 of 1400, in "},
     1,
     2},
    {hole_in_the_log, {"difference: damage: change log: "}, 1, 1},
    {chunk_malformed, {"difference: damage: change log: the store is damaged"}, 1, 0},
    {letter_malformed, {"difference: damage: dead letters: the store is damaged"}, 1, 1},
    {position_malformed, {"difference: damage: positions: the store is damaged"}, 1, 1},
};

static void test_finds_each_kind_of_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char path[SCRATCH_PATH_BYTES];
        char count[ARGUMENT_BYTES];
        scratch_directory_make(path);
        in_fiber(make_store, path);
        damage_store(path, cases[i].damage);
        struct checked checked = check(path, NULL);
        for (size_t word = 0; word < ARRAY_LENGTH(cases[i].words); word++) {
            const char *words = cases[i].words[word];
            if (words != NULL && strstr(checked.output, words) == NULL) {
                fail_msg("case %zu: no \"%s\" in:\n%s", i, words, checked.output);
            }
        }
        (void)snprintf(count, sizeof(count), ": %u differences\n", cases[i].differences);
        if (cases[i].differences > 0 && strstr(checked.output, count) == NULL) {
            fail_msg("case %zu: not %u differences:\n%s", i, cases[i].differences, checked.output);
        }
        assert_int_equal(checked.status, cases[i].status);
        free(checked.output);
        scratch_directory_remove(path);
    }
}

static void test_says_it_in_json(void **state)
{
    char path[SCRATCH_PATH_BYTES];
    (void)state;
    scratch_directory_make(path);
    in_fiber(make_store, path);
    damage_store(path, missing_aggregate);
    struct checked checked = check(path, "--json");
    assert_string_equal(
        checked.output,
        "{\"difference\":\"aggregate\",\"words\":\"movie m3 has none, but 1 votes\"}\n"
        "{\"votes\":6,\"tombstones\":1,\"aggregates\":2,\"userEntries\":6,\"changedVotes\":7,"
        "\"deadLetters\":1,\"positions\":1,\"differences\":1,\"unsettled\":0}\n");
    assert_int_equal(checked.status, COMMAND_FAILED);
    free(checked.output);
    scratch_directory_remove(path);
}

/* Replaying the log finds what is wrong with votes and aggregates, too. */
static void test_rebuild_finds_damage(void **state)
{
    static const struct {
        void (*damage)(struct damage *damage);
        const char *words;
        int status;
    } rebuilds[] = {
        {nothing, "6 votes and 3 aggregates of 9 records of the change log: 0 differences\n", 0},
        {other_time, "difference: vote: movie m1 of user ann is 800 hundredths at 77", 1},
        {vote_came_back, "movie m3 of user dee stands, but the change log has none\n", 1},
        {vote_lost, "movie m1 of user cid is missing; the change log has 50 hundredths at", 1},
        {wrong_count, "movie m2 has 3 votes of 1600 hundredths; counted: 2 of 1600\n", 1},
        {extra_aggregate, "movie m9 has 1 votes of 500 hundredths; counted: 0 of 0\n", 1},
        {missing_aggregate, "difference: aggregate: movie m3 has none, but 1 votes\n", 1},
        {hole_in_the_log, "marquee rebuild: ", 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rebuilds); i++) {
        char path[SCRATCH_PATH_BYTES];
        scratch_directory_make(path);
        in_fiber(make_store, path);
        damage_store(path, rebuilds[i].damage);
        struct checked checked = run_command(rebuild_command, path, "ratings", NULL);
        if (strstr(checked.output, rebuilds[i].words) == NULL) {
            fail_msg("rebuild %zu: no \"%s\" in:\n%s", i, rebuilds[i].words, checked.output);
        }
        assert_int_equal(checked.status, rebuilds[i].status);
        free(checked.output);
        scratch_directory_remove(path);
    }
}

static void assert_says(struct checked checked, const char *words, int status)
{
    if (strstr(checked.output, words) == NULL) {
        fail_msg("no \"%s\" in:\n%s", words, checked.output);
    }
    assert_int_equal(checked.status, status);
    free(checked.output);
}

/* Nobody but a service upgrades it. Its votes are no records of the change log: they can be rebuilt
 * from a snapshot only. */
static void test_store_of_version_1(void **state)
{
    char root[SCRATCH_PATH_BYTES];
    char path[ARGUMENT_BYTES];
    char to[ARGUMENT_BYTES];
    char snapshot[ARGUMENT_BYTES];
    (void)state;
    scratch_directory_make(root);
    (void)snprintf(path, sizeof(path), "%s/rating", root);
    (void)snprintf(to, sizeof(to), "--to=%s/snapshot", root);
    (void)snprintf(snapshot, sizeof(snapshot), "--snapshot=%s/snapshot", root);
    in_fiber(make_store, path);
    damage_store(path, as_version_1);
    for (unsigned i = 0; i < 2; i++) {
        assert_says(check(path, NULL),
                    "marquee fsck: the store is of an older version: ", COMMAND_FAILED);
    }
    in_fiber(upgrade_store, path);
    assert_says(check(path, NULL),
                "0 votes with changes in the log, 1 dead letters, 1 positions: 0 ", COMMAND_OK);
    assert_says(run_command(rebuild_command, path, "ratings", NULL),
                "the change log begins at 2: what was before stands in a snapshot only",
                COMMAND_FAILED);
    assert_says(run_command(snapshot_command, path, "ratings", to), "6 votes, 1 tombstones",
                COMMAND_OK);
    assert_says(run_command(rebuild_command, path, "ratings", snapshot),
                "6 votes and 3 aggregates of the snapshot and 0 records", COMMAND_OK);
    scratch_directory_remove(root);
}

static void test_no_store(void **state)
{
    (void)state;
    struct checked checked = check("/nowhere", NULL);
    assert_string_equal(checked.output, "marquee fsck: /nowhere: there is no store\n");
    assert_int_equal(checked.status, COMMAND_NOT_FOUND);
    free(checked.output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_each_kind_of_damage),
        cmocka_unit_test(test_says_it_in_json),
        cmocka_unit_test(test_rebuild_finds_damage),
        cmocka_unit_test(test_store_of_version_1),
        cmocka_unit_test(test_no_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
