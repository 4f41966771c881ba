/* The events that could not be applied. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

/* Writing */

static int settle(MDB_cursor *cursor, const struct lmdb_rating_job *job)
{
    int code = 0;
    for (size_t i = 0; i < job->settled_count && code == 0; i++) {
        const struct lmdb_rating_settled *settled = &job->settled[i];
        MDB_val key = {.mv_size = settled->key_length, .mv_data = job->bytes + settled->key};
        MDB_val value;
        code = mdb_cursor_get(cursor, &key, &value, MDB_SET);
        code = code == 0 ? mdb_cursor_del(cursor, 0) : code;
        code = code == MDB_NOTFOUND ? 0 : code;
    }
    return code;
}

int lmdb_rating_apply_letters(struct lmdb_store *store, const struct lmdb_rating_job *job)
{
    if (job->letter_count == 0 && job->settled_count == 0) {
        return 0;
    }
    MDB_cursor *cursor;
    int code = mdb_cursor_open(lmdb_store_write_txn(store),
                               lmdb_store_map(store, LMDB_RATING_DEAD_LETTERS), &cursor);
    if (code != 0) {
        return code;
    }
    code = settle(cursor, job);
    for (size_t i = 0; i < job->letter_count && code == 0; i++) {
        const struct lmdb_rating_letter *letter = &job->letters[i];
        MDB_val key = {.mv_size = letter->key_length, .mv_data = job->bytes + letter->key};
        MDB_val value = {.mv_size = letter->value_length, .mv_data = job->bytes + letter->value};
        code = mdb_cursor_put(cursor, &key, &value, 0);
    }
    mdb_cursor_close(cursor);
    return code;
}

/* Reading */

static enum status take_letter(void *page, struct call *call, size_t index, struct text key,
                               struct text value, bool *ret_ok)
{
    struct rating_dead_letter *letters = page;
    struct rating_dead_letter_key parts;
    struct rating_dead_letter letter;
    *ret_ok = rating_key_decode_dead_letter(key, &parts) &&
              rating_codec_decode_dead_letter(value, &letter);
    if (!*ret_ok) {
        return STATUS_DATA_LOSS;
    }
    letter.topic = parts.topic;
    letter.partition = parts.partition;
    letter.offset = parts.offset;
    return rating_page_copy_dead_letter(call, &letter, &letters[index]);
}

enum status lmdb_rating_list_dead_letters(void *state, struct call *call,
                                          const struct rating_dead_letter_key *after, size_t limit,
                                          struct rating_dead_letter **ret_letters,
                                          size_t *ret_count)
{
    const struct lmdb_rating_repository *self = state;
    char bytes[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    enum status status = rating_key_check_topic(call, after != NULL ? after->topic : TEXT(""));
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_dead_letter *letters = rating_page_alloc(call, limit, sizeof(*letters));
    if (letters == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t length = after != NULL ? rating_key_encode_dead_letter(after, bytes) : 0;
    const struct lmdb_rating_walk walk = {
        .map = LMDB_RATING_DEAD_LETTERS,
        .after = text_of_bytes(bytes, length),
        .limit = limit,
        .what = "listing dead letters",
        .take = take_letter,
        .page = letters,
    };
    status = lmdb_rating_walk(self->store, call, &walk, ret_count);
    if (status == STATUS_OK) {
        *ret_letters = letters;
    }
    return status;
}

/* A letter that is copied while its transaction still stands. */
struct found_letter {
    struct call *call;
    enum status status; /* of the copying */
    const struct rating_dead_letter_key *key;
    struct rating_dead_letter letter;
};

static bool decode_letter(struct text value, void *ret_decoded)
{
    struct found_letter *found = ret_decoded;
    struct rating_dead_letter letter;
    if (!rating_codec_decode_dead_letter(value, &letter)) {
        return false;
    }
    letter.topic = found->key->topic;
    letter.partition = found->key->partition;
    letter.offset = found->key->offset;
    found->status = rating_page_copy_dead_letter(found->call, &letter, &found->letter);
    return true;
}

enum status lmdb_rating_get_dead_letter(void *state, struct call *call,
                                        const struct rating_dead_letter_key *key,
                                        struct rating_dead_letter *ret_letter)
{
    const struct lmdb_rating_repository *self = state;
    char bytes[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    enum status status = rating_key_check_topic(call, key->topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct found_letter found = {.call = call, .key = key};
    const struct lmdb_rating_lookup lookup = {
        .map = LMDB_RATING_DEAD_LETTERS,
        .key = text_of_bytes(bytes, rating_key_encode_dead_letter(key, bytes)),
        .what = "reading a dead letter",
        .decode = decode_letter,
        .ret_decoded = &found,
    };
    status = lmdb_rating_look_up(self->store, call, &lookup);
    status = status == STATUS_OK ? found.status : status;
    if (status == STATUS_OK) {
        *ret_letter = found.letter;
    }
    return status;
}
