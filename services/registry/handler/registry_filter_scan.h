/* registry_filter_scan.h: takes the terminals of a filter off its text, and knows what to say when
 * there is no filter: the farthest place that was reached, and what would have gone on there. */
#pragma once

#include "registry/handler/registry_filter_private.h"

enum {
    FILTER_EXPECTED_MAX = 32, /* more than there are terminals */
    FILTER_ERRORS_MAX = 8,    /* further ones are not told */
    FILTER_ERROR_BYTES_MAX = 4096,
};

struct filter_scanner {
    struct call *call;
    struct text input;
    size_t at;
    enum status status; /* not OK: a limit of ours, or no memory: nothing may be taken any more */
    size_t farthest;
    struct text expected[FILTER_EXPECTED_MAX];
    size_t expected_count;
    /* Mistakes that have words of their own. */
    struct text errors[FILTER_ERRORS_MAX];
    size_t error_count;
};

/* Each true when it was taken; otherwise it is noted as expected here. */
bool filter_take(struct filter_scanner *scanner, const char *literal);
/* One byte or more. */
bool filter_take_spaces(struct filter_scanner *scanner);
bool filter_take_end(struct filter_scanner *scanner);

/* Each leaves the scanner where it was when there is none. Texts are valid in the call's arena, or
 * are parts of the input. */
bool filter_read_string(struct filter_scanner *scanner, struct text *ret_value);
bool filter_read_number(struct filter_scanner *scanner, struct text *ret_value);
bool filter_read_identifier(struct filter_scanner *scanner, struct text *ret_part);

/* rule: of the grammar, where the mistake is. */
void filter_note_error(struct filter_scanner *scanner, size_t offset, const char *rule,
                       const char *message);
/* A limit or no memory; `reason` may be NULL. */
void filter_fail_hard(struct filter_scanner *scanner, enum status status, const char *reason);

/* The mistakes, or else what was expected, as the call's error. */
enum status filter_fail(struct filter_scanner *scanner);
