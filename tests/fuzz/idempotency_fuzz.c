/* Any value of idempotency-key: what is taken is within its bounds, and written as a string of RFC
 * 8941 names the same key. */
#include "idempotency/idempotency.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In quotes, with what must be escaped. */
static struct text quote(struct text key, char quoted[static 2 * IDEMPOTENCY_KEY_BYTES_MAX + 2])
{
    size_t length = 0;
    quoted[length++] = '"';
    for (size_t i = 0; i < key.length; i++) {
        if (key.data[i] == '"' || key.data[i] == '\\') {
            quoted[length++] = '\\';
        }
        quoted[length++] = key.data[i];
    }
    quoted[length++] = '"';
    return text_of_bytes(quoted, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char bytes[IDEMPOTENCY_KEY_BYTES_MAX];
    char again[IDEMPOTENCY_KEY_BYTES_MAX];
    char quoted[2 * IDEMPOTENCY_KEY_BYTES_MAX + 2];
    struct text key = idempotency_key_parse(text_of_bytes(data, size), bytes);
    if (key.data == NULL) {
        return 0;
    }
    CHECK(key.length > 0 && key.length <= IDEMPOTENCY_KEY_BYTES_MAX);
    for (size_t i = 0; i < key.length; i++) {
        CHECK(key.data[i] >= ' ' && key.data[i] <= '~');
    }
    CHECK(text_equal(idempotency_key_parse(quote(key, quoted), again), key));
    return 0;
}
