#include "unit/telemetry/telemetry_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_test.h"

char *telemetry_fixture_page(const struct telemetry *telemetry)
{
    struct buffer buffer;
    buffer_init(&buffer, TELEMETRY_FIXTURE_PAGE_BYTES_MAX);
    assert_true(telemetry_write(telemetry, &buffer));
    assert_true(buffer_append_byte(&buffer, '\0'));
    char *page = malloc(buffer.length);
    assert_non_null(page);
    memcpy(page, buffer.data, buffer.length);
    buffer_deinit(&buffer);
    return page;
}

static const char *line_that_starts(const char *page, const char *start)
{
    for (const char *line = page; *line != '\0';) {
        if (strncmp(line, start, strlen(start)) == 0) {
            return line;
        }
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        line = end + 1;
    }
    return NULL;
}

double telemetry_fixture_sample(const char *page, const char *sample)
{
    char start[512];
    (void)snprintf(start, sizeof(start), "%s ", sample);
    const char *line = line_that_starts(page, start);
    if (line == NULL) {
        fail_msg("no sample '%s' in\n%s", sample, page);
    }
    struct text rest = text_of(line + strlen(start));
    double value;
    assert_true(text_to_double(text_next(&rest, '\n'), &value));
    assert_null(line_that_starts(rest.data, start));
    return value;
}

bool telemetry_fixture_has(const char *page, const char *line_start)
{
    return line_that_starts(page, line_start) != NULL;
}
