/* The cases about pages: what comes after what, and where they end. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "contract/rating_case.h"

static void list(struct rating_case *self, struct text user, const struct vote_key *after,
                 size_t limit, struct vote **ret_votes, size_t *ret_count)
{
    assert_int_equal(self->repository.ops->list_user_votes(self->repository.state, self->call, user,
                                                           after, limit, ret_votes, ret_count),
                     STATUS_OK);
}

static void neighbours_stay_apart(struct rating_case *self)
{
    static const char *const users[] = {"u", "ux", "u\x01", "a"};
    static const char *const records[] = {"tt1", "tt10", "tt", "u"};
    struct rating_change changes[ARRAY_LENGTH(users) * ARRAY_LENGTH(records)];
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        changes[i] =
            rating_case_put(users[i % ARRAY_LENGTH(users)], records[i / ARRAY_LENGTH(users)], 100);
    }
    rating_case_apply(self, changes, ARRAY_LENGTH(changes), NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
        struct vote *votes;
        size_t count;
        list(self, text_of(users[i]), NULL, 100, &votes, &count);
        assert_int_equal(count, ARRAY_LENGTH(records));
        assert_true(text_equal(votes[0].key.record.id, TEXT("tt")));
        assert_true(text_equal(votes[2].key.record.id, TEXT("tt10")));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(records); i++) {
        struct rating_aggregate aggregate;
        const struct record_key record = {RECORD_TYPE_MOVIE, text_of(records[i])};
        assert_int_equal(self->repository.ops->get_aggregate(self->repository.state, self->call,
                                                             record, &aggregate),
                         STATUS_OK);
        assert_int_equal(aggregate.count, ARRAY_LENGTH(users));
    }
}

static int compare_keys(const struct vote_key *a, const struct vote_key *b)
{
    if (a->record.type != b->record.type) {
        return a->record.type < b->record.type ? -1 : 1;
    }
    int order = text_compare(a->record.id, b->record.id);
    return order != 0 ? order : text_compare(a->provider, b->provider);
}

/* Walks all pages; how many votes there were, each after the one before. */
static size_t walk_votes(struct rating_case *self, struct text user, size_t limit)
{
    struct vote_key last;
    size_t total = 0;
    for (;;) {
        struct vote *votes;
        size_t count;
        list(self, user, total > 0 ? &last : NULL, limit, &votes, &count);
        assert_true(count <= limit);
        for (size_t i = 0; i < count; i++) {
            assert_true(total + i == 0 || compare_keys(&last, &votes[i].key) < 0);
            assert_true(text_equal(votes[i].key.user, user));
            last = votes[i].key;
        }
        total += count;
        if (count < limit) {
            return total;
        }
    }
}

enum { PAGED_VOTES = 24 };

static void pages_of_votes(struct rating_case *self)
{
    static const char *const providers[] = {"", "a", "ab"};
    static const size_t limits[] = {1, 2, 7, PAGED_VOTES - 1, PAGED_VOTES, PAGED_VOTES + 1};
    char records[PAGED_VOTES][8];
    struct rating_change changes[PAGED_VOTES];
    for (size_t i = 0; i < PAGED_VOTES; i++) {
        (void)snprintf(records[i], sizeof(records[i]), "r%zu", i / 6);
        changes[i] = rating_case_put("user", records[i], (int32_t)i);
        changes[i].key.record.type = i % 2 == 0 ? RECORD_TYPE_ACTOR : RECORD_TYPE_MOVIE;
        changes[i].key.provider = text_of(providers[i / 2 % 3]);
    }
    rating_case_apply(self, changes, PAGED_VOTES, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        assert_int_equal(walk_votes(self, TEXT("user"), limits[i]), PAGED_VOTES);
    }
    struct rating_change removed = changes[3];
    removed.kind = RATING_DELETE;
    rating_case_apply(self, &removed, 1, NULL);
    assert_int_equal(walk_votes(self, TEXT("user"), 5), PAGED_VOTES - 1);
    assert_int_equal(walk_votes(self, TEXT("use"), 5), 0);
}

static void largest_page(struct rating_case *self)
{
    enum { VOTES = RATING_PAGE_SIZE_MAX + 2 };
    struct rating_change *changes = calloc(VOTES, sizeof(*changes));
    char(*records)[16] = calloc(VOTES, sizeof(*records));
    assert_true(changes != NULL && records != NULL);
    for (size_t i = 0; i < VOTES; i++) {
        (void)snprintf(records[i], sizeof(records[i]), "record-%zu", i);
        changes[i] = rating_case_put("user", records[i], 500);
    }
    rating_case_apply(self, changes, VOTES, NULL);
    struct vote *votes;
    size_t count;
    list(self, TEXT("user"), NULL, RATING_PAGE_SIZE_MAX + 1, &votes, &count);
    assert_int_equal(count, RATING_PAGE_SIZE_MAX + 1);
    list(self, TEXT("user"), NULL, 0, &votes, &count);
    assert_int_equal(count, 0);
    assert_int_equal(walk_votes(self, TEXT("user"), RATING_PAGE_SIZE_MAX), VOTES);
    free(changes);
    free(records);
}

/* In the order in which they come back. */
static const struct rating_dead_letter_key letter_keys[] = {
    {TEXT_INIT("rating"), 9, 9},   {TEXT_INIT("ratings"), -1, 3},  {TEXT_INIT("ratings"), 0, 7},
    {TEXT_INIT("ratings"), 0, 80}, {TEXT_INIT("ratings"), 0, 300}, {TEXT_INIT("ratings"), 2, 1},
};

static void pages_of_dead_letters(struct rating_case *self)
{
    enum { LETTERS = ARRAY_LENGTH(letter_keys), PAYLOAD_BYTES = 1024 * 1024 };
    char *payload = calloc(1, PAYLOAD_BYTES);
    assert_non_null(payload);
    struct rating_dead_letter letters[LETTERS];
    for (size_t i = 0; i < LETTERS; i++) {
        const struct rating_dead_letter_key *key = &letter_keys[LETTERS - 1 - i];
        letters[i] = (struct rating_dead_letter){
            .topic = key->topic,
            .partition = key->partition,
            .offset = key->offset,
            .reason = TEXT("not JSON"),
            .payload = {payload, i == 0 ? PAYLOAD_BYTES : i},
            .time_ms = 1000,
        };
    }
    const struct rating_batch batch = {.dead_letters = letters, .dead_letter_count = LETTERS};
    assert_int_equal(self->repository.ops->apply(self->repository.state, self->call, &batch),
                     STATUS_OK);
    assert_int_equal(self->repository.ops->apply(self->repository.state, self->call, &batch),
                     STATUS_OK); /* the same again: the same letters */
    for (size_t limit = 1; limit <= LETTERS + 1; limit++) {
        size_t total = 0;
        size_t count = limit;
        while (count == limit) {
            struct rating_dead_letter *page;
            assert_int_equal(self->repository.ops->list_dead_letters(
                                 self->repository.state, self->call,
                                 total > 0 ? &letter_keys[total - 1] : NULL, limit, &page, &count),
                             STATUS_OK);
            for (size_t i = 0; i < count; i++, total++) {
                assert_true(text_equal(page[i].topic, letter_keys[total].topic));
                assert_int_equal(page[i].partition, letter_keys[total].partition);
                assert_int_equal(page[i].offset, letter_keys[total].offset);
                assert_true(text_equal(page[i].payload, letters[LETTERS - 1 - total].payload));
                assert_int_equal(page[i].time_ms, 1000);
            }
        }
        assert_int_equal(total, LETTERS);
    }
    free(payload);
}

/* One of each of what can be listed. */
static void fill_one_of_each(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 500);
    const struct rating_dead_letter letter = {
        .topic = TEXT("ratings"), .offset = 1, .reason = TEXT("why"), .payload = TEXT("{}")};
    const struct rating_source source = {TEXT("ratings"), 0};
    const struct rating_batch batch = {.changes = &change,
                                       .change_count = 1,
                                       .dead_letters = &letter,
                                       .dead_letter_count = 1,
                                       .source = &source};
    assert_int_equal(rating_case_try(self, &batch), STATUS_OK);
}

/* What a list gives: none of it is written unless it succeeds. */
struct answer {
    struct vote *user_votes;
    struct rating_stored_vote *votes;
    struct rating_stored_aggregate *aggregates;
    struct rating_dead_letter *letters;
    struct rating_change_record *changes;
    size_t count;
};

enum { ANSWERS = 7 };

static enum status ask(struct rating_case *self, struct call *call, unsigned what,
                       struct answer *answer)
{
    const struct rating_repository_ops *ops = self->repository.ops;
    void *state = self->repository.state;
    const struct rating_dead_letter_key key = {TEXT("ratings"), 0, 1};
    const struct vote_key vote_key = rating_case_put("user", "movie", 0).key;
    struct rating_dead_letter letter;
    struct vote vote;
    switch (what) {
    case 0:
        return ops->list_user_votes(state, call, TEXT("user"), NULL, 1, &answer->user_votes,
                                    &answer->count);
    case 1:
        return ops->list_votes(state, call, NULL, 1, &answer->votes, &answer->count);
    case 2:
        return ops->list_aggregates(state, call, NULL, 1, &answer->aggregates, &answer->count);
    case 3:
        return ops->list_dead_letters(state, call, NULL, 1, &answer->letters, &answer->count);
    case 4:
        return ops->list_changes(state, call, 0, 1, &answer->changes, &answer->count);
    case 5:
        return ops->get_dead_letter(state, call, &key, &letter);
    default:
        return ops->get_vote(state, call, &vote_key, &vote);
    }
}

/* With every arena that is too small, until it is not. */
static void answers_without_room(struct rating_case *self)
{
    enum { ROOM_MAX = 64 * 1024 };
    static const struct answer untouched = {.count = 7};
    fill_one_of_each(self);
    for (unsigned what = 0; what < ANSWERS; what++) {
        enum status status = STATUS_RESOURCE_EXHAUSTED;
        size_t room = 1;
        for (; status != STATUS_OK && room < ROOM_MAX; room += 7) {
            struct answer answer = untouched;
            struct arena small;
            struct call call = *self->call;
            arena_init(&small, room);
            call.arena = &small;
            call_clear_error(&call);
            status = ask(self, &call, what, &answer);
            assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
            assert_true(status == STATUS_OK || memcmp(&answer, &untouched, sizeof(answer)) == 0);
            arena_deinit(&small);
        }
        assert_int_equal(status, STATUS_OK);
        assert_true(room > 1 + 7); /* some were too small */
    }
}

const struct rating_contract_case rating_page_cases[] = {
    {.name = "neighbours_stay_apart", .run = neighbours_stay_apart},
    {.name = "pages_of_votes", .run = pages_of_votes},
    {.name = "largest_page", .run = largest_page},
    {.name = "pages_of_dead_letters", .run = pages_of_dead_letters},
    {.name = "answers_without_room", .run = answers_without_room},
    {.name = NULL},
};
