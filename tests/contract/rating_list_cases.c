/* The cases about listing everything: all votes, all aggregates. */
#include <stdio.h>

#include "contract/rating_case.h"

enum { VOTES = 36 };

static const char *const providers[] = {"", "a", "ab"};

/* Some of them deleted again; in no order. */
static void fill(struct rating_case *self)
{
    static char users[VOTES][8];
    struct rating_change changes[VOTES];
    for (size_t i = 0; i < VOTES; i++) {
        size_t at = i * 7 % VOTES;
        (void)snprintf(users[at], sizeof(users[at]), "u%zu", at % 4);
        changes[i] = rating_case_put(users[at], at / 18 == 0 ? "tt1" : "tt10", (int32_t)at);
        changes[i].key.record.type = at / 4 % 2 == 0 ? RECORD_TYPE_MOVIE : RECORD_TYPE_ACTOR;
        changes[i].key.provider = text_of(providers[at % 3]);
    }
    rating_case_apply(self, changes, VOTES, NULL);
    changes[0].kind = RATING_DELETE;
    changes[1].kind = RATING_DELETE;
    rating_case_apply(self, changes, 2, NULL);
}

static int compare_keys(const struct vote_key *a, const struct vote_key *b)
{
    if (a->record.type != b->record.type) {
        return a->record.type < b->record.type ? -1 : 1;
    }
    int order = text_compare(a->record.id, b->record.id);
    order = order != 0 ? order : text_compare(a->provider, b->provider);
    return order != 0 ? order : text_compare(a->user, b->user);
}

struct totals {
    size_t votes;
    size_t deleted;
    size_t aggregates;
    uint64_t sum;
};

static void walk_votes(struct rating_case *self, size_t limit, struct totals *totals)
{
    struct vote_key last;
    size_t count = limit;
    while (count == limit) {
        struct rating_stored_vote *page;
        size_t before = totals->votes + totals->deleted;
        assert_int_equal(self->repository.ops->list_votes(self->repository.state, self->call,
                                                          before > 0 ? &last : NULL, limit, &page,
                                                          &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(before + i == 0 || compare_keys(&last, &page[i].vote.key) < 0);
            last = page[i].vote.key;
            totals->votes += page[i].deleted ? 0 : 1;
            totals->deleted += page[i].deleted ? 1 : 0;
            totals->sum += page[i].deleted ? 0 : (uint64_t)page[i].vote.hundredths;
            assert_true(page[i].vote.time_ms > 0);
        }
    }
}

static void walk_aggregates(struct rating_case *self, size_t limit, struct totals *totals)
{
    struct record_key last = {.type = RECORD_TYPE_MOVIE};
    size_t count = limit;
    while (count == limit) {
        struct rating_stored_aggregate *page;
        size_t before = totals->aggregates;
        assert_int_equal(self->repository.ops->list_aggregates(self->repository.state, self->call,
                                                               before > 0 ? &last : NULL, limit,
                                                               &page, &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            struct rating_aggregate aggregate;
            assert_true(
                before + i == 0 || last.type < page[i].record.type ||
                (last.type == page[i].record.type && text_compare(last.id, page[i].record.id) < 0));
            last = page[i].record;
            totals->aggregates++;
            totals->votes += page[i].aggregate.count;
            totals->sum += page[i].aggregate.sum_hundredths;
            assert_int_equal(self->repository.ops->get_aggregate(self->repository.state, self->call,
                                                                 last, &aggregate),
                             STATUS_OK);
            assert_memory_equal(aggregate.histogram, page[i].aggregate.histogram,
                                sizeof(aggregate.histogram));
        }
    }
}

/* Some that there are, in no order, one of them twice, and some that there are not: an unknown id,
 * and a known one of another type. */
static void many_are_read_at_once(struct rating_case *self)
{
    const struct record_key tt1 = {.type = RECORD_TYPE_MOVIE, .id = TEXT("tt1")};
    const struct record_key tt10 = {.type = RECORD_TYPE_ACTOR, .id = TEXT("tt10")};
    const struct record_key missing = {.type = RECORD_TYPE_MOVIE, .id = TEXT("tt100")};
    const struct record_key other = {.type = RECORD_TYPE_SOUNDTRACK, .id = TEXT("tt1")};
    struct rating_stored_aggregate read[] = {{.record = tt10},
                                             {.record = missing},
                                             {.record = tt1},
                                             {.record = other},
                                             {.record = tt10}};
    fill(self);
    memset(&read[1].aggregate, 0xff, sizeof(read[1].aggregate));
    assert_int_equal(self->repository.ops->get_aggregates(self->repository.state, self->call, read,
                                                          ARRAY_LENGTH(read)),
                     STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(read); i++) {
        struct rating_aggregate one = {.count = 0};
        bool is_rated = i != 1 && i != 3;
        assert_int_equal(self->repository.ops->get_aggregate(self->repository.state, self->call,
                                                             read[i].record, &one),
                         is_rated ? STATUS_OK : STATUS_NOT_FOUND);
        assert_true(is_rated == (read[i].aggregate.count > 0));
        assert_memory_equal(&read[i].aggregate, &one, sizeof(one));
    }
    assert_int_equal(
        self->repository.ops->get_aggregates(self->repository.state, self->call, read, 0),
        STATUS_OK);
}

static void everything_is_listed(struct rating_case *self)
{
    struct totals first = {.votes = 0};
    fill(self);
    walk_votes(self, RATING_PAGE_SIZE_MAX + 1, &first);
    assert_true(first.votes > 0);
    assert_int_equal(first.deleted, 2);
    for (size_t limit = 1; limit <= VOTES + 1; limit++) {
        struct totals votes = {.votes = 0};
        struct totals aggregates = {.votes = 0};
        walk_votes(self, limit, &votes);
        walk_aggregates(self, limit, &aggregates);
        assert_memory_equal(&votes, &first, sizeof(votes));
        assert_int_equal(aggregates.votes, first.votes);
        assert_int_equal(aggregates.sum, first.sum);
        assert_int_equal(aggregates.aggregates, 4);
    }
}

static void empty_lists(struct rating_case *self)
{
    struct rating_stored_vote *votes;
    struct rating_stored_aggregate *aggregates;
    size_t count = 7;
    for (int round = 0; round < 2; round++) {
        size_t limit = round == 0 ? 10 : 0;
        assert_int_equal(self->repository.ops->list_votes(self->repository.state, self->call, NULL,
                                                          limit, &votes, &count),
                         STATUS_OK);
        assert_int_equal(count, 0);
        assert_int_equal(self->repository.ops->list_aggregates(self->repository.state, self->call,
                                                               NULL, limit, &aggregates, &count),
                         STATUS_OK);
        assert_int_equal(count, 0);
        fill(self);
    }
}

/* A tombstone is listed, with its time; a record without votes has no aggregate. */
static void tombstones_are_listed(struct rating_case *self)
{
    const struct rating_change changes[] = {rating_case_put_at(100, 5), rating_case_delete_at(6)};
    struct rating_stored_vote *votes;
    struct rating_stored_aggregate *aggregates;
    size_t count;
    rating_case_apply(self, changes, 2, NULL);
    assert_int_equal(self->repository.ops->list_votes(self->repository.state, self->call, NULL, 10,
                                                      &votes, &count),
                     STATUS_OK);
    assert_int_equal(count, 1);
    assert_true(votes[0].deleted);
    assert_int_equal(votes[0].vote.time_ms, 6);
    assert_true(text_equal(votes[0].vote.key.user, TEXT("user")));
    assert_int_equal(self->repository.ops->list_aggregates(self->repository.state, self->call, NULL,
                                                           10, &aggregates, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

/* A key without an id stands before all of its type. */
static void a_type_is_listed_from_its_begin(struct rating_case *self)
{
    const struct record_key before = {.type = RECORD_TYPE_ACTOR};
    const struct vote_key before_votes = {.record.type = RECORD_TYPE_ACTOR};
    struct rating_stored_vote *votes;
    struct rating_stored_aggregate *aggregates;
    size_t count;
    fill(self);
    assert_int_equal(self->repository.ops->list_aggregates(self->repository.state, self->call,
                                                           &before, 10, &aggregates, &count),
                     STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(aggregates[0].record.type, RECORD_TYPE_ACTOR);
    assert_true(text_equal(aggregates[0].record.id, TEXT("tt1")));
    assert_int_equal(self->repository.ops->list_votes(self->repository.state, self->call,
                                                      &before_votes, VOTES, &votes, &count),
                     STATUS_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(votes[i].vote.key.record.type, RECORD_TYPE_ACTOR);
    }
    assert_true(text_equal(votes[0].vote.key.record.id, TEXT("tt1")));
}

const struct rating_contract_case rating_list_cases[] = {
    {.name = "many_are_read_at_once", .run = many_are_read_at_once},
    {.name = "everything_is_listed", .run = everything_is_listed},
    {.name = "empty_lists", .run = empty_lists},
    {.name = "tombstones_are_listed", .run = tombstones_are_listed},
    {.name = "a_type_is_listed_from_its_begin", .run = a_type_is_listed_from_its_begin},
    {.name = NULL},
};
