#include <endian.h>

#include "review/repository/memory_review_private.h"

_Static_assert(RATING_RECORD_BYTES_MAX + 2 * RATING_USER_BYTES_MAX + 64 <=
                   MEMORY_REVIEW_KEY_BYTES_MAX,
               "every key fits");

static void add(struct memory_review_key *key, const void *bytes, size_t length)
{
    CHECK(length <= sizeof(key->bytes) - key->length);
    if (length > 0) {
        memcpy(key->bytes + key->length, bytes, length);
    }
    key->length += length;
}

static void add_type(struct memory_review_key *key, enum record_type type)
{
    const unsigned char byte = (unsigned char)type;
    add(key, &byte, sizeof(byte));
}

/* The largest first. */
static void add_number(struct memory_review_key *key, uint64_t number)
{
    const uint64_t big_endian = htobe64((uint64_t)INT64_MAX - number);
    add(key, &big_endian, sizeof(big_endian));
}

/* The newest first. */
static void add_time(struct memory_review_key *key, int64_t time_ms)
{
    add_number(key, (uint64_t)time_ms);
}

struct memory_review_key memory_review_key_of_record(struct record_key record)
{
    struct memory_review_key key = {.length = 0};
    add_type(&key, record.type);
    add(&key, record.id.data, record.id.length);
    add(&key, "", 1);
    return key;
}

struct memory_review_key memory_review_key_of_user(struct text user)
{
    struct memory_review_key key = {.length = 0};
    add(&key, user.data, user.length);
    add(&key, "", 1);
    return key;
}

struct memory_review_key memory_review_key_of(const struct review_key *wanted)
{
    struct memory_review_key key = memory_review_key_of_record(wanted->record);
    add(&key, wanted->user.data, wanted->user.length);
    return key;
}

struct memory_review_key memory_review_key_in_record(const struct review_key *wanted,
                                                     int64_t time_ms)
{
    struct memory_review_key key = memory_review_key_of_record(wanted->record);
    add_time(&key, time_ms);
    add(&key, wanted->user.data, wanted->user.length);
    return key;
}

struct memory_review_key memory_review_key_in_likes(const struct review *review)
{
    struct memory_review_key key = memory_review_key_of_record(review->key.record);
    add_number(&key, review->like_count);
    add_time(&key, review->created_ms);
    add(&key, review->key.user.data, review->key.user.length);
    return key;
}

struct memory_review_key memory_review_key_of_review_like(const struct review_key *review,
                                                          struct text user)
{
    struct memory_review_key key = memory_review_key_of(review);
    add(&key, "", 1);
    add(&key, user.data, user.length);
    return key;
}

struct memory_review_key memory_review_key_in_user(const struct review_key *wanted, int64_t time_ms)
{
    struct memory_review_key key = memory_review_key_of_user(wanted->user);
    add_time(&key, time_ms);
    add_type(&key, wanted->record.type);
    add(&key, wanted->record.id.data, wanted->record.id.length);
    return key;
}

struct like memory_review_key_read_like(struct text key, struct text user)
{
    uint64_t big_endian;
    size_t at = user.length + 1;
    memcpy(&big_endian, key.data + at, sizeof(big_endian));
    at += sizeof(big_endian);
    return (struct like){
        .key = {.record = {.type = (enum record_type)(unsigned char)key.data[at],
                           .id = text_slice(key, at + 1, key.length)},
                .user = user},
        .time_ms = (int64_t)((uint64_t)INT64_MAX - be64toh(big_endian)),
    };
}
