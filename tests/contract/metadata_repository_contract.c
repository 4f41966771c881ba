#include "contract/metadata_repository_contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "contract/metadata_case.h"
#include "loop/fiber.h"
#include "loop/worker.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, TIMEOUT_MS = 60 * 1000 };

static void open_repository(struct metadata_case *self)
{
    assert_int_equal(
        self->implementation->open(self->call, self->directory, self->workers, &self->repository),
        STATUS_OK);
}

static void run_case(void *argument)
{
    struct metadata_case *self = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    self->call = &call;
    open_repository(self);
    self->run(self);
    self->repository.ops->close(self->repository.state);
    arena_deinit(&arena);
}

static enum status get(struct metadata_case *self, const char *id, struct metadata *ret_metadata)
{
    return self->repository.ops->get(self->repository.state, self->call, text_of(id), ret_metadata);
}

static enum status put(struct metadata_case *self, const struct metadata *metadata)
{
    return self->repository.ops->put(self->repository.state, self->call, metadata, NULL);
}

static enum status remove_entry(struct metadata_case *self, const char *id)
{
    return self->repository.ops->remove(self->repository.state, self->call, text_of(id), NULL);
}

static struct metadata titled(const char *id, const char *title)
{
    return (struct metadata){.id = text_of(id), .title = text_of(title)};
}

static void assert_text(struct text got, struct text want)
{
    assert_int_equal(got.length, want.length);
    assert_true(text_equal(got, want));
}

static void assert_same(const struct metadata *got, const struct metadata *want)
{
    assert_text(got->id, want->id);
    assert_text(got->title, want->title);
    assert_text(got->description, want->description);
    assert_text(got->director, want->director);
    assert_text(got->imdb_id, want->imdb_id);
    assert_text(got->tmdb_id, want->tmdb_id);
    assert_int_equal(got->year, want->year);
    assert_int_equal(got->popularity, want->popularity);
    assert_int_equal(got->genre_count, want->genre_count);
    for (size_t i = 0; i < want->genre_count; i++) {
        assert_text(got->genres[i], want->genres[i]);
    }
    assert_int_equal(got->external_score_count, want->external_score_count);
    for (size_t i = 0; i < want->external_score_count; i++) {
        assert_text(got->external_scores[i].source, want->external_scores[i].source);
        assert_true(got->external_scores[i].value == want->external_scores[i].value);
        assert_int_equal(got->external_scores[i].votes, want->external_scores[i].votes);
    }
}

static void empty_has_nothing(struct metadata_case *self)
{
    struct metadata metadata;
    struct metadata *entries;
    size_t count;
    assert_int_equal(get(self, "tt1", &metadata), STATUS_NOT_FOUND);
    assert_int_equal(remove_entry(self, "tt1"), STATUS_NOT_FOUND);
    assert_int_equal(self->call->error.message.length, 0); /* the words are the controller's */
    assert_int_equal(self->repository.ops->list(self->repository.state, self->call, TEXT(""), 10,
                                                &entries, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

static const struct text two_genres[] = {TEXT_INIT("Science Fiction"), TEXT_INIT("\"Noir\", früh")};

static const struct external_score two_scores[] = {
    {TEXT_INIT("imdb"), 8.7, 2100000},
    {TEXT_INIT("other-site_2"), 0.1 + 0.2, UINT32_MAX},
};

static const struct metadata whole = {
    .id = TEXT_INIT("tt0133093"),
    .title = TEXT_INIT("Ein Titel — mit ☂ und 'Zeichen'"),
    .description = TEXT_INIT("line\nline"),
    .director = TEXT_INIT("Somebody"),
    .year = 1999,
    .genres = two_genres,
    .genre_count = ARRAY_LENGTH(two_genres),
    .imdb_id = TEXT_INIT("tt0133093"),
    .tmdb_id = TEXT_INIT("603"),
    .popularity = UINT32_MAX,
    .external_scores = two_scores,
    .external_score_count = ARRAY_LENGTH(two_scores),
};

static void every_field_is_kept(struct metadata_case *self)
{
    struct metadata got;
    assert_int_equal(put(self, &whole), STATUS_OK);
    assert_int_equal(get(self, "tt0133093", &got), STATUS_OK);
    assert_same(&got, &whole);
    const struct metadata plain = titled("tt0133093", "Title");
    assert_int_equal(put(self, &plain), STATUS_OK);
    assert_int_equal(get(self, "tt0133093", &got), STATUS_OK);
    assert_same(&got, &plain);
}

static void removed_is_gone(struct metadata_case *self)
{
    struct metadata got;
    assert_int_equal(put(self, &whole), STATUS_OK);
    assert_int_equal(remove_entry(self, "tt013309"), STATUS_NOT_FOUND);
    assert_int_equal(remove_entry(self, "tt0133093"), STATUS_OK);
    assert_int_equal(get(self, "tt0133093", &got), STATUS_NOT_FOUND);
    assert_int_equal(remove_entry(self, "tt0133093"), STATUS_NOT_FOUND);
}

static void fields_at_their_limits(struct metadata_case *self)
{
    char *bytes = malloc(METADATA_DESCRIPTION_BYTES_MAX);
    struct text genres[METADATA_GENRES_MAX];
    char sources[METADATA_EXTERNAL_SCORES_MAX][METADATA_SOURCE_BYTES_MAX];
    struct external_score scores[METADATA_EXTERNAL_SCORES_MAX];
    assert_non_null(bytes);
    memset(sources, 's', sizeof(sources));
    for (size_t i = 0; i < METADATA_EXTERNAL_SCORES_MAX; i++) {
        sources[i][0] = (char)('a' + i);
        scores[i] =
            (struct external_score){{sources[i], METADATA_SOURCE_BYTES_MAX}, 1.0 / 3, UINT32_MAX};
    }
    memset(bytes, 'x', METADATA_DESCRIPTION_BYTES_MAX);
    for (size_t i = 0; i < METADATA_GENRES_MAX; i++) {
        genres[i] = (struct text){bytes, METADATA_GENRE_BYTES_MAX};
    }
    const struct metadata largest = {
        .id = {bytes, METADATA_ID_BYTES_MAX},
        .title = {bytes, METADATA_TITLE_BYTES_MAX},
        .description = {bytes, METADATA_DESCRIPTION_BYTES_MAX},
        .director = {bytes, METADATA_DIRECTOR_BYTES_MAX},
        .year = METADATA_YEAR_MAX,
        .genres = genres,
        .genre_count = METADATA_GENRES_MAX,
        .imdb_id = {bytes, METADATA_EXTERNAL_ID_BYTES_MAX},
        .tmdb_id = {bytes, METADATA_EXTERNAL_ID_BYTES_MAX},
        .external_scores = scores,
        .external_score_count = METADATA_EXTERNAL_SCORES_MAX,
    };
    struct metadata got;
    assert_int_equal(metadata_validate(self->call, &largest), STATUS_OK);
    assert_int_equal(put(self, &largest), STATUS_OK);
    assert_int_equal(
        self->repository.ops->get(self->repository.state, self->call, largest.id, &got), STATUS_OK);
    assert_same(&got, &largest);
    free(bytes);
}

/* In byte order. */
static const char *const sorted_ids[] = {"A", "a",   "a b",  "a0",  "aa", "ab",
                                         "b", "tt1", "tt10", "tt2", "ä"};

static void pages_are_in_byte_order(struct metadata_case *self)
{
    enum { IDS = ARRAY_LENGTH(sorted_ids) };
    for (size_t i = 0; i < IDS; i++) {
        const struct metadata metadata = titled(sorted_ids[(i * 7) % IDS], "Title");
        assert_int_equal(put(self, &metadata), STATUS_OK);
    }
    for (size_t limit = 1; limit <= IDS + 1; limit++) {
        struct text after = TEXT("");
        size_t total = 0;
        size_t count = limit;
        while (count == limit) {
            struct metadata *entries;
            assert_int_equal(self->repository.ops->list(self->repository.state, self->call, after,
                                                        limit, &entries, &count),
                             STATUS_OK);
            for (size_t i = 0; i < count; i++) {
                assert_text(entries[i].id, text_of(sorted_ids[total++]));
                after = entries[i].id;
            }
        }
        assert_int_equal(total, IDS);
    }
}

static void largest_page(struct metadata_case *self)
{
    enum { ENTRIES = METADATA_PAGE_SIZE_MAX + 2 };
    struct metadata *entries;
    size_t count;
    char id[16];
    for (size_t i = 0; i < ENTRIES; i++) {
        (void)snprintf(id, sizeof(id), "id-%zu", i);
        const struct metadata metadata = titled(id, "Title");
        assert_int_equal(put(self, &metadata), STATUS_OK);
    }
    assert_int_equal(self->repository.ops->list(self->repository.state, self->call, TEXT(""),
                                                METADATA_PAGE_SIZE_MAX + 1, &entries, &count),
                     STATUS_OK);
    assert_int_equal(count, METADATA_PAGE_SIZE_MAX + 1);
    assert_int_equal(self->repository.ops->list(self->repository.state, self->call, TEXT(""), 0,
                                                &entries, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

static void call_that_is_over_changes_nothing(struct metadata_case *self)
{
    struct cancellation cancellation;
    struct metadata got;
    struct call call = *self->call;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    call.deadline_ns = clock_monotonic_ns() - 1;
    assert_int_equal(self->repository.ops->put(self->repository.state, &call, &whole, NULL),
                     STATUS_DEADLINE_EXCEEDED);
    call = *self->call;
    call.cancellation = &cancellation;
    assert_int_equal(self->repository.ops->put(self->repository.state, &call, &whole, NULL),
                     STATUS_CANCELLED);
    assert_int_equal(get(self, "tt0133093", &got), STATUS_NOT_FOUND);
}

static void answer_without_room(struct metadata_case *self)
{
    struct arena small;
    struct metadata got = {.year = 7};
    struct call call = *self->call;
    assert_int_equal(put(self, &whole), STATUS_OK);
    arena_init(&small, 16);
    call.arena = &small;
    assert_int_equal(self->repository.ops->get(self->repository.state, &call, whole.id, &got),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(got.year, 7);
    arena_deinit(&small);
}

static void opened_again_has_everything(struct metadata_case *self)
{
    struct metadata got;
    assert_int_equal(put(self, &whole), STATUS_OK);
    self->repository.ops->close(self->repository.state);
    open_repository(self);
    assert_int_equal(get(self, "tt0133093", &got),
                     self->implementation->durable ? STATUS_OK : STATUS_NOT_FOUND);
}

/* "id id", in the order of their sequences, which rise from `after` to `last`. */
static void expect_changes(struct metadata_case *self, int64_t after, size_t limit,
                           const char *want)
{
    struct metadata_changes changes;
    char got[256] = "";
    size_t at = 0;
    assert_int_equal(self->repository.ops->list_changes(self->repository.state, self->call, after,
                                                        limit, &changes),
                     STATUS_OK);
    for (size_t i = 0; i < changes.count; i++) {
        assert_true(changes.changes[i].sequence > after);
        after = changes.changes[i].sequence;
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%.*s", i > 0 ? " " : "",
                               TEXT_ARGUMENTS(changes.changes[i].id));
    }
    assert_string_equal(got, want);
    assert_true(changes.last >= after);
}

static int64_t last_change(struct metadata_case *self)
{
    struct metadata_changes changes;
    assert_int_equal(
        self->repository.ops->list_changes(self->repository.state, self->call, 0, 0, &changes),
        STATUS_OK);
    assert_int_equal(changes.count, 0);
    return changes.last;
}

static void put_titled(struct metadata_case *self, const char *id, const char *title)
{
    const struct metadata metadata = titled(id, title);
    assert_int_equal(put(self, &metadata), STATUS_OK);
}

static void changes_come_once_by_id(struct metadata_case *self)
{
    expect_changes(self, 0, 10, "");
    assert_int_equal(last_change(self), 0);
    put_titled(self, "a", "A");
    put_titled(self, "b", "B");
    put_titled(self, "c", "C");
    expect_changes(self, 0, 10, "a b c");
    int64_t before = last_change(self);
    put_titled(self, "a", "A again");
    assert_int_equal(remove_entry(self, "b"), STATUS_OK);
    assert_int_equal(remove_entry(self, "none"), STATUS_NOT_FOUND);
    expect_changes(self, 0, 10, "c a b");
    expect_changes(self, 0, 2, "c a");
    expect_changes(self, 0, 0, "");
    expect_changes(self, before, 10, "a b");
    expect_changes(self, last_change(self), 10, "");
    put_titled(self, "b", "B again");
    expect_changes(self, before, 10, "a b");
}

static void changes_are_kept(struct metadata_case *self)
{
    put_titled(self, "a", "A");
    put_titled(self, "b", "B");
    int64_t last = last_change(self);
    self->repository.ops->close(self->repository.state);
    open_repository(self);
    if (self->implementation->durable) {
        expect_changes(self, 0, 10, "a b");
        assert_int_equal(last_change(self), last);
        assert_int_equal(remove_entry(self, "a"), STATUS_OK);
        assert_int_equal(remove_entry(self, "b"), STATUS_OK);
        expect_changes(self, last, 10, "a b");
    }
}

static void changes_without_room(struct metadata_case *self)
{
    struct arena small;
    struct metadata_changes changes = {.last = 7};
    struct call call = *self->call;
    put_titled(self, "a", "A");
    arena_init(&small, 16);
    call.arena = &small;
    assert_int_equal(
        self->repository.ops->list_changes(self->repository.state, &call, 0, 10, &changes),
        STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(changes.last, 7);
    arena_deinit(&small);
}

/* "id id+" of each lookup, with " | " between; +: its whole title is the same; "…": there are more.
 */
static void expect_found(struct metadata_case *self, enum metadata_lookup_kind kind,
                         const struct metadata_lookup *lookups, size_t count, const char *want)
{
    struct metadata_candidates found[METADATA_BATCH_MAX];
    char got[512] = "";
    size_t at = 0;
    assert_int_equal(
        self->repository.ops->find(self->repository.state, self->call, kind, lookups, count, found),
        STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%s", i > 0 ? " |" : "");
        for (size_t j = 0; j < found[i].count; j++) {
            const struct metadata_candidate *candidate = &found[i].candidates[j];
            at += (size_t)snprintf(got + at, sizeof(got) - at, " %.*s%s",
                                   TEXT_ARGUMENTS(candidate->id),
                                   candidate->has_whole_title ? "+" : "");
        }
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%s", found[i].more ? " …" : "");
    }
    assert_string_equal(got, want);
}

static void put_known(struct metadata_case *self, const char *id, const char *title, int32_t year,
                      const char *imdb_id, const char *tmdb_id)
{
    struct metadata metadata = titled(id, title);
    metadata.year = year;
    metadata.imdb_id = text_of(imdb_id);
    metadata.tmdb_id = text_of(tmdb_id);
    assert_int_equal(put(self, &metadata), STATUS_OK);
}

static void entries_are_found_by_ids(struct metadata_case *self)
{
    static const struct metadata_lookup lookups[] = {
        {.value = TEXT_INIT("tt1")}, {.value = TEXT_INIT("")},  {.value = TEXT_INIT("tt")},
        {.value = TEXT_INIT("9")},   {.value = TEXT_INIT("b")}, {.value = TEXT_INIT("tt1")},
    };
    put_known(self, "b", "B", 1999, "tt1", "9");
    put_known(self, "a", "A", 1999, "tt1", "");
    put_known(self, "tt1", "C", 1999, "", "9");
    expect_found(self, METADATA_LOOKUP_IMDB_ID, lookups, ARRAY_LENGTH(lookups),
                 " a b | | | | | a b");
    expect_found(self, METADATA_LOOKUP_TMDB_ID, lookups, ARRAY_LENGTH(lookups), " | | | b tt1 | |");
    expect_found(self, METADATA_LOOKUP_ID, lookups, ARRAY_LENGTH(lookups), " tt1 | | | | b | tt1");
    put_known(self, "b", "B", 1999, "tt2", "");
    assert_int_equal(remove_entry(self, "a"), STATUS_OK);
    expect_found(self, METADATA_LOOKUP_IMDB_ID, lookups, 1, "");
    expect_found(self, METADATA_LOOKUP_TMDB_ID, &lookups[3], 1, " tt1");
    expect_found(self, METADATA_LOOKUP_IMDB_ID, lookups, 0, "");
}

static void entries_are_found_by_titles(struct metadata_case *self)
{
    static const struct metadata_lookup lookups[] = {
        {TEXT_INIT("The Matrix"), 1999, 1999}, {TEXT_INIT("MATRIX, the"), 1998, 2000},
        {TEXT_INIT("the matrix"), 2001, 2003}, {TEXT_INIT("The Matrix (Remix)"), 1999, 1999},
        {TEXT_INIT("The"), 1999, 1999},        {TEXT_INIT(""), 0, 2200},
    };
    put_known(self, "d", "Matrix, The", 1999, "", "");
    put_known(self, "c", "Mátrix! (Remix)", 1999, "", "");
    put_known(self, "b", "The Matrix", 2000, "", "");
    put_known(self, "a", "The Matrix", 0, "", "");
    put_known(self, "e", "The Matrix Reloaded", 1999, "", "");
    expect_found(self, METADATA_LOOKUP_TITLE, lookups, ARRAY_LENGTH(lookups),
                 " c d+ | b+ c d+ | | c+ d | |");
    put_known(self, "d", "Another", 1999, "", "");
    put_known(self, "c", "Mátrix", 1998, "", "");
    expect_found(self, METADATA_LOOKUP_TITLE, lookups, 2, " | b+ c+");
    assert_int_equal(remove_entry(self, "b"), STATUS_OK);
    expect_found(self, METADATA_LOOKUP_TITLE, lookups, 2, " | c+");
}

static void only_so_many_are_found(struct metadata_case *self)
{
    static const struct metadata_lookup lookup = {TEXT_INIT("Same"), 2000, 2000};
    for (char id = 'a'; id < 'a' + METADATA_CANDIDATES_MAX; id++) {
        put_known(self, (char[]){id, '\0'}, "Same", 2000, "", "");
    }
    expect_found(self, METADATA_LOOKUP_TITLE, &lookup, 1, " a+ b+ c+ d+ e+ f+ g+ h+");
    put_known(self, "i", "Same", 2000, "", "");
    expect_found(self, METADATA_LOOKUP_TITLE, &lookup, 1, " a+ b+ c+ d+ e+ f+ g+ h+ …");
}

static void the_largest_batch_is_found(struct metadata_case *self)
{
    struct metadata_candidates found[METADATA_BATCH_MAX];
    struct metadata_lookup lookups[METADATA_BATCH_MAX];
    struct arena small;
    struct call call = *self->call;
    put_known(self, "a", "Same", 2000, "tt1", "");
    for (size_t i = 0; i < METADATA_BATCH_MAX; i++) {
        lookups[i] = (struct metadata_lookup){.value = i % 2 == 0 ? TEXT("tt1") : TEXT("tt2")};
    }
    assert_int_equal(self->repository.ops->find(self->repository.state, self->call,
                                                METADATA_LOOKUP_IMDB_ID, lookups,
                                                METADATA_BATCH_MAX, found),
                     STATUS_OK);
    for (size_t i = 0; i < METADATA_BATCH_MAX; i++) {
        assert_int_equal(found[i].count, i % 2 == 0 ? 1 : 0);
    }
    arena_init(&small, 16);
    call.arena = &small;
    assert_int_equal(self->repository.ops->find(self->repository.state, &call,
                                                METADATA_LOOKUP_IMDB_ID, lookups,
                                                METADATA_BATCH_MAX, found),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&small);
}

/* Many at once: each fiber puts, replaces and removes its own. */
struct writer {
    struct metadata_case *self;
    unsigned index;
};

static void write_own(void *argument)
{
    const struct writer *writer = argument;
    struct arena arena;
    struct call call;
    char id[16];
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    const struct metadata_repository repository = writer->self->repository;
    (void)snprintf(id, sizeof(id), "id-%u", writer->index);
    for (int32_t year = 1900; year < 1910; year++) {
        struct metadata metadata = titled(id, "Title");
        struct metadata got;
        metadata.year = year;
        assert_int_equal(repository.ops->put(repository.state, &call, &metadata, NULL), STATUS_OK);
        assert_int_equal(repository.ops->get(repository.state, &call, metadata.id, &got),
                         STATUS_OK);
        assert_int_equal(got.year, year);
    }
    if (writer->index % 2 == 1) {
        assert_int_equal(repository.ops->remove(repository.state, &call, text_of(id), NULL),
                         STATUS_OK);
    }
    arena_deinit(&arena);
}

static void many_write_at_once(struct metadata_case *self)
{
    enum { WRITERS = 32 };
    struct writer writers[WRITERS];
    struct fiber_group group;
    struct metadata *entries;
    size_t count;
    fiber_group_init(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){self, i};
        assert_int_equal(fiber_group_start(&group, write_own, &writers[i]), STATUS_OK);
    }
    fiber_group_join(&group);
    assert_int_equal(self->repository.ops->list(self->repository.state, self->call, TEXT(""), 100,
                                                &entries, &count),
                     STATUS_OK);
    assert_int_equal(count, WRITERS / 2);
    assert_int_equal(entries[0].year, 1909);
}

/* The suite */

struct contract_case {
    const char *name;
    void (*run)(struct metadata_case *self);
};

static const struct contract_case cases[] = {
    {"empty_has_nothing", empty_has_nothing},
    {"every_field_is_kept", every_field_is_kept},
    {"removed_is_gone", removed_is_gone},
    {"fields_at_their_limits", fields_at_their_limits},
    {"pages_are_in_byte_order", pages_are_in_byte_order},
    {"largest_page", largest_page},
    {"call_that_is_over_changes_nothing", call_that_is_over_changes_nothing},
    {"answer_without_room", answer_without_room},
    {"opened_again_has_everything", opened_again_has_everything},
    {"changes_come_once_by_id", changes_come_once_by_id},
    {"changes_are_kept", changes_are_kept},
    {"changes_without_room", changes_without_room},
    {"entries_are_found_by_ids", entries_are_found_by_ids},
    {"entries_are_found_by_titles", entries_are_found_by_titles},
    {"only_so_many_are_found", only_so_many_are_found},
    {"the_largest_batch_is_found", the_largest_batch_is_found},
    {"many_write_at_once", many_write_at_once},
    {"condition_holds_or_aborts", metadata_condition_holds_or_aborts},
    {"condition_lets_one_win", metadata_condition_lets_one_win},
};

struct case_state {
    const struct metadata_implementation *implementation;
    const struct contract_case *contract_case;
};

static void run_contract_case(void **state)
{
    const struct case_state *case_state = *state;
    char directory[SCRATCH_PATH_BYTES];
    scratch_directory_make(directory);
    struct metadata_case self = {
        .implementation = case_state->implementation,
        .directory = text_of(directory),
        .run = case_state->contract_case->run,
    };
    assert_int_equal(worker_pool_create("lists", 1, 16, &self.workers), STATUS_OK);
    in_fiber(run_case, &self);
    worker_pool_destroy(self.workers);
    scratch_directory_remove(directory);
}

int metadata_repository_contract_run(const struct metadata_implementation *implementation)
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
