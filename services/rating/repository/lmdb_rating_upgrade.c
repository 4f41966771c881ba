/* From schema version 1, which had no epochs, no change log and no time for tombstones. */
#include "base/clock.h"
#include "rating/repository/lmdb_rating_private.h"

enum { V1_POSITION_BYTES = 8 };

/* The offset stays; nobody has claimed the partition yet. */
static int upgrade_positions(MDB_cursor *positions)
{
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_get(positions, &key, &value, MDB_FIRST);
    while (code == 0) {
        char bytes[RATING_POSITION_VALUE_BYTES] = {0};
        char key_bytes[RATING_POSITION_KEY_BYTES_MAX];
        if (value.mv_size != V1_POSITION_BYTES || key.mv_size > sizeof(key_bytes)) {
            return MDB_CORRUPTED;
        }
        memcpy(key_bytes, key.mv_data, key.mv_size); /* its page is about to change */
        key.mv_data = key_bytes;
        memcpy(bytes, value.mv_data, V1_POSITION_BYTES); /* an epoch of zeros follows */
        value = (MDB_val){.mv_size = sizeof(bytes), .mv_data = bytes};
        code = mdb_cursor_put(positions, &key, &value, MDB_CURRENT);
        code = code == 0 ? mdb_cursor_get(positions, &key, &value, MDB_NEXT) : code;
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

/* Tombstones are kept since now. *ret_some: there are votes or tombstones. */
static int note_tombstones(MDB_cursor *votes, MDB_cursor *expiries, bool *ret_some)
{
    MDB_val key;
    MDB_val value;
    int64_t now_ms = clock_wall_ms();
    int code = mdb_cursor_get(votes, &key, &value, MDB_FIRST);
    *ret_some = code == 0;
    while (code == 0) {
        struct vote_state vote;
        if (!rating_codec_decode_vote(lmdb_rating_text(value), &vote)) {
            return MDB_CORRUPTED;
        }
        if (vote.deleted) {
            code =
                lmdb_rating_note_tombstone(expiries, lmdb_rating_text(key), vote.time_ms, now_ms);
        }
        code = code == 0 ? mdb_cursor_get(votes, &key, &value, MDB_NEXT) : code;
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

struct cursors {
    MDB_cursor *positions;
    MDB_cursor *votes;
    MDB_cursor *expiries;
};

static int open_cursors(const struct lmdb_store *store, MDB_txn *txn, struct cursors *cursors)
{
    int code =
        mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_POSITIONS), &cursors->positions);
    code = code == 0
               ? mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_VOTES), &cursors->votes)
               : code;
    return code == 0 ? mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_EXPIRIES),
                                       &cursors->expiries)
                     : code;
}

static void close_cursors(struct cursors *cursors)
{
    mdb_cursor_close(cursors->positions); /* NULL is accepted */
    mdb_cursor_close(cursors->votes);
    mdb_cursor_close(cursors->expiries);
}

static int upgrade(const struct lmdb_store *store, MDB_txn *txn)
{
    struct cursors cursors = {.votes = NULL};
    bool some = false;
    int code = open_cursors(store, txn, &cursors);
    code = code == 0 ? upgrade_positions(cursors.positions) : code;
    code = code == 0 ? note_tombstones(cursors.votes, cursors.expiries, &some) : code;
    close_cursors(&cursors);
    /* The votes that are there are no records: a reader that wants the log from its beginning must
     * be told to start from a snapshot, as if their records had been trimmed. */
    return code == 0 && some
               ? lmdb_rating_write_trimmed(txn, lmdb_store_map(store, LMDB_RATING_MARKS), 1)
               : code;
}

enum status lmdb_rating_upgrade(struct lmdb_store *store, MDB_txn *txn, uint32_t from,
                                struct store_error *error)
{
    if (from != 1) {
        return store_fail(error, STATUS_FAILED_PRECONDITION,
                          "the store is of another kind or version", "there is no version %u",
                          (unsigned)from);
    }
    int code = upgrade(store, txn);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "upgrading the votes");
}
