/* registry_filter.h: the `filter` of a query: what an entry of a reply must be like to be in it.
 *
 * The language is Consul's (developer.hashicorp.com/consul/api-docs/features/filtering; go-bexpr
 * 0.1): ==, !=, in, not in, contains, not contains, matches, not matches, is empty, is not empty;
 * and, or, not, parentheses. A selector names a field of the entry ("Service.Meta.version",
 * "Service.Meta[\"app.version\"]"); over a list of objects it asks for any of them. Values are
 * words, numbers, or strings in double or back quotes as Go writes them. Errors have Consul's
 * words.
 *
 * An entry is looked at in the form in which the reply has it: there is no other model of it. */
#pragma once

#include "base/call.h"
#include "json/json.h"

enum {
    REGISTRY_FILTER_BYTES_MAX = 4096,
    REGISTRY_FILTER_TERMS_MAX = 64,
    REGISTRY_FILTER_DEPTH_MAX = 32,   /* of parentheses and not */
    REGISTRY_FILTER_SELECTOR_MAX = 8, /* parts */
    /* What the regular expressions of one query may cost: bytes looked at times bytes of pattern.
     */
    REGISTRY_FILTER_COST_MAX = 64 * 1024 * 1024,
};

enum registry_filter_kind {
    REGISTRY_FILTER_TEXT,    /* ==, !=, in, not in, matches, not matches */
    REGISTRY_FILTER_INTEGER, /* ==, != */
    REGISTRY_FILTER_BOOLEAN, /* ==, != */
    REGISTRY_FILTER_TEXTS,   /* an array of strings: in, not in, is empty, is not empty */
    REGISTRY_FILTER_MAP,     /* an object with any keys: as TEXTS, of its keys */
    REGISTRY_FILTER_LIST,    /* an array of objects: is empty, is not empty */
    REGISTRY_FILTER_OBJECT,  /* nothing but a way to its fields */
};

/* What can be selected. A table ends with a row without name; a map's has one row, for all keys. */
struct registry_filter_field {
    const char *name;
    enum registry_filter_kind kind;
    const struct registry_filter_field *fields; /* of a map, list or object */
};

struct registry_filter;

/* *ret_filter is valid in the call's arena; `fields` must outlive it.
 * STATUS_INVALID_ARGUMENT: the call's error is the answer's text. STATUS_RESOURCE_EXHAUSTED: no
 * room in the arena. */
MUST_USE enum status registry_filter_parse(struct call *call, struct text expression,
                                           const struct registry_filter_field *fields,
                                           struct registry_filter **ret_filter);

/* entry: an object; what the reply leaves out counts as empty, zero or false.
 * STATUS_INVALID_ARGUMENT: the regular expressions cost too much; the call's error says so. */
MUST_USE enum status registry_filter_match(struct registry_filter *filter, struct call *call,
                                           const struct json *entry, bool *ret_matches);
