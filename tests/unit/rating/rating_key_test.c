#include "rating/repository/rating_key.h"

#include "rating/repository/rating_codec.h"
#include "support/cmocka_test.h"

static struct vote_key vote_of(const char *id, const char *provider, const char *user)
{
    return (struct vote_key){.record = {RECORD_TYPE_ACTOR, text_of(id)},
                             .provider = text_of(provider),
                             .user = text_of(user)};
}

static void test_votes_sort_by_record_provider_user(void **state)
{
    (void)state;
    const struct vote_key sorted[] = {
        vote_of("a", "", "u"),       vote_of("a", "", "ux"),   vote_of("a", "p", "a"),
        vote_of("a", "pp", "a"),     vote_of("a\x01", "", ""), vote_of("ab", "", "a"),
        vote_of("\xc3\xa4", "", ""),
    };
    char last[RATING_VOTE_KEY_BYTES_MAX];
    size_t last_length = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(sorted); i++) {
        char key[RATING_VOTE_KEY_BYTES_MAX];
        size_t length = rating_key_encode_vote(&sorted[i], key);
        assert_int_equal(length, rating_key_vote_bytes(&sorted[i]));
        assert_true(text_compare(text_of_bytes(last, last_length), text_of_bytes(key, length)) < 0);
        memcpy(last, key, length);
        last_length = length;
    }
}

static void test_users_votes_come_back(void **state)
{
    (void)state;
    const struct vote_key votes[] = {vote_of("a", "", "u"), vote_of("a", "p", "user"),
                                     vote_of("", "", "")};
    for (size_t i = 0; i < ARRAY_LENGTH(votes); i++) {
        char bytes[RATING_VOTE_KEY_BYTES_MAX];
        struct vote_key got;
        size_t length = rating_key_encode_user_vote(&votes[i], bytes);
        assert_true(rating_key_decode_user_vote(text_of_bytes(bytes, length), &got));
        assert_int_equal(got.record.type, RECORD_TYPE_ACTOR);
        assert_true(text_equal(got.record.id, votes[i].record.id));
        assert_true(text_equal(got.provider, votes[i].provider));
        assert_true(text_equal(got.user, votes[i].user));
    }
}

static void test_malformed_keys_are_refused(void **state)
{
    (void)state;
    static const struct text malformed[] = {TEXT_INIT(""), TEXT_INIT("user"), TEXT_INIT("user\0"),
                                            TEXT_INIT("user\0\1"), TEXT_INIT("user\0\1id")};
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        struct vote_key vote;
        struct rating_dead_letter_key letter;
        assert_false(rating_key_decode_user_vote(malformed[i], &vote));
        assert_false(rating_key_decode_dead_letter(malformed[i], &letter));
    }
}

static void test_dead_letters_sort_by_number(void **state)
{
    (void)state;
    static const struct rating_dead_letter_key sorted[] = {
        {TEXT_INIT("t"), INT32_MIN, 0}, {TEXT_INIT("t"), -1, INT64_MAX}, {TEXT_INIT("t"), 0, -1},
        {TEXT_INIT("t"), 0, 255},       {TEXT_INIT("t"), 0, 256},        {TEXT_INIT("t"), 1, 0},
        {TEXT_INIT("t"), INT32_MAX, 0}, {TEXT_INIT("tt"), -5, 0},
    };
    char last[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    size_t last_length = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(sorted); i++) {
        char key[RATING_DEAD_LETTER_KEY_BYTES_MAX];
        struct rating_dead_letter_key got;
        size_t length = rating_key_encode_dead_letter(&sorted[i], key);
        assert_true(text_compare(text_of_bytes(last, last_length), text_of_bytes(key, length)) < 0);
        assert_true(rating_key_decode_dead_letter(text_of_bytes(key, length), &got));
        assert_int_equal(got.partition, sorted[i].partition);
        assert_int_equal(got.offset, sorted[i].offset);
        assert_true(text_equal(got.topic, sorted[i].topic));
        memcpy(last, key, length);
        last_length = length;
    }
}

/* Kind, time, key: what is due first comes first. */
static void test_expiries_sort_by_time(void **state)
{
    (void)state;
    static const struct rating_expiry sorted[] = {
        {RATING_EXPIRY_EVENT, INT64_MIN, TEXT_INIT("b")},
        {RATING_EXPIRY_EVENT, -1, TEXT_INIT("a")},
        {RATING_EXPIRY_EVENT, 255, TEXT_INIT("")},
        {RATING_EXPIRY_EVENT, 256, TEXT_INIT("a")},
        {RATING_EXPIRY_EVENT, 256, TEXT_INIT("a\0b")},
        {RATING_EXPIRY_TOMBSTONE, 0, TEXT_INIT("a")},
    };
    char last[RATING_EXPIRY_KEY_BYTES_MAX];
    size_t last_length = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(sorted); i++) {
        char key[RATING_EXPIRY_KEY_BYTES_MAX];
        struct rating_expiry got;
        size_t length = rating_key_encode_expiry(&sorted[i], key);
        assert_true(text_compare(text_of_bytes(last, last_length), text_of_bytes(key, length)) < 0);
        assert_true(rating_key_decode_expiry(text_of_bytes(key, length), &got));
        assert_int_equal(got.kind, sorted[i].kind);
        assert_int_equal(got.taken_ms, sorted[i].taken_ms);
        assert_true(text_equal(got.key, sorted[i].key));
        memcpy(last, key, length);
        last_length = length;
    }
}

static void test_votes_and_records_come_back(void **state)
{
    (void)state;
    const struct vote_key votes[] = {vote_of("a", "", "u"), vote_of("a", "p", "user"),
                                     vote_of("", "", "")};
    for (size_t i = 0; i < ARRAY_LENGTH(votes); i++) {
        char bytes[RATING_VOTE_KEY_BYTES_MAX];
        struct vote_key got;
        struct record_key record;
        size_t length = rating_key_encode_vote(&votes[i], bytes);
        assert_true(rating_key_decode_vote(text_of_bytes(bytes, length), &got));
        assert_int_equal(got.record.type, RECORD_TYPE_ACTOR);
        assert_true(text_equal(got.record.id, votes[i].record.id));
        assert_true(text_equal(got.provider, votes[i].provider));
        assert_true(text_equal(got.user, votes[i].user));
        length = rating_key_encode_record(votes[i].record, bytes);
        assert_true(rating_key_decode_record(text_of_bytes(bytes, length), &record));
        assert_int_equal(record.type, RECORD_TYPE_ACTOR);
        assert_true(text_equal(record.id, votes[i].record.id));
    }
    static const struct text malformed[] = {TEXT_INIT(""), TEXT_INIT("\1"), TEXT_INIT("\1a"),
                                            TEXT_INIT("\1a\0"), TEXT_INIT("\1a\0p")};
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        struct vote_key got;
        assert_false(rating_key_decode_vote(malformed[i], &got));
    }
}

static void test_values_come_back(void **state)
{
    (void)state;
    const struct vote_state vote = {
        .exists = true, .deleted = true, .hundredths = 1000, .time_ms = INT64_MIN};
    struct rating_aggregate aggregate = {.count = UINT64_MAX, .sum_hundredths = 1};
    char bytes[RATING_AGGREGATE_VALUE_BYTES];
    struct vote_state got_vote;
    struct rating_aggregate got_aggregate;
    const struct rating_position position = {.next_offset = -7, .epoch = INT64_MAX};
    struct rating_position got_position;
    struct text got_owner;
    int64_t got_ms;
    aggregate.histogram[20] = UINT32_MAX;
    rating_codec_encode_vote(&vote, bytes);
    assert_true(rating_codec_decode_vote(text_of_bytes(bytes, RATING_VOTE_VALUE_BYTES), &got_vote));
    assert_true(got_vote.deleted && got_vote.hundredths == 1000 && got_vote.time_ms == INT64_MIN);
    rating_codec_encode_aggregate(&aggregate, bytes);
    assert_true(rating_codec_decode_aggregate(text_of_bytes(bytes, sizeof(bytes)), &got_aggregate));
    assert_true(got_aggregate.count == UINT64_MAX && got_aggregate.sum_hundredths == 1);
    assert_memory_equal(got_aggregate.histogram, aggregate.histogram, sizeof(aggregate.histogram));
    rating_codec_encode_position(&position, bytes);
    assert_true(rating_codec_decode_position(text_of_bytes(bytes, RATING_POSITION_VALUE_BYTES),
                                             &got_position));
    assert_int_equal(got_position.next_offset, -7);
    assert_int_equal(got_position.epoch, INT64_MAX);
    rating_codec_encode_time(INT64_MIN, bytes);
    assert_true(rating_codec_decode_time(text_of_bytes(bytes, RATING_TIME_VALUE_BYTES), &got_ms));
    assert_int_equal(got_ms, INT64_MIN);
    char lease[RATING_LEASE_VALUE_BYTES_MAX];
    size_t length = rating_codec_encode_lease(77, TEXT("owner"), lease);
    assert_true(rating_codec_decode_lease(text_of_bytes(lease, length), &got_ms, &got_owner));
    assert_int_equal(got_ms, 77);
    assert_true(text_equal(got_owner, TEXT("owner")));
}

static void test_malformed_values_are_refused(void **state)
{
    (void)state;
    char bytes[RATING_AGGREGATE_VALUE_BYTES + 1];
    struct vote_state vote;
    struct rating_aggregate aggregate;
    struct rating_dead_letter letter;
    struct rating_position position;
    struct text owner;
    int64_t time_ms;
    memset(bytes, 0xff, sizeof(bytes));
    /* The right size, but no such value. */
    assert_false(rating_codec_decode_vote(text_of_bytes(bytes, RATING_VOTE_VALUE_BYTES), &vote));
    assert_false(rating_codec_decode_vote(text_of_bytes(bytes, 11), &vote));
    assert_false(rating_codec_decode_aggregate(text_of_bytes(bytes, sizeof(bytes)), &aggregate));
    assert_false(rating_codec_decode_position(text_of_bytes(bytes, 15), &position));
    assert_false(rating_codec_decode_time(text_of_bytes(bytes, 7), &time_ms));
    assert_false(rating_codec_decode_lease(text_of_bytes(bytes, 7), &time_ms, &owner));
    /* The reason would end behind the value. */
    assert_false(rating_codec_decode_dead_letter(text_of_bytes(bytes, sizeof(bytes)), &letter));
    assert_false(rating_codec_decode_dead_letter(text_of_bytes(bytes, 11), &letter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_votes_sort_by_record_provider_user),
        cmocka_unit_test(test_users_votes_come_back),
        cmocka_unit_test(test_malformed_keys_are_refused),
        cmocka_unit_test(test_dead_letters_sort_by_number),
        cmocka_unit_test(test_expiries_sort_by_time),
        cmocka_unit_test(test_votes_and_records_come_back),
        cmocka_unit_test(test_values_come_back),
        cmocka_unit_test(test_malformed_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
