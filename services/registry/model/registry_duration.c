#include "registry/model/registry_duration.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

struct unit {
    struct text name;
    int64_t ns;
};

/* Longer names before those that they end in. */
static const struct unit units[] = {
    {TEXT_INIT("ns"), 1},
    {TEXT_INIT("us"), 1000},
    {TEXT_INIT("\xc2\xb5s"), 1000},
    {TEXT_INIT("\xce\xbcs"), 1000},
    {TEXT_INIT("ms"), CLOCK_NS_PER_MS},
    {TEXT_INIT("s"), CLOCK_NS_PER_S},
    {TEXT_INIT("m"), 60 * CLOCK_NS_PER_S},
    {TEXT_INIT("h"), 3600 * CLOCK_NS_PER_S},
};

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '.';
}

/* Takes "<number><unit>" from the front of the text. */
static bool take_part(struct text *rest, double *ret_ns)
{
    size_t digits = 0;
    double number;
    while (digits < rest->length && is_number_byte(rest->data[digits])) {
        digits++;
    }
    size_t end = digits;
    while (end < rest->length && !is_number_byte(rest->data[end])) {
        end++;
    }
    struct text name = text_slice(*rest, digits, end);
    if (!text_to_double(text_slice(*rest, 0, digits), &number)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (text_equal(units[i].name, name)) {
            *ret_ns = number * (double)units[i].ns;
            *rest = text_slice(*rest, end, rest->length);
            return true;
        }
    }
    return false;
}

bool registry_duration_parse(struct text text, int64_t *ret_duration_ns)
{
    bool is_negative = text_starts_with(text, TEXT("-"));
    double total_ns = 0;
    if (is_negative || text_starts_with(text, TEXT("+"))) {
        text = text_slice(text, 1, text.length);
    }
    if (text_equal(text, TEXT("0"))) {
        *ret_duration_ns = 0;
        return true;
    }
    if (text.length == 0) {
        return false;
    }
    while (text.length > 0) {
        double part_ns;
        if (!take_part(&text, &part_ns)) {
            return false;
        }
        total_ns += part_ns;
    }
    if (total_ns >= (double)INT64_MAX) {
        return false;
    }
    int64_t rounded_ns = (int64_t)llround(total_ns);
    *ret_duration_ns = is_negative ? -rounded_ns : rounded_ns;
    return true;
}

/* A number without trailing zeros behind the point. */
static int format_fraction(char *buffer, size_t size, double value)
{
    int length = snprintf(buffer, size, "%.9f", value);
    while (length > 0 && buffer[length - 1] == '0') {
        length--;
    }
    if (length > 0 && buffer[length - 1] == '.') {
        length--;
    }
    buffer[length] = '\0';
    return length;
}

static int format_below_second(int64_t ns, char buffer[static REGISTRY_DURATION_TEXT_BYTES])
{
    const struct unit *unit = &units[0];
    if (ns >= CLOCK_NS_PER_MS) {
        unit = &units[4];
    } else if (ns >= 1000) {
        unit = &units[2]; /* with the micro sign */
    }
    char number[REGISTRY_DURATION_TEXT_BYTES];
    (void)format_fraction(number, sizeof(number), (double)ns / (double)unit->ns);
    return snprintf(buffer, REGISTRY_DURATION_TEXT_BYTES, "%s%.*s", number,
                    TEXT_ARGUMENTS(unit->name));
}

struct text registry_duration_format(int64_t duration_ns,
                                     char buffer[static REGISTRY_DURATION_TEXT_BYTES])
{
    char seconds[REGISTRY_DURATION_TEXT_BYTES];
    int length;
    CHECK(duration_ns >= 0);
    if (duration_ns == 0) {
        length = snprintf(buffer, REGISTRY_DURATION_TEXT_BYTES, "0s");
    } else if (duration_ns < CLOCK_NS_PER_S) {
        length = format_below_second(duration_ns, buffer);
    } else {
        int64_t minutes = duration_ns / (60 * CLOCK_NS_PER_S);
        (void)format_fraction(seconds, sizeof(seconds),
                              (double)(duration_ns % (60 * CLOCK_NS_PER_S)) /
                                  (double)CLOCK_NS_PER_S);
        if (minutes == 0) {
            length = snprintf(buffer, REGISTRY_DURATION_TEXT_BYTES, "%.12ss", seconds);
        } else if (minutes < 60) {
            length = snprintf(buffer, REGISTRY_DURATION_TEXT_BYTES, "%lldm%.12ss",
                              (long long)minutes, seconds);
        } else {
            length = snprintf(buffer, REGISTRY_DURATION_TEXT_BYTES, "%lldh%lldm%.12ss",
                              (long long)(minutes / 60), (long long)(minutes % 60), seconds);
        }
    }
    return text_of_bytes(buffer, (size_t)length);
}
