#include "store_apply_bare_lmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_key.h"
#include "vote_workload.h"

struct bare_key {
    char bytes[64];
    size_t length;
};

struct bare_keys {
    struct bare_key *keys;
    size_t count;
};

void store_apply_bare_open(struct store_apply_bare *bare, const char *path)
{
    MDB_txn *txn;
    CHECK(mkdir(path, 0700) == 0);
    CHECK(mdb_env_create(&bare->env) == 0);
    CHECK(mdb_env_set_mapsize(bare->env, (size_t)16 << 30) == 0);
    CHECK(mdb_env_set_maxdbs(bare->env, 4) == 0);
    CHECK(mdb_env_open(bare->env, path, MDB_NOTLS | MDB_NORDAHEAD, 0600) == 0);
    CHECK(mdb_txn_begin(bare->env, NULL, 0, &txn) == 0);
    CHECK(mdb_dbi_open(txn, "votes", MDB_CREATE, &bare->votes) == 0);
    CHECK(mdb_dbi_open(txn, "user_votes", MDB_CREATE, &bare->user_votes) == 0);
    CHECK(mdb_dbi_open(txn, "aggregates", MDB_CREATE, &bare->aggregates) == 0);
    CHECK(mdb_dbi_open(txn, "positions", MDB_CREATE, &bare->positions) == 0);
    CHECK(mdb_txn_commit(txn) == 0);
    bare->voted = calloc((size_t)VOTE_WORKLOAD_RECORDS * VOTE_WORKLOAD_VOTERS / 8 + 1, 1);
    CHECK(bare->voted != NULL);
}

void store_apply_bare_close(struct store_apply_bare *bare)
{
    mdb_env_close(bare->env);
    free(bare->voted);
}

/* Whether the vote is the first of its user and record. */
static bool mark_voted(struct store_apply_bare *bare, const struct vote_key *vote)
{
    size_t place = vote_workload_place(vote);
    bool first = (bare->voted[place / 8] & (1U << place % 8)) == 0;
    bare->voted[place / 8] |= (unsigned char)(1U << place % 8);
    return first;
}

static struct bare_keys allocate_keys(size_t count)
{
    struct bare_keys keys = {.keys = calloc(count, sizeof(keys.keys[0]))};
    CHECK(keys.keys != NULL);
    return keys;
}

static int compare_keys(const void *left, const void *right)
{
    const struct bare_key *a = left;
    const struct bare_key *b = right;
    return text_compare(text_of_bytes(a->bytes, a->length), text_of_bytes(b->bytes, b->length));
}

/* Sorts, and drops what is there twice. */
static void sort_keys(struct bare_keys *keys)
{
    size_t kept = 0;
    qsort(keys->keys, keys->count, sizeof(keys->keys[0]), compare_keys);
    for (size_t i = 0; i < keys->count; i++) {
        if (kept == 0 || compare_keys(&keys->keys[kept - 1], &keys->keys[i]) != 0) {
            keys->keys[kept++] = keys->keys[i];
        }
    }
    keys->count = kept;
}

static void put_keys(MDB_txn *txn, MDB_dbi map, const struct bare_keys *keys, size_t value_bytes)
{
    char bytes[RATING_AGGREGATE_VALUE_BYTES] = {0};
    MDB_cursor *cursor;
    CHECK(mdb_cursor_open(txn, map, &cursor) == 0);
    for (size_t i = 0; i < keys->count; i++) {
        MDB_val key = {.mv_size = keys->keys[i].length, .mv_data = keys->keys[i].bytes};
        MDB_val value = {.mv_size = value_bytes, .mv_data = bytes};
        CHECK(mdb_cursor_put(cursor, &key, &value, 0) == 0);
    }
    mdb_cursor_close(cursor);
}

static void put_key(MDB_txn *txn, MDB_dbi map, const struct bare_key *key, size_t value_bytes)
{
    char bytes[RATING_AGGREGATE_VALUE_BYTES] = {0};
    struct bare_key copy = *key;
    MDB_val name = {.mv_size = copy.length, .mv_data = copy.bytes};
    MDB_val value = {.mv_size = value_bytes, .mv_data = bytes};
    CHECK(mdb_put(txn, map, &name, &value, 0) == 0);
}

static void put_position(struct store_apply_bare *bare, MDB_txn *txn)
{
    const struct bare_key partition = {.bytes = "ratings", .length = sizeof("ratings") - 1 + 5};
    put_key(txn, bare->positions, &partition, RATING_POSITION_VALUE_BYTES);
}

double store_apply_bare_plain_seconds(struct store_apply_bare *bare,
                                      const struct rating_change *changes, size_t count)
{
    MDB_txn *txn;
    int64_t began_ns = clock_monotonic_ns();
    CHECK(mdb_txn_begin(bare->env, NULL, 0, &txn) == 0);
    for (size_t i = 0; i < count; i++) {
        const struct vote_key *vote = &changes[i].key;
        struct bare_key key;
        key.length = rating_key_encode_vote(vote, key.bytes);
        put_key(txn, bare->votes, &key, RATING_VOTE_VALUE_BYTES);
        key.length = 1 + vote->record.id.length;
        put_key(txn, bare->aggregates, &key, RATING_AGGREGATE_VALUE_BYTES);
        if (mark_voted(bare, vote)) {
            key.length = rating_key_encode_user_vote(vote, key.bytes);
            put_key(txn, bare->user_votes, &key, 0);
        }
    }
    put_position(bare, txn);
    CHECK(mdb_txn_commit(txn) == 0);
    return (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
}

double store_apply_bare_seconds(struct store_apply_bare *bare, const struct rating_change *changes,
                                size_t count)
{
    struct bare_keys votes = allocate_keys(count);
    struct bare_keys users = allocate_keys(count);
    struct bare_keys records = allocate_keys(count);
    MDB_txn *txn;
    for (size_t i = 0; i < count; i++) {
        const struct vote_key *vote = &changes[i].key;
        struct bare_key *key = &votes.keys[votes.count++];
        key->length = rating_key_encode_vote(vote, key->bytes);
        records.keys[records.count] = *key;
        records.keys[records.count++].length = 1 + vote->record.id.length;
        if (mark_voted(bare, vote)) {
            key = &users.keys[users.count++];
            key->length = rating_key_encode_user_vote(vote, key->bytes);
        }
    }
    sort_keys(&votes);
    sort_keys(&users);
    sort_keys(&records);
    int64_t began_ns = clock_monotonic_ns();
    CHECK(mdb_txn_begin(bare->env, NULL, 0, &txn) == 0);
    put_keys(txn, bare->votes, &votes, RATING_VOTE_VALUE_BYTES);
    put_keys(txn, bare->user_votes, &users, 0);
    put_keys(txn, bare->aggregates, &records, RATING_AGGREGATE_VALUE_BYTES);
    put_position(bare, txn);
    CHECK(mdb_txn_commit(txn) == 0);
    int64_t ended_ns = clock_monotonic_ns();
    free(votes.keys);
    free(users.keys);
    free(records.keys);
    return (double)(ended_ns - began_ns) / (double)CLOCK_NS_PER_S;
}
