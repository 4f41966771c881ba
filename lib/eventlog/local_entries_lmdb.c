#include <endian.h>
#include <stdio.h>

#include "base/clock.h"
#include "eventlog/local_store_lmdb_private.h"
#include "store/zlib_checksum.h"

/* As stored, in the byte order of the machine, as all of LMDB's own pages are. Those of version 1
 * ended earlier. */
struct stored_meta {
    uint32_t checksum;
    uint32_t version;
    uint32_t next_topic_id;
    uint32_t reserved;
};

struct stored_topic {
    uint32_t checksum;
    uint32_t id;
    int32_t partitions;
    uint32_t cleanup; /* from here on: version 2 */
    int64_t retention_ms;
    int64_t retention_bytes;
    int64_t tombstone_ms;
};

struct stored_bounds {
    uint32_t checksum;
    uint32_t reserved;
    int64_t begin;
    int64_t end;
    int64_t clean_end; /* from here on: version 2 */
    int64_t raw_bytes;
    int64_t clean_bytes;
};

struct stored_committed {
    uint32_t checksum;
    uint32_t epoch;
    int64_t next_offset;
    int64_t time_ms;
};

struct stored_sequence {
    uint32_t checksum;
    uint32_t reserved;
    int64_t next;
    int64_t time_ms;
};

enum { STORED_TOPIC_BYTES_1 = 12, STORED_BOUNDS_BYTES_1 = 24 };

static void put_u32(struct local_key *key, uint32_t number)
{
    uint32_t big = htobe32(number);
    memcpy(key->bytes + key->length, &big, sizeof(big));
    key->length += sizeof(big);
}

static void put_u64(struct local_key *key, uint64_t number)
{
    uint64_t big = htobe64(number);
    memcpy(key->bytes + key->length, &big, sizeof(big));
    key->length += sizeof(big);
}

static void put_text(struct local_key *key, struct text text)
{
    memcpy(key->bytes + key->length, text.data, text.length);
    key->length += text.length;
}

static struct local_key key_of(char kind)
{
    struct local_key key = {.length = 1};
    key.bytes[0] = kind;
    return key;
}

static struct local_key numbered_key(char kind, struct local_place place)
{
    struct local_key key = key_of(kind);
    put_u32(&key, place.topic_id);
    put_u32(&key, (uint32_t)place.partition);
    return key;
}

struct local_key local_key_meta(void)
{
    return key_of('m');
}

struct local_key local_key_topic(struct text topic)
{
    struct local_key key = key_of('t');
    put_text(&key, topic);
    return key;
}

struct local_key local_key_bounds(struct local_place place)
{
    return numbered_key('p', place);
}

struct local_key local_key_chunk(enum local_chunk_kind kind, struct local_place place,
                                 int64_t last_offset)
{
    struct local_key key = numbered_key((char)kind, place);
    put_u64(&key, (uint64_t)last_offset);
    return key;
}

struct local_key local_key_committed(struct local_place place, struct text group)
{
    struct local_key key = numbered_key('c', place);
    put_text(&key, group);
    return key;
}

struct local_key local_key_sequence(uint32_t topic_id, uint64_t producer_id)
{
    struct local_key key = local_key_of_topic_id('s', topic_id);
    put_u64(&key, producer_id);
    return key;
}

struct local_key local_key_of_topic_id(char kind, uint32_t topic_id)
{
    struct local_key key = key_of(kind);
    put_u32(&key, topic_id);
    return key;
}

bool local_key_starts(const MDB_val *key, const struct local_key *start)
{
    return key->mv_size >= start->length && memcmp(key->mv_data, start->bytes, start->length) == 0;
}

bool local_key_is_chunk(const MDB_val *key, enum local_chunk_kind kind, struct local_place place,
                        int64_t *ret_last_offset)
{
    struct local_key start = numbered_key((char)kind, place);
    if (key->mv_size != LOCAL_CHUNK_KEY_BYTES || !local_key_starts(key, &start)) {
        return false;
    }
    uint64_t offset;
    memcpy(&offset, (const char *)key->mv_data + LOCAL_NUMBERED_KEY_BYTES, sizeof(offset));
    *ret_last_offset = (int64_t)be64toh(offset);
    return true;
}

uint32_t local_store_checksum(const struct local_key *key, const void *stored, size_t size)
{
    uint32_t checksum = zlib_checksum(0, text_of_bytes(key->bytes, key->length));
    return zlib_checksum(
        checksum, text_of_bytes((const char *)stored + sizeof(checksum), size - sizeof(checksum)));
}

/* Copies a value of `size` bytes, or of `old_size` (then the rest is left as it is), whose first
 * four are its checksum. */
static enum status get_stored(struct local_store *store, MDB_txn *txn, struct local_key *key,
                              void *stored, size_t size, size_t old_size,
                              struct local_failure *failure)
{
    MDB_val value;
    MDB_val name = local_key_value(key);
    int result = mdb_get(txn, store->dbi, &name, &value);
    if (result == MDB_NOTFOUND) {
        return STATUS_NOT_FOUND;
    }
    if (result != 0) {
        return local_store_fail(failure, "reading", result);
    }
    bool fits = value.mv_size == size || value.mv_size == old_size;
    uint32_t checksum = 0;
    if (fits) {
        memcpy(stored, value.mv_data, value.mv_size);
        memcpy(&checksum, stored, sizeof(checksum));
    }
    if (!fits || checksum != local_store_checksum(key, stored, value.mv_size)) {
        (void)snprintf(failure->text, sizeof(failure->text), "a bad checksum in the entry '%c'",
                       key->bytes[0]);
        return STATUS_DATA_LOSS;
    }
    return STATUS_OK;
}

/* Seals the value, whose first four bytes are its checksum, and stores it. */
static enum status put_stored(struct local_store *store, MDB_txn *txn, struct local_key *key,
                              void *stored, size_t size, struct local_failure *failure)
{
    uint32_t checksum = local_store_checksum(key, stored, size);
    memcpy(stored, &checksum, sizeof(checksum));
    MDB_val name = local_key_value(key);
    MDB_val value = {.mv_size = size, .mv_data = stored};
    int result = mdb_put(txn, store->dbi, &name, &value, 0);
    return result == 0 ? STATUS_OK : local_store_fail(failure, "writing", result);
}

enum status local_store_get_meta(struct local_store *store, MDB_txn *txn,
                                 struct local_meta *ret_meta, struct local_failure *failure)
{
    struct local_key key = local_key_meta();
    struct stored_meta stored;
    enum status status =
        get_stored(store, txn, &key, &stored, sizeof(stored), sizeof(stored), failure);
    if (status == STATUS_OK) {
        *ret_meta =
            (struct local_meta){.version = stored.version, .next_topic_id = stored.next_topic_id};
    }
    return status;
}

enum status local_store_put_meta(struct local_store *store, MDB_txn *txn,
                                 const struct local_meta *meta, struct local_failure *failure)
{
    struct local_key key = local_key_meta();
    struct stored_meta stored = {.version = meta->version, .next_topic_id = meta->next_topic_id};
    return put_stored(store, txn, &key, &stored, sizeof(stored), failure);
}

enum status local_store_get_topic(struct local_store *store, MDB_txn *txn, struct text topic,
                                  struct local_topic *ret_topic, struct local_failure *failure)
{
    struct local_key key = local_key_topic(topic);
    struct stored_topic stored = {0};
    enum status status =
        get_stored(store, txn, &key, &stored, sizeof(stored), STORED_TOPIC_BYTES_1, failure);
    if (status == STATUS_OK) {
        *ret_topic = (struct local_topic){
            .id = stored.id,
            .options = {.partitions = stored.partitions,
                        .cleanup = (enum eventlog_cleanup)stored.cleanup,
                        .retention_ms = stored.retention_ms,
                        .retention_bytes = stored.retention_bytes,
                        .tombstone_ms = stored.tombstone_ms},
        };
    }
    return status;
}

enum status local_store_put_topic(struct local_store *store, MDB_txn *txn, struct text name,
                                  const struct local_topic *topic, struct local_failure *failure)
{
    struct local_key key = local_key_topic(name);
    const struct eventlog_topic_options *options = &topic->options;
    struct stored_topic stored = {.id = topic->id,
                                  .partitions = options->partitions,
                                  .cleanup = (uint32_t)options->cleanup,
                                  .retention_ms = options->retention_ms,
                                  .retention_bytes = options->retention_bytes,
                                  .tombstone_ms = options->tombstone_ms};
    return put_stored(store, txn, &key, &stored, sizeof(stored), failure);
}

enum status local_store_get_bounds(struct local_store *store, MDB_txn *txn,
                                   struct local_place place, struct local_bounds *ret_bounds,
                                   struct local_failure *failure)
{
    struct local_key key = local_key_bounds(place);
    struct stored_bounds stored = {.raw_bytes = -1};
    enum status status =
        get_stored(store, txn, &key, &stored, sizeof(stored), STORED_BOUNDS_BYTES_1, failure);
    if (status == STATUS_OK) {
        *ret_bounds = (struct local_bounds){.begin = stored.begin,
                                            .end = stored.end,
                                            .clean_end = stored.clean_end,
                                            .raw_bytes = stored.raw_bytes,
                                            .clean_bytes = stored.clean_bytes};
    } else if (status == STATUS_NOT_FOUND) {
        *ret_bounds = (struct local_bounds){0};
        status = STATUS_OK;
    }
    return status;
}

enum status local_store_put_bounds(struct local_store *store, MDB_txn *txn,
                                   struct local_place place, const struct local_bounds *bounds,
                                   struct local_failure *failure)
{
    struct local_key key = local_key_bounds(place);
    struct stored_bounds stored = {.begin = bounds->begin,
                                   .end = bounds->end,
                                   .clean_end = bounds->clean_end,
                                   .raw_bytes = bounds->raw_bytes,
                                   .clean_bytes = bounds->clean_bytes};
    return put_stored(store, txn, &key, &stored, sizeof(stored), failure);
}

enum status local_store_get_entry_committed(struct local_store *store, MDB_txn *txn,
                                            struct local_place place, struct text group,
                                            struct local_committed *ret_committed,
                                            struct local_failure *failure)
{
    struct local_key key = local_key_committed(place, group);
    struct stored_committed stored;
    enum status status =
        get_stored(store, txn, &key, &stored, sizeof(stored), sizeof(stored), failure);
    if (status == STATUS_OK) {
        *ret_committed =
            (struct local_committed){.next_offset = stored.next_offset, .epoch = stored.epoch};
    }
    return status;
}

enum status local_store_put_committed(struct local_store *store, MDB_txn *txn,
                                      struct local_place place, struct text group,
                                      const struct local_committed *committed,
                                      struct local_failure *failure)
{
    struct local_key key = local_key_committed(place, group);
    struct stored_committed stored = {.epoch = committed->epoch,
                                      .next_offset = committed->next_offset,
                                      .time_ms = clock_wall_ms()};
    return put_stored(store, txn, &key, &stored, sizeof(stored), failure);
}

enum status local_store_get_sequence(struct local_store *store, MDB_txn *txn, uint32_t topic_id,
                                     uint64_t producer_id, int64_t *ret_next, int64_t *ret_time_ms,
                                     struct local_failure *failure)
{
    struct local_key key = local_key_sequence(topic_id, producer_id);
    struct stored_sequence stored = {0};
    enum status status =
        get_stored(store, txn, &key, &stored, sizeof(stored), sizeof(stored), failure);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        *ret_next = stored.next;
        *ret_time_ms = stored.time_ms;
        return STATUS_OK;
    }
    return status;
}

enum status local_store_put_sequence(struct local_store *store, MDB_txn *txn, uint32_t topic_id,
                                     uint64_t producer_id, int64_t next,
                                     struct local_failure *failure)
{
    struct local_key key = local_key_sequence(topic_id, producer_id);
    struct stored_sequence stored = {.next = next, .time_ms = clock_wall_ms()};
    return put_stored(store, txn, &key, &stored, sizeof(stored), failure);
}

enum status local_store_sequence_time(const MDB_val *key, const MDB_val *value,
                                      int64_t *ret_time_ms, struct local_failure *failure)
{
    struct stored_sequence stored = {0};
    struct local_key name = {.length = key->mv_size};
    bool fits = value->mv_size == sizeof(stored) && key->mv_size <= sizeof(name.bytes);
    if (fits) {
        memcpy(name.bytes, key->mv_data, key->mv_size);
        memcpy(&stored, value->mv_data, sizeof(stored));
    }
    if (!fits || stored.checksum != local_store_checksum(&name, &stored, sizeof(stored))) {
        (void)snprintf(failure->text, sizeof(failure->text), "a bad checksum in the entry 's'");
        return STATUS_DATA_LOSS;
    }
    *ret_time_ms = stored.time_ms;
    return STATUS_OK;
}
