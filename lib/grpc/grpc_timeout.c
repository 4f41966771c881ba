#include "grpc/grpc_timeout.h"

#include "base/call.h"

/* From the finest: formatting takes the first that has room. */
static const struct timeout_unit {
    char letter;
    int64_t ns;
} units[] = {
    {'n', 1},
    {'u', 1000},
    {'m', INT64_C(1000000)},
    {'S', INT64_C(1000000000)},
    {'M', INT64_C(60) * 1000000000},
    {'H', INT64_C(3600) * 1000000000},
};

static const int64_t value_max = 99999999; /* GRPC_TIMEOUT_DIGITS_MAX nines */

bool grpc_timeout_parse(struct text value, int64_t *ret_timeout_ns)
{
    if (value.length < 2 || value.length > GRPC_TIMEOUT_DIGITS_MAX + 1) {
        return false;
    }
    int64_t count = 0;
    for (size_t i = 0; i + 1 < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        count = count * 10 + (value.data[i] - '0');
    }
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (units[i].letter == value.data[value.length - 1]) {
            if (__builtin_mul_overflow(count, units[i].ns, ret_timeout_ns)) {
                *ret_timeout_ns = INT64_MAX;
            }
            return true;
        }
    }
    return false;
}

struct text grpc_timeout_format(int64_t timeout_ns, char buffer[static GRPC_TIMEOUT_TEXT_BYTES])
{
    CHECK(timeout_ns >= 0);
    size_t last = ARRAY_LENGTH(units) - 1;
    size_t i = 0;
    int64_t count = timeout_ns;
    while (count > value_max && i < last) {
        i++;
        count = timeout_ns / units[i].ns + (timeout_ns % units[i].ns != 0);
    }
    char digits[GRPC_TIMEOUT_TEXT_BYTES];
    size_t length = 0;
    do {
        digits[length++] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    for (size_t place = 0; place < length; place++) {
        buffer[place] = digits[length - 1 - place];
    }
    buffer[length] = units[i].letter;
    buffer[length + 1] = '\0';
    return (struct text){buffer, length + 1};
}

int64_t grpc_timeout_deadline(int64_t now_ns, int64_t timeout_ns)
{
    return timeout_ns < CALL_NO_DEADLINE - now_ns ? now_ns + timeout_ns : CALL_NO_DEADLINE;
}
