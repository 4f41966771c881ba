/* What a text is found under. */
#include <stdio.h>

#include "search/search_terms.h"
#include "support/cmocka_test.h"

enum { LINE_BYTES = 512 };

/* "term term (alias)". */
static void print_terms(const struct search_terms *terms, char line[static LINE_BYTES])
{
    size_t at = 0;
    line[0] = '\0';
    for (size_t i = 0; i < terms->count; i++) {
        const struct search_term *term = &terms->terms[i];
        at += (size_t)snprintf(line + at, LINE_BYTES - at, "%s%s%.*s%s", i > 0 ? " " : "",
                               term->alias ? "(" : "", TEXT_ARGUMENTS(term->text),
                               term->alias ? ")" : "");
        assert_true(at < LINE_BYTES);
    }
}

static void texts_are_cut_into_terms(void **state)
{
    static const struct {
        const char *given;
        const char *want;
        bool open_end;
    } cases[] = {
        {"", "", false},
        {"The Matrix", "the matrix", true},
        {"The Matrix ", "the matrix", false},
        {"Matrix, The", "matrix the", true},
        {"AMÉLIE", "amelie", true},
        {"Ame\xcc\x81lie", "amelie", true},
        {"Smørgåsbord", "smorgasbord", true},
        {"Łódź", "lodz", true},
        {"Æon Flux", "aeon flux", true},
        {"Straße", "strasse", true},
        {"Ocean's Eleven", "oceans eleven", true},
        {"Ocean’s Eleven", "oceans eleven", true},
        {"Fast & Furious", "fast and furious", true},
        {"Romeo + Juliet", "romeo and juliet", true},
        {"Spider-Man", "spider man (spiderman)", true},
        {"WALL·E", "wall e (walle)", true},
        {"M*A*S*H", "m a s h (mash)", true},
        {"S.W.A.T.", "s w a t (swat)", false},
        {"Rocky II", "rocky ii (2)", true},
        {"Toy Story 2", "toy story 2 (ii)", true},
        {"8½", "8 (viii) 1 2 (ii) (812)", true},
        {"Амели", "амели", true},
        {"七人の侍", "七人の侍", true},
        {"a\xff"
         "b",
         "a b", true},
        {"-- !! --", "", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct search_terms terms;
        char line[LINE_BYTES];
        arena_init(&arena, 64 * 1024);
        assert_int_equal(search_terms_cut(&arena, text_of(cases[i].given), &terms), STATUS_OK);
        print_terms(&terms, line);
        if (strcmp(line, cases[i].want) != 0 || terms.open_end != cases[i].open_end) {
            fail_msg("'%s': %s%s", cases[i].given, line, terms.open_end ? "…" : "");
        }
        arena_deinit(&arena);
    }
}

static void long_words_and_long_texts_are_cut_short(void **state)
{
    struct arena arena;
    struct search_terms terms;
    char text[4096];
    (void)state;
    arena_init(&arena, 64 * 1024);
    memset(text, 'x', sizeof(text));
    assert_int_equal(search_terms_cut(&arena, text_of_bytes(text, 200), &terms), STATUS_OK);
    assert_int_equal(terms.count, 1);
    assert_int_equal(terms.terms[0].text.length, SEARCH_TERM_BYTES_MAX);
    for (size_t i = 1; i < sizeof(text); i += 2) {
        text[i] = ' ';
    }
    assert_int_equal(search_terms_cut(&arena, text_of_bytes(text, sizeof(text)), &terms),
                     STATUS_OK);
    assert_int_equal(terms.count, SEARCH_TERMS_MAX);
    arena_deinit(&arena);
}

static void a_small_arena_is_said_to_be_full(void **state)
{
    struct arena arena;
    struct search_terms terms;
    (void)state;
    arena_init(&arena, 64);
    assert_int_equal(search_terms_cut(&arena, TEXT("the matrix"), &terms),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut_into_terms),
        cmocka_unit_test(long_words_and_long_texts_are_cut_short),
        cmocka_unit_test(a_small_arena_is_said_to_be_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
