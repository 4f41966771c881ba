/* Any bytes as the answer to a DNS question, whose type is the first of them: it is refused with
 * words, or every record can be used as it is. */
#include <arpa/inet.h>

#include "discovery/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024 * 1024, RECORD_BYTES_MIN = 11, NAME_TEXT_BYTES_MAX = 1024 };

/* Control characters are written as \DDD, so that a name can stand in the log. */
static void check_name(struct text name)
{
    CHECK(name.data != NULL && name.length < NAME_TEXT_BYTES_MAX);
    for (size_t i = 0; i < name.length; i++) {
        CHECK(name.data[i] >= ' ' && name.data[i] < 0x7f);
        CHECK(name.data[i] < 'A' || name.data[i] > 'Z');
    }
}

static void check_record(const struct dns_record *record)
{
    char digits[INET6_ADDRSTRLEN];
    uint8_t address[16];
    check_name(record->owner);
    if (record->type == DNS_TYPE_SRV) {
        check_name(record->target);
        return;
    }
    CHECK(text_to_c_string(record->host, digits, sizeof(digits)));
    CHECK(inet_pton(record->type == DNS_TYPE_A ? AF_INET : AF_INET6, digits, address) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_SRV};
    struct arena arena;
    struct call call;
    struct dns_answer answer = {.count = 0};
    if (size == 0) {
        return 0;
    }
    enum dns_type type = types[data[0] % ARRAY_LENGTH(types)];
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, 0);
    enum status status = dns_answer_read(&call, text_of_bytes(data + 1, size - 1), type, &answer);
    CHECK(status == STATUS_OK || call.error.message.length > 0);
    CHECK((answer.count + answer.additional_count) * RECORD_BYTES_MIN <= size);
    for (size_t i = 0; i < answer.count; i++) {
        CHECK(answer.records[i].type == type);
        check_record(&answer.records[i]);
    }
    for (size_t i = 0; i < answer.additional_count; i++) {
        CHECK(answer.additional[i].type != DNS_TYPE_SRV);
        check_record(&answer.additional[i]);
    }
    arena_deinit(&arena);
    return 0;
}
