/* The aggregates during a batch: read once and written once a record. */
#include "rating/repository/lmdb_rating_private.h"

int lmdb_rating_aggregate_flush(struct lmdb_rating_aggregate *self)
{
    if (self->record.length == 0) {
        return 0;
    }
    if (self->value.count == 0) {
        return self->stored ? mdb_cursor_del(self->cursor, 0) : 0;
    }
    char bytes[RATING_AGGREGATE_VALUE_BYTES];
    rating_codec_encode_aggregate(&self->value, bytes);
    MDB_val key = lmdb_rating_value(self->record);
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    return mdb_cursor_put(self->cursor, &key, &value, self->stored ? MDB_CURRENT : 0);
}

static int load(struct lmdb_rating_aggregate *self, struct text record)
{
    MDB_val key = lmdb_rating_value(record);
    MDB_val value;
    int code = mdb_cursor_get(self->cursor, &key, &value, MDB_SET_KEY);
    if (code != 0 && code != MDB_NOTFOUND) {
        return code;
    }
    self->record = record;
    self->stored = code == 0;
    self->value = (struct rating_aggregate){.count = 0};
    if (self->stored && !rating_codec_decode_aggregate(lmdb_rating_text(value), &self->value)) {
        return MDB_CORRUPTED;
    }
    return 0;
}

/* A damaged store must not end the process, as taking back too much would. */
static bool can_subtract(const struct rating_aggregate *aggregate, int32_t hundredths)
{
    return aggregate->count > 0 && aggregate->histogram[rating_bin(hundredths)] > 0 &&
           aggregate->sum_hundredths >= (uint64_t)hundredths;
}

int lmdb_rating_aggregate_change(struct lmdb_rating_aggregate *self, struct text record,
                                 const struct vote_state *before, const struct vote_state *after)
{
    bool counted = vote_state_counts(before);
    bool counts = vote_state_counts(after);
    if (counted == counts && before->hundredths == after->hundredths) {
        return 0;
    }
    if (!text_equal(self->record, record)) {
        int code = lmdb_rating_aggregate_flush(self);
        code = code == 0 ? load(self, record) : code;
        if (code != 0) {
            return code;
        }
    }
    if (counted) {
        if (!can_subtract(&self->value, before->hundredths)) {
            return MDB_CORRUPTED;
        }
        rating_aggregate_subtract(&self->value, before->hundredths);
    }
    if (counts) {
        rating_aggregate_add(&self->value, after->hundredths);
    }
    return 0;
}
