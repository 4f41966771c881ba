/* The order in which a batch is written: that of its keys, and of the batch where they are equal.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rating/repository/lmdb_rating_private.h"
#include "support/cmocka_test.h"

enum { NAME_BYTES = 48 };

struct names {
    char user[NAME_BYTES];
    char record[NAME_BYTES];
    char event[NAME_BYTES];
};

/* Keys of several lengths, many alike in their first bytes, some there more than once; with bytes
 * over 127, which sort last. */
static void draw_names(size_t index, size_t spread, struct names *names)
{
    static const char *const users[] = {"u", "a-much-longer-user-", "a-much-longer-", "\xc3\xbc-"};
    static const char *const records[] = {"tt000000", "", "tt", "tt00000000000"};
    size_t drawn = index * 7919 % 10007 % spread;
    (void)snprintf(names->event, sizeof(names->event), "event-%zu", drawn % 97);
    (void)snprintf(names->user, sizeof(names->user), "%s%zu", users[drawn % 4], drawn / 4);
    (void)snprintf(names->record, sizeof(names->record), "%s%zu", records[drawn / 4 % 4],
                   drawn / 16);
}

static struct lmdb_rating_job *make_job(size_t count, size_t spread)
{
    struct rating_change *changes = calloc(count, sizeof(*changes));
    struct names *names = calloc(count, sizeof(*names));
    assert_true(changes != NULL && names != NULL);
    for (size_t i = 0; i < count; i++) {
        draw_names(i, spread, &names[i]);
        changes[i] = (struct rating_change){
            .key = {.record = {RECORD_TYPE_MOVIE, text_of(names[i].record)},
                    .user = text_of(names[i].user)},
            .event_id = text_of(names[i].event),
        };
    }
    const struct rating_batch batch = {.changes = changes, .change_count = count};
    struct lmdb_rating_job *job = lmdb_rating_job_create(&batch);
    assert_non_null(job);
    free(changes);
    free(names);
    return job;
}

static void check_sorted(size_t count, size_t spread, enum lmdb_rating_sorting by)
{
    struct lmdb_rating_job *job = make_job(count, spread);
    bool *seen = calloc(count, sizeof(*seen));
    assert_non_null(seen);
    for (size_t i = 0; i < count; i++) {
        job->votes[i] = (struct lmdb_rating_order){.entry = (uint32_t)i};
    }
    lmdb_rating_job_sort(job, job->votes, job->user_votes, count, by);
    for (size_t i = 0; i < count; i++) {
        assert_false(seen[job->votes[i].entry]); /* each is there */
        seen[job->votes[i].entry] = true;
        if (i > 0) {
            int order = text_compare(lmdb_rating_job_key(job, &job->votes[i - 1], by),
                                     lmdb_rating_job_key(job, &job->votes[i], by));
            assert_true(order < 0 || (order == 0 && job->votes[i - 1].entry < job->votes[i].entry));
        }
    }
    free(seen);
    job->job.release(&job->job);
}

static void test_keys_are_sorted(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 15, 16, 17, 18, 200, 511, 512, 513, 5000, 20000};
    static const size_t spreads[] = {1, 7, 300, 10007};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        for (size_t at = 0; at < ARRAY_LENGTH(spreads); at++) {
            check_sorted(counts[i], spreads[at], LMDB_RATING_BY_VOTE);
            check_sorted(counts[i], spreads[at], LMDB_RATING_BY_USER);
            check_sorted(counts[i], spreads[at], LMDB_RATING_BY_EVENT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_are_sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
