#include "registry/handler/registry_filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "registry/handler/registry_filter_fields.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 4 * 1024 * 1024, EXPRESSION_BYTES = 2 * REGISTRY_FILTER_BYTES_MAX };

struct fixture {
    struct arena arena;
    struct call call;
    const struct json *entry;
};

static const char entry[] =
    "{\"Node\":{\"Node\":\"n1\",\"Meta\":{\"os\":\"linux\"}},"
    "\"Service\":{\"ID\":\"r1\",\"Service\":\"rating\",\"Tags\":[\"v1\",\"blue\"],"
    "\"Address\":\"10.0.0.1\",\"TaggedAddresses\":{\"lan\":{\"Address\":\"10.0.0.1\",\"Port\":80}},"
    "\"Meta\":{\"version\":\"2.1\",\"app.name\":\"x y\"},\"Port\":8082,"
    "\"Weights\":{\"Passing\":10,\"Warning\":1},\"EnableTagOverride\":true,"
    "\"Connect\":{\"Native\":false}},"
    "\"Checks\":[{\"CheckID\":\"serf\",\"Status\":\"passing\",\"Output\":\"\"},"
    "{\"CheckID\":\"c1\",\"Status\":\"warning\",\"Output\":\"slow\\n\\u00c4nd\"}]}";

static void setup(struct fixture *fixture)
{
    arena_init(&fixture->arena, ARENA_BYTES);
    call_init(&fixture->call, &fixture->arena, 0);
    assert_int_equal(json_parse(&fixture->call, text_of(entry), &fixture->entry), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    arena_deinit(&fixture->arena);
}

static enum status match(struct fixture *fixture, const char *expression, bool *ret_matches)
{
    struct registry_filter *filter;
    enum status status = registry_filter_parse(&fixture->call, text_of(expression),
                                               registry_filter_health_fields, &filter);
    return status == STATUS_OK
               ? registry_filter_match(filter, &fixture->call, fixture->entry, ret_matches)
               : status;
}

static void test_matches(void **state)
{
    static const struct {
        const char *expression;
        bool want;
    } cases[] = {
        {"Service.Service == rating", true},
        {"Service.Service==\"rating\"", true},
        {"Service.Service == `rating`", true},
        {"Service.Service != rating", false},
        {"Service.Port == 8082", true},
        {"Service.Port != 8082", false},
        {"Service.Port == \"0x1f92\"", true},
        {"Service.Weights.Passing == 10", true},
        {"Service.EnableTagOverride == true", true},
        {"Service.EnableTagOverride == \"T\"", true},
        {"Service.Connect.Native == false", true},
        {"v1 in Service.Tags", true},
        {"v2 in Service.Tags", false},
        {"v2 not in Service.Tags", true},
        {"Service.Tags contains \"blue\"", true},
        {"Service.Tags not contains \"blue\"", false},
        {"Service.Tags is empty", false},
        {"Service.Tags is not empty", true},
        {"Service.Meta contains version", true},
        {"other in Service.Meta", false},
        {"Service.Meta.version == 2.1", true},
        {"Service.Meta[\"version\"] == `2.1`", true},
        {"Service.Meta[`app.name`] == \"x y\"", true},
        {"Service.Meta.absent == x", false},
        {"Service.Meta.absent != x", true},
        {"Service.Meta.absent matches x", true}, /* as in Consul */
        {"x in Service.Meta.absent", false},
        {"x not in Service.Meta.absent", true},
        {"rat in Service.Service", true},
        {"Service.Service contains \"ing\"", true},
        {"Service.TaggedAddresses.lan.Port == 80", true},
        {"Service.TaggedAddresses.wan.Port == 80", false},
        {"lan in Service.TaggedAddresses", true},
        {"Service.Proxy.Upstreams is empty", true},
        {"Service.Proxy.Upstreams.DestinationName == x", false},
        {"Service.Kind == \"\"", true},
        {"x in Node.TaggedAddresses", false}, /* left out */
        {"Node.TaggedAddresses is empty", true},
        {"Service.Proxy.Expose.Checks == false", true},
        {"Service.SocketPath matches x", false},
        {"Node.Meta.os == linux", true},
        {"Checks.Status == passing", true},
        {"Checks.Status == critical", false},
        {"Checks.Status != passing", true}, /* of any */
        {"not Checks.Status != passing", false},
        {"Checks is not empty", true},
        {"Checks.Output matches \"slow.*\"", true},
        {"Checks.Output matches `(?s)slow.\xc3\x84nd$`", true},
        {"Service.ID matches \"^r[0-9]$\"", true},
        {"Service.ID matches \"^[0-9]\"", false},
        {"Service.ID not matches \"^[0-9]\"", true},
        {"Service.ID matches \"R1\"", false},
        {"Service.ID matches \"(?i)R1\"", true},
        {"Service.ID matches ``", true},
        {"Service.ID == r1 and Service.Port == 8082", true},
        {"Service.ID == r1 and Service.Port == 1", false},
        {"Service.ID == x or Service.Port == 8082", true},
        {"Service.ID == x or Service.ID == y and Service.ID == r1", false},
        {"Service.ID == r1 or Service.ID == y and Service.ID == x", true},
        {"(Service.ID == r1 or Service.ID == y) and Service.ID == x", false},
        {"not Service.ID == x", true},
        {"not not Service.ID == r1", true},
        {"not (Service.ID == r1 and Service.Port == 1)", true},
        {"\t( ( Service.ID == r1 ) )\r\n", true},
        {"Service.ID == \"r\\x31\"", true},
        {"Service.ID == \"\\u0072\\061\"", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture fixture;
        bool matches = !cases[i].want;
        setup(&fixture);
        enum status status = match(&fixture, cases[i].expression, &matches);
        if (status != STATUS_OK || matches != cases[i].want) {
            fail_msg("%s: %s: %d: %.*s", cases[i].expression, status_name(status), matches,
                     TEXT_ARGUMENTS(fixture.call.error.message));
        }
        teardown(&fixture);
    }
}

/* The words are go-bexpr 0.1.2's; the peers test compares more of them with a real agent's. */
static void test_errors(void **state)
{
    static const struct {
        const char *expression;
        const char *want;
    } cases[] = {
        {"bad", "1:4 (3): no match found, expected: \"!=\", \".\", \"==\", \"[\", [ \\t\\r\\n] or "
                "[a-zA-Z0-9_]"},
        {"bad bad", "1:5 (4): no match found, expected: \"!=\", \"==\", \"contains\", \"in\", "
                    "\"is\", \"matches\", \"not\" or [ \\t\\r\\n]"},
        {"Service.ID == r1 x", "1:18 (17): no match found, expected: \"and\", \"or\", "
                               "[ \\t\\r\\n] or EOF"},
        {"Service.ID ==\n", "2:1 (14): no match found, expected: "},
        {"(Service.ID == r1", "1:18 (17): rule \"grouping\": Unmatched parentheses"},
        {"Service.ID == \"r1", "1:18 (17): rule \"string\": Unterminated string literal"},
        {"Service.ID == \"\\q\"", "1:15 (14): rule \"string\": invalid syntax"},
        {"Service.Port == 08", "1:18 (17): rule \"number\": Invalid number literal"},
        {"Service.Meta[x] == 1", "1:14 (13): rule \"index\": Invalid index"},
        {"Service.Meta[\"x\" == 1", "1:18 (17): rule \"index\": Unclosed index expression"},
        {"3 in 4", "1:6 (5): rule \"match\": Invalid selector"},
        {"Bogus == 1", "Selector \"Bogus\" is not valid"},
        {"Service.Bogus == 1", "Selector \"Service.Bogus\" is not valid"},
        {"Service.ID.x == 1", "Selector \"Service.ID.x\" is not valid"},
        {"Service == 1", "Invalid match operator \"Equal\" for selector \"Service\""},
        {"Service.Tags == v1", "Invalid match operator \"Equal\" for selector \"Service.Tags\""},
        {"Service.Port is not empty",
         "Invalid match operator \"Is Not Empty\" for selector \"Service.Port\""},
        {"Service.Port == x", "Failed to coerce value \"x\" for selector \"Service.Port\": "
                              "strconv.ParseInt: parsing \"x\": invalid syntax"},
        {"Service.Port == 9223372036854775808",
         "Failed to coerce value \"9223372036854775808\" for selector \"Service.Port\": "
         "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"},
        {"Service.EnableTagOverride == si",
         "Failed to coerce value \"si\" for selector \"Service.EnableTagOverride\": "
         "strconv.ParseBool: parsing \"si\": invalid syntax"},
        {"Service.ID matches \"(\"", "Failed to compile regular expression \"(\": error parsing "
                                     "regexp: missing closing ): `(`"},
        {"Service.ID matches `a\\k`", "Failed to compile regular expression \"a\\\\k\": error "
                                      "parsing regexp: invalid escape sequence: `\\k`"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fixture fixture;
        bool matches;
        setup(&fixture);
        enum status status = match(&fixture, cases[i].expression, &matches);
        if (status != STATUS_INVALID_ARGUMENT ||
            !text_starts_with(fixture.call.error.message, text_of(cases[i].want))) {
            fail_msg("%s: %s: %.*s", cases[i].expression, status_name(status),
                     TEXT_ARGUMENTS(fixture.call.error.message));
        }
        teardown(&fixture);
    }
}

/* `count` times `part`, between `before` and `after`. */
static char *repeat(const char *before, const char *part, size_t count, const char *after)
{
    char *text = calloc(1, EXPRESSION_BYTES);
    assert_non_null(text);
    size_t length = (size_t)snprintf(text, EXPRESSION_BYTES, "%s", before);
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, EXPRESSION_BYTES - length, "%s", part);
    }
    (void)snprintf(text + length, EXPRESSION_BYTES - length, "%s", after);
    return text;
}

static void assert_outcome(const char *before, const char *part, size_t count, const char *after,
                           enum status want)
{
    struct fixture fixture;
    bool matches;
    char *expression = repeat(before, part, count, after);
    setup(&fixture);
    enum status status = match(&fixture, expression, &matches);
    if (status != want) {
        fail_msg("%zu times %s: %s: %.*s", count, part, status_name(status),
                 TEXT_ARGUMENTS(fixture.call.error.message));
    }
    teardown(&fixture);
    free(expression);
}

static void test_limits(void **state)
{
    const size_t terms = REGISTRY_FILTER_TERMS_MAX;
    const size_t depth = REGISTRY_FILTER_DEPTH_MAX;
    (void)state;
    assert_outcome("Service.ID==a", " or Service.ID==a", terms - 1, "", STATUS_OK);
    assert_outcome("Service.ID==a", " or Service.ID==a", terms, "", STATUS_INVALID_ARGUMENT);
    assert_outcome("", "not ", depth - 1, "Service.ID==a", STATUS_OK);
    assert_outcome("", "not ", depth, "Service.ID==a", STATUS_INVALID_ARGUMENT);
    assert_outcome("", "(", 2000, "Service.ID==a", STATUS_INVALID_ARGUMENT);
    assert_outcome("a", ".b", REGISTRY_FILTER_SELECTOR_MAX - 1, " in Service.Tags", STATUS_OK);
    assert_outcome("a", ".b", REGISTRY_FILTER_SELECTOR_MAX, " in Service.Tags",
                   STATUS_INVALID_ARGUMENT);
    assert_outcome("Service.ID==", "a", REGISTRY_FILTER_BYTES_MAX - 12, "", STATUS_OK);
    assert_outcome("Service.ID==", "a", REGISTRY_FILTER_BYTES_MAX - 11, "",
                   STATUS_INVALID_ARGUMENT);
    assert_outcome("Service.ID matches `", "(a|a)*", 20, "x`", STATUS_OK);
    assert_outcome("Service.ID matches `", "(r?){1000}", 1, "[xy]`", STATUS_INVALID_ARGUMENT);
}

static void test_cost_of_patterns_is_bounded(void **state)
{
    struct fixture fixture;
    struct registry_filter *filter;
    enum status status = STATUS_OK;
    bool matches;
    size_t entries = 0;
    (void)state;
    setup(&fixture);
    assert_int_equal(registry_filter_parse(&fixture.call, TEXT("Checks.Output matches `[a-z]+x`"),
                                           registry_filter_health_fields, &filter),
                     STATUS_OK);
    while (status == STATUS_OK && entries <= REGISTRY_FILTER_COST_MAX) {
        status = registry_filter_match(filter, &fixture.call, fixture.entry, &matches);
        entries++;
    }
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    assert_true(entries > 20000); /* as many as there are instances, at most */
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cost_of_patterns_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
