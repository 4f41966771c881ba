/* The text forms of google.protobuf.Timestamp and Duration (google/protobuf/timestamp.proto,
 * duration.proto). */
#include <stdio.h>

#include "json/proto_json_private.h"

enum {
    NANOS_PER_SECOND = 1000000000,
    NANOS_DIGITS = 9,
    SECONDS_PER_DAY = 86400,
    DAYS_PER_ERA = 146097,     /* 400 years */
    EPOCH_SHIFT_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
};

#define TIMESTAMP_SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define TIMESTAMP_SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DURATION_SECONDS_MAX INT64_C(315576000000)  /* 10,000 years */

struct date {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* Both count the days of years that begin in March, so that a leap day comes last. */
static int64_t days_of(struct date date)
{
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT_DAYS;
}

static struct date date_of(int64_t days)
{
    days += EPOCH_SHIFT_DAYS;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9),
    };
    date.year = (int)(year_of_era + era * 400 + (date.month <= 2));
    return date;
}

/* Appends ".123", ".123456" or ".123456789", the shortest that loses nothing, or nothing for zero.
 */
static int format_fraction(char *buffer, size_t size, int32_t nanos)
{
    if (nanos == 0) {
        return 0;
    }
    if (nanos % 1000000 == 0) {
        return snprintf(buffer, size, ".%03d", (int)(nanos / 1000000));
    }
    if (nanos % 1000 == 0) {
        return snprintf(buffer, size, ".%06d", (int)(nanos / 1000));
    }
    return snprintf(buffer, size, ".%09d", (int)nanos);
}

bool proto_timestamp_format(struct proto_time time, char buffer[static TIME_TEXT_BYTES],
                            struct text *ret_text)
{
    if (time.seconds < TIMESTAMP_SECONDS_MIN || time.seconds > TIMESTAMP_SECONDS_MAX ||
        time.nanos < 0 || time.nanos >= NANOS_PER_SECOND) {
        return false;
    }
    int64_t days = time.seconds / SECONDS_PER_DAY - (time.seconds % SECONDS_PER_DAY < 0);
    int second = (int)(time.seconds - days * SECONDS_PER_DAY);
    struct date date = date_of(days);
    int length = snprintf(buffer, TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", date.year,
                          date.month, date.day, second / 3600, second / 60 % 60, second % 60);
    length += format_fraction(buffer + length, TIME_TEXT_BYTES - (size_t)length, time.nanos);
    buffer[length] = 'Z';
    *ret_text = text_of_bytes(buffer, (size_t)length + 1);
    return true;
}

/* Takes `count` digits and, unless it is NUL, the byte after them. */
static bool take_number(struct text *rest, size_t count, char after, int *ret_number)
{
    uint64_t number;
    size_t length = count + (after != '\0');
    if (rest->length < length || !text_to_u64(text_slice(*rest, 0, count), &number) ||
        (after != '\0' && rest->data[count] != after)) {
        return false;
    }
    *ret_number = (int)number;
    *rest = text_slice(*rest, length, rest->length);
    return true;
}

/* Takes a fraction of a second, if there is one. */
static bool take_fraction(struct text *rest, int32_t *ret_nanos)
{
    *ret_nanos = 0;
    if (rest->length == 0 || rest->data[0] != '.') {
        return true;
    }
    size_t at = 1;
    int32_t nanos = 0;
    while (at < rest->length && rest->data[at] >= '0' && rest->data[at] <= '9') {
        if (at > NANOS_DIGITS) {
            return false;
        }
        nanos = nanos * 10 + (rest->data[at] - '0');
        at++;
    }
    for (size_t digits = at - 1; digits < NANOS_DIGITS; digits++) {
        nanos *= 10;
    }
    *rest = text_slice(*rest, at, rest->length);
    *ret_nanos = nanos;
    return at > 1;
}

/* Takes "Z", "+01:00" or "-01:00", which must be all that is left. */
static bool take_offset(struct text *rest, int64_t *ret_seconds)
{
    if (text_equal(*rest, TEXT("Z"))) {
        *ret_seconds = 0;
        return true;
    }
    int sign = rest->length > 0 && rest->data[0] == '-' ? -1 : 1;
    int hours;
    int minutes;
    if (rest->length != 6 || (rest->data[0] != '-' && rest->data[0] != '+')) {
        return false;
    }
    *rest = text_slice(*rest, 1, rest->length);
    if (!take_number(rest, 2, ':', &hours) || !take_number(rest, 2, '\0', &minutes) || hours > 23 ||
        minutes > 59) {
        return false;
    }
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool is_date(struct date date)
{
    struct date same = date_of(days_of(date));
    return date.month >= 1 && date.month <= 12 && date.day >= 1 && same.year == date.year &&
           same.month == date.month && same.day == date.day;
}

bool proto_timestamp_parse(struct text text, struct proto_time *ret_time)
{
    struct date date;
    int hour;
    int minute;
    int second;
    int32_t nanos;
    int64_t offset;
    if (!take_number(&text, 4, '-', &date.year) || !take_number(&text, 2, '-', &date.month) ||
        !take_number(&text, 2, 'T', &date.day) || !take_number(&text, 2, ':', &hour) ||
        !take_number(&text, 2, ':', &minute) || !take_number(&text, 2, '\0', &second) ||
        !take_fraction(&text, &nanos) || !take_offset(&text, &offset)) {
        return false;
    }
    if (!is_date(date) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    int64_t seconds = days_of(date) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    if (seconds < TIMESTAMP_SECONDS_MIN || seconds > TIMESTAMP_SECONDS_MAX) {
        return false;
    }
    *ret_time = (struct proto_time){seconds, nanos};
    return true;
}

bool proto_duration_format(struct proto_time time, char buffer[static TIME_TEXT_BYTES],
                           struct text *ret_text)
{
    bool negative = time.seconds < 0 || time.nanos < 0;
    if (time.seconds < -DURATION_SECONDS_MAX || time.seconds > DURATION_SECONDS_MAX ||
        time.nanos <= -NANOS_PER_SECOND || time.nanos >= NANOS_PER_SECOND ||
        (negative && (time.seconds > 0 || time.nanos > 0))) {
        return false;
    }
    long long seconds = negative ? -time.seconds : time.seconds;
    int32_t nanos = negative ? -time.nanos : time.nanos;
    int length = snprintf(buffer, TIME_TEXT_BYTES, "%s%lld", negative ? "-" : "", seconds);
    length += format_fraction(buffer + length, TIME_TEXT_BYTES - (size_t)length, nanos);
    buffer[length] = 's';
    *ret_text = text_of_bytes(buffer, (size_t)length + 1);
    return true;
}

bool proto_duration_parse(struct text text, struct proto_time *ret_time)
{
    bool negative = text_starts_with(text, TEXT("-"));
    struct text rest = text_slice(text, negative ? 1 : 0, text.length);
    size_t digits = 0;
    while (digits < rest.length && rest.data[digits] >= '0' && rest.data[digits] <= '9') {
        digits++;
    }
    uint64_t seconds;
    int32_t nanos;
    if (!text_to_u64(text_slice(rest, 0, digits), &seconds) || seconds > DURATION_SECONDS_MAX) {
        return false;
    }
    rest = text_slice(rest, digits, rest.length);
    if (!take_fraction(&rest, &nanos) || !text_equal(rest, TEXT("s"))) {
        return false;
    }
    *ret_time = (struct proto_time){negative ? -(int64_t)seconds : (int64_t)seconds,
                                    negative ? -nanos : nanos};
    return true;
}
