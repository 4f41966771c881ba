#include "registry/handler/registry_filter_regexp.h"

#include "base/arena.h"
#include "registry/handler/registry_filter_private.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 1024 * 1024, TRANSLATED_BYTES_MAX = 4096 };

/* The pattern's own errors are Go's regexp/syntax. */
static void test_translations(void **state)
{
    static const struct {
        const char *source;
        enum status status;
        const char *want;
    } cases[] = {
        {"abc", STATUS_OK, "abc"},
        {"(a)(?:b)(?P<x>c)(?<y>d)", STATUS_OK, "(?:a)(?:b)(?:c)(?:d)"},
        {"(?i)a(?s-m:b)", STATUS_OK, "(?i)a(?s-m:b)"},
        {"\\s\\S[\\s][\\S]\\v", STATUS_OK,
         "[\\t\\n\\f\\r ][^\\t\\n\\f\\r ][\\t\\n\\f\\r ][\\S\\x0b]\\x0b"},
        {"\\d\\pL\\p{Greek}\\x41\\x{263a}", STATUS_OK, "\\d\\pL\\p{Greek}\\x41\\x{263a}"},
        {"\\101\\0", STATUS_OK, "\\x{41}\\x{0}"},
        {"\\Qa.b\\E.", STATUS_OK, "\\Qa.b\\E."},
        {"\\Qa.b", STATUS_OK, "\\Qa.b\\E"},
        {"[]a][^]a][[:alpha:]_][a[.b]", STATUS_OK, "[\\]a][^\\]a][[:alpha:]_][a\\[.b]"},
        {"a*?b+c??d{2}e{2,}?f{2,3}", STATUS_OK, "a*?b+c??d{2}e{2,}?f{2,3}"},
        {"a{,2}b{x}", STATUS_OK, "a{,2}b{x}"},
        {"a|b", STATUS_OK, "a|b"},
        {"a$(?m:b$(?-m)c$)(d$)(?sm)e$", STATUS_OK, "a\\z(?m:b$(?-m)c\\z)(?:d\\z)(?sm)e$"},
        {"(a", STATUS_INVALID_ARGUMENT, "missing closing ): `(a`"},
        {"a)(", STATUS_INVALID_ARGUMENT, "unexpected ): `a)(`"},
        {"[a", STATUS_INVALID_ARGUMENT, "missing closing ]: `[a`"},
        {"*a", STATUS_INVALID_ARGUMENT, "missing argument to repetition operator: `*`"},
        {"a|*", STATUS_INVALID_ARGUMENT, "missing argument to repetition operator: `*`"},
        {"(?:+)", STATUS_INVALID_ARGUMENT, "missing argument to repetition operator: `+`"},
        {"(*a)", STATUS_INVALID_ARGUMENT, "missing argument to repetition operator: `*`"},
        {"a**", STATUS_INVALID_ARGUMENT, "invalid nested repetition operator: `**`"},
        {"a*+", STATUS_INVALID_ARGUMENT, "invalid nested repetition operator: `*+`"},
        {"a{1001}", STATUS_INVALID_ARGUMENT, "invalid repeat count: `{1001}`"},
        {"a{2,1}", STATUS_INVALID_ARGUMENT, "invalid repeat count: `{2,1}`"},
        {"a\\", STATUS_INVALID_ARGUMENT, "trailing backslash at end of expression: ``"},
        {"\\1", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\1`"},
        {"(a)\\2", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\2`"},
        {"\\K", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\K`"},
        {"\\C", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\C`"},
        {"\\xz", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\x`"},
        {"[\\b]", STATUS_INVALID_ARGUMENT, "invalid escape sequence: `\\b`"},
        {"(?=a)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?=`"},
        {"(?<=a)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?<`"},
        {"(?>a)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?>`"},
        {"(?R)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?R`"},
        {"(?#a)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?#`"},
        {"(?P>a)", STATUS_INVALID_ARGUMENT, "invalid or unsupported Perl syntax: `(?P`"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct buffer buffer;
        struct call call;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        buffer_init(&buffer, TRANSLATED_BYTES_MAX);
        enum status status = registry_regexp_translate(&call, text_of(cases[i].source), &buffer);
        struct text got = status == STATUS_OK ? buffer_text(&buffer) : call.error.message;
        if (status != cases[i].status || !text_ends_with(got, text_of(cases[i].want)) ||
            (status == STATUS_OK && got.length != strlen(cases[i].want))) {
            fail_msg("%s: %s: %.*s", cases[i].source, status_name(status), TEXT_ARGUMENTS(got));
        }
        buffer_deinit(&buffer);
        arena_deinit(&arena);
    }
}

static void test_matches(void **state)
{
    static const struct {
        const char *source;
        const char *text;
        bool want;
    } cases[] = {
        {"b", "abc", true},
        {"^b", "abc", false},
        {"c$", "abc", true},
        {"c$", "abc\n", false},
        {"(?m)c$", "abc\n", true},
        {"(?m)^b$", "a\nb\nc", true},
        {"a.c", "a\nc", false},
        {"(?s)a.c", "a\nc", true},
        {"a.c", "a\rc", true},
        {"^\\s$", "\v", false},
        {"^\\S$", "\v", true},
        {"^[\\S]$", "\v", true},
        {"^\\v$", "\v", true},
        {"^.$", "\xc3\x84", true},
        {"(?i)\xc3\xa4", "\xc3\x84", true},
        {"^\\w$", "\xc3\x84", false},
        {"^\\pL$", "\xc3\x84", true},
        {"\\bb\\b", "a b c", true},
        {"^(a|ab)(c|bcd)$", "abcd", true},
        {"^(a*)*b$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"", "", true},
        {"\\Aab\\z", "ab", true},
        {"^[^]a]$", "]", false},
        {"a|b|", "x", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct call call;
        struct filter_pattern *pattern;
        bool matches = !cases[i].want;
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        enum status status = filter_pattern_compile(&call, text_of(cases[i].source), &pattern);
        if (status == STATUS_OK) {
            status = filter_pattern_match(pattern, &call, text_of(cases[i].text), &matches);
        }
        if (status != STATUS_OK || matches != cases[i].want) {
            fail_msg("%s: %s: %d: %.*s", cases[i].source, status_name(status), matches,
                     TEXT_ARGUMENTS(call.error.message));
        }
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_translations),
        cmocka_unit_test(test_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
