/* Pages: of a record, of a user, of likes. */
#include <stdio.h>

#include "contract/review_case.h"

void review_lists_are_newest_first(struct review_case *self)
{
    static const char want[] = "ann@30 bob@20 cid@20 dee@20 Zoe@10";
    (void)review_case_put(self, "m", "cid", "C", 20);
    (void)review_case_put(self, "m", "Zoe", "Z", 10);
    (void)review_case_put(self, "m", "ann", "A", 30);
    (void)review_case_put(self, "m", "dee", "D", 20);
    (void)review_case_put(self, "m", "bob", "B", 20);
    for (size_t limit = 1; limit <= 7; limit++) {
        review_case_expect_record(self, "m", limit, want);
    }
    (void)review_case_put(self, "n", "ann", "A", 30);
    (void)review_case_put(self, "l", "ann", "A", 40);
    for (size_t limit = 1; limit <= 5; limit++) {
        review_case_expect_user(self, "ann", limit, "l@40 m@30 n@30");
    }
    review_case_expect_record(self, "none", 5, "");
    review_case_expect_user(self, "none", 5, "");
}

/* What comes, goes or is edited between two pages moves nothing else. */
void review_lists_keep_their_place(struct review_case *self)
{
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}};
    struct review *page;
    size_t count;
    (void)review_case_put(self, "m", "a", "A", 10);
    (void)review_case_put(self, "m", "b", "B", 20);
    (void)review_case_put(self, "m", "c", "C", 30);
    (void)review_case_put(self, "m", "d", "D", 40);
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, NULL, 2, &page, &count),
                     STATUS_OK);
    assert_true(count == 2 && text_equal(page[1].key.user, TEXT("c")));
    const struct review place = page[1];
    review_case_remove(self, "m", "c");                            /* the place itself */
    (void)review_case_put(self, "m", "e", "E", 50);                /* before it */
    (void)review_case_put(self, "m", "b", "B in other words", 60); /* is where it was */
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, &place, 5, &page, &count),
                     STATUS_OK);
    assert_int_equal(count, 2);
    assert_true(text_equal(page[0].key.user, TEXT("b")) && page[0].edited_ms == 60);
    assert_true(text_equal(page[1].key.user, TEXT("a")));
    review_case_expect_record(self, "m", 3, "e@50 d@40 b@20 a@10");
}

static void put_of_type(struct review_case *self, enum record_type type, const char *record,
                        const char *user)
{
    struct review stored;
    bool is_changed;
    const struct review review = {.key = {.record = {type, text_of(record)}, .user = text_of(user)},
                                  .text = TEXT("of another type"),
                                  .created_ms = 5};
    assert_int_equal(self->repository.ops->put(self->repository.state, self->call, &review, false,
                                               &stored, &is_changed),
                     STATUS_OK);
}

/* Names that begin alike, records of other types. */
void review_lists_do_not_mix(struct review_case *self)
{
    (void)review_case_put(self, "m1", "ann", "one", 1);
    (void)review_case_put(self, "m10", "ann", "ten", 2);
    (void)review_case_put(self, "m", "ann", "none", 3);
    (void)review_case_put(self, "m1", "anna", "another", 4);
    put_of_type(self, RECORD_TYPE_ACTOR, "m1", "ann");
    review_case_expect_record(self, "m1", 1, "anna@4 ann@1");
    review_case_expect_record(self, "m10", 1, "ann@2");
    review_case_expect_user(self, "ann", 2, "m1@5 m@3 m10@2 m1@1");
    review_case_expect_user(self, "an", 2, "");
    review_case_expect_reactions(self, "m1", "anna", "2 reviews, 0 likes, reviewed");
    (void)review_case_like(self, "m1", "ann", 6);
    review_case_expect_likes(self, "ann", 1, "m1@6");
    review_case_expect_likes(self, "anna", 1, "");
}

void review_likes_are_listed(struct review_case *self)
{
    (void)review_case_like(self, "b", "ann", 20);
    (void)review_case_like(self, "a", "ann", 20);
    (void)review_case_like(self, "d", "ann", 10);
    (void)review_case_like(self, "c", "ann", 30);
    (void)review_case_like(self, "c", "ann", 99); /* it was liked before */
    (void)review_case_like(self, "c", "bob", 40);
    for (size_t limit = 1; limit <= 5; limit++) {
        review_case_expect_likes(self, "ann", limit, "c@30 a@20 b@20 d@10");
    }
    (void)review_case_unlike(self, "a", "ann");
    (void)review_case_unlike(self, "c", "ann");
    (void)review_case_like(self, "c", "ann", 50);
    review_case_expect_likes(self, "ann", 2, "c@50 b@20 d@10");
}

void review_largest_pages(struct review_case *self)
{
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}};
    struct review *reviews;
    struct like *likes;
    size_t count;
    char name[16];
    for (int i = 0; i < LIKE_LIST_MAX + 1; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        (void)review_case_put(self, "m", name, "text", i);
        (void)review_case_like(self, name, "ann", i);
    }
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, NULL, REVIEW_LIST_MAX, &reviews,
                                                          &count),
                     STATUS_OK);
    assert_int_equal(count, REVIEW_LIST_MAX);
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, NULL, 0, &reviews, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(self->repository.ops->list_likes(self->repository.state, self->call,
                                                      TEXT("ann"), NULL, LIKE_LIST_MAX, &likes,
                                                      &count),
                     STATUS_OK);
    assert_int_equal(count, LIKE_LIST_MAX);
}

/* The most liked first, then the newest; what a page shows of who asks. */
void review_lists_by_likes(struct review_case *self)
{
    static const char want[] = "cid@20:2 bob@20:1 Zoe@10:1 ann@30 dee@20";
    (void)review_case_put(self, "m", "cid", "C", 20);
    (void)review_case_put(self, "m", "Zoe", "Z", 10);
    (void)review_case_put(self, "m", "ann", "A", 30);
    (void)review_case_put(self, "m", "dee", "D", 20);
    (void)review_case_put(self, "m", "bob", "B", 20);
    assert_int_equal(review_case_like_review(self, "m", "cid", "x", 1), 1);
    assert_int_equal(review_case_like_review(self, "m", "cid", "y", 2), 2);
    assert_int_equal(review_case_like_review(self, "m", "bob", "y", 3), 1);
    assert_int_equal(review_case_like_review(self, "m", "Zoe", "x", 4), 1);
    for (size_t limit = 1; limit <= 7; limit++) {
        review_case_expect_by_likes(self, "m", "", limit, want);
        review_case_expect_record(self, "m", limit, "ann@30 bob@20 cid@20 dee@20 Zoe@10");
    }
    review_case_expect_by_likes(self, "m", "x", 2, "cid@20:2! bob@20:1 Zoe@10:1! ann@30 dee@20");
    review_case_expect_by_likes(self, "none", "x", 2, "");
    assert_int_equal(review_case_unlike_review(self, "m", "cid", "x"), 1);
    assert_int_equal(review_case_unlike_review(self, "m", "cid", "y"), 0);
    review_case_expect_by_likes(self, "m", "y", 2, "bob@20:1! Zoe@10:1 ann@30 cid@20 dee@20");
    (void)review_case_put(self, "m", "Zoe", "in other words", 40); /* keeps its like */
    review_case_expect_by_likes(self, "m", "x", 3, "bob@20:1 Zoe@10:1! ann@30 cid@20 dee@20");
}

/* One moves up between two pages: the others stay where they are. */
void review_lists_by_likes_keep_their_place(struct review_case *self)
{
    const struct review_query query = {.record = {RECORD_TYPE_MOVIE, TEXT("m")},
                                       .order = REVIEW_ORDER_MOST_LIKED};
    struct review *page;
    size_t count;
    (void)review_case_put(self, "m", "a", "A", 10);
    (void)review_case_put(self, "m", "b", "B", 20);
    (void)review_case_put(self, "m", "c", "C", 30);
    (void)review_case_like_review(self, "m", "a", "x", 1);
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, NULL, 2, &page, &count),
                     STATUS_OK);
    assert_true(count == 2 && text_equal(page[1].key.user, TEXT("c")));
    const struct review place = page[1];
    (void)review_case_like_review(self, "m", "c", "x", 2); /* the place itself */
    assert_int_equal(self->repository.ops->list_of_record(self->repository.state, self->call,
                                                          &query, &place, 2, &page, &count),
                     STATUS_OK);
    assert_true(count == 1 && text_equal(page[0].key.user, TEXT("b")));
}
