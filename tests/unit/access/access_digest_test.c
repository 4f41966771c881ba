#include "access/access_digest.h"

#include "support/allocation_count.h"
#include "support/cmocka_test.h"

static void expect_hex(const void *bytes, size_t count, const char *want)
{
    char text[2 * ACCESS_DIGEST_BYTES + 1];
    access_hex_format(bytes, count, text);
    text[2 * count] = '\0';
    assert_string_equal(text, want);
}

/* FIPS 180-4's examples. */
static void is_sha256(void **state)
{
    static const struct {
        const char *given;
        const char *want;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned char digest[ACCESS_DIGEST_BYTES];
        access_digest(text_of(cases[i].given), digest);
        expect_hex(digest, sizeof(digest), cases[i].want);
    }
}

/* RFC 4231 sections 4.2 and 4.3, whose keys are shorter: HMAC fills keys up with zeros. */
static void is_hmac(void **state)
{
    static const struct {
        const char *key;
        const char *given;
        const char *want;
    } cases[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
         "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned char key[ACCESS_DIGEST_BYTES] = {0};
        unsigned char digest[ACCESS_DIGEST_BYTES];
        memcpy(key, cases[i].key, strlen(cases[i].key));
        access_digest_keyed(key, text_of(cases[i].given), digest);
        expect_hex(digest, sizeof(digest), cases[i].want);
    }
}

static void asks_for_no_memory(void **state)
{
    unsigned char digest[ACCESS_DIGEST_BYTES];
    unsigned char key[ACCESS_DIGEST_BYTES] = {1};
    (void)state;
    if (!allocation_count_is_kept()) {
        skip();
    }
    access_digest_keyed(key, TEXT("first"), digest);
    uint64_t before = allocation_count();
    for (size_t i = 0; i < 100; i++) {
        access_digest(TEXT("again"), digest);
        access_digest_keyed(key, TEXT("again"), digest);
    }
    assert_int_equal(allocation_count() - before, 0);
}

static void reads_hexadecimal(void **state)
{
    static const struct {
        const char *given;
        bool want;
    } cases[] = {
        {"00ff", true},  {"0aF1", true},  {"0aF", false},  {"0aF12", false},
        {"", false},     {"0g00", false}, {"00 0", false}, {"+0ff", false},
        {"00f`", false}, {"@000", false}, {"/000", false}, {":000", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned char bytes[2];
        if (access_hex_parse(text_of(cases[i].given), bytes, 2) != cases[i].want) {
            fail_msg("'%s'", cases[i].given);
        }
    }
    unsigned char bytes[2];
    assert_true(access_hex_parse(TEXT("7Fa0"), bytes, 2));
    expect_hex(bytes, 2, "7fa0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sha256),
        cmocka_unit_test(is_hmac),
        cmocka_unit_test(asks_for_no_memory),
        cmocka_unit_test(reads_hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
