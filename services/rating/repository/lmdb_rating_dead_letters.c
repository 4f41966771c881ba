/* Listing the events that could not be applied. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

static enum status add_letter(struct lmdb_store *store, struct call *call, MDB_val key,
                              MDB_val value, struct rating_dead_letter *ret_letter)
{
    struct rating_dead_letter_key parts;
    struct rating_dead_letter letter;
    if (!rating_key_decode_dead_letter(lmdb_rating_text(key), &parts) ||
        !rating_codec_decode_dead_letter(lmdb_rating_text(value), &letter)) {
        return lmdb_store_fail_call(store, call, MDB_CORRUPTED, "listing dead letters");
    }
    letter.topic = parts.topic;
    letter.partition = parts.partition;
    letter.offset = parts.offset;
    return rating_page_copy_dead_letter(call, &letter, ret_letter);
}

/* Positions the cursor behind `after`, at the first when that is empty. */
static int seek(MDB_cursor *cursor, struct text after, MDB_val *key, MDB_val *value)
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

struct page {
    struct rating_dead_letter *letters;
    size_t limit;
    size_t count;
};

static enum status fill_page(struct lmdb_store *store, struct call *call, MDB_txn *txn,
                             struct text after, struct page *page)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_DEAD_LETTERS), &cursor);
    if (code != 0) {
        return lmdb_store_fail_call(store, call, code, "listing dead letters");
    }
    enum status status = STATUS_OK;
    code = seek(cursor, after, &key, &value);
    while (code == 0 && status == STATUS_OK && page->count < page->limit) {
        status = add_letter(store, call, key, value, &page->letters[page->count++]);
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (status == STATUS_OK && code != 0 && code != MDB_NOTFOUND) {
        status = lmdb_store_fail_call(store, call, code, "listing dead letters");
    }
    return status;
}

enum status lmdb_rating_list_dead_letters(void *state, struct call *call,
                                          const struct rating_dead_letter_key *after, size_t limit,
                                          struct rating_dead_letter **ret_letters,
                                          size_t *ret_count)
{
    struct lmdb_store *store = state;
    char bytes[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    enum status status = rating_key_check_topic(call, after != NULL ? after->topic : TEXT(""));
    if (status != STATUS_OK) {
        return status;
    }
    struct page page = {.limit = limit};
    page.letters = rating_page_alloc(call, limit, sizeof(*page.letters));
    if (page.letters == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct lmdb_reader *reader;
    status = lmdb_store_read_begin(store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    size_t length = after != NULL ? rating_key_encode_dead_letter(after, bytes) : 0;
    status = fill_page(store, call, reader->txn, text_of_bytes(bytes, length), &page);
    lmdb_store_read_end(store, reader);
    if (status == STATUS_OK) {
        *ret_letters = page.letters;
        *ret_count = page.count;
    }
    return status;
}
