/* The catalogue built in, and files in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "sizecompare/sample_catalogue.h"

#define ENTRY(id) "{\"id\":\"" id "\",\"title\":\"t\",\"description\":\"d\",\"director\":\"r\"}"

struct place {
    char folder[64];
    char file[80];
    struct arena arena;
};

static int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/catalogue_test.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->file, sizeof(place->file), "%s/catalogue.json", place->folder);
    arena_init(&place->arena, 64 << 20);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    (void)unlink(place->file);
    assert_int_equal(rmdir(place->folder), 0);
    arena_deinit(&place->arena);
    free(place);
    return 0;
}

static void place_write(const struct place *place, const char *content)
{
    FILE *file = fopen(place->file, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_built_in_has_a_hundred_entries(void **state)
{
    struct place *place = *state;
    struct sample_document document;

    assert_int_equal(sample_catalogue_load(NULL, 100, &place->arena, &document), STATUS_OK);
    assert_int_equal(document.shape, SAMPLE_LIST);
    assert_int_equal(document.count, 100);
    assert_true(text_equal(document.entries[0].fields[SAMPLE_FIELD_ID], TEXT("tt0133093")));
    assert_true(text_equal(document.entries[0].fields[SAMPLE_FIELD_TITLE], TEXT("The Matrix")));
}

static void test_reads_files(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *name;
        const char *content;
        enum status want;
        size_t count;
    } cases[] = {
        {"two", "[" ENTRY("1") "," ENTRY("2") "]", STATUS_OK, 2},
        {"more than asked for", "[" ENTRY("1") "," ENTRY("2") "," ENTRY("3") "]", STATUS_OK, 2},
        {"further keys",
         "[{\"year\":1,\"genres\":[],\"id\":\"1\",\"title\":\"\","
         "\"description\":\"\",\"director\":\"\"}]",
         STATUS_OK, 1},
        {"none", "[]", STATUS_INVALID_ARGUMENT, 0},
        {"nothing", "", STATUS_INVALID_ARGUMENT, 0},
        {"no list", ENTRY("1"), STATUS_INVALID_ARGUMENT, 0},
        {"no director", "[{\"id\":\"1\",\"title\":\"t\",\"description\":\"d\"}]",
         STATUS_INVALID_ARGUMENT, 0},
        {"no text", "[{\"id\":1,\"title\":\"t\",\"description\":\"d\",\"director\":\"r\"}]",
         STATUS_INVALID_ARGUMENT, 0},
        {"no JSON", "id,title", STATUS_INVALID_ARGUMENT, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct sample_document document = {.count = 0};
        place_write(place, cases[i].content);
        enum status got = sample_catalogue_load(place->file, 2, &place->arena, &document);
        if (got != cases[i].want || document.count != cases[i].count) {
            fail_msg("%s: %s, %zu entries", cases[i].name, status_name(got), document.count);
        }
    }
}

static void test_says_what_cannot_be_read(void **state)
{
    struct place *place = *state;
    struct sample_document document;

    assert_int_equal(sample_catalogue_load("/nowhere/catalogue.json", 2, &place->arena, &document),
                     STATUS_NOT_FOUND);
    assert_int_equal(sample_catalogue_load(place->folder, 2, &place->arena, &document),
                     STATUS_UNAVAILABLE);
}

static void test_refuses_a_large_file(void **state)
{
    struct place *place = *state;
    struct sample_document document;

    place_write(place, "[");
    assert_int_equal(truncate(place->file, SAMPLE_CATALOGUE_BYTES_MAX + 1), 0);
    assert_int_equal(sample_catalogue_load(place->file, 2, &place->arena, &document),
                     STATUS_RESOURCE_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_built_in_has_a_hundred_entries, place_open,
                                        place_close),
        cmocka_unit_test_setup_teardown(test_reads_files, place_open, place_close),
        cmocka_unit_test_setup_teardown(test_says_what_cannot_be_read, place_open, place_close),
        cmocka_unit_test_setup_teardown(test_refuses_a_large_file, place_open, place_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
