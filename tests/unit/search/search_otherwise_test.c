/* Questions that are written otherwise than the titles that they mean. */
#include <stdio.h>

#include "search/search_forms.h"
#include "search/search_title.h"
#include "search_scene.h"
#include "support/cmocka_test.h"

static const struct search_document catalogue[] = {
    {TEXT_INIT("toys2"), TEXT_INIT("Toy Story 2"), TEXT_INIT(""), 1999, 600},
    {TEXT_INIT("toys"), TEXT_INIT("Toy Story"), TEXT_INIT(""), 1995, 700},
    {TEXT_INIT("angry"), TEXT_INIT("12 Angry Men"), TEXT_INIT(""), 1957, 300},
    {TEXT_INIT("samurai"), TEXT_INIT("Seven Samurai (Shichinin no samurai)"), TEXT_INIT(""), 1954,
     300},
    {TEXT_INIT("empire"), TEXT_INIT("Star Wars: Episode V - The Empire Strikes Back"),
     TEXT_INIT(""), 1980, 900},
    {TEXT_INIT("hope"), TEXT_INIT("Star Wars: Episode IV - A New Hope"), TEXT_INIT(""), 1977, 950},
    {TEXT_INIT("strangelove"), TEXT_INIT("Dr. Strangelove"), TEXT_INIT("Stanley Kubrick"), 1964,
     300},
    {TEXT_INIT("opus"), TEXT_INIT("Mr. Holland's Opus"), TEXT_INIT(""), 1995, 100},
    {TEXT_INIT("bill2"), TEXT_INIT("Kill Bill: Vol. 2"), TEXT_INIT(""), 2004, 500},
    {TEXT_INIT("bill1"), TEXT_INIT("Kill Bill: Vol. 1"), TEXT_INIT(""), 2003, 510},
    {TEXT_INIT("alcatraz"), TEXT_INIT("Birdman of Alcatraz"), TEXT_INIT(""), 1962, 60},
    {TEXT_INIT("birdman"), TEXT_INIT("Birdman: Or (The Unexpected Virtue of Ignorance)"),
     TEXT_INIT(""), 2014, 50},
    {TEXT_INIT("1984-56"), TEXT_INIT("1984"), TEXT_INIT(""), 1956, 1},
    {TEXT_INIT("1984"), TEXT_INIT("1984 (Nineteen Eighty-Four)"), TEXT_INIT(""), 1984, 50},
    {TEXT_INIT("monkeys"), TEXT_INIT("Twelve Monkeys (a.k.a. 12 Monkeys)"), TEXT_INIT(""), 1995,
     550},
    {TEXT_INIT("oracle"), TEXT_INIT("Oracle Story"), TEXT_INIT(""), 1990, 5},
    {TEXT_INIT("ratatouille"), TEXT_INIT("Ratatouille"), TEXT_INIT(""), 2007, 400},
    {TEXT_INIT("jurassic"), TEXT_INIT("Jurassic Park"), TEXT_INIT(""), 1993, 800},
    {TEXT_INIT("fireflies"), TEXT_INIT("Grave of the Fireflies"), TEXT_INIT(""), 1988, 200},
    {TEXT_INIT("future"), TEXT_INIT("Back to the Future"), TEXT_INIT(""), 1985, 850},
    {TEXT_INIT("wood"), TEXT_INIT("Ed Wood"), TEXT_INIT(""), 1994, 150},
    {TEXT_INIT("robot"), TEXT_INIT("I, Robot"), TEXT_INIT(""), 2004, 160},
    {TEXT_INIT("brother"), TEXT_INIT("O Brother, Where Art Thou?"), TEXT_INIT(""), 2000, 260},
    {TEXT_INIT("paths"), TEXT_INIT("Paths of Glory"), TEXT_INIT("Stanley Kubrick"), 1957, 100},
};

/* What is asked for, and what comes first; empty: nothing is found. */
struct asked {
    const char *question;
    const char *want;
};

static void check(const struct asked *cases, size_t count)
{
    struct search_segment *segment = build(catalogue, ARRAY_LENGTH(catalogue));
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char answer[ANSWER_BYTES];
        ask(segment, cases[i].question, 1, NULL, answer);
        if (strcmp(answer, cases[i].want) != 0) {
            print_error("'%s': '%s', not '%s'\n", cases[i].question, answer, cases[i].want);
            wrong++;
        }
    }
    search_segment_destroy(segment);
    assert_int_equal(wrong, 0);
}

static void numbers_and_abbreviations_have_other_forms(void **state)
{
    static const struct asked cases[] = {
        {"toy story two", "toys2"},        {"toy story ii", "toys2"},
        {"twelve angry men", "angry"},     {"7 samurai", "samurai"},
        {"star wars 5", "empire"},         {"star wars five", "empire"},
        {"star wars 4", "hope"},           {"doctor strangelove", "strangelove"},
        {"dr strangelove", "strangelove"}, {"mister hollands opus", "opus"},
        {"kill bill volume 2", "bill2"},   {"kill bill volume one", "bill1"},
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

/* A title that is all that was asked for stands before a longer one that more people know; what
 * stands in parentheses is a title of its own. */
static void titles_in_parentheses_count_for_themselves(void **state)
{
    static const struct asked cases[] = {
        {"birdman", "birdman"},
        {"birdman of alcatraz", "alcatraz"},
        {"1984", "1984"},
        {"12 monkeys", "monkeys"},
        {"shichinin no samurai", "samurai"},
        {"unexpected virtue of ignorance", "birdman"},
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

static void what_was_written_together_is_parted(void **state)
{
    static const struct asked cases[] = {
        {"starwars", "hope"}, {"starwars 5", "empire"}, {"toystory", "toys"},
        {"toysto", "toys"},   {"irobot", "robot"},      {"edwood", "wood"},
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

static void two_edits_are_forgiven_in_long_words(void **state)
{
    static const struct asked cases[] = {
        {"ratatoullie", "ratatouille"},
        {"ratatoulli", "ratatouille"},
        {"jurrasic", "jurassic"},
        {"jurrasic prak", "jurassic"},
        {"grave of the fireflys", "fireflies"},
        {"rattaoullie", ""}, /* three */
        {"jurasik", "jurassic"},
        {"waad", ""}, /* short, and alone */
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

static void short_words_are_forgiven_beside_others(void **state)
{
    static const struct asked cases[] = {
        {"bak to the future", "future"},
        {"ed wod", "wood"},
        {"wod", ""},
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

static void one_of_three_words_may_be_missing(void **state)
{
    static const struct asked cases[] = {
        {"oh brother where art thou", "brother"}, {"jurassic park spielberg", "jurassic"},
        {"spielberg jurassic park", "jurassic"},  {"jurassic spielberg", ""},
        {"jurassic park spielberg crichton", ""},
    };
    (void)state;
    check(cases, ARRAY_LENGTH(cases));
}

/* A year may have more films than are looked at: the one that is called so is not lost. */
static void a_year_that_is_a_title_is_found_among_many_of_that_year(void **state)
{
    enum { COUNT = SEARCH_SCAN_MAX + 1000 };
    struct search_builder *builder = search_builder_create();
    struct search_segment *segment;
    char answer[ANSWER_BYTES];
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "%u", i);
        const struct search_document document = {
            .id = text_of(id), .title = TEXT("Another"), .year = 2012, .popularity = COUNT - i};
        assert_int_equal(search_builder_add(builder, &document), STATUS_OK);
    }
    const struct search_document meant = {
        .id = TEXT("2012"), .title = TEXT("2012"), .year = 2009, .popularity = 1};
    assert_int_equal(search_builder_add(builder, &meant), STATUS_OK);
    assert_int_equal(search_builder_finish(builder, &segment), STATUS_OK);
    ask(segment, "2012", 1, NULL, answer);
    assert_string_equal(answer, "2012");
    search_segment_destroy(segment);
}

/* What one segment has as it is typed is enough: in the other nothing is looked for that is only
 * like it. */
static void segments_are_asked_together(void **state)
{
    struct search_segment *whole = build(catalogue, ARRAY_LENGTH(catalogue));
    const struct search_document document = {.id = TEXT("prak"), .title = TEXT("Jurassic Prak")};
    struct search_segment *added = build(&document, 1);
    struct search_result results[2][SEARCH_RESULTS_MAX];
    static const struct {
        const char *question;
        size_t want[2]; /* results of each */
    } cases[] = {
        {"jurassic prak", {1, 1}}, /* one edit: fewer than SEARCH_RESULTS_ENOUGH */
        {"qwyjibo jurassic prak", {1, 1}},
        {"kubrick paths glory", {1, 0}},
        {"jurasick prakk", {0, 1}},
        {"jurassic", {1, 1}},
        {"", {0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct search_part parts[] = {{.segment = whole, .results = results[0]},
                                      {.segment = added, .results = results[1]}};
        const struct search_question question = {.text = text_of(cases[i].question), .limit = 3};
        struct arena arena;
        arena_init(&arena, 1024 * 1024);
        search_parts_ask(parts, 2, &arena, &question);
        print_message("'%s'\n", cases[i].question);
        assert_int_equal(parts[0].count, cases[i].want[0]);
        assert_int_equal(parts[1].count, cases[i].want[1]);
        arena_deinit(&arena);
    }
    search_segment_destroy(whole);
    search_segment_destroy(added);
}

static void forms_lead_to_each_other(void **state)
{
    static const struct {
        const char *term;
        const char *forms[SEARCH_FORMS_MAX];
    } cases[] = {
        {"2", {"ii", "two"}},
        {"ii", {"2", "two"}},
        {"two", {"2", "ii"}},
        {"fifty", {"50"}},
        {"dr", {"doctor"}},
        {"doctor", {"dr"}},
        {"st", {"saint", "street"}},
        {"street", {"st"}},
        {"matrix", {NULL}},
        {"", {NULL}},
        {"21", {NULL}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text forms[SEARCH_FORMS_MAX];
        size_t count = search_forms_of(text_of(cases[i].term), forms);
        for (size_t form = 0; form < SEARCH_FORMS_MAX; form++) {
            const char *want = cases[i].forms[form];
            assert_int_equal(form < count, want != NULL);
            assert_true(want == NULL || text_equal(forms[form], text_of(want)));
        }
    }
}

static void a_title_has_a_main_part(void **state)
{
    static const struct {
        const char *title;
        const char *want;
    } cases[] = {
        {"Seven (a.k.a. Se7en)", "Seven"},
        {"Men in Black III (M.III.B.) (M.I.B.³)", "Men in Black III"},
        {"(500) Days of Summer", "(500) Days of Summer"},
        {"(Untitled)", "(Untitled)"},
        {" Matrix ", "Matrix"},
        {"Not) open", "Not) open"},
        {"Not open)", "Not open)"},
        {")", ")"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text main = search_title_main(text_of(cases[i].title));
        assert_true(text_equal(main, text_of(cases[i].want)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_abbreviations_have_other_forms),
        cmocka_unit_test(titles_in_parentheses_count_for_themselves),
        cmocka_unit_test(what_was_written_together_is_parted),
        cmocka_unit_test(two_edits_are_forgiven_in_long_words),
        cmocka_unit_test(short_words_are_forgiven_beside_others),
        cmocka_unit_test(one_of_three_words_may_be_missing),
        cmocka_unit_test(a_year_that_is_a_title_is_found_among_many_of_that_year),
        cmocka_unit_test(segments_are_asked_together),
        cmocka_unit_test(forms_lead_to_each_other),
        cmocka_unit_test(a_title_has_a_main_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
