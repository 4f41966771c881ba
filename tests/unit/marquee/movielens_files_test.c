/* The real MovieLens set, where MARQUEE_MOVIELENS_DIR names one: every row is read, and the links
 * fit the movies. */
#include "support/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "marquee/csv_reader.h"
#include "marquee/movielens_links.h"

enum { ARENA_BYTES = 1024 * 1024, SKIPPED = 77 };

typedef void (*row_fn)(void *state, struct call *call, const struct csv_row *row);

static size_t read_file(const char *name, row_fn take, void *state)
{
    struct arena arena;
    struct call call;
    struct file_source file;
    struct csv_reader reader;
    struct csv_row row;
    size_t count = 0;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    struct text path = arena_format(&arena, "%s/%s", getenv("MARQUEE_MOVIELENS_DIR"), name);
    assert_int_equal(file_source_open(&call, path.data, &file), STATUS_OK);
    assert_int_equal(csv_reader_init(&reader, file_source_bytes(&file)), STATUS_OK);
    enum status status = csv_reader_next(&reader, &call, &row); /* the header */
    while (status == STATUS_OK) {
        status = csv_reader_next(&reader, &call, &row);
        if (status == STATUS_OK) {
            take(state, &call, &row);
            count++;
        }
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    csv_reader_deinit(&reader);
    file_source_close(&file);
    arena_deinit(&arena);
    return count;
}

static void take_link(void *state, struct call *call, const struct csv_row *row)
{
    assert_int_equal(movielens_links_add(state, call, row), STATUS_OK);
}

static void take_movie(void *state, struct call *call, const struct csv_row *row)
{
    (void)call;
    assert_int_equal(row->count, 3);
    assert_non_null(movielens_links_find(state, row->fields[0]));
}

static void take_vote(void *state, struct call *call, const struct csv_row *row)
{
    (void)state;
    (void)call;
    assert_int_equal(row->count, 4);
}

static void test_files(void **state)
{
    struct movielens_links links = {.count = 0};
    (void)state;
    size_t link_count = read_file("links.csv", take_link, &links);
    movielens_links_sort(&links);
    assert_true(link_count > 0);
    assert_int_equal(read_file("movies.csv", take_movie, &links), link_count);
    assert_true(read_file("ratings.csv", take_vote, NULL) > link_count);
    assert_null(movielens_links_find(&links, TEXT("0")));
    assert_null(movielens_links_find(&links, TEXT("no number")));
    movielens_links_deinit(&links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    if (getenv("MARQUEE_MOVIELENS_DIR") == NULL) {
        (void)puts("skipped: MARQUEE_MOVIELENS_DIR names no MovieLens set");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
