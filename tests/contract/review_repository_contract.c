#include "contract/review_repository_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/review_case.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

static void run_case(void *argument)
{
    struct review_case *self = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    self->call = &call;
    review_case_open(self);
    self->run(self);
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

static enum status get(struct review_case *self, const char *record, const char *user)
{
    const struct review_key key = review_case_key(record, user);
    struct review review;
    return self->repository.ops->get(self->repository.state, self->call, &key, &review);
}

static enum status remove_review(struct review_case *self, const char *record, const char *user)
{
    const struct review_key key = review_case_key(record, user);
    return self->repository.ops->remove(self->repository.state, self->call, &key);
}

static void empty_has_nothing(struct review_case *self)
{
    assert_int_equal(get(self, "m", "ann"), STATUS_NOT_FOUND);
    assert_int_equal(remove_review(self, "m", "ann"), STATUS_NOT_FOUND);
    assert_int_equal(self->call->error.message.length, 0); /* the words are the controller's */
    review_case_expect_record(self, "m", 10, "");
    review_case_expect_user(self, "ann", 10, "");
    review_case_expect_likes(self, "ann", 10, "");
    review_case_expect_reactions(self, "m", "ann", "0 reviews, 0 likes");
    review_case_expect_reactions(self, "m", "", "0 reviews, 0 likes");
}

/* Markup, quotes, line feeds, overrides of direction, characters of four bytes. */
static const char odd_text[] =
    "<script>alert('x')</script> \"&amp;\"\n%s'; DROP TABLE reviews; --\n"
    "\xe2\x80\xae"
    "drowkcab"
    "\xe2\x80\xac \xd7\xa2\xd7\x91 "
    "\xf0\x9f\x8e\xac\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80";

static void every_field_is_kept(struct review_case *self)
{
    const struct review review = {.key = {.record = {RECORD_TYPE_SOUNDTRACK, TEXT("r 'ä'")},
                                          .user = TEXT("user/\xf0\x9f\x98\x80")},
                                  .text = text_of(odd_text),
                                  .spoiler = true,
                                  .created_ms = INT64_C(1764374400123)};
    struct review stored;
    bool is_changed;
    struct review got;
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, false,
                                               &stored, &is_changed),
                     STATUS_OK);
    assert_true(stored.created_ms == review.created_ms && stored.edited_ms == 0 && stored.spoiler);
    assert_true(text_equal(stored.text, review.text));
    assert_int_equal(
        self->repository.ops->get(self->repository.state, self->call, &review.key, &got),
        STATUS_OK);
    assert_true(text_equal(got.text, review.text));
    assert_true(text_equal(got.key.user, review.key.user));
    assert_true(text_equal(got.key.record.id, review.key.record.id));
    assert_int_equal(got.key.record.type, RECORD_TYPE_SOUNDTRACK);
    assert_true(got.spoiler && got.created_ms == review.created_ms && got.edited_ms == 0);
}

static void put_again_replaces(struct review_case *self)
{
    struct review stored = review_case_put(self, "m", "ann", "first", 100);
    assert_true(stored.created_ms == 100 && stored.edited_ms == 0);
    stored = review_case_put(self, "m", "ann", "first", 200); /* the same: nothing was edited */
    assert_true(stored.created_ms == 100 && stored.edited_ms == 0);
    stored = review_case_put(self, "m", "ann", "second", 300);
    assert_true(stored.created_ms == 100 && stored.edited_ms == 300);
    stored = review_case_put(self, "m", "ann", "second", 400);
    assert_true(stored.created_ms == 100 && stored.edited_ms == 300);
    stored = review_case_put(self, "m", "ann", "third", 50); /* the clock was set back */
    assert_true(stored.created_ms == 100 && stored.edited_ms == 100);
    const struct review got = review_case_get(self, "m", "ann");
    assert_true(text_equal(got.text, TEXT("third")));
    assert_true(got.created_ms == 100 && got.edited_ms == 100);
    review_case_expect_reactions(self, "m", "ann", "1 reviews, 0 likes, reviewed");
    review_case_expect_record(self, "m", 2, "ann@100");
    review_case_expect_user(self, "ann", 2, "m@100");
}

static void the_flag_alone_is_an_edit(struct review_case *self)
{
    struct review review = {
        .key = review_case_key("m", "ann"), .text = TEXT("text"), .created_ms = 1};
    struct review stored;
    bool is_changed;
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, false,
                                               &stored, &is_changed),
                     STATUS_OK);
    review.spoiler = true;
    review.created_ms = 2;
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, false,
                                               &stored, &is_changed),
                     STATUS_OK);
    assert_true(stored.spoiler && stored.edited_ms == 2);
    assert_true(review_case_get(self, "m", "ann").spoiler);
}

static void removed_is_gone(struct review_case *self)
{
    (void)review_case_put(self, "m", "ann", "text", 1);
    (void)review_case_put(self, "m", "bob", "text", 2);
    assert_int_equal(remove_review(self, "m", "an"), STATUS_NOT_FOUND);
    review_case_remove(self, "m", "ann");
    assert_int_equal(get(self, "m", "ann"), STATUS_NOT_FOUND);
    assert_int_equal(remove_review(self, "m", "ann"), STATUS_NOT_FOUND);
    review_case_expect_reactions(self, "m", "ann", "1 reviews, 0 likes");
    const struct review again = review_case_put(self, "m", "ann", "text", 3); /* a new one */
    assert_true(again.created_ms == 3 && again.edited_ms == 0);
    review_case_expect_record(self, "m", 5, "ann@3 bob@2");
}

static void a_like_is_one(struct review_case *self)
{
    assert_int_equal(review_case_like(self, "m", "ann", 1), 1);
    assert_int_equal(review_case_like(self, "m", "ann", 2), 1);
    assert_int_equal(review_case_like(self, "m", "bob", 3), 2);
    assert_int_equal(review_case_like(self, "n", "bob", 3), 1);
    review_case_expect_reactions(self, "m", "ann", "0 reviews, 2 likes, liked");
    review_case_expect_reactions(self, "m", "cid", "0 reviews, 2 likes");
    assert_int_equal(review_case_unlike(self, "m", "cid"), 2);
    assert_int_equal(review_case_unlike(self, "m", "ann"), 1);
    assert_int_equal(review_case_unlike(self, "m", "ann"), 1);
    assert_int_equal(review_case_unlike(self, "m", "bob"), 0);
    assert_int_equal(review_case_unlike(self, "none", "bob"), 0);
    review_case_expect_reactions(self, "m", "ann", "0 reviews, 0 likes");
}

static void counts_are_of_both(struct review_case *self)
{
    (void)review_case_put(self, "m", "ann", "text", 1);
    (void)review_case_like(self, "m", "ann", 1);
    (void)review_case_like(self, "m", "bob", 1);
    review_case_expect_reactions(self, "m", "ann", "1 reviews, 2 likes, reviewed, liked");
    review_case_expect_reactions(self, "m", "", "1 reviews, 2 likes");
    review_case_remove(self, "m", "ann");
    review_case_expect_reactions(self, "m", "ann", "0 reviews, 2 likes, liked");
    (void)review_case_unlike(self, "m", "ann");
    (void)review_case_put(self, "m", "bob", "text", 1);
    review_case_expect_reactions(self, "m", "bob", "1 reviews, 1 likes, reviewed, liked");
}

static void a_like_of_a_review_is_one(struct review_case *self)
{
    const struct review_like of_none = {.review = review_case_key("m", "eve"), .user = TEXT("x")};
    uint64_t count = 7;
    (void)review_case_put(self, "m", "ann", "text", 1);
    (void)review_case_put(self, "m", "an", "text", 2);
    (void)review_case_put(self, "n", "ann", "text", 3);
    assert_int_equal(
        self->repository.ops->put_review_like(self->repository.state, self->call, &of_none, &count),
        STATUS_NOT_FOUND);
    assert_int_equal(count, 7);
    assert_int_equal(review_case_like_review(self, "m", "ann", "x", 1), 1);
    assert_int_equal(review_case_like_review(self, "m", "ann", "x", 2), 1);
    assert_int_equal(review_case_like_review(self, "m", "ann", "y", 3), 2);
    assert_int_equal(review_case_like_review(self, "m", "an", "nx", 4), 1);
    assert_int_equal(review_case_get(self, "m", "ann").like_count, 2);
    assert_int_equal(review_case_get(self, "n", "ann").like_count, 0);
    review_case_expect_reactions(self, "m", "x", "2 reviews, 0 likes"); /* it is not the record's */
    review_case_expect_likes(self, "x", 5, "");
    assert_int_equal(review_case_unlike_review(self, "m", "ann", "z"), 2);
    assert_int_equal(review_case_unlike_review(self, "m", "ann", "x"), 1);
    assert_int_equal(review_case_unlike_review(self, "m", "ann", "x"), 1);
    assert_int_equal(review_case_unlike_review(self, "m", "eve", "x"), 0);
}

static void likes_go_with_their_review(struct review_case *self)
{
    (void)review_case_put(self, "m", "ann", "text", 1);
    (void)review_case_put(self, "m", "anna", "text", 2);
    (void)review_case_like_review(self, "m", "ann", "x", 1);
    (void)review_case_like_review(self, "m", "anna", "x", 2);
    assert_int_equal(review_case_put(self, "m", "ann", "edited", 3).like_count, 1);
    review_case_remove(self, "m", "ann");
    review_case_expect_by_likes(self, "m", "x", 2, "anna@2:1!");
    assert_int_equal(review_case_put(self, "m", "ann", "another one", 4).like_count, 0);
    review_case_expect_by_likes(self, "m", "x", 2, "anna@2:1! ann@4");
    assert_int_equal(review_case_like_review(self, "m", "ann", "x", 5), 1);
}

/* What is written as of a time gives way to what was written later. */
static void put_of(struct review_case *self, const char *text, int64_t time_ms, bool want_changed)
{
    const struct review review = {
        .key = review_case_key("m", "ann"), .text = text_of(text), .created_ms = time_ms};
    struct review stored = {.created_ms = -7};
    bool is_changed;
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, true,
                                               &stored, &is_changed),
                     STATUS_OK);
    assert_int_equal(is_changed, want_changed);
    assert_int_equal(stored.created_ms == -7, !want_changed);
}

static void a_later_review_stands(struct review_case *self)
{
    put_of(self, "of 100", 100, true);
    put_of(self, "of 100", 100, false);
    put_of(self, "of 50", 50, false);
    assert_true(text_equal(review_case_get(self, "m", "ann").text, TEXT("of 100")));
    put_of(self, "of 100, in other words", 100, true);
    put_of(self, "of 200", 200, true);
    const struct review got = review_case_get(self, "m", "ann");
    assert_true(got.created_ms == 100 && got.edited_ms == 200);
    put_of(self, "of 150", 150, false); /* it was edited later */
    assert_true(text_equal(review_case_get(self, "m", "ann").text, TEXT("of 200")));
    review_case_expect_record(self, "m", 2, "ann@100");
    review_case_expect_reactions(self, "m", "ann", "1 reviews, 0 likes, reviewed");
}

static void fields_at_their_limits(struct review_case *self)
{
    char *bytes = malloc(REVIEW_TEXT_BYTES_MAX);
    struct review stored;
    bool is_changed;
    struct review got;
    assert_non_null(bytes);
    for (size_t i = 0; i < REVIEW_TEXT_BYTES_MAX; i += 4) {
        memcpy(bytes + i, "\xf0\x9f\x98\x80", 4);
    }
    const struct review largest = {
        .key = {.record = {RECORD_TYPE_MOVIE, {bytes, RATING_RECORD_BYTES_MAX}},
                .user = {bytes, RATING_USER_BYTES_MAX}},
        .text = {bytes, REVIEW_TEXT_BYTES_MAX},
        .created_ms = 1,
    };
    assert_int_equal(review_validate(self->call, &largest), STATUS_OK);
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &largest, false,
                                               &stored, &is_changed),
                     STATUS_OK);
    assert_int_equal(
        self->repository.ops->get(self->repository.state, self->call, &largest.key, &got),
        STATUS_OK);
    assert_true(text_equal(got.text, largest.text));
    assert_true(text_equal(got.key.user, largest.key.user));
    char liker[RATING_USER_BYTES_MAX];
    memset(liker, 'x', sizeof(liker));
    const struct review_like like = {.review = largest.key, .user = {liker, sizeof(liker)}};
    uint64_t count;
    assert_int_equal(
        self->repository.ops->put_review_like(self->repository.state, self->call, &like, &count),
        STATUS_OK);
    assert_int_equal(count, 1);
    free(bytes);
}

static void call_that_is_over_changes_nothing(struct review_case *self)
{
    struct cancellation cancellation;
    struct call late = *self->call;
    struct call unwanted = *self->call;
    const struct review review = {.key = review_case_key("m", "ann"), .text = TEXT("text")};
    const struct like like = {.key = review.key};
    struct review stored;
    bool is_changed;
    uint64_t count;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    late.deadline_ns = clock_monotonic_ns() - 1;
    unwanted.cancellation = &cancellation;
    const struct review_repository repository = self->repository;
    assert_int_equal(
        repository.ops->put(repository.state, &late, &review, false, &stored, &is_changed),
        STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(
        repository.ops->put(repository.state, &unwanted, &review, false, &stored, &is_changed),
        STATUS_CANCELLED);
    assert_int_equal(repository.ops->put_like(repository.state, &late, &like, &count),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(repository.ops->put_like(repository.state, &unwanted, &like, &count),
                     STATUS_CANCELLED);
    review_case_expect_reactions(self, "m", "ann", "0 reviews, 0 likes");
}

static void answer_without_room(struct review_case *self)
{
    struct arena small;
    struct call call = *self->call;
    const struct review_repository repository = self->repository;
    const struct review_key key = review_case_key("m", "ann");
    struct review got = {.created_ms = 7};
    struct review *reviews = NULL;
    struct like *likes = NULL;
    size_t count = 7;
    (void)review_case_put(self, "m", "ann", "a text that has more than 16 bytes", 1);
    (void)review_case_like(self, "m", "ann", 1);
    arena_init(&small, 16);
    call.arena = &small;
    assert_int_equal(repository.ops->get(repository.state, &call, &key, &got),
                     STATUS_RESOURCE_EXHAUSTED);
    const struct review_query query = {.record = key.record};
    assert_int_equal(
        repository.ops->list_of_record(repository.state, &call, &query, NULL, 5, &reviews, &count),
        STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(
        repository.ops->list_of_user(repository.state, &call, key.user, NULL, 5, &reviews, &count),
        STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(
        repository.ops->list_likes(repository.state, &call, key.user, NULL, 5, &likes, &count),
        STATUS_RESOURCE_EXHAUSTED);
    assert_true(got.created_ms == 7 && reviews == NULL && likes == NULL && count == 7);
    arena_deinit(&small);
}

static void opened_again_has_everything(struct review_case *self)
{
    (void)review_case_put(self, "m", "ann", "text", 1);
    (void)review_case_put(self, "m", "ann", "words", 2);
    (void)review_case_like(self, "m", "ann", 3);
    (void)review_case_like_review(self, "m", "ann", "x", 4);
    self->repository.ops->close(self->repository.state);
    review_case_open(self);
    if (!self->implementation->durable) {
        review_case_expect_reactions(self, "m", "ann", "0 reviews, 0 likes");
        return;
    }
    const struct review got = review_case_get(self, "m", "ann");
    assert_true(text_equal(got.text, TEXT("words")));
    assert_true(got.created_ms == 1 && got.edited_ms == 2 && got.like_count == 1);
    review_case_expect_reactions(self, "m", "ann", "1 reviews, 1 likes, reviewed, liked");
    review_case_expect_likes(self, "ann", 1, "m@3");
}

/* Many at once, on one record: each fiber writes, edits, likes, and every second takes all back. */
struct writer {
    struct review_case *self;
    unsigned index;
};

static void write_own(void *argument)
{
    const struct writer *writer = argument;
    struct arena arena;
    struct call call;
    char user[16];
    char text[32];
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    struct review_case own = *writer->self;
    own.call = &call;
    (void)snprintf(user, sizeof(user), "user-%02u", writer->index);
    for (int round = 1; round <= 10; round++) {
        (void)snprintf(text, sizeof(text), "round %d", round);
        (void)review_case_put(&own, "m", user, text, round);
        assert_true(text_equal(review_case_get(&own, "m", user).text, text_of(text)));
        assert_true(review_case_like(&own, "m", user, round) >= 1);
        assert_true(review_case_like_review(&own, "m", user, "x", round) == 1);
        assert_true(review_case_like_review(&own, "o", "one", user, round) >= 1);
    }
    if (writer->index % 2 == 1) {
        review_case_remove(&own, "m", user);
        (void)review_case_unlike(&own, "m", user);
        (void)review_case_unlike_review(&own, "o", "one", user);
    }
    arena_deinit(&arena);
}

static void many_write_at_once(struct review_case *self)
{
    enum { WRITERS = 32 };
    struct writer writers[WRITERS];
    struct fiber_group group;
    struct review *reviews;
    size_t count;
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}};
    (void)review_case_put(self, "o", "one", "read by all", 1);
    fiber_group_init(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){self, i};
        assert_int_equal(fiber_group_start(&group, write_own, &writers[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    review_case_expect_reactions(self, "m", "user-00", "16 reviews, 16 likes, reviewed, liked");
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, NULL, REVIEW_LIST_MAX, &reviews,
                                                          &count),
                     STATUS_OK);
    assert_int_equal(count, WRITERS / 2);
    assert_int_equal(review_case_get(self, "o", "one").like_count, WRITERS / 2);
    assert_true(reviews[0].created_ms == 1 && reviews[0].edited_ms == 10);
}

/* The suite */

struct contract_case {
    const char *name;
    void (*run)(struct review_case *self);
};

static const struct contract_case cases[] = {
    {"empty_has_nothing", empty_has_nothing},
    {"every_field_is_kept", every_field_is_kept},
    {"put_again_replaces", put_again_replaces},
    {"the_flag_alone_is_an_edit", the_flag_alone_is_an_edit},
    {"removed_is_gone", removed_is_gone},
    {"a_like_is_one", a_like_is_one},
    {"counts_are_of_both", counts_are_of_both},
    {"a_like_of_a_review_is_one", a_like_of_a_review_is_one},
    {"likes_go_with_their_review", likes_go_with_their_review},
    {"a_later_review_stands", a_later_review_stands},
    {"fields_at_their_limits", fields_at_their_limits},
    {"lists_are_newest_first", review_lists_are_newest_first},
    {"lists_keep_their_place", review_lists_keep_their_place},
    {"lists_do_not_mix", review_lists_do_not_mix},
    {"likes_are_listed", review_likes_are_listed},
    {"lists_by_likes", review_lists_by_likes},
    {"lists_by_likes_keep_their_place", review_lists_by_likes_keep_their_place},
    {"largest_pages", review_largest_pages},
    {"call_that_is_over_changes_nothing", call_that_is_over_changes_nothing},
    {"answer_without_room", answer_without_room},
    {"opened_again_has_everything", opened_again_has_everything},
    {"many_write_at_once", many_write_at_once},
};

struct case_state {
    const struct review_implementation *implementation;
    const struct contract_case *contract_case;
};

static void run_contract_case(void **state)
{
    const struct case_state *case_state = *state;
    char directory[SCRATCH_PATH_BYTES];
    scratch_directory_make(directory);
    struct review_case self = {
        .implementation = case_state->implementation,
        .directory = text_of(directory),
        .run = case_state->contract_case->run,
    };
    assert_int_equal(worker_pool_create("lists", 1, 16, &self.workers), STATUS_OK);
    in_fiber(run_case, &self);
    worker_pool_destroy(self.workers);
    scratch_directory_remove(directory);
}

int review_repository_contract_run(const struct review_implementation *implementation)
{
    struct case_state states[ARRAY_LENGTH(cases)];
    struct CMUnitTest tests[ARRAY_LENGTH(cases)];
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        states[i] = (struct case_state){implementation, &cases[i]};
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_contract_case, .initial_state = &states[i]};
    }
    return cmocka_run_group_tests_name(implementation->name, tests, NULL, NULL);
}
