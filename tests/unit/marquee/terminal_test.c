/* What comes from outside cannot steer the terminal; columns and lines count characters. */
#include "support/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "marquee/terminal.h"

struct page {
    FILE *file;
    char *text;
    size_t length;
};

static void open_page(struct page *page)
{
    page->file = open_memstream(&page->text, &page->length);
    assert_non_null(page->file);
}

static void assert_page(struct page *page, const char *want)
{
    fclose(page->file);
    assert_string_equal(page->text, want);
    free(page->text);
}

static void test_controls(void **state)
{
    static const struct {
        const char *given;
        const char *want;
    } cases[] = {
        {"plain", "plain"},
        {"\x1b[31mred\x07", "?[31mred?"},
        {"a\nb\tc\x7f", "a?b?c?"},
        {"Cité", "Cité"},
        {"\xc2\x9b"
         "31m",
         "\xc2?31m"},
        {"\xc2\xa0", "\xc2\xa0"},
        {"a\xe2\x80\xae"
         "b\xe2\x80\xac",
         "a?b?"}, /* an override, and its end */
        {"\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xaf", "\xe2\x80\xa9?\xe2\x80\xaf"},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", "\xe2\x81\xa5??\xe2\x81\xaa"},
        {"cut \xe2\x80", "cut \xe2\x80"},
        {"\xd7\xa2\xd7\x91", "\xd7\xa2\xd7\x91"}, /* writing from right to left itself */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct page page;
        open_page(&page);
        terminal_print(page.file, text_of(cases[i].given));
        assert_page(&page, cases[i].want);
    }
}

static void test_padding(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    terminal_print_padded(page.file, TEXT("Cité"), 6);
    terminal_print_padded(page.file, TEXT("long"), 2);
    terminal_print_padded(page.file, TEXT(""), 1);
    assert_page(&page, "Cité  long ");
}

static void test_wrapping(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    terminal_print_wrapped(page.file, TEXT("one two  three verylongword x"), "  ", 9);
    terminal_print_wrapped(page.file, TEXT(""), "  ", 9);
    assert_page(&page, "  one two\n  three\n  verylongword\n  x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
