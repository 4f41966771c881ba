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

/* Its words reach whoever starts the program. */
static enum status refuse_version(const struct lmdb_store *store, struct store_error *error,
                                  uint32_t version, uint32_t known)
{
    return store_fail(error, STATUS_FAILED_PRECONDITION,
                      version > known ? "the store was written by a newer program: start that one, "
                                        "or restore a backup that this one made"
                                      : "the store is of another kind or version",
                      "%s: its version is %u; this program knows %u", store->path,
                      (unsigned)version, (unsigned)known);
}

/* *ret_version: the version of what is there, where it is one that can be used or migrated. */
static enum status check_schema(struct lmdb_store *store, MDB_txn *txn, MDB_dbi schema,
                                const struct lmdb_store_options *options, struct store_error *error,
                                uint32_t *ret_version)
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
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "reading the schema");
    }
    uint32_t number;
    if (version.mv_size != sizeof(number)) {
        return refuse(store, error, "its version is malformed");
    }
    memcpy(&number, version.mv_data, sizeof(number));
    if (number > options->schema_version ||
        (number < options->schema_version && options->migrate == NULL)) {
        return refuse_version(store, error, number, options->schema_version);
    }
    *ret_version = number;
    return STATUS_OK;
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
 * *ret_missing: there is no schema, an older one, or a map is missing; nothing was opened. */
static enum status open_existing(struct lmdb_store *store, const struct lmdb_store_options *options,
                                 struct store_error *error, bool *ret_missing)
{
    MDB_txn *txn;
    MDB_dbi schema;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code == MDB_MAP_RESIZED) {
        code = lmdb_store_remap(store, 0);
        code = code == 0 ? mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) : code;
    }
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "beginning to read");
    }
    enum status status = STATUS_OK;
    uint32_t version = 0;
    code = mdb_dbi_open(txn, schema_map, 0, &schema);
    if (code == 0) {
        status = check_schema(store, txn, schema, options, error, &version);
        code = status == STATUS_OK ? open_maps(store, txn, options, 0) : 0;
    }
    if (status == STATUS_OK && code == 0 && version < options->schema_version) {
        code = MDB_NOTFOUND;
    }
    *ret_missing = code == MDB_NOTFOUND;
    if (status == STATUS_OK && code == 0) {
        code = mdb_txn_commit(txn); /* the maps' handles are lost by an abort */
        return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "opening the maps");
    }
    mdb_txn_abort(txn);
    if (status == STATUS_OK && !*ret_missing) {
        status = lmdb_store_fail(store, error, code, "opening the maps");
    }
    return status;
}

static int write_schema(MDB_txn *txn, MDB_dbi schema, const struct lmdb_store_options *options)
{
    MDB_val key = value_of_string("kind");
    MDB_val value = value_of_string(options->kind);
    int code = mdb_put(txn, schema, &key, &value, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) {
        return 0; /* there is one: it is checked next */
    }
    if (code == 0) {
        key = value_of_string("version");
        value = value_of(&options->schema_version, sizeof(options->schema_version));
        code = mdb_put(txn, schema, &key, &value, MDB_NOOVERWRITE);
    }
    return code;
}

/* Brings what is there to the version of the options. */
static int migrate(const struct lmdb_store *store, MDB_txn *txn, MDB_dbi schema,
                   const struct lmdb_store_options *options, uint32_t from_version)
{
    int code = options->migrate(txn, store->maps, from_version);
    if (code == 0) {
        MDB_val key = value_of_string("version");
        MDB_val value = value_of(&options->schema_version, sizeof(options->schema_version));
        code = mdb_put(txn, schema, &key, &value, 0);
    }
    return code;
}

static enum status create_missing(struct lmdb_store *store,
                                  const struct lmdb_store_options *options,
                                  struct store_error *error)
{
    MDB_txn *txn;
    MDB_dbi schema;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "beginning to write");
    }
    enum status status = STATUS_OK;
    uint32_t version = options->schema_version;
    code = mdb_dbi_open(txn, schema_map, MDB_CREATE, &schema);
    code = code == 0 ? write_schema(txn, schema, options) : code;
    if (code == 0) {
        status = check_schema(store, txn, schema, options, error, &version);
    }
    if (code == 0 && status == STATUS_OK) {
        code = open_maps(store, txn, options, MDB_CREATE);
    }
    if (code == 0 && status == STATUS_OK && version < options->schema_version) {
        code = migrate(store, txn, schema, options, version);
    }
    if (code == 0 && status == STATUS_OK) {
        code = mdb_txn_commit(txn);
        txn = NULL;
    }
    if (txn != NULL) {
        mdb_txn_abort(txn);
    }
    return code == 0 ? status : lmdb_store_fail(store, error, code, "creating the maps");
}

enum status lmdb_schema_open(struct lmdb_store *store, const struct lmdb_store_options *options,
                             struct store_error *error)
{
    bool missing = false;
    enum status status = open_existing(store, options, error, &missing);
    while (status == STATUS_OK && missing) {
        store->full = false;
        status = create_missing(store, options, error);
        missing = status != STATUS_OK && store->full && lmdb_store_grow(store);
        status = missing ? STATUS_OK : status;
    }
    store->full = false;
    return status;
}
