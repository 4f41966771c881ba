/* Looking one key up, and walking over a map for a page: in a pooled read transaction. */
#include "rating/repository/lmdb_rating_private.h"

enum status lmdb_rating_look_up(struct lmdb_store *store, struct call *call,
                                const struct lmdb_rating_lookup *lookup)
{
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val key = lmdb_rating_value(lookup->key);
    MDB_val value;
    int code = mdb_get(reader->txn, lmdb_store_map(store, lookup->map), &key, &value);
    if (code == 0 && !lookup->decode(lmdb_rating_text(value), lookup->ret_decoded)) {
        code = MDB_CORRUPTED;
    }
    lmdb_store_read_end(store, reader);
    if (code == MDB_NOTFOUND) {
        return STATUS_NOT_FOUND;
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail_call(store, call, code, lookup->what);
}

/* Moves the cursor behind `after`, to the first when that is empty. Returns LMDB's code. */
static int seek_after(MDB_cursor *cursor, struct text after, MDB_val *key, MDB_val *value)
{
    if (after.length == 0) {
        return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    }
    *key = lmdb_rating_value(after);
    int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (code == 0 && text_equal(lmdb_rating_text(*key), after)) {
        code = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    }
    return code;
}

static enum status walk_map(struct lmdb_store *store, struct call *call, MDB_cursor *cursor,
                            const struct lmdb_rating_walk *walk, size_t *ret_count)
{
    MDB_val key;
    MDB_val value;
    size_t count = 0;
    bool ok = true;
    enum status status = STATUS_OK;
    int code = walk->limit > 0 ? seek_after(cursor, walk->after, &key, &value) : MDB_NOTFOUND;
    while (code == 0 && status == STATUS_OK) {
        status = walk->take(walk->page, call, count++, lmdb_rating_text(key),
                            lmdb_rating_text(value), &ok);
        if (!ok) {
            code = MDB_CORRUPTED;
        } else {
            code =
                count < walk->limit ? mdb_cursor_get(cursor, &key, &value, MDB_NEXT) : MDB_NOTFOUND;
        }
    }
    if (code != 0 && code != MDB_NOTFOUND) {
        return lmdb_store_fail_call(store, call, code, walk->what);
    }
    if (status == STATUS_OK) {
        *ret_count = count;
    }
    return status;
}

enum status lmdb_rating_walk(struct lmdb_store *store, struct call *call,
                             const struct lmdb_rating_walk *walk, size_t *ret_count)
{
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_cursor *cursor;
    int code = mdb_cursor_open(reader->txn, lmdb_store_map(store, walk->map), &cursor);
    if (code == 0) {
        status = walk_map(store, call, cursor, walk, ret_count);
        mdb_cursor_close(cursor);
    } else {
        status = lmdb_store_fail_call(store, call, code, walk->what);
    }
    lmdb_store_read_end(store, reader);
    return status;
}
