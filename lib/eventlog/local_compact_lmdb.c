#include <stdio.h>

#include "eventlog/local_last_offsets.h"
#include "eventlog/local_store_lmdb_private.h"
#include "eventlog/local_upkeep_lmdb.h"

enum {
    IN_BYTES_MAX = LOCAL_UPKEEP_PIECE_BYTES + LOCAL_EVENTLOG_CHUNK_BYTES_MAX + LOCAL_FRAME_BYTES_MAX
};

struct search {
    struct local_compaction *compaction;
    int64_t now_ms;
    int64_t bytes_min;
};

static bool look_at_topic(void *argument, MDB_txn *txn, struct local_store *store,
                          const struct local_topic_visit *topic)
{
    const struct search *search = argument;
    struct local_compaction *compaction = search->compaction;
    const struct eventlog_topic_options *options = &topic->topic.options;
    (void)txn;
    (void)store;
    for (int32_t p = 0; options->cleanup == EVENTLOG_CLEANUP_COMPACT && p < options->partitions;
         p++) {
        const struct local_bounds *bounds = &topic->bounds[p];
        if (bounds->raw_bytes >= search->bytes_min && bounds->raw_bytes >= bounds->clean_bytes &&
            bounds->raw_bytes > 0) {
            int64_t from = bounds->clean_end > bounds->begin ? bounds->clean_end : bounds->begin;
            *compaction = (struct local_compaction){
                .active = true,
                .phase = LOCAL_COMPACTION_LEARN,
                .place = {.topic_id = topic->topic.id, .partition = p},
                .tombstones_before_ms = search->now_ms - options->tombstone_ms,
                .at = from,
                .target = from,
            };
            return false;
        }
    }
    return true;
}

enum status local_compaction_begin(struct local_compaction *compaction, struct local_store *store,
                                   int64_t now_ms, int64_t bytes_min, struct local_failure *failure)
{
    struct search search = {.compaction = compaction, .now_ms = now_ms, .bytes_min = bytes_min};
    *compaction = (struct local_compaction){.active = false};
    enum status status = local_store_walk_topics(store, look_at_topic, &search, failure);
    if (status == STATUS_OK && compaction->active) {
        compaction->last =
            local_last_offsets_create(LOCAL_COMPACTION_KEYS_MAX, LOCAL_COMPACTION_KEY_BYTES_MAX);
        if (compaction->last == NULL) {
            (void)snprintf(failure->text, sizeof(failure->text), "no memory to compact with");
            status = STATUS_RESOURCE_EXHAUSTED;
        }
    }
    if (status != STATUS_OK) {
        compaction->active = false;
    }
    return status;
}

void local_compaction_stop(struct local_compaction *compaction)
{
    local_last_offsets_destroy(compaction->last);
    *compaction = (struct local_compaction){.active = false};
}

static enum status fail_damaged(struct local_failure *failure, int64_t offset)
{
    (void)snprintf(failure->text, sizeof(failure->text),
                   "not compacted: bad checksum of record %lld or after", (long long)offset);
    return STATUS_DATA_LOSS;
}

/* The keys of one chunk. STATUS_RESOURCE_EXHAUSTED: they do not fit. */
static enum status learn_chunk(struct local_compaction *compaction, struct text frames,
                               struct local_failure *failure)
{
    struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
    struct eventlog_record record;
    size_t bytes;
    while (frames.length > 0) {
        if (!local_frame_read(frames, compaction->place, headers, &record, &bytes)) {
            return fail_damaged(failure, compaction->at);
        }
        if (!local_last_offsets_put(compaction->last, record.key, record.offset)) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        frames = text_slice(frames, bytes, frames.length);
    }
    return STATUS_OK;
}

/* Chunk after chunk, up to a piece. A key of a chunk that does not fit does no harm: what it says
 * is right, it only is not used up to there. */
static enum status learn(struct local_compaction *compaction, struct local_store *store,
                         struct local_failure *failure)
{
    struct buffer frames;
    buffer_init(&frames, IN_BYTES_MAX);
    size_t learnt = 0;
    bool done = false;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !done && learnt < LOCAL_UPKEEP_PIECE_BYTES) {
        const struct local_read read = {
            .place = compaction->place, .from_offset = compaction->at, .count_max = 1};
        struct local_span span;
        buffer_clear(&frames);
        status = local_store_read(store, &read, &frames, &span, failure);
        if (status == STATUS_OK) {
            status = learn_chunk(compaction, buffer_text(&frames), failure);
        }
        if (status == STATUS_OK) {
            done = span.next_offset == compaction->at;
            compaction->at = span.next_offset;
            compaction->target = span.next_offset;
            learnt += frames.length;
        }
    }
    buffer_deinit(&frames);
    if (status == STATUS_RESOURCE_EXHAUSTED || (status == STATUS_OK && done)) {
        compaction->phase = LOCAL_COMPACTION_CLEAN;
        compaction->at = 0;
        status = STATUS_OK;
    }
    return status;
}

/* One piece of the log, taken out and put back compacted. */
struct piece {
    struct local_compaction *compaction;
    enum local_chunk_kind kind;
    struct buffer in; /* the frames of its chunks */
    struct buffer out;
    int64_t base; /* the piece covers offsets from here, */
    int64_t end;  /* to before this one */
    int64_t put_from;
    int64_t taken_bytes;
    int64_t put_bytes;
    bool is_last; /* nothing is behind it */
    bool is_empty;
};

/* The frames of a chunk, and the first offset that it covers. false: damaged. */
static bool open_chunk(const struct piece *piece, const MDB_val *key, const MDB_val *value,
                       struct text *ret_frames, int64_t *ret_base)
{
    *ret_frames = text_of_bytes(value->mv_data, value->mv_size);
    if (piece->kind == LOCAL_CHUNK_RAW) {
        size_t bytes;
        return local_frame_peek(*ret_frames, ret_base, &bytes);
    }
    struct local_compacted head;
    struct local_key name = {.length = key->mv_size};
    memcpy(name.bytes, key->mv_data, key->mv_size);
    if (value->mv_size < sizeof(head)) {
        return false;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    *ret_base = head.base;
    *ret_frames = text_slice(*ret_frames, sizeof(head), value->mv_size);
    return head.checksum == local_store_checksum(&name, value->mv_data, value->mv_size);
}

/* Copies chunks from `from` on into piece->in, and removes them. Each begins where the one before
 * it ends, the first of them at piece->end: over a gap nothing is compacted. */
static enum status take_chunks(struct piece *piece, MDB_cursor *cursor, int64_t from, int64_t limit,
                               struct local_failure *failure)
{
    struct local_place place = piece->compaction->place;
    struct local_key start = local_key_chunk(piece->kind, place, from);
    MDB_val key = local_key_value(&start);
    MDB_val value;
    int64_t last;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && local_key_is_chunk(&key, piece->kind, place, &last) && last < limit &&
           piece->in.length < LOCAL_UPKEEP_PIECE_BYTES) {
        struct text frames;
        int64_t base;
        if (!open_chunk(piece, &key, &value, &frames, &base) || base != piece->end) {
            return fail_damaged(failure, piece->end);
        }
        if (!buffer_append(&piece->in, frames)) {
            (void)snprintf(failure->text, sizeof(failure->text), "no memory to compact with");
            return STATUS_RESOURCE_EXHAUSTED;
        }
        piece->base = piece->is_empty ? base : piece->base;
        piece->is_empty = false;
        piece->end = last + 1;
        piece->taken_bytes += (int64_t)value.mv_size;
        result = mdb_cursor_del(cursor, 0);
        if (result == 0) {
            result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT); /* what followed it */
        }
    }
    piece->is_last = result == MDB_NOTFOUND || piece->end >= limit;
    return result == 0 || result == MDB_NOTFOUND ? STATUS_OK
                                                 : local_store_fail(failure, "compacting", result);
}

/* Stores what is in piece->out as a chunk that covers offsets up to `last`. */
static enum status put_chunk(struct piece *piece, struct local_store *store, MDB_txn *txn,
                             int64_t last, struct local_failure *failure)
{
    struct local_compacted head = {.base = piece->put_from};
    struct local_key key = local_key_chunk(LOCAL_CHUNK_COMPACTED, piece->compaction->place, last);
    MDB_val name = local_key_value(&key);
    MDB_val value = {.mv_size = sizeof(head) + piece->out.length};
    int result = mdb_put(txn, store->dbi, &name, &value, MDB_RESERVE | MDB_NOOVERWRITE);
    if (result != 0) {
        return local_store_fail(failure, "compacting", result);
    }
    memcpy(value.mv_data, &head, sizeof(head));
    if (piece->out.length > 0) {
        memcpy((char *)value.mv_data + sizeof(head), piece->out.data, piece->out.length);
    }
    head.checksum = local_store_checksum(&key, value.mv_data, value.mv_size);
    memcpy(value.mv_data, &head, sizeof(head));
    piece->put_from = last + 1;
    piece->put_bytes += (int64_t)value.mv_size;
    buffer_clear(&piece->out);
    return STATUS_OK;
}

static bool is_kept(const struct piece *piece, const struct eventlog_record *record)
{
    const struct local_compaction *compaction = piece->compaction;
    if (local_last_offsets_get(compaction->last, record->key) > record->offset) {
        return false;
    }
    /* A tombstone stays for at least one pass after its own. */
    return piece->kind == LOCAL_CHUNK_RAW || record->value.length > 0 ||
           record->time_ms >= compaction->tombstones_before_ms;
}

static enum status put_chunks(struct piece *piece, struct local_store *store, MDB_txn *txn,
                              struct local_failure *failure)
{
    struct text rest = buffer_text(&piece->in);
    struct eventlog_header headers[EVENTLOG_HEADERS_MAX];
    struct eventlog_record record;
    size_t bytes;
    enum status status = STATUS_OK;
    piece->put_from = piece->base;
    while (rest.length > 0 && status == STATUS_OK) {
        if (!local_frame_read(rest, piece->compaction->place, headers, &record, &bytes)) {
            return fail_damaged(failure, piece->put_from);
        }
        struct text frame = text_slice(rest, 0, bytes);
        rest = text_slice(rest, bytes, rest.length);
        if (!is_kept(piece, &record)) {
            continue;
        }
        if (piece->out.length > 0 &&
            piece->out.length + frame.length > LOCAL_EVENTLOG_CHUNK_BYTES_MAX) {
            status = put_chunk(piece, store, txn, record.offset - 1, failure);
        }
        if (status == STATUS_OK && !buffer_append(&piece->out, frame)) {
            (void)snprintf(failure->text, sizeof(failure->text), "no memory to compact with");
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    return status == STATUS_OK ? put_chunk(piece, store, txn, piece->end - 1, failure) : status;
}

static enum status replace(struct piece *piece, struct local_store *store, MDB_txn *txn,
                           struct local_bounds *bounds, struct local_failure *failure)
{
    bool is_raw = piece->kind == LOCAL_CHUNK_RAW;
    int64_t from = piece->compaction->at > bounds->begin ? piece->compaction->at : bounds->begin;
    if (is_raw && bounds->clean_end > from) {
        from = bounds->clean_end; /* also when another process has done a part */
    }
    piece->end = from;
    MDB_cursor *cursor;
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return local_store_fail(failure, "compacting", result);
    }
    int64_t limit = is_raw ? piece->compaction->target : bounds->clean_end;
    enum status status = take_chunks(piece, cursor, from, limit, failure);
    mdb_cursor_close(cursor);
    if (status == STATUS_OK && !piece->is_empty) {
        status = put_chunks(piece, store, txn, failure);
    }
    bounds->clean_bytes += piece->put_bytes - (is_raw ? 0 : piece->taken_bytes);
    bounds->raw_bytes -= is_raw ? piece->taken_bytes : 0;
    if (is_raw && !piece->is_empty) {
        bounds->clean_end = piece->end;
    }
    return status;
}

static enum status compact(struct local_store *store, MDB_txn *txn, void *argument,
                           struct local_failure *failure)
{
    struct piece *piece = argument;
    struct local_place place = piece->compaction->place;
    struct local_bounds bounds;
    buffer_clear(&piece->in);
    buffer_clear(&piece->out);
    piece->taken_bytes = piece->put_bytes = 0;
    piece->is_empty = true;
    enum status status = local_store_get_bounds(store, txn, place, &bounds, failure);
    if (status == STATUS_OK) {
        status = local_store_count_bytes(store, txn, place, &bounds, failure);
    }
    if (status == STATUS_OK) {
        status = replace(piece, store, txn, &bounds, failure);
    }
    return status == STATUS_OK && !piece->is_empty
               ? local_store_put_bounds(store, txn, place, &bounds, failure)
               : status;
}

static void advance(struct local_compaction *compaction, const struct piece *piece)
{
    compaction->at = piece->is_empty ? compaction->at : piece->end;
    if (!piece->is_empty && !piece->is_last) {
        return;
    }
    if (compaction->phase == LOCAL_COMPACTION_CLEAN) {
        compaction->phase = LOCAL_COMPACTION_DIRTY;
        compaction->at = 0;
    } else {
        local_compaction_stop(compaction);
    }
}

enum status local_compaction_step(struct local_compaction *compaction, struct local_store *store,
                                  struct local_failure *failure)
{
    CHECK(compaction->active);
    if (compaction->phase == LOCAL_COMPACTION_LEARN) {
        return learn(compaction, store, failure);
    }
    struct piece piece = {
        .compaction = compaction,
        .kind =
            compaction->phase == LOCAL_COMPACTION_CLEAN ? LOCAL_CHUNK_COMPACTED : LOCAL_CHUNK_RAW,
    };
    buffer_init(&piece.in, IN_BYTES_MAX);
    buffer_init(&piece.out, IN_BYTES_MAX);
    enum status status = local_store_write(store, compact, &piece, failure);
    buffer_deinit(&piece.in);
    buffer_deinit(&piece.out);
    if (status == STATUS_OK) {
        advance(compaction, &piece);
    }
    return status;
}
