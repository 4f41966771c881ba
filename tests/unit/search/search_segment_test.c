/* A small catalogue, asked as one types. */
#include <stdio.h>

#include "search/search_builder_private.h"
#include "search_scene.h"
#include "support/cmocka_test.h"

static const struct search_document catalogue[] = {
    {TEXT_INIT("matrix"), TEXT_INIT("Matrix, The"), TEXT_INIT("Lana Wachowski"), 1999, 900},
    {TEXT_INIT("reloaded"), TEXT_INIT("Matrix Reloaded, The"), TEXT_INIT("Lana Wachowski"), 2003,
     500},
    {TEXT_INIT("amelie"), TEXT_INIT("Amélie"), TEXT_INIT("Jean-Pierre Jeunet"), 2001, 400},
    {TEXT_INIT("spider"), TEXT_INIT("Spider-Man"), TEXT_INIT("Sam Raimi"), 2002, 450},
    {TEXT_INIT("oceans"), TEXT_INIT("Ocean's Eleven"), TEXT_INIT("Steven Soderbergh"), 2001, 420},
    {TEXT_INIT("furious"), TEXT_INIT("Fast & Furious"), TEXT_INIT("Justin Lin"), 2009, 200},
    {TEXT_INIT("rocky"), TEXT_INIT("Rocky"), TEXT_INIT("John G. Avildsen"), 1976, 380},
    {TEXT_INIT("rocky2"), TEXT_INIT("Rocky II"), TEXT_INIT("Sylvester Stallone"), 1979, 150},
    {TEXT_INIT("heat"), TEXT_INIT("Heat"), TEXT_INIT("Michael Mann"), 1995, 350},
    {TEXT_INIT("heathers"), TEXT_INIT("Heathers"), TEXT_INIT("Michael Lehmann"), 1988, 360},
    {TEXT_INIT("red heat"), TEXT_INIT("Red Heat"), TEXT_INIT("Walter Hill"), 1988, 360},
    {TEXT_INIT("1984"), TEXT_INIT("1984"), TEXT_INIT("Michael Radford"), 1984, 50},
    {TEXT_INIT("terminator"), TEXT_INIT("Terminator, The"), TEXT_INIT("James Cameron"), 1984, 800},
    {TEXT_INIT("titanic-53"), TEXT_INIT("Titanic"), TEXT_INIT("Jean Negulesco"), 1953, 20},
    {TEXT_INIT("titanic"), TEXT_INIT("Titanic"), TEXT_INIT("James Cameron"), 1997, 700},
    {TEXT_INIT("the-the"), TEXT_INIT("The The"), TEXT_INIT(""), 0, 1},
    {TEXT_INIT("mash"), TEXT_INIT("M*A*S*H"), TEXT_INIT("Robert Altman"), 1970, 300},
};

static void questions_find_what_is_meant(void **state)
{
    static const struct {
        const char *question;
        const char *want; /* what is found, at most three of it */
    } cases[] = {
        {"the matrix", "matrix reloaded"},
        {"matrix the", "matrix reloaded"},
        {"mat", "matrix reloaded"},
        {"mat ", ""},
        {"matrix relo", "reloaded"},
        {"matrix 2003", "reloaded"},
        {"amelie", "amelie"},
        {"AMÉLIE", "amelie"},
        {"jeunet", "amelie"},
        {"spider man", "spider"},
        {"spiderman", "spider"},
        {"spider-man", "spider"},
        {"oceans eleven", "oceans"},
        {"ocean's 11", "oceans"},
        {"fast and furious", "furious"},
        {"fast & furious", "furious"},
        {"rocky 2", "rocky2"},
        {"rocky ii", "rocky2"},
        {"heat", "heat red heat heathers"},
        {"matrxi", "matrix reloaded"},
        {"matirx", "matrix reloaded"},
        {"matrx", "matrix reloaded"},
        {"mattrix", "matrix reloaded"},
        {"terninator", "terminator"},
        {"termimat", "terminator"},
        {"xyzzy", ""},
        {"1984", "1984 terminator"},
        {"cameron 1984", "terminator"},
        {"titanic", "titanic titanic-53"},
        {"titanic 1953", "titanic-53"},
        {"the", "the-the matrix terminator"},
        {"mash", "mash"},
        {"", ""},
        {"?!", ""},
    };
    struct search_segment *segment = build(catalogue, ARRAY_LENGTH(catalogue));
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char answer[ANSWER_BYTES];
        ask(segment, cases[i].question, 3, NULL, answer);
        if (strcmp(answer, cases[i].want) != 0) {
            print_error("'%s': '%s', not '%s'\n", cases[i].question, answer, cases[i].want);
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char answer[ANSWER_BYTES];
        ask(segment, cases[i].question, 3, NULL, answer);
        assert_string_equal(answer, cases[i].want);
    }
    search_segment_destroy(segment);
}

static void the_dead_are_not_found(void **state)
{
    struct search_segment *segment = build(catalogue, ARRAY_LENGTH(catalogue));
    char answer[ANSWER_BYTES];
    const uint64_t first = 1; /* the most popular: matrix */
    (void)state;
    ask(segment, "matrix", 3, &first, answer);
    assert_string_equal(answer, "reloaded");
    search_segment_destroy(segment);
}

static void documents_are_found_by_id(void **state)
{
    struct search_segment *segment = build(catalogue, ARRAY_LENGTH(catalogue));
    struct search_segment *empty = build(NULL, 0);
    (void)state;
    for (uint32_t i = 0; i < ARRAY_LENGTH(catalogue); i++) {
        assert_int_equal(search_segment_find(segment, search_segment_id(segment, i)), i);
    }
    assert_int_equal(search_segment_find(segment, TEXT("matri")), UINT32_MAX);
    assert_int_equal(search_segment_find(segment, TEXT("")), UINT32_MAX);
    assert_int_equal(search_segment_find(empty, TEXT("matrix")), UINT32_MAX);
    search_segment_destroy(segment);
    search_segment_destroy(empty);
}

static void a_segment_is_built_of_others(void **state)
{
    struct search_segment *whole = build(catalogue, ARRAY_LENGTH(catalogue));
    struct search_builder *builder = search_builder_create();
    struct search_segment *copy;
    (void)state;
    for (uint32_t i = 0; i < search_segment_count(whole); i++) {
        assert_int_equal(search_builder_add_from(builder, whole, i), STATUS_OK);
    }
    assert_int_equal(search_builder_finish(builder, &copy), STATUS_OK);
    static const char *const questions[] = {"the matrix", "spiderman",  "rocky 2",
                                            "1984",       "terninator", "heat"};
    for (size_t i = 0; i < ARRAY_LENGTH(questions); i++) {
        char want[ANSWER_BYTES];
        char answer[ANSWER_BYTES];
        ask(whole, questions[i], 10, NULL, want);
        ask(copy, questions[i], 10, NULL, answer);
        assert_string_equal(answer, want);
    }
    search_segment_destroy(copy);
    search_segment_destroy(whole);
}

static void an_empty_segment_answers(void **state)
{
    struct search_segment *segment = build(NULL, 0);
    char answer[ANSWER_BYTES];
    (void)state;
    ask(segment, "matrix", 3, NULL, answer);
    assert_string_equal(answer, "");
    search_segment_destroy(segment);
}

/* More of one prefix than are listed: the popular ones come first, and rare ones are found whole.
 */
static void many_with_one_prefix(void **state)
{
    enum { COUNT = 5000 };
    struct search_builder *builder = search_builder_create();
    struct search_segment *segment;
    char answer[ANSWER_BYTES];
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        char id[32];
        char title[32];
        (void)snprintf(id, sizeof(id), "%u", i);
        (void)snprintf(title, sizeof(title), "Love%u Story", i);
        const struct search_document document = {
            .id = text_of(id), .title = text_of(title), .popularity = COUNT - i};
        assert_int_equal(search_builder_add(builder, &document), STATUS_OK);
    }
    assert_int_equal(search_builder_finish(builder, &segment), STATUS_OK);
    ask(segment, "lov", 3, NULL, answer);
    assert_string_equal(answer, "0 1 2");
    ask(segment, "story lov", 3, NULL, answer);
    assert_string_equal(answer, "0 1 2");
    ask(segment, "love4999", 1, NULL, answer);
    assert_string_equal(answer, "4999");
    ask(segment, "story love4998", 1, NULL, answer);
    assert_string_equal(answer, "4998");
    search_segment_destroy(segment);
}

/* The same titles by hashes of each builder's and segment's own. */
static void nobody_can_aim_at_a_place(void **state)
{
    struct search_builder *builders[2];
    struct search_segment *segments[2];
    size_t same = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        builders[i] = search_builder_create();
        assert_int_equal(search_builder_add(builders[i], &catalogue[0]), STATUS_OK);
        segments[i] = build(catalogue, ARRAY_LENGTH(catalogue));
    }
    const struct pending_term *terms[] = {builders[0]->terms.items, builders[1]->terms.items};
    assert_true(builders[0]->terms.count > 2);
    for (size_t i = 0; i < builders[0]->terms.count; i++) {
        same += terms[0][i].hash == terms[1][i].hash ? 1 : 0;
    }
    assert_int_equal(same, 0);
    assert_true(segments[0]->variant_count > 50);
    for (size_t i = 0; i < segments[0]->variant_count; i++) {
        same += segments[0]->variants[i].hash == segments[1]->variants[i].hash ? 1 : 0;
    }
    assert_int_equal(same, 0);
    for (size_t i = 0; i < 2; i++) {
        search_builder_destroy(builders[i]);
        search_segment_destroy(segments[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_find_what_is_meant), cmocka_unit_test(the_dead_are_not_found),
        cmocka_unit_test(a_segment_is_built_of_others), cmocka_unit_test(an_empty_segment_answers),
        cmocka_unit_test(nobody_can_aim_at_a_place),    cmocka_unit_test(many_with_one_prefix),
        cmocka_unit_test(documents_are_found_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
