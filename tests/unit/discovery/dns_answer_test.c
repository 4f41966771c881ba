/* Messages as no server of ours would send them. */
#include "discovery/dns_answer.h"

#include "base/arena.h"
#include "support/cmocka_test.h"

/* Headers: an id, flags, and how many questions, answers, authorities and additional records. */
#define ANSWERS(flags, code, answers, more)                                                        \
    "\x12\x34" flags code "\0\1" answers more "\0\0" QUESTION
#define REPLY "\x81"
#define REPLY_CUT "\x83"
#define QUESTION "\1a\0\0\1\0\1"
#define OWNER "\xc0\x0c" /* the question's name */
#define A_RECORD OWNER "\0\1\0\1\0\0\0\7\0\4\x7f\0\0\1"

#define MESSAGE(literal) TEXT_INIT(literal)

static void test_messages(void **state)
{
    static const struct {
        const char *name;
        struct text message;
        enum status want;
        const char *error;
        size_t count;
        uint32_t ttl_s;
    } cases[] = {
        {"empty", MESSAGE(""), STATUS_UNAVAILABLE, "the DNS answer is malformed", 0, 0},
        {"a part of a header", MESSAGE("\x12\x34\x81"), STATUS_UNAVAILABLE,
         "the DNS answer is malformed", 0, 0},
        {"one address", MESSAGE(ANSWERS(REPLY, "\x80", "\0\1", "\0\0") A_RECORD), STATUS_OK, NULL,
         1, 7},
        {"fewer records than it says", MESSAGE(ANSWERS(REPLY, "\x80", "\0\2", "\0\0") A_RECORD),
         STATUS_UNAVAILABLE, "the DNS answer is malformed", 0, 0},
        {"an address of two bytes",
         MESSAGE(ANSWERS(REPLY, "\x80", "\0\1", "\0\0") OWNER "\0\1\0\1\0\0\0\7\0\2\x7f\0"),
         STATUS_UNAVAILABLE, "the DNS answer is malformed", 0, 0},
        {"a name that points to itself",
         MESSAGE(ANSWERS(REPLY, "\x80", "\0\1", "\0\0") "\xc0\x13\0\1\0\1\0\0\0\7\0\4\x7f\0\0\1"),
         STATUS_UNAVAILABLE, "the DNS answer is malformed", 0, 0},
        {"another class",
         MESSAGE(ANSWERS(REPLY, "\x80", "\0\1", "\0\0") OWNER "\0\1\0\3\0\0\0\7\0\4\x7f\0\0\1"),
         STATUS_OK, NULL, 0, 0},
        {"an address and that there is none",
         MESSAGE(ANSWERS(REPLY, "\x83", "\0\1", "\0\0") A_RECORD), STATUS_OK, NULL, 0, 0},
        {"cut", MESSAGE(ANSWERS(REPLY_CUT, "\x80", "\0\1", "\0\0") A_RECORD), STATUS_UNAVAILABLE,
         "the DNS answer is cut", 0, 0},
        {"failed", MESSAGE(ANSWERS(REPLY, "\x82", "\0\0", "\0\0")), STATUS_UNAVAILABLE,
         "the DNS server answers with code 2", 0, 0},
        {"none, for two seconds as the SOA's last field is less than its TTL",
         MESSAGE(ANSWERS(REPLY, "\x83", "\0\0", "\0\1") OWNER
                 "\0\6\0\1\0\0\0\x1e\0\x16\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\2"),
         STATUS_OK, NULL, 0, 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct call call;
        struct dns_answer answer;
        arena_init(&arena, 64 * 1024);
        call_init(&call, &arena, 0);
        enum status status = dns_answer_read(&call, cases[i].message, DNS_TYPE_A, &answer);
        if (status != cases[i].want || !text_equal(call.error.message, text_of(cases[i].error))) {
            fail_msg("%s: %s: %.*s", cases[i].name, status_name(status),
                     TEXT_ARGUMENTS(call.error.message));
        }
        if (status == STATUS_OK &&
            (answer.count != cases[i].count || answer.ttl_s != cases[i].ttl_s)) {
            fail_msg("%s: %zu records for %u s", cases[i].name, answer.count, answer.ttl_s);
        }
        arena_deinit(&arena);
    }
}

static void test_no_memory(void **state)
{
    static const struct text message = TEXT_INIT(ANSWERS(REPLY, "\x80", "\0\1", "\0\0") A_RECORD);
    (void)state;
    for (size_t bytes = 1; bytes <= 256; bytes *= 4) {
        struct arena arena;
        struct call call;
        struct dns_answer answer;
        arena_init(&arena, bytes);
        call_init(&call, &arena, 0);
        assert_int_equal(dns_answer_read(&call, message, DNS_TYPE_A, &answer),
                         bytes < 256 ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
