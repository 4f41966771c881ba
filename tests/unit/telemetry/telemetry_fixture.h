/* telemetry_fixture.h: pages, and the samples in them. */
#pragma once

#include "base/buffer.h"
#include "telemetry/telemetry.h"

enum { TELEMETRY_FIXTURE_PAGE_BYTES_MAX = 4 * 1024 * 1024 };

/* The page as a C string; owned by the caller, for free(). */
char *telemetry_fixture_page(const struct telemetry *telemetry);

/* The value of the line "SAMPLE VALUE"; fails the test when it is not there, or twice. */
double telemetry_fixture_sample(const char *page, const char *sample);

/* Whether a line starts so. */
bool telemetry_fixture_has(const char *page, const char *line_start);
