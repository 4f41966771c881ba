/* The record of what a store holds: its kind and version, in a map of its own. */
#include <string.h>

#include "store/lmdb_store_private.h"

static const char schema_map[] = "schema";

static MDB_val value_of(const void *data, size_t size)
{
    /* LMDB's type has no const; what is put is not written to. */
    union {
        const void *given;
        void *wanted;
    } pointer = {.given = data};
    return (MDB_val){.mv_size = size, .mv_data = pointer.wanted};
}

static MDB_val value_of_string(const char *string)
{
    return value_of(string, strlen(string));
}

static enum status refuse(const struct lmdb_store *store, struct store_error *error,
                          const char *what)
{
    return store_fail(error, STATUS_FAILED_PRECONDITION, "the store is of another kind or version",
                      "%s: %s", store->path, what);
}

static enum status check_version(const struct lmdb_store *store, MDB_val version,
                                 const struct lmdb_store_options *options,
                                 struct store_error *error, uint32_t *ret_old)
{
    uint32_t number;
    if (version.mv_size != sizeof(number)) {
        return refuse(store, error, "its version is malformed");
    }
    memcpy(&number, version.mv_data, sizeof(number));
    *ret_old = 0;
    if (number < options->schema_version && options->upgrade != NULL) {
        *ret_old = number;
        return STATUS_OK;
    }
    if (number == options->schema_version) {
        return STATUS_OK;
    }
    return store_fail(error, STATUS_FAILED_PRECONDITION,
                      number > options->schema_version
                          ? "the store was written by a newer program: start that one, or restore "
                            "a backup that this one made"
                          : "the store is of an older version",
                      "%s: its version is %u, this program knows %u", store->path, (unsigned)number,
                      (unsigned)options->schema_version);
}

/* *ret_old: the older version that it is of and that is to be upgraded; 0: it is up to date. */
static enum status check_schema(struct lmdb_store *store, MDB_txn *txn, MDB_dbi schema,
                                const struct lmdb_store_options *options, struct store_error *error,
                                uint32_t *ret_old)
{
    MDB_val key = value_of_string("kind");
    MDB_val kind;
    int code = mdb_get(txn, schema, &key, &kind);
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "reading the schema");
    }
    if (!text_equal(text_of_bytes(kind.mv_data, kind.mv_size), text_of(options->kind))) {
        return refuse(store, error, "it holds something else");
    }
    MDB_val version;
    key = value_of_string("version");
    code = mdb_get(txn, schema, &key, &version);
    return code == 0 ? check_version(store, version, options, error, ret_old)
                     : lmdb_store_fail(store, error, code, "reading the schema");
}

/* flags: 0, or MDB_CREATE. MDB_NOTFOUND when a map is missing. */
static int open_maps(struct lmdb_store *store, MDB_txn *txn,
                     const struct lmdb_store_options *options, unsigned flags)
{
    for (size_t i = 0; i < options->map_count; i++) {
        int code = mdb_dbi_open(txn, options->maps[i], flags, &store->maps[i]);
        if (code != 0) {
            return code;
        }
    }
    store->map_count = options->map_count;
    return 0;
}

/* Reads only, so that a process that is stopped inside a write does not keep others from opening.
 * *ret_write: there is no schema, a map is missing, or it is of an older version: nothing was
 * opened. */
static enum status open_existing(struct lmdb_store *store, const struct lmdb_store_options *options,
                                 struct store_error *error, bool *ret_write)
{
    MDB_txn *txn;
    MDB_dbi schema;
    uint32_t old = 0;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    for (unsigned i = 0; code == MDB_MAP_RESIZED && i < LMDB_STORE_REMAPS_MAX; i++) {
        code = lmdb_store_remap(store, 0);
        code = code == 0 ? mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) : code;
    }
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "beginning to read");
    }
    enum status status = STATUS_OK;
    code = mdb_dbi_open(txn, schema_map, 0, &schema);
    if (code == 0) {
        status = check_schema(store, txn, schema, options, error, &old);
        code = status == STATUS_OK && old == 0 ? open_maps(store, txn, options, 0) : 0;
    }
    *ret_write = code == MDB_NOTFOUND || old != 0;
    if (status == STATUS_OK && code == 0 && old == 0) {
        code = mdb_txn_commit(txn); /* the maps' handles are lost by an abort */
        return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "opening the maps");
    }
    mdb_txn_abort(txn);
    if (status == STATUS_OK && !*ret_write) {
        status = lmdb_store_fail(store, error, code, "opening the maps");
    }
    return status;
}

static int put_version(MDB_txn *txn, MDB_dbi schema, const struct lmdb_store_options *options)
{
    MDB_val key = value_of_string("version");
    MDB_val value = value_of(&options->schema_version, sizeof(options->schema_version));
    return mdb_put(txn, schema, &key, &value, 0);
}

static int write_schema(MDB_txn *txn, MDB_dbi schema, const struct lmdb_store_options *options)
{
    MDB_val key = value_of_string("kind");
    MDB_val value = value_of_string(options->kind);
    int code = mdb_put(txn, schema, &key, &value, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) {
        return 0; /* there is one: it is checked next */
    }
    return code == 0 ? put_version(txn, schema, options) : code;
}

static enum status upgrade(struct lmdb_store *store, MDB_txn *txn, MDB_dbi schema,
                           const struct lmdb_store_options *options, uint32_t old,
                           struct store_error *error)
{
    enum status status = options->upgrade(store, txn, old, error);
    if (status != STATUS_OK) {
        return status;
    }
    int code = put_version(txn, schema, options);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "upgrading the schema");
}

/* In the write transaction: whoever was first has done it, or nobody has. */
static enum status write_all(struct lmdb_store *store, MDB_txn *txn,
                             const struct lmdb_store_options *options, struct store_error *error)
{
    MDB_dbi schema;
    uint32_t old = 0;
    int code = mdb_dbi_open(txn, schema_map, MDB_CREATE, &schema);
    code = code == 0 ? write_schema(txn, schema, options) : code;
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "writing the schema");
    }
    enum status status = check_schema(store, txn, schema, options, error, &old);
    if (status != STATUS_OK) {
        return status;
    }
    code = open_maps(store, txn, options, MDB_CREATE);
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "creating the maps");
    }
    return old == 0 ? STATUS_OK : upgrade(store, txn, schema, options, old, error);
}

static enum status write_once(struct lmdb_store *store, const struct lmdb_store_options *options,
                              struct store_error *error)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "beginning to write");
    }
    enum status status = write_all(store, txn, options, error);
    if (status != STATUS_OK) {
        mdb_txn_abort(txn);
        return status;
    }
    code = mdb_txn_commit(txn);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "creating the maps");
}

/* An upgrade may need more room than there is. */
static enum status write_schema_and_maps(struct lmdb_store *store,
                                         const struct lmdb_store_options *options,
                                         struct store_error *error)
{
    enum status status;
    do {
        store->full = false;
        status = write_once(store, options, error);
    } while (status != STATUS_OK && store->full && lmdb_store_grow(store));
    return status;
}

enum status lmdb_schema_open(struct lmdb_store *store, const struct lmdb_store_options *options,
                             struct store_error *error)
{
    bool must_write = false;
    enum status status = open_existing(store, options, error, &must_write);
    return status == STATUS_OK && must_write ? write_schema_and_maps(store, options, error)
                                             : status;
}
