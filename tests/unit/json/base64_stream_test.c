/* base64 in parts: whatever the cuts, the bytes are the same. */
#include "support/cmocka_test.h"
#include "json/base64_stream.h"

enum { BYTES_MAX = 64 };

static const struct {
    struct text text;
    struct text bytes;
    bool valid;
} cases[] = {
    {TEXT_INIT(""), TEXT_INIT(""), true},
    {TEXT_INIT("Zg=="), TEXT_INIT("f"), true},
    {TEXT_INIT("Zm8="), TEXT_INIT("fo"), true},
    {TEXT_INIT("Zm9v"), TEXT_INIT("foo"), true},
    {TEXT_INIT("Zg"), TEXT_INIT("f"), true},
    {TEXT_INIT("Zm9vYmE"), TEXT_INIT("fooba"), true},
    {TEXT_INIT("Zg==Zm8=Zm9v"), TEXT_INIT("ffofoo"), true},
    {TEXT_INIT("Zg==Zg"), TEXT_INIT("ff"), true},
    {TEXT_INIT("-__-AA=="), TEXT_INIT("\xfb\xff\xfe\0"), true},
    {TEXT_INIT("Z"), TEXT_INIT(""), false},
    {TEXT_INIT("Zg="), TEXT_INIT(""), false},
    {TEXT_INIT("Zg==="), TEXT_INIT(""), false},
    {TEXT_INIT("Zg=a"), TEXT_INIT(""), false},
    {TEXT_INIT("="), TEXT_INIT(""), false},
    {TEXT_INIT("Z==="), TEXT_INIT(""), false},
    {TEXT_INIT("Zm9v="), TEXT_INIT(""), false},
    {TEXT_INIT("Zm9v\n"), TEXT_INIT(""), false},
    {TEXT_INIT("Zm9vY"), TEXT_INIT(""), false},
    {TEXT_INIT("Zm*v"), TEXT_INIT(""), false},
};

/* Decodes the text in parts of that many characters, into rooms of that many bytes. */
static bool decode(struct text text, size_t part_length, size_t room, struct text *ret_bytes)
{
    static char bytes[BYTES_MAX];
    struct base64_stream stream = {.bits = 0};
    size_t length = 0;
    while (text.length > 0) {
        struct text part = text_slice(text, 0, part_length);
        text = text_slice(text, part.length, text.length);
        while (part.length > 0) {
            size_t written;
            if (!base64_stream_decode(&stream, &part, bytes + length, room, &written)) {
                return false;
            }
            assert_true(written <= room);
            length += written;
        }
    }
    *ret_bytes = text_of_bytes(bytes, length);
    return base64_stream_may_end(&stream);
}

static void cuts_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (size_t part = 1; part <= 12; part++) {
            for (size_t room = 1; room <= 7; room++) {
                struct text bytes;
                bool valid = decode(cases[i].text, part, room, &bytes);
                if (valid != cases[i].valid || (valid && !text_equal(bytes, cases[i].bytes))) {
                    fail_msg("'%.*s' in parts of %zu, rooms of %zu", TEXT_ARGUMENTS(cases[i].text),
                             part, room);
                }
            }
        }
    }
}

static void what_was_encoded_comes_back(void **state)
{
    (void)state;
    for (size_t length = 0; length <= BYTES_MAX; length++) {
        char bytes[BYTES_MAX];
        char encoded[(BYTES_MAX + 2) / 3 * 4];
        struct text decoded;
        for (size_t i = 0; i < length; i++) {
            bytes[i] = (char)(255 - 37 * i);
        }
        size_t encoded_length = base64_encode_to(text_of_bytes(bytes, length), encoded);
        assert_true(decode(text_of_bytes(encoded, encoded_length), 5, 2, &decoded));
        assert_true(text_equal(decoded, text_of_bytes(bytes, length)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_do_not_matter),
        cmocka_unit_test(what_was_encoded_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
