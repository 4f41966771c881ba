#include "rating/repository/rating_change_chunk.h"

#include "rating/repository/rating_key.h"
#include "support/cmocka_test.h"

enum { RECORDS = 3 };

/* A put, a dead letter and a deletion, from partition -1 of "ratings". */
static struct text encode(char bytes[static RATING_CHUNK_BYTES_MAX])
{
    static const struct vote_key vote = {.record = {RECORD_TYPE_ACTOR, TEXT_INIT("nm1")},
                                         .provider = TEXT_INIT("p"),
                                         .user = TEXT_INIT("u")};
    char key[RATING_VOTE_KEY_BYTES_MAX];
    const struct rating_chunk_head head = {
        .time_ms = INT64_MIN, .source = {TEXT("ratings"), -1}, .count = RECORDS};
    struct text vote_key = text_of_bytes(key, rating_key_encode_vote(&vote, key));
    const struct rating_chunk_record records[RECORDS] = {
        {RATING_RECORD_PUT, vote_key, 1000, -5, INT64_MAX},
        {RATING_RECORD_DEAD_LETTER, TEXT(""), 0, 0, 7},
        {RATING_RECORD_DELETE, vote_key, 0, INT64_MAX, -7},
    };
    size_t want = rating_chunk_head_bytes(&head.source);
    char *at = rating_chunk_put_head(bytes, &head);
    for (size_t i = 0; i < RECORDS; i++) {
        want += rating_chunk_record_bytes(records[i].vote_key.length);
        at = rating_chunk_put_record(at, &records[i]);
    }
    assert_int_equal(at - bytes, want);
    return text_of_bytes(bytes, want);
}

static void test_records_come_back(void **state)
{
    (void)state;
    char bytes[RATING_CHUNK_BYTES_MAX];
    struct rating_chunk_reader reader;
    struct rating_change_record records[RECORDS];
    assert_true(rating_chunk_open(encode(bytes), 41, &reader));
    assert_int_equal(reader.head.count, RECORDS);
    for (int64_t i = 0; i < RECORDS; i++) {
        assert_true(rating_chunk_next(&reader, &records[i]));
        assert_int_equal(records[i].sequence, 41 + i);
        assert_int_equal(records[i].time_ms, INT64_MIN);
        assert_true(text_equal(records[i].source.topic, TEXT("ratings")));
        assert_int_equal(records[i].source.partition, -1);
    }
    assert_int_equal(records[0].kind, RATING_RECORD_PUT);
    assert_true(text_equal(records[0].vote.key.record.id, TEXT("nm1")));
    assert_int_equal(records[0].vote.key.record.type, RECORD_TYPE_ACTOR);
    assert_true(text_equal(records[0].vote.key.provider, TEXT("p")));
    assert_true(text_equal(records[0].vote.key.user, TEXT("u")));
    assert_int_equal(records[0].vote.hundredths, 1000);
    assert_int_equal(records[0].vote.time_ms, -5);
    assert_int_equal(records[0].offset, INT64_MAX);
    assert_int_equal(records[1].kind, RATING_RECORD_DEAD_LETTER);
    assert_int_equal(records[1].offset, 7);
    assert_int_equal(records[2].kind, RATING_RECORD_DELETE);
    assert_int_equal(records[2].vote.time_ms, INT64_MAX);
    assert_int_equal(records[2].offset, -7);
}

static bool reads_whole(struct text value)
{
    struct rating_chunk_reader reader;
    struct rating_change_record record;
    bool whole = rating_chunk_open(value, 1, &reader);
    for (uint32_t i = 0; whole && i < reader.head.count; i++) {
        whole = rating_chunk_next(&reader, &record);
    }
    return whole;
}

static void test_cut_chunks_are_refused(void **state)
{
    (void)state;
    char bytes[RATING_CHUNK_BYTES_MAX];
    struct text whole = encode(bytes);
    assert_true(reads_whole(whole));
    for (size_t length = 0; length < whole.length; length++) {
        assert_false(reads_whole(text_slice(whole, 0, length)));
    }
}

static void test_wrong_bytes_are_refused(void **state)
{
    (void)state;
    /* The count; the topic's length; the first record's kind, key's length, and key. */
    static const struct {
        size_t place;
        char byte;
    } rows[] = {{8, 0}, {11, 1}, {17, 1}, {25, 0}, {25, 4}, {25, 3}, {27, 1}, {26, 0}, {50, 'x'}};
    char bytes[RATING_CHUNK_BYTES_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct text whole = encode(bytes);
        bytes[rows[i].place] = rows[i].byte;
        assert_false(reads_whole(whole));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_come_back),
        cmocka_unit_test(test_cut_chunks_are_refused),
        cmocka_unit_test(test_wrong_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
