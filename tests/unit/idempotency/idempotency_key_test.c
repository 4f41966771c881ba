#include "base/buffer.h"
#include "idempotency/idempotency.h"
#include "support/cmocka_test.h"

#define LONGEST_BYTES IDEMPOTENCY_KEY_BYTES_MAX

static void takes_strings_and_bare_words(void **state)
{
    static const struct {
        const char *given;
        const char *want; /* NULL: malformed */
    } cases[] = {
        {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
        {"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
        {"a", "a"},
        {"!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~", "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"},
        {" \t\"a b\" ", "a b"},
        {"\"a\\\"b\\\\c\"", "a\"b\\c"},
        {"\"a,b;c\"", "a,b;c"},
        {"", NULL},
        {"  ", NULL},
        {"\"\"", NULL},
        {"\"", NULL},
        {"\"a", NULL},
        {"a\"", NULL},
        {"a\"b", NULL},
        {"\"a\"b\"", NULL},
        {"\"a\\b\"", NULL},
        {"\"a\\\"", NULL},
        {"a b", NULL},
        {"a,b", NULL},
        {"\"a\", \"b\"", NULL},
        {"a;b=1", NULL},
        {"\"a\";b=1", NULL},
        {"a\\b", NULL},
        {"a\x7f", NULL},
        {"\"a\x7f\"", NULL},
        {"\"a\tb\"", NULL},
        {"k\xc3\xa9y", NULL},
        {"\"k\xc3\xa9y\"", NULL},
    };
    char bytes[IDEMPOTENCY_KEY_BYTES_MAX];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text key = idempotency_key_parse(text_of(cases[i].given), bytes);
        if (cases[i].want == NULL) {
            assert_null(key.data);
        } else {
            assert_non_null(key.data);
            assert_true(text_equal(key, text_of(cases[i].want)));
        }
    }
}

/* Of either form; what is escaped counts once. */
static void has_a_longest_key(void **state)
{
    char bytes[IDEMPOTENCY_KEY_BYTES_MAX];
    char value[2 * LONGEST_BYTES + 4];
    (void)state;
    memset(value, 'k', sizeof(value));
    assert_int_equal(idempotency_key_parse(text_of_bytes(value, LONGEST_BYTES), bytes).length,
                     LONGEST_BYTES);
    assert_null(idempotency_key_parse(text_of_bytes(value, LONGEST_BYTES + 1), bytes).data);
    for (size_t i = 0; i < LONGEST_BYTES; i++) {
        value[1 + 2 * i] = '\\';
        value[2 + 2 * i] = '"';
    }
    value[0] = '"';
    value[1 + 2 * LONGEST_BYTES] = '"';
    assert_int_equal(
        idempotency_key_parse(text_of_bytes(value, 2 + 2 * LONGEST_BYTES), bytes).length,
        LONGEST_BYTES);
    value[1 + 2 * LONGEST_BYTES] = 'k';
    value[2 + 2 * LONGEST_BYTES] = '"';
    assert_null(idempotency_key_parse(text_of_bytes(value, 3 + 2 * LONGEST_BYTES), bytes).data);
}

static bool is_one_client(const struct call *a, const char *token_a, const struct call *b,
                          const char *token_b)
{
    unsigned char client_a[ACCESS_DIGEST_BYTES];
    unsigned char client_b[ACCESS_DIGEST_BYTES];
    idempotency_client(a, text_of(token_a), client_a);
    idempotency_client(b, text_of(token_b), client_b);
    return memcmp(client_a, client_b, sizeof(client_a)) == 0;
}

static void tells_clients_apart(void **state)
{
    struct call open = {.identity = {.peer = TEXT("127.0.0.1:1")}};
    struct call other = {.identity = {.peer = TEXT("127.0.0.2:2")}};
    struct call ann = {.identity = {.user = TEXT("ann"), .is_checked = true}};
    struct call bob = {.identity = {.user = TEXT("bob"), .is_checked = true}};
    struct call nobody = {.identity = {.is_checked = true}};
    struct call movie = {.identity = {.subject = TEXT("CN=movie"), .is_checked = true}};
    (void)state;
    assert_true(is_one_client(&open, "", &other, "Bearer x")); /* nobody has looked at the token */
    assert_true(is_one_client(&ann, "Bearer one", &ann, "Bearer two"));
    assert_false(is_one_client(&ann, "", &bob, ""));
    assert_false(is_one_client(&ann, "", &open, ""));
    assert_true(is_one_client(&nobody, "Bearer one", &nobody, "Bearer one"));
    assert_false(is_one_client(&nobody, "Bearer one", &nobody, "Bearer two"));
    assert_false(is_one_client(&nobody, "Bearer one", &movie, "Bearer one"));
}

/* Where one part ends and the next begins matters. */
static void makes_fingerprints_of_parts(void **state)
{
    unsigned char first[ACCESS_DIGEST_BYTES] = {0};
    unsigned char second[ACCESS_DIGEST_BYTES] = {0};
    (void)state;
    idempotency_mix(first, TEXT("ab"));
    idempotency_mix(first, TEXT("c"));
    idempotency_mix(second, TEXT("a"));
    idempotency_mix(second, TEXT("bc"));
    assert_memory_not_equal(first, second, sizeof(first));
    memset(second, 0, sizeof(second));
    idempotency_mix(second, TEXT("ab"));
    assert_memory_not_equal(first, second, sizeof(first));
    idempotency_mix(second, TEXT("c"));
    assert_memory_equal(first, second, sizeof(first));
}

static void gives_texts_back(void **state)
{
    CLEANUP(buffer_deinit) struct buffer record;
    struct text part;
    (void)state;
    buffer_init(&record, 24);
    assert_true(idempotency_put(&record, TEXT("one")));
    assert_true(idempotency_put(&record, (struct text){NULL, 0}));
    assert_true(idempotency_put(&record, TEXT("three")));
    assert_false(idempotency_put(&record, TEXT("x")));
    struct text rest = text_slice(buffer_text(&record), 0, 4 + 3 + 4 + 4 + 5);
    assert_true(idempotency_take(&rest, &part) && text_equal(part, TEXT("one")));
    assert_true(idempotency_take(&rest, &part) && part.length == 0);
    struct text torn = text_slice(rest, 0, rest.length - 1);
    assert_false(idempotency_take(&torn, &part));
    assert_true(idempotency_take(&rest, &part) && text_equal(part, TEXT("three")));
    assert_false(idempotency_take(&rest, &part));
}

static void knows_what_is_final(void **state)
{
    (void)state;
    for (unsigned number = 0; number < STATUS_COUNT; number++) {
        enum status status = (enum status)number;
        bool again = status == STATUS_CANCELLED || status == STATUS_DEADLINE_EXCEEDED ||
                     status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_ABORTED ||
                     status == STATUS_UNAVAILABLE;
        assert_int_equal(idempotency_is_final(status), !again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_strings_and_bare_words),
        cmocka_unit_test(has_a_longest_key),
        cmocka_unit_test(tells_clients_apart),
        cmocka_unit_test(makes_fingerprints_of_parts),
        cmocka_unit_test(gives_texts_back),
        cmocka_unit_test(knows_what_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
