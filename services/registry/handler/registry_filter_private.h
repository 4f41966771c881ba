/* registry_filter_private.h: what the filter's files share. */
#pragma once

#include "registry/handler/registry_filter.h"

struct filter_pattern;

enum filter_operator {
    FILTER_EQUAL,
    FILTER_NOT_EQUAL,
    FILTER_IN,
    FILTER_NOT_IN,
    FILTER_EMPTY,
    FILTER_NOT_EMPTY,
    FILTER_MATCHES,
    FILTER_NOT_MATCHES,
};

/* One comparison. The second half is filled in by filter_check(). */
struct filter_term {
    enum filter_operator operator;
    struct text parts[REGISTRY_FILTER_SELECTOR_MAX];
    size_t part_count;
    bool has_value;
    struct text value;

    enum registry_filter_kind kind; /* of what is selected */
    int64_t integer;
    bool boolean;
    struct filter_pattern *pattern;
};

enum filter_node_kind { FILTER_TERM, FILTER_NOT, FILTER_AND, FILTER_OR };

struct filter_node {
    enum filter_node_kind kind;
    struct filter_node *left;  /* of not, and, or */
    struct filter_node *right; /* of and, or */
    struct filter_term *term;
};

struct registry_filter {
    struct filter_node *root;
    const struct registry_filter_field *fields;
    uint64_t cost; /* so far */
};

/* registry_filter_grammar.c. STATUS_INVALID_ARGUMENT: as registry_filter_parse(). */
MUST_USE enum status filter_read(struct call *call, struct text expression,
                                 struct filter_node **ret_root);

/* registry_filter_check.c: that the selectors exist, have the operators, and that the values fit.
 * STATUS_INVALID_ARGUMENT: as registry_filter_parse(). */
MUST_USE enum status filter_check(struct call *call, struct filter_node *node,
                                  const struct registry_filter_field *fields);
/* The field of that name, or the row for all keys; NULL: there is none. */
const struct registry_filter_field *filter_field_find(const struct registry_filter_field *fields,
                                                      bool is_map, struct text name);
/* The first parts of a selector, as it was written with dots. */
struct text filter_selector_text(struct call *call, const struct filter_term *term,
                                 size_t part_count);

/* registry_filter_literal.c: a string with its quotes, as Go's strconv.Unquote reads it. */
MUST_USE bool filter_unquote(struct call *call, struct text literal, struct text *ret_value);
/* A text as Go's %q writes it. */
struct text filter_quote(struct call *call, struct text text);

/* registry_filter_pcre2.c: a regular expression in Go's syntax, valid in the call's arena.
 * STATUS_INVALID_ARGUMENT: none, or one that is not supported; the call's error says why. */
MUST_USE enum status filter_pattern_compile(struct call *call, struct text source,
                                            struct filter_pattern **ret_pattern);
/* Takes time in proportion to the text. STATUS_INVALID_ARGUMENT: too many ways to match. */
MUST_USE enum status filter_pattern_match(struct filter_pattern *pattern, struct call *call,
                                          struct text text, bool *ret_matches);
size_t filter_pattern_bytes(const struct filter_pattern *pattern);
