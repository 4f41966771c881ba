/* Metadata as headers, and grpc-message. */
#include "grpc/grpc_metadata.h"
#include "support/cmocka_test.h"

static void assert_text(struct text got, struct text want)
{
    if (!text_equal(got, want)) {
        fail_msg("'%.*s' instead of '%.*s'", TEXT_ARGUMENTS(got), TEXT_ARGUMENTS(want));
    }
}

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void names_and_values_are_checked(void **state)
{
    (void)state;
    static const struct {
        struct text name;
        struct text value;
        bool want;
    } cases[] = {
        {TEXT_INIT("x-id"), TEXT_INIT("7"), true},
        {TEXT_INIT("x.y_z-1"), TEXT_INIT(""), true},
        {TEXT_INIT("x-id"), TEXT_INIT("a b~!"), true},
        {TEXT_INIT("trace-bin"), TEXT_INIT("\0\xff"), true},
        {TEXT_INIT("grpc-status-details-bin"), TEXT_INIT("\1"), true},
        {TEXT_INIT(""), TEXT_INIT("7"), false},
        {TEXT_INIT("X-Id"), TEXT_INIT("7"), false},
        {TEXT_INIT(":path"), TEXT_INIT("/"), false},
        {TEXT_INIT("x id"), TEXT_INIT("7"), false},
        {TEXT_INIT("grpc-status"), TEXT_INIT("0"), false},
        {TEXT_INIT("grpc-anything"), TEXT_INIT("0"), false},
        {TEXT_INIT("content-type"), TEXT_INIT("a/b"), false},
        {TEXT_INIT("content-length"), TEXT_INIT("5"), false},
        {TEXT_INIT("te"), TEXT_INIT("trailers"), false},
        {TEXT_INIT("x-id"), TEXT_INIT("a\nb"), false},
        {TEXT_INIT("x-id"), TEXT_INIT("gr\xc3\xbc"), false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct grpc_metadata_list list = {.count = 0};
        bool added = grpc_metadata_add(&arena, &list, cases[i].name, cases[i].value);
        if (added != cases[i].want || list.count != (added ? 1 : 0)) {
            fail_msg("'%.*s': added %d", TEXT_ARGUMENTS(cases[i].name), added);
        }
    }
}

static void a_list_is_bounded(void **state)
{
    (void)state;
    struct grpc_metadata_list list = {.count = 0};
    for (size_t i = 0; i < GRPC_METADATA_MAX; i++) {
        assert_true(grpc_metadata_add(&arena, &list, TEXT("x"), TEXT("1")));
    }
    assert_false(grpc_metadata_add(&arena, &list, TEXT("x"), TEXT("1")));
    assert_int_equal(list.count, GRPC_METADATA_MAX);
}

static void binary_values_go_there_and_back(void **state)
{
    (void)state;
    struct grpc_metadata_list list = {.count = 0};
    assert_true(grpc_metadata_add(&arena, &list, TEXT("a-bin"), TEXT("\0\1\xfe\xff")));
    assert_true(grpc_metadata_add(&arena, &list, TEXT("b-bin"), TEXT("")));
    assert_text(list.headers[0].value, TEXT("AAH+/w"));
    assert_text(grpc_metadata_find(&arena, list.headers, list.count, TEXT("a-bin")),
                TEXT("\0\1\xfe\xff"));
    struct text empty = grpc_metadata_find(&arena, list.headers, list.count, TEXT("b-bin"));
    assert_non_null(empty.data);
    assert_int_equal(empty.length, 0);
}

static void values_of_peers_are_read(void **state)
{
    (void)state;
    static const struct http_header headers[] = {
        {TEXT_INIT("x-id"), TEXT_INIT("first")},    {TEXT_INIT("x-id"), TEXT_INIT("second")},
        {TEXT_INIT("p-bin"), TEXT_INIT("q6ur")},    {TEXT_INIT("q-bin"), TEXT_INIT("qw==")},
        {TEXT_INIT("r-bin"), TEXT_INIT("qw,qw")},   {TEXT_INIT("s-bin"), TEXT_INIT("q6ur, x")},
        {TEXT_INIT("bad-bin"), TEXT_INIT("q\x01")}, {TEXT_INIT("odd-bin"), TEXT_INIT("q6urq")},
    };
    size_t count = ARRAY_LENGTH(headers);
    assert_text(grpc_metadata_find(&arena, headers, count, TEXT("x-id")), TEXT("first"));
    assert_text(grpc_metadata_find(&arena, headers, count, TEXT("p-bin")), TEXT("\xab\xab\xab"));
    assert_text(grpc_metadata_find(&arena, headers, count, TEXT("q-bin")), TEXT("\xab"));
    assert_text(grpc_metadata_find(&arena, headers, count, TEXT("r-bin")), TEXT("\xab"));
    assert_text(grpc_metadata_find(&arena, headers, count, TEXT("s-bin")), TEXT("\xab\xab\xab"));
    assert_null(grpc_metadata_find(&arena, headers, count, TEXT("bad-bin")).data);
    assert_null(grpc_metadata_find(&arena, headers, count, TEXT("odd-bin")).data);
    assert_null(grpc_metadata_find(&arena, headers, count, TEXT("none")).data);
}

static void lists_of_encodings_are_searched(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        bool want;
    } cases[] = {
        {"gzip", true},      {"identity,gzip", true},  {"identity, deflate, gzip", true},
        {"GZIP", true},      {"gzip;q=0.5", true},     {"br;q=1.0, gzip;q=0.8", true},
        {"", false},         {"identity", false},      {"xgzip", false},
        {"gzip;q=0", false}, {"gzip; q=0.000", false}, {"gzip2,identity", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (grpc_accepts_encoding(text_of(cases[i].given), TEXT("gzip")) != cases[i].want) {
            fail_msg("'%s'", cases[i].given);
        }
    }
}

static void messages_are_percent_encoded(void **state)
{
    (void)state;
    assert_text(grpc_message_encode(&arena, TEXT("plain text!")), TEXT("plain text!"));
    assert_text(grpc_message_encode(&arena, TEXT("100%")), TEXT("100%25"));
    assert_text(grpc_message_encode(&arena, TEXT("\t\r\n")), TEXT("%09%0D%0A"));
    assert_text(grpc_message_encode(&arena, TEXT("\xe2\x98\xba\x7f")), TEXT("%E2%98%BA%7F"));
    assert_int_equal(grpc_message_encode(&arena, TEXT("")).length, 0);
}

static void decoding_messages_never_fails(void **state)
{
    (void)state;
    assert_text(grpc_message_decode(&arena, TEXT("plain")), TEXT("plain"));
    assert_text(grpc_message_decode(&arena, TEXT("%E2%98%ba")), TEXT("\xe2\x98\xba"));
    assert_text(grpc_message_decode(&arena, TEXT("%25%41")), TEXT("%A"));
    assert_text(grpc_message_decode(&arena, TEXT("100%")), TEXT("100%"));
    assert_text(grpc_message_decode(&arena, TEXT("%4")), TEXT("%4"));
    assert_text(grpc_message_decode(&arena, TEXT("%zz%41")), TEXT("%zzA"));
    assert_text(grpc_message_decode(&arena, TEXT("%00%41")), TEXT("%00A"));
    assert_text(grpc_message_decode(&arena, TEXT("%%41")), TEXT("%A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_and_values_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(binary_values_go_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_peers_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_of_encodings_are_searched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_are_percent_encoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decoding_messages_never_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
