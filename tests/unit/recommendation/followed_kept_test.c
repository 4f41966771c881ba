/* A model that is kept in a file for the next process. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "followed_scene.h"

enum {
    PATH_BYTES = SCRATCH_PATH_BYTES + 32,
    MANY = 200,
    AS_OF_BYTE = 8, /* of the time: the checksum alone tells that it is another */
};

static void path_of(const struct fixture *fixture, char path[static PATH_BYTES])
{
    (void)snprintf(path, PATH_BYTES, "%s/recommendations.model", fixture->directory);
}

/* With a directory, nine votes, and a model of them that was made and kept. */
static void keep_one(struct fixture *fixture)
{
    scratch_directory_make(fixture->directory);
    reopen(fixture);
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    await_rest(fixture);
    assert_int_equal(fixture->fake->listings, 1);
}

static void end(struct fixture *fixture)
{
    followed_recommendations_stop(fixture->followed);
    scratch_directory_remove(fixture->directory);
}

static void it_answers_before_the_service_can_be_asked(struct fixture *fixture)
{
    keep_one(fixture);
    reopen(fixture);
    fake_vote_feed_go_away(fixture->fake);
    start(fixture);
    await_refusals(fixture, 2);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "ronin");
    assert_true(tells(fixture, "marquee_recommendation_models_total 0"));
    /* And goes on from where it was. */
    fake_vote_feed_come_back(fixture->fake);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    assert_int_equal(ask_for(fixture, "dan"), STATUS_OK);
    assert_first(fixture, "ronin");
    assert_int_equal(fixture->fake->listings, 1);
    end(fixture);
}
FOLLOWED_TEST(it_answers_before_the_service_can_be_asked)

static void what_came_last_is_kept_at_the_end(struct fixture *fixture)
{
    keep_one(fixture);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    reopen(fixture);
    fake_vote_feed_go_away(fixture->fake);
    start(fixture);
    await_votes(fixture, 10);
    end(fixture);
}
FOLLOWED_TEST(what_came_last_is_kept_at_the_end)

/* More than the witness holds, over several processes; what is between two of them is caught up
 * with. */
static void it_goes_on_over_many_processes(struct fixture *fixture)
{
    keep_one(fixture);
    for (int i = 0; i < MANY; i++) {
        char user[FAKE_ID_BYTES];
        (void)snprintf(user, sizeof(user), "u%d", i);
        fake_vote_feed_vote(fixture->fake, user, i % 3 == 0 ? "heat" : "alien", i % 11 * 100);
        if (i % 20 == 0) {
            await_votes(fixture, 10 + (uint64_t)i);
            reopen(fixture);
            fake_vote_feed_vote(fixture->fake, "ann", "ronin", 900 + i % 40);
            start(fixture);
        }
    }
    await_votes(fixture, 9 + MANY);
    assert_int_equal(fixture->fake->listings, 1);
    end(fixture);
}
FOLLOWED_TEST(it_goes_on_over_many_processes)

static void nothing_is_written_where_nothing_has_changed(struct fixture *fixture)
{
    char path[PATH_BYTES];
    struct stat before;
    struct stat after;
    keep_one(fixture);
    path_of(fixture, path);
    reopen(fixture);
    assert_int_equal(stat(path, &before), 0);
    start(fixture);
    await_rest(fixture);
    reopen(fixture);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    assert_int_equal(fixture->fake->listings, 1);
    end(fixture);
}
FOLLOWED_TEST(nothing_is_written_where_nothing_has_changed)

/* As many changes, of other votes: a store that was emptied, or restored and gone on. */
static void other_votes_are_not_gone_on_from(struct fixture *fixture)
{
    keep_one(fixture);
    reopen(fixture);
    fake_vote_feed_init(fixture->fake);
    vote_alike(fixture, "heat", "alien");
    vote_alike(fixture, "bug", "ronin");
    start(fixture);
    await_votes(fixture, 15);
    assert_int_equal(fixture->fake->listings, 1);
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    assert_first(fixture, "alien");
    /* That one is kept in its place. */
    await_rest(fixture);
    reopen(fixture);
    start(fixture);
    await_votes(fixture, 15);
    assert_int_equal(fixture->fake->listings, 1);
    end(fixture);
}
FOLLOWED_TEST(other_votes_are_not_gone_on_from)

static void fewer_votes_are_not_gone_on_from(struct fixture *fixture)
{
    keep_one(fixture);
    reopen(fixture);
    fixture->fake->vote_count = 3;
    fixture->fake->sequence = 3;
    start(fixture);
    await_votes(fixture, 3);
    assert_int_equal(fixture->fake->listings, 2);
    end(fixture);
}
FOLLOWED_TEST(fewer_votes_are_not_gone_on_from)

static void a_log_that_was_trimmed_has_it_made_anew(struct fixture *fixture)
{
    keep_one(fixture);
    reopen(fixture);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    fake_vote_feed_forget(fixture->fake);
    start(fixture);
    await_votes(fixture, 10);
    assert_int_equal(fixture->fake->listings, 2);
    end(fixture);
}
FOLLOWED_TEST(a_log_that_was_trimmed_has_it_made_anew)

/* There is no witness before there are changes: then it is not kept, and all is as without. */
static void a_log_that_was_trimmed_before_the_list_is_followed(struct fixture *fixture)
{
    char path[PATH_BYTES];
    scratch_directory_make(fixture->directory);
    reopen(fixture);
    vote_alike(fixture, "heat", "ronin");
    fake_vote_feed_forget(fixture->fake);
    start(fixture);
    await_votes(fixture, 9);
    await_rest(fixture);
    path_of(fixture, path);
    assert_int_equal(access(path, F_OK), -1);
    fake_vote_feed_vote(fixture->fake, "dan", "heat", 800);
    await_votes(fixture, 10);
    reopen(fixture);
    assert_int_equal(access(path, F_OK), 0);
    start(fixture);
    await_votes(fixture, 10);
    assert_int_equal(fixture->fake->listings, 1);
    end(fixture);
}
FOLLOWED_TEST(a_log_that_was_trimmed_before_the_list_is_followed)

static void one_of_other_settings_is_made_anew(struct fixture *fixture)
{
    keep_one(fixture);
    fixture->shrinkage = 7;
    reopen(fixture);
    start(fixture);
    await_votes(fixture, 9);
    assert_int_equal(fixture->fake->listings, 2);
    end(fixture);
}
FOLLOWED_TEST(one_of_other_settings_is_made_anew)

static void a_damaged_one_is_made_anew(struct fixture *fixture)
{
    char path[PATH_BYTES];
    char byte;
    keep_one(fixture);
    reopen(fixture);
    path_of(fixture, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, AS_OF_BYTE), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, AS_OF_BYTE), 1);
    assert_int_equal(close(fd), 0);
    start(fixture);
    await_votes(fixture, 9);
    assert_int_equal(fixture->fake->listings, 2);
    end(fixture);
}
FOLLOWED_TEST(a_damaged_one_is_made_anew)

static void where_it_cannot_be_kept_it_answers_all_the_same(struct fixture *fixture)
{
    char path[PATH_BYTES];
    scratch_directory_make(fixture->directory);
    reopen(fixture);
    path_of(fixture, path);
    assert_int_equal(mkdir(path, 0700), 0);
    vote_alike(fixture, "heat", "ronin");
    start(fixture);
    await_votes(fixture, 9);
    await_rest(fixture);
    assert_true(tells(fixture, "marquee_recommendation_kept_timestamp_seconds 0"));
    assert_int_equal(ask_like(fixture, "heat"), STATUS_OK);
    end(fixture);
}
FOLLOWED_TEST(where_it_cannot_be_kept_it_answers_all_the_same)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_before_the_service_can_be_asked_test),
        cmocka_unit_test(what_came_last_is_kept_at_the_end_test),
        cmocka_unit_test(it_goes_on_over_many_processes_test),
        cmocka_unit_test(nothing_is_written_where_nothing_has_changed_test),
        cmocka_unit_test(other_votes_are_not_gone_on_from_test),
        cmocka_unit_test(fewer_votes_are_not_gone_on_from_test),
        cmocka_unit_test(a_log_that_was_trimmed_has_it_made_anew_test),
        cmocka_unit_test(a_log_that_was_trimmed_before_the_list_is_followed_test),
        cmocka_unit_test(one_of_other_settings_is_made_anew_test),
        cmocka_unit_test(a_damaged_one_is_made_anew_test),
        cmocka_unit_test(where_it_cannot_be_kept_it_answers_all_the_same_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
