/* Writing the change log: the records of a batch in chunks, appended. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_change_chunk.h"

static const char trimmed_mark[] = "trimmed";

int lmdb_rating_read_trimmed(MDB_txn *txn, MDB_dbi marks, int64_t *ret_trimmed)
{
    MDB_val key = lmdb_rating_value(text_of(trimmed_mark));
    MDB_val value;
    int code = mdb_get(txn, marks, &key, &value);
    if (code == MDB_NOTFOUND) {
        *ret_trimmed = 0;
        return 0;
    }
    if (code == 0 && !rating_key_decode_sequence(lmdb_rating_text(value), ret_trimmed)) {
        return MDB_CORRUPTED;
    }
    return code;
}

int lmdb_rating_write_trimmed(MDB_txn *txn, MDB_dbi marks, int64_t trimmed)
{
    char bytes[RATING_SEQUENCE_KEY_BYTES];
    MDB_val key = lmdb_rating_value(text_of(trimmed_mark));
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    rating_key_encode_sequence(trimmed, bytes);
    return mdb_put(txn, marks, &key, &value, 0);
}

/* The sequence of the newest chunk's last record. MDB_NOTFOUND: there is no chunk. */
static int read_last(MDB_cursor *changes, int64_t *ret_last)
{
    MDB_val key;
    MDB_val value;
    struct rating_chunk_reader chunk;
    int64_t first;
    int code = mdb_cursor_get(changes, &key, &value, MDB_LAST);
    if (code != 0) {
        return code;
    }
    if (!rating_key_decode_sequence(lmdb_rating_text(key), &first) ||
        !rating_chunk_open(lmdb_rating_text(value), first, &chunk)) {
        return MDB_CORRUPTED;
    }
    *ret_last = first + chunk.head.count - 1;
    return 0;
}

int lmdb_rating_last_sequence(MDB_txn *txn, MDB_dbi changes, MDB_dbi marks, int64_t *ret_last)
{
    MDB_cursor *cursor;
    int code = mdb_cursor_open(txn, changes, &cursor);
    if (code != 0) {
        return code;
    }
    code = read_last(cursor, ret_last);
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? lmdb_rating_read_trimmed(txn, marks, ret_last) : code;
}

/* Where the writing stands. Items are the batch's changes, then its dead letters. */
struct logging {
    const struct lmdb_rating_job *job;
    MDB_cursor *cursor;
    int64_t last; /* that was given */
};

static struct rating_source source_of_letter(const struct lmdb_rating_job *job,
                                             const struct lmdb_rating_letter *letter)
{
    return (struct rating_source){
        .topic = text_of_bytes(job->bytes + letter->key, letter->topic_length),
        .partition = letter->partition,
    };
}

static struct rating_source source_of(const struct lmdb_rating_job *job, size_t item)
{
    return item < job->entry_count ? job->source
                                   : source_of_letter(job, &job->letters[item - job->entry_count]);
}

static bool is_logged(const struct lmdb_rating_job *job, size_t item)
{
    return item >= job->entry_count || job->outcomes[item] == RATING_APPLIED;
}

/* A letter begins a chunk where it is from elsewhere than what comes before it. */
static bool starts_chunk(const struct lmdb_rating_job *job, size_t item)
{
    if (item < job->entry_count || item == 0) {
        return item == 0;
    }
    struct rating_source before = source_of(job, item - 1);
    struct rating_source here = source_of(job, item);
    return before.partition != here.partition || !text_equal(before.topic, here.topic);
}

static size_t record_bytes(const struct lmdb_rating_job *job, size_t item)
{
    return rating_chunk_record_bytes(item < job->entry_count ? job->entries[item].key_length : 0);
}

static struct rating_chunk_record record_of(const struct lmdb_rating_job *job, size_t item)
{
    if (item >= job->entry_count) {
        return (struct rating_chunk_record){
            .kind = RATING_RECORD_DEAD_LETTER,
            .offset = job->letters[item - job->entry_count].offset,
        };
    }
    const struct lmdb_rating_entry *entry = &job->entries[item];
    return (struct rating_chunk_record){
        .kind = entry->is_delete ? RATING_RECORD_DELETE : RATING_RECORD_PUT,
        .vote_key = text_of_bytes(job->bytes + entry->keys, entry->key_length),
        .hundredths = entry->is_delete ? 0 : entry->hundredths,
        .time_ms = entry->time_ms,
        .offset = entry->offset,
    };
}

/* The items [first, end) that share a chunk, and how large it gets. */
static size_t measure_chunk(const struct lmdb_rating_job *job, size_t first, size_t *ret_bytes,
                            uint32_t *ret_count)
{
    const struct rating_source source = source_of(job, first);
    size_t items = job->entry_count + job->letter_count;
    size_t bytes = rating_chunk_head_bytes(&source);
    uint32_t count = 0;
    size_t end = first;
    for (; end < items; end++) {
        if (!is_logged(job, end)) {
            continue;
        }
        if (count > 0 &&
            (starts_chunk(job, end) || bytes + record_bytes(job, end) > RATING_CHUNK_BYTES_MAX)) {
            break;
        }
        bytes += record_bytes(job, end);
        count++;
    }
    *ret_bytes = bytes;
    *ret_count = count;
    return end;
}

static int put_chunk(struct logging *logging, size_t first, size_t end, size_t bytes,
                     uint32_t count)
{
    const struct lmdb_rating_job *job = logging->job;
    char sequence[RATING_SEQUENCE_KEY_BYTES];
    MDB_val key = {.mv_size = sizeof(sequence), .mv_data = sequence};
    MDB_val value = {.mv_size = bytes};
    rating_key_encode_sequence(logging->last + 1, sequence);
    int code = mdb_cursor_put(logging->cursor, &key, &value, MDB_APPEND | MDB_RESERVE);
    if (code != 0) {
        return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
    }
    const struct rating_chunk_head head = {
        .time_ms = job->now_ms, .source = source_of(job, first), .count = count};
    char *at = rating_chunk_put_head(value.mv_data, &head);
    for (size_t item = first; item < end; item++) {
        if (is_logged(job, item)) {
            const struct rating_chunk_record record = record_of(job, item);
            at = rating_chunk_put_record(at, &record);
        }
    }
    CHECK((size_t)(at - (char *)value.mv_data) == bytes);
    logging->last += count;
    return 0;
}

static int put_chunks(struct logging *logging)
{
    const struct lmdb_rating_job *job = logging->job;
    size_t items = job->entry_count + job->letter_count;
    int code = 0;
    size_t end;
    for (size_t first = 0; first < items && code == 0; first = end) {
        size_t bytes;
        uint32_t count;
        while (first < items && !is_logged(job, first)) {
            first++;
        }
        end = first < items ? measure_chunk(job, first, &bytes, &count) : items;
        code = first < items ? put_chunk(logging, first, end, bytes, count) : 0;
    }
    return code;
}

int lmdb_rating_log_changes(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    struct logging logging = {.job = job};
    MDB_txn *txn = lmdb_store_write_txn(store);
    int code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_CHANGES), &logging.cursor);
    if (code != 0) {
        return code;
    }
    code = read_last(logging.cursor, &logging.last);
    if (code == MDB_NOTFOUND) {
        code =
            lmdb_rating_read_trimmed(txn, lmdb_store_map(store, LMDB_RATING_MARKS), &logging.last);
    }
    code = code == 0 ? put_chunks(&logging) : code;
    mdb_cursor_close(logging.cursor);
    job->last_sequence = logging.last;
    return code;
}
