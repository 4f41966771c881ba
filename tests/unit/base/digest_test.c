/* The digest of contents: SipHash-2-4-128's own vectors, and that it sees every byte. */
#include "base/digest.h"

#include "support/cmocka_test.h"

/* Of the empty text and of 00, 00 01, 00 01 02 … under the key 00 01 … 0f: the reference's table
 * (github.com/veorq/SipHash, vectors.h), read as two little-endian words. */
static void test_vectors(void **state)
{
    static const struct digest wanted[] = {
        {UINT64_C(0xe6a825ba047f81a3), UINT64_C(0x930255c71472f66d)},
        {UINT64_C(0x44af996bd8c187da), UINT64_C(0x45fc229b11597634)},
    };
    unsigned char bytes[16];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)i;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct digest digest = digest_with(bytes, text_of_bytes(bytes, i));
        assert_true(digest.high == wanted[i].high && digest.low == wanted[i].low);
    }
}

static void test_every_byte_counts(void **state)
{
    char content[40] = {0};
    (void)state;
    struct digest before = digest_of((struct text){content, sizeof(content)});
    for (size_t i = 0; i < sizeof(content); i++) {
        content[i] = 1;
        struct digest after = digest_of((struct text){content, sizeof(content)});
        assert_true(before.high != after.high && before.low != after.low);
        content[i] = 0;
        struct digest shorter = digest_of((struct text){content, i});
        assert_true(before.high != shorter.high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
