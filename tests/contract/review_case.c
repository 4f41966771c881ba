#include "contract/review_case.h"

#include <inttypes.h>
#include <stdio.h>

enum { LIST_BYTES_MAX = 8192 };

struct review_key review_case_key(const char *record, const char *user)
{
    return (struct review_key){.record = {RECORD_TYPE_MOVIE, text_of(record)},
                               .user = text_of(user)};
}

void review_case_open(struct review_case *self)
{
    assert_int_equal(
        self->implementation->open(self->call, self->directory, self->workers, &self->repository),
        STATUS_OK);
}

struct review review_case_put(struct review_case *self, const char *record, const char *user,
                              const char *text, int64_t time_ms)
{
    const struct review review = {
        .key = review_case_key(record, user), .text = text_of(text), .created_ms = time_ms};
    struct review stored;
    bool is_changed;
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, false,
                                               &stored, &is_changed),
                     STATUS_OK);
    assert_true(text_equal(stored.text, review.text));
    return stored;
}

struct review review_case_get(struct review_case *self, const char *record, const char *user)
{
    const struct review_key key = review_case_key(record, user);
    struct review review;
    assert_int_equal(self->repository.ops->get(self->repository.state, self->call, &key, &review),
                     STATUS_OK);
    assert_true(text_equal(review.key.user, key.user));
    assert_true(text_equal(review.key.record.id, key.record.id));
    assert_int_equal(review.key.record.type, RECORD_TYPE_MOVIE);
    return review;
}

void review_case_remove(struct review_case *self, const char *record, const char *user)
{
    const struct review_key key = review_case_key(record, user);
    assert_int_equal(self->repository.ops->remove(self->repository.state, self->call, &key),
                     STATUS_OK);
}

uint64_t review_case_like(struct review_case *self, const char *record, const char *user,
                          int64_t time_ms)
{
    const struct like like = {.key = review_case_key(record, user), .time_ms = time_ms};
    uint64_t count;
    assert_int_equal(
        self->repository.ops->put_like(self->repository.state, self->call, &like, &count),
        STATUS_OK);
    return count;
}

uint64_t review_case_unlike(struct review_case *self, const char *record, const char *user)
{
    const struct review_key key = review_case_key(record, user);
    uint64_t count;
    assert_int_equal(
        self->repository.ops->remove_like(self->repository.state, self->call, &key, &count),
        STATUS_OK);
    return count;
}

void review_case_expect_reactions(struct review_case *self, const char *record, const char *user,
                                  const char *want)
{
    const struct review_key key = review_case_key(record, user);
    struct review_reactions reactions;
    char got[128];
    assert_int_equal(
        self->repository.ops->get_reactions(self->repository.state, self->call, &key, &reactions),
        STATUS_OK);
    (void)snprintf(got, sizeof(got), "%" PRIu64 " reviews, %" PRIu64 " likes%s%s",
                   reactions.review_count, reactions.like_count,
                   reactions.reviewed ? ", reviewed" : "", reactions.liked ? ", liked" : "");
    assert_string_equal(got, want);
}

uint64_t review_case_like_review(struct review_case *self, const char *record, const char *author,
                                 const char *user, int64_t time_ms)
{
    const struct review_like like = {
        .review = review_case_key(record, author), .user = text_of(user), .time_ms = time_ms};
    uint64_t count;
    assert_int_equal(
        self->repository.ops->put_review_like(self->repository.state, self->call, &like, &count),
        STATUS_OK);
    return count;
}

uint64_t review_case_unlike_review(struct review_case *self, const char *record, const char *author,
                                   const char *user)
{
    const struct review_like like = {.review = review_case_key(record, author),
                                     .user = text_of(user)};
    uint64_t count;
    assert_int_equal(
        self->repository.ops->remove_review_like(self->repository.state, self->call, &like, &count),
        STATUS_OK);
    return count;
}

/* A list in words. */
struct listing {
    char words[LIST_BYTES_MAX];
    size_t length;
};

static void add(struct listing *listing, struct text name, int64_t time_ms)
{
    int length =
        snprintf(listing->words + listing->length, LIST_BYTES_MAX - listing->length,
                 "%s%.*s@%" PRId64, listing->length > 0 ? " " : "", TEXT_ARGUMENTS(name), time_ms);
    assert_true(length > 0 && (size_t)length < LIST_BYTES_MAX - listing->length);
    listing->length += (size_t)length;
}

/* ":2" of two likes, "!" where the user that asks is among them. */
static void add_likes(struct listing *listing, const struct review *review)
{
    if (review->like_count > 0) {
        int length = snprintf(listing->words + listing->length, LIST_BYTES_MAX - listing->length,
                              ":%" PRIu64 "%s", review->like_count, review->liked ? "!" : "");
        assert_true(length > 0 && (size_t)length < LIST_BYTES_MAX - listing->length);
        listing->length += (size_t)length;
    }
}

/* with_likes: what users have liked is among the words. */
static void expect_of_record(struct review_case *self, const struct review_query *query,
                             size_t limit, bool with_likes, const char *want)
{
    struct listing got = {.words = ""};
    const struct review *after = NULL;
    size_t count = limit;
    while (count == limit) {
        struct review *reviews;
        assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                              query, after, limit, &reviews,
                                                              &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(text_equal(reviews[i].key.record.id, query->record.id));
            add(&got, reviews[i].key.user, reviews[i].created_ms);
            if (with_likes) {
                add_likes(&got, &reviews[i]);
            }
            after = &reviews[i];
        }
    }
    assert_string_equal(got.words, want);
}

void review_case_expect_record(struct review_case *self, const char *record, size_t limit,
                               const char *want)
{
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, text_of(record)}};
    expect_of_record(self, &query, limit, false, want);
}

void review_case_expect_by_likes(struct review_case *self, const char *record, const char *viewer,
                                 size_t limit, const char *want)
{
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, text_of(record)},
                                       .order = REVIEW_ORDER_MOST_LIKED,
                                       .viewer = text_of(viewer)};
    expect_of_record(self, &query, limit, true, want);
}

void review_case_expect_user(struct review_case *self, const char *user, size_t limit,
                             const char *want)
{
    struct listing got = {.words = ""};
    const struct review *after = NULL;
    size_t count = limit;
    while (count == limit) {
        struct review *reviews;
        assert_int_equal(self->repository.ops->list_of_user(self->repository.state, self->call,
                                                            text_of(user), after, limit, &reviews,
                                                            &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(text_equal(reviews[i].key.user, text_of(user)));
            add(&got, reviews[i].key.record.id, reviews[i].created_ms);
            after = &reviews[i];
        }
    }
    assert_string_equal(got.words, want);
}

void review_case_expect_likes(struct review_case *self, const char *user, size_t limit,
                              const char *want)
{
    struct listing got = {.words = ""};
    const struct like *after = NULL;
    size_t count = limit;
    while (count == limit) {
        struct like *likes;
        assert_int_equal(self->repository.ops->list_likes(self->repository.state, self->call,
                                                          text_of(user), after, limit, &likes,
                                                          &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(text_equal(likes[i].key.user, text_of(user)));
            add(&got, likes[i].key.record.id, likes[i].time_ms);
            after = &likes[i];
        }
    }
    assert_string_equal(got.words, want);
}
