#include "marquee/rebuild_lmdb_states.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "marquee/snapshot_walk.h"

enum {
    OWNER_ONLY = 0600,
    KEY_BYTES_MAX =
        1 + RATING_RECORD_BYTES_MAX + 1 + RATING_PROVIDER_BYTES_MAX + 1 + RATING_USER_BYTES_MAX,
    BATCH = 10000, /* records of one transaction */
    PATH_BYTES_MAX = 4096,
};

/* Address space only. */
#define MAP_BYTES ((size_t)256 << 30)

struct rebuild_states {
    MDB_env *env;
    MDB_dbi map;
    char directory[PATH_BYTES_MAX];
    MDB_txn *walk;
    MDB_cursor *cursor;
};

static enum status fail(struct call *call, int code)
{
    return call_fail(call, STATUS_UNAVAILABLE, "the scratch files cannot be used: %s",
                     mdb_strerror(code));
}

/* Keys: type, id, NUL, provider, NUL, user, as the stores order them. */

static char *put_text(char *at, struct text text)
{
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    return at + text.length;
}

static bool encode_key(const struct vote_key *key, char bytes[static KEY_BYTES_MAX],
                       MDB_val *ret_key)
{
    if (key->record.id.length > RATING_RECORD_BYTES_MAX ||
        key->provider.length > RATING_PROVIDER_BYTES_MAX ||
        key->user.length > RATING_USER_BYTES_MAX) {
        return false;
    }
    char *at = bytes;
    *at++ = (char)key->record.type;
    at = put_text(at, key->record.id);
    *at++ = '\0';
    at = put_text(at, key->provider);
    *at++ = '\0';
    at = put_text(at, key->user);
    *ret_key = (MDB_val){.mv_size = (size_t)(at - bytes), .mv_data = bytes};
    return true;
}

static struct vote_key decode_key(MDB_val bytes)
{
    struct text rest = text_of_bytes(bytes.mv_data, bytes.mv_size);
    struct vote_key key = {.record = {.type = (enum record_type)(unsigned char)rest.data[0]}};
    rest = text_slice(rest, 1, rest.length);
    key.record.id = text_next(&rest, '\0');
    key.provider = text_next(&rest, '\0');
    key.user = rest;
    return key;
}

static int compare_texts(struct text left, struct text right)
{
    size_t common = left.length < right.length ? left.length : right.length;
    int order = common > 0 ? memcmp(left.data, right.data, common) : 0;
    return order != 0 ? order : (left.length > right.length) - (left.length < right.length);
}

int rebuild_compare_keys(const struct vote_key *left, const struct vote_key *right)
{
    int order = (left->record.type > right->record.type) - (left->record.type < right->record.type);
    order = order != 0 ? order : compare_texts(left->record.id, right->record.id);
    order = order != 0 ? order : compare_texts(left->provider, right->provider);
    return order != 0 ? order : compare_texts(left->user, right->user);
}

/* Taking records */

static int put_record(struct rebuild_states *states, MDB_txn *txn,
                      const struct rating_change_record *record)
{
    char bytes[KEY_BYTES_MAX];
    struct rebuild_state state;
    MDB_val key;
    MDB_val value = {.mv_size = sizeof(state), .mv_data = &state};
    memset(&state, 0, sizeof(state)); /* the padding is written too */
    state.sequence = record->sequence;
    state.deleted = record->kind == RATING_RECORD_DELETE;
    state.hundredths = state.deleted ? 0 : record->vote.hundredths;
    state.time_ms = record->vote.time_ms;
    return encode_key(&record->vote.key, bytes, &key) ? mdb_put(txn, states->map, &key, &value, 0)
                                                      : EINVAL;
}

/* Of one transaction: fewer than BATCH were taken when there are no more. */
static enum status take_batch(struct rebuild_states *states, struct call *call,
                              struct snapshot_walk *walk, MDB_txn *txn, size_t *ret_count)
{
    enum status status = STATUS_OK;
    size_t count = 0;
    while (status == STATUS_OK && count < BATCH) {
        const void *entry;
        int64_t before = walk->sequence;
        status = snapshot_walk_next(walk, call, &entry);
        if (status != STATUS_OK || entry == NULL) {
            break;
        }
        const struct rating_change_record *record = entry;
        if (record->sequence != before + 1) {
            return call_fail(call, STATUS_DATA_LOSS, "the change log has a hole after %lld",
                             (long long)before);
        }
        int code = record->kind == RATING_RECORD_DEAD_LETTER ? 0 : put_record(states, txn, record);
        if (code != 0) {
            return fail(call, code);
        }
        count++;
    }
    *ret_count = count;
    return status;
}

enum status rebuild_states_take(struct rebuild_states *states, struct call *call,
                                const struct rating_repository *repository, int64_t after,
                                int64_t *ret_last)
{
    struct snapshot_walk walk = {
        .repository = repository, .kind = SNAPSHOT_WALK_CHANGES, .sequence = after};
    enum status status = STATUS_OK;
    size_t count = BATCH;
    while (status == STATUS_OK && count == BATCH) {
        MDB_txn *txn;
        int code = mdb_txn_begin(states->env, NULL, 0, &txn);
        if (code != 0) {
            status = fail(call, code);
            break;
        }
        status = take_batch(states, call, &walk, txn, &count);
        if (status != STATUS_OK) {
            mdb_txn_abort(txn);
            break;
        }
        code = mdb_txn_commit(txn);
        status = code == 0 ? STATUS_OK : fail(call, code);
    }
    if (status == STATUS_OK && walk.sequence > after) {
        *ret_last = walk.sequence;
    }
    snapshot_walk_end(&walk);
    return status;
}

/* Reading */

enum status rebuild_states_get(struct rebuild_states *states, struct call *call,
                               const struct vote_key *key, struct rebuild_state *ret_state)
{
    char bytes[KEY_BYTES_MAX];
    MDB_txn *txn;
    MDB_val sought;
    MDB_val value;
    if (!encode_key(key, bytes, &sought)) {
        return STATUS_NOT_FOUND;
    }
    int code = mdb_txn_begin(states->env, NULL, MDB_RDONLY, &txn);
    if (code != 0) {
        return fail(call, code);
    }
    code = mdb_get(txn, states->map, &sought, &value);
    if (code == 0) {
        memcpy(ret_state, value.mv_data, sizeof(*ret_state));
    }
    mdb_txn_abort(txn);
    if (code == MDB_NOTFOUND) {
        return STATUS_NOT_FOUND;
    }
    return code == 0 ? STATUS_OK : fail(call, code);
}

enum status rebuild_states_begin(struct rebuild_states *states, struct call *call)
{
    CHECK(states->walk == NULL);
    int code = mdb_txn_begin(states->env, NULL, MDB_RDONLY, &states->walk);
    if (code == 0) {
        code = mdb_cursor_open(states->walk, states->map, &states->cursor);
    }
    return code == 0 ? STATUS_OK : fail(call, code);
}

enum status rebuild_states_next(struct rebuild_states *states, struct call *call, bool *ret_found,
                                struct vote_key *ret_key, struct rebuild_state *ret_state)
{
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_get(states->cursor, &key, &value, MDB_NEXT);
    *ret_found = code == 0;
    if (code == MDB_NOTFOUND) {
        return STATUS_OK;
    }
    if (code != 0) {
        return fail(call, code);
    }
    *ret_key = decode_key(key);
    memcpy(ret_state, value.mv_data, sizeof(*ret_state));
    return STATUS_OK;
}

void rebuild_states_end(struct rebuild_states *states)
{
    if (states->walk != NULL) {
        if (states->cursor != NULL) {
            mdb_cursor_close(states->cursor);
        }
        mdb_txn_abort(states->walk);
        states->cursor = NULL;
        states->walk = NULL;
    }
}

/* Opening and closing */

static int open_environment(struct rebuild_states *states)
{
    MDB_txn *txn;
    int code = mdb_env_create(&states->env);
    code = code == 0 ? mdb_env_set_mapsize(states->env, MAP_BYTES) : code;
    /* It is lost with this process anyway. */
    code = code == 0 ? mdb_env_open(states->env, states->directory,
                                    MDB_NOSYNC | MDB_NOTLS | MDB_NORDAHEAD, OWNER_ONLY)
                     : code;
    code = code == 0 ? mdb_txn_begin(states->env, NULL, 0, &txn) : code;
    if (code != 0) {
        return code;
    }
    code = mdb_dbi_open(txn, NULL, 0, &states->map);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

/* The files live as long as they are open: whoever kills this process has nothing to clean. */
static void remove_names(const struct rebuild_states *states)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        char path[PATH_BYTES_MAX + 16];
        (void)snprintf(path, sizeof(path), "%s/%s", states->directory, files[i]); /* fits */
        (void)unlink(path); /* what stays is in a scratch directory */
    }
    (void)rmdir(states->directory);
}

enum status rebuild_states_open(struct call *call, struct text directory,
                                struct rebuild_states **ret_states)
{
    struct rebuild_states *states = calloc(1, sizeof(*states));
    if (states == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for scratch files");
    }
    int length = snprintf(states->directory, sizeof(states->directory), "%.*s/marquee-XXXXXX",
                          TEXT_ARGUMENTS(directory));
    if (length <= 0 || (size_t)length >= sizeof(states->directory) ||
        mkdtemp(states->directory) == NULL) {
        free(states);
        return call_fail(call, STATUS_UNAVAILABLE, "%.*s: no scratch files can be made there: %s",
                         TEXT_ARGUMENTS(directory), strerrordesc_np(errno));
    }
    int code = open_environment(states);
    remove_names(states);
    if (code != 0) {
        rebuild_states_close(states);
        return fail(call, code);
    }
    *ret_states = states;
    return STATUS_OK;
}

void rebuild_states_close(struct rebuild_states *states)
{
    if (states == NULL) {
        return;
    }
    rebuild_states_end(states);
    if (states->env != NULL) {
        mdb_env_close(states->env);
    }
    free(states);
}
