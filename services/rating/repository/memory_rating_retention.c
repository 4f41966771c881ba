/* What is kept for a while: event ids, tombstones and leases. */
#include "base/clock.h"
#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_retention.h"

/* value: a tombstone's time. */
static void put_expiry(struct memory_rating_repository *self, const struct rating_expiry *expiry,
                       int64_t value)
{
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_expiry(expiry, bytes));
    ordered_map_put(self->expiries, key, &value, sizeof(value));
}

bool memory_rating_take_event(struct memory_rating_repository *self,
                              const struct rating_change *change, int64_t now_ms)
{
    char bytes[RATING_EVENT_KEY_BYTES_MAX];
    struct rating_expiry expiry = {.kind = RATING_EXPIRY_EVENT};
    expiry.key = text_of_bytes(
        bytes, rating_key_encode_event(change->key.provider, change->event_id, bytes));
    const struct ordered_map_entry *entry = ordered_map_find(self->events, expiry.key);
    if (entry != NULL) {
        char old[RATING_EXPIRY_KEY_BYTES_MAX];
        expiry.taken_ms = *(const int64_t *)entry->value;
        if (now_ms - expiry.taken_ms < self->retention.event_id_window_ms) {
            return false;
        }
        ordered_map_remove(self->expiries,
                           text_of_bytes(old, rating_key_encode_expiry(&expiry, old)));
    }
    ordered_map_put(self->events, expiry.key, &now_ms, sizeof(now_ms));
    expiry.taken_ms = now_ms;
    put_expiry(self, &expiry, 0);
    return true;
}

void memory_rating_note_tombstone(struct memory_rating_repository *self, struct text key,
                                  int64_t time_ms, int64_t now_ms)
{
    const struct rating_expiry expiry = {
        .kind = RATING_EXPIRY_TOMBSTONE, .taken_ms = now_ms, .key = key};
    put_expiry(self, &expiry, time_ms);
}

/* false: a later change has taken its place. */
static bool forget_tombstone(struct memory_rating_repository *self, struct text key,
                             int64_t time_ms)
{
    struct vote_state vote = memory_rating_find_vote(self, key);
    if (!vote.deleted || vote.time_ms != time_ms) {
        return false;
    }
    ordered_map_remove(self->votes, key);
    return true;
}

/* Forgets the oldest of its kind. false: it is not due, or there is none. */
static bool forget_oldest(struct memory_rating_repository *self, enum rating_expiry_kind kind,
                          int64_t due_ms, size_t *count)
{
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    const struct rating_expiry start = {.kind = kind, .taken_ms = INT64_MIN};
    struct rating_expiry expiry;
    const struct ordered_map_entry *entry = ordered_map_seek(
        self->expiries, text_of_bytes(bytes, rating_key_encode_expiry(&start, bytes)));
    if (entry == NULL) {
        return false;
    }
    CHECK(rating_key_decode_expiry(entry->key, &expiry));
    if (expiry.kind != kind || expiry.taken_ms > due_ms) {
        return false;
    }
    if (kind == RATING_EXPIRY_EVENT) {
        ordered_map_remove(self->events, expiry.key);
        (*count)++;
    } else if (forget_tombstone(self, expiry.key, *(const int64_t *)entry->value)) {
        (*count)++;
    }
    ordered_map_remove(self->expiries,
                       text_of_bytes(bytes, rating_key_encode_expiry(&expiry, bytes)));
    return true;
}

enum status memory_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    size_t count = 0;
    int64_t now_ms = clock_wall_ms();
    pthread_mutex_lock(&self->lock);
    while (count < limit &&
           (forget_oldest(self, RATING_EXPIRY_EVENT, now_ms - self->retention.event_id_window_ms,
                          &count) ||
            forget_oldest(self, RATING_EXPIRY_TOMBSTONE,
                          now_ms - self->retention.tombstone_retention_ms, &count))) {
    }
    pthread_mutex_unlock(&self->lock);
    *ret_count = count;
    return STATUS_OK;
}

/* Leases */

static bool hold_locked(struct memory_rating_repository *self, struct text name, struct text owner,
                        int64_t ttl_ms)
{
    char value[RATING_LEASE_VALUE_BYTES_MAX];
    int64_t now_ms = clock_wall_ms();
    const struct ordered_map_entry *entry = ordered_map_find(self->leases, name);
    if (entry != NULL) {
        int64_t until_ms;
        struct text holder;
        CHECK(rating_codec_decode_lease(text_of_bytes(entry->value, entry->value_size), &until_ms,
                                        &holder));
        if (!rating_lease_is_free(holder, until_ms, owner, now_ms)) {
            return false;
        }
    }
    if (ttl_ms <= 0) {
        ordered_map_remove(self->leases, name);
        return false;
    }
    size_t length = rating_codec_encode_lease(rating_time_after(now_ms, ttl_ms), owner, value);
    ordered_map_put(self->leases, name, value, length);
    return true;
}

enum status memory_rating_hold_lease(void *state, struct call *call, struct text name,
                                     struct text owner, int64_t ttl_ms, bool *ret_held)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_lease(call, name, owner);
    if (status == STATUS_OK) {
        status = call_check(call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    *ret_held = hold_locked(self, name, owner, ttl_ms);
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}
