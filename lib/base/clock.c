#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum { MS_PER_S = 1000, S_PER_DAY = 86400, NS_PER_MS = 1000000 };

static const int64_t first_ms = INT64_C(-62167219200000); /* 0000-01-01T00:00:00Z */
static const int64_t last_ms = INT64_C(253402300799999);  /* 9999-12-31T23:59:59.999Z */

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* Days from 1970-01-01 of a date of the proleptic Gregorian calendar: years begin in March, so that
 * the leap day is the last one (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct text clock_format(int64_t wall_ms, char buffer[static CLOCK_TIME_TEXT_BYTES])
{
    wall_ms = wall_ms < first_ms ? first_ms : wall_ms > last_ms ? last_ms : wall_ms;
    int64_t fraction = wall_ms % MS_PER_S;
    time_t seconds = (time_t)(wall_ms / MS_PER_S);
    if (fraction < 0) {
        fraction += MS_PER_S;
        seconds--;
    }
    struct tm date;
    CHECK(gmtime_r(&seconds, &date) != NULL);
    size_t length = strftime(buffer, CLOCK_TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &date);
    /* glibc's %Y does not pad years before 1000. */
    if (length < sizeof("0000-00-00T00:00:00") - 1) {
        (void)snprintf(buffer, CLOCK_TIME_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d",
                       (date.tm_year + 1900) % 10000, (date.tm_mon + 1) % 100, date.tm_mday % 100,
                       date.tm_hour % 100, date.tm_min % 100, date.tm_sec % 100);
        length = sizeof("0000-00-00T00:00:00") - 1;
    }
    int tail = fraction != 0 ? snprintf(buffer + length, CLOCK_TIME_TEXT_BYTES - length, ".%03dZ",
                                        (int)fraction)
                             : snprintf(buffer + length, CLOCK_TIME_TEXT_BYTES - length, "Z");
    return (struct text){buffer, length + (size_t)tail};
}

/* Reads exactly `digits` digits at *at. */
static bool read_digits(struct text text, size_t *at, int digits, int64_t *ret_value)
{
    int64_t value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (*at >= text.length || text.data[*at] < '0' || text.data[*at] > '9') {
            return false;
        }
        value = value * 10 + (text.data[*at] - '0');
    }
    *ret_value = value;
    return true;
}

/* Any of the accepted bytes, which are two or three: not worth a call of strchr(). */
static bool read_byte(struct text text, size_t *at, const char *accepted)
{
    for (; *at < text.length && *accepted != '\0'; accepted++) {
        if (text.data[*at] == *accepted) {
            (*at)++;
            return true;
        }
    }
    return false;
}

static bool read_fraction(struct text text, size_t *at, int64_t *ret_ms)
{
    int64_t weight = 100;
    *ret_ms = 0;
    if (!read_byte(text, at, ".")) {
        return true;
    }
    size_t first = *at;
    for (; *at < text.length && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++) {
        *ret_ms += weight * (text.data[*at] - '0');
        weight /= 10;
    }
    return *at > first;
}

static bool read_offset(struct text text, size_t *at, int64_t *ret_minutes)
{
    *ret_minutes = 0;
    if (read_byte(text, at, "Zz")) {
        return true;
    }
    int64_t hours;
    int64_t minutes;
    bool east = *at < text.length && text.data[*at] == '+';
    if (!read_byte(text, at, "+-") || !read_digits(text, at, 2, &hours) ||
        !read_byte(text, at, ":") || !read_digits(text, at, 2, &minutes) || hours > 23 ||
        minutes > 59) {
        return false;
    }
    *ret_minutes = (east ? 1 : -1) * (hours * 60 + minutes);
    return true;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) {
        return false;
    }
    return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

bool clock_parse(struct text text, int64_t *ret_wall_ms)
{
    size_t at = 0;
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t ms;
    int64_t offset_minutes;
    if (!read_digits(text, &at, 4, &year) || !read_byte(text, &at, "-") ||
        !read_digits(text, &at, 2, &month) || !read_byte(text, &at, "-") ||
        !read_digits(text, &at, 2, &day) || !read_byte(text, &at, "Tt ") ||
        !read_digits(text, &at, 2, &hour) || !read_byte(text, &at, ":") ||
        !read_digits(text, &at, 2, &minute) || !read_byte(text, &at, ":") ||
        !read_digits(text, &at, 2, &second) || !read_fraction(text, &at, &ms) ||
        !read_offset(text, &at, &offset_minutes) || at != text.length) {
        return false;
    }
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    second = second == 60 ? 59 : second;
    int64_t seconds = days_of_date(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 +
                      second - offset_minutes * 60;
    *ret_wall_ms = seconds * MS_PER_S + ms;
    return true;
}
