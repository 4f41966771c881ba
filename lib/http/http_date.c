#include "http/http_date.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

/* Not strftime(): its names follow the locale. */
static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void format_date(int64_t wall_s, char text[static HTTP_DATE_LENGTH + 1])
{
    time_t seconds = (time_t)wall_s;
    struct tm parts;
    char whole[64];
    CHECK(gmtime_r(&seconds, &parts) != NULL);
    (void)snprintf(whole, sizeof(whole), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                   parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
    memcpy(text, whole, HTTP_DATE_LENGTH);
    text[HTTP_DATE_LENGTH] = '\0';
}

struct text http_date_text(struct http_date *date, int64_t now_ns)
{
    if (now_ns >= date->due_ns) {
        int64_t wall_ms = clock_wall_ms();
        format_date(wall_ms / 1000, date->text);
        date->due_ns = now_ns + (1000 - wall_ms % 1000) * CLOCK_NS_PER_MS;
    }
    return (struct text){date->text, HTTP_DATE_LENGTH};
}
