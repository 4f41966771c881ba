/* Writers, readers and whoever sorts anew at once; afterwards the lists are what they must be. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "rank_oracle.h"
#include "support/cmocka_test.h"

enum { WRITERS = 2, READERS = 2, WRITES = 4000, RESORTS = 40, ENTRIES = 3000 };

struct scene {
    struct rank_index *index;
    atomic_int writers_left;
    atomic_size_t pages;
};

struct writer {
    struct scene *scene;
    unsigned number;
};

/* What the last write of an entry says. */
static struct rank_change change_of(unsigned entry, unsigned round, char id[static 16])
{
    snprintf(id, 16, "%u", entry);
    return (struct rank_change){
        .id = text_of(id),
        .part = RANK_VOTES,
        .removed = (entry + round) % 11 == 0,
        .count = 1 + (entry * 31 + round) % 40,
        .sum_hundredths = (1 + (entry * 31 + round) % 40) * (uint64_t)((entry * 7 + round) % 1001),
    };
}

static void *write_votes(void *argument)
{
    const struct writer *writer = argument;
    for (unsigned round = 0; round < WRITES; round++) {
        char ids[8][16];
        struct rank_change changes[8];
        for (unsigned i = 0; i < 8; i++) {
            /* Each writer has entries of its own. */
            unsigned entry = (round * 8 + i) % (ENTRIES / WRITERS) * WRITERS + writer->number;
            changes[i] = change_of(entry, round * 8 / (ENTRIES / WRITERS), ids[i]);
        }
        assert_int_equal(rank_apply(writer->scene->index, changes, 8), STATUS_OK);
    }
    atomic_fetch_sub(&writer->scene->writers_left, 1);
    return NULL;
}

static void check_page(const struct rank_page *page, const struct rank_row *last)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct rank_row *row = &page->rows[i];
        const struct rank_row *before = i > 0 ? &page->rows[i - 1] : last;
        assert_true(row->score == rank_score(&page->parameters, row->count, row->sum_hundredths));
        assert_true(before == NULL || before->score > row->score ||
                    (before->score == row->score && text_compare(before->id, row->id) < 0));
    }
}

static void *read_pages(void *argument)
{
    struct scene *scene = argument;
    while (atomic_load(&scene->writers_left) > 0) {
        struct rank_query query = {.page_size = 50};
        struct rank_page page;
        struct rank_row last;
        bool has_last = false;
        struct arena arena;
        struct call call;
        arena_init(&arena, 8 * 1024 * 1024);
        call_init(&call, &arena, 0);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(rank_list(scene->index, &call, &query, RANK_ON_WORKER, &page),
                             STATUS_OK);
            check_page(&page, has_last ? &last : NULL);
            if (page.next_page_token.length == 0) {
                break;
            }
            last = page.rows[page.count - 1];
            has_last = true;
            query.page_token = page.next_page_token;
            atomic_fetch_add(&scene->pages, 1);
        }
        arena_deinit(&arena);
    }
    return NULL;
}

static void *sort_anew(void *argument)
{
    struct scene *scene = argument;
    for (int i = 0; i < RESORTS || atomic_load(&scene->writers_left) > 0; i++) {
        const struct rank_parameters next = rank_parameters_make(25, 5 + i % 100 / 50.0);
        assert_int_equal(rank_resort(scene->index, &next), STATUS_OK);
    }
    return NULL;
}

static void compare_with_last_writes(struct scene *scene)
{
    struct arena arena;
    size_t want = 0;
    arena_init(&arena, 1024 * 1024);
    for (unsigned entry = 0; entry < ENTRIES; entry++) {
        char id[16];
        struct rank_row row;
        unsigned place = entry / WRITERS;
        unsigned last = (WRITES * 8 - 1 - place) / (ENTRIES / WRITERS);
        /* The round of the call in which it was written last. */
        unsigned round = (last * (ENTRIES / WRITERS) + place) / 8 * 8 / (ENTRIES / WRITERS);
        const struct rank_change change = change_of(entry, round, id);
        assert_int_equal(rank_find(scene->index, &arena, text_of(id), &row), !change.removed);
        if (!change.removed) {
            assert_int_equal(row.count, change.count);
            assert_int_equal(row.sum_hundredths, change.sum_hundredths);
            want++;
        }
    }
    assert_int_equal(rank_index_stats(scene->index).listed, want);
    arena_deinit(&arena);
}

static size_t count_listed(struct scene *scene, enum rank_order order)
{
    struct rank_query query = {.order = order, .page_size = RANK_PAGE_SIZE_MAX};
    struct rank_page page;
    struct arena arena;
    struct call call;
    size_t count = 0;
    arena_init(&arena, 8 * 1024 * 1024);
    call_init(&call, &arena, 0);
    do {
        assert_int_equal(rank_list(scene->index, &call, &query, RANK_ON_WORKER, &page), STATUS_OK);
        count += page.count;
        query.page_token = page.next_page_token;
    } while (query.page_token.length > 0);
    arena_deinit(&arena);
    return count;
}

static void keeps_its_order_while_all_work_at_once(void **state)
{
    (void)state;
    const struct rank_options options = {.orders = 1u << RANK_BY_SCORE | 1u << RANK_BY_VOTES,
                                         .listed_parts = RANK_VOTES,
                                         .parameters = rank_parameters_make(25, 7)};
    struct scene scene = {.writers_left = WRITERS};
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS + READERS + 1];
    size_t count = 0;
    assert_int_equal(rank_index_create(&options, &scene.index), STATUS_OK);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.scene = &scene, .number = i};
        assert_int_equal(pthread_create(&threads[count++], NULL, write_votes, &writers[i]), 0);
    }
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[count++], NULL, read_pages, &scene), 0);
    }
    assert_int_equal(pthread_create(&threads[count++], NULL, sort_anew, &scene), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    compare_with_last_writes(&scene);
    assert_int_equal(count_listed(&scene, RANK_BY_SCORE), rank_index_stats(scene.index).listed);
    assert_int_equal(count_listed(&scene, RANK_BY_VOTES), rank_index_stats(scene.index).listed);
    assert_true(rank_index_stats(scene.index).resorts >= RESORTS);
    assert_true(atomic_load(&scene.pages) > 0);
    rank_index_destroy(scene.index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_order_while_all_work_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
