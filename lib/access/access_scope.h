/* access_scope.h: what a token lets its holder do.
 *
 * A set of them is the sum of its members. As text: "read,vote", in any order. */
#pragma once

#include "base/status.h"
#include "base/text.h"

enum access_scope {
    ACCESS_OPEN = 0,         /* needed by what everybody may do */
    ACCESS_READ = 1,         /* look at what is kept */
    ACCESS_VOTE = 2,         /* vote, review and like, as oneself */
    ACCESS_WRITE = 4,        /* change what all see: movie metadata */
    ACCESS_ADMIN = 8,        /* everything, and for everybody */
    ACCESS_IMPERSONATE = 16, /* do any of these for others: what a service is let */
};

enum {
    ACCESS_SCOPES_ALL = 31,
    ACCESS_SCOPES_TEXT_BYTES = 48, /* the longest text of a set, with its NUL */
};

/* The set that is meant: "admin" is all of them. false: an unknown word, or none. */
MUST_USE bool access_scopes_parse(struct text text, unsigned *ret_scopes);

/* "read,vote"; "admin" where it is among them, as it holds the others; "none" for the empty set.
 * Returns the text in `buffer`. */
struct text access_scopes_format(unsigned scopes, char buffer[static ACCESS_SCOPES_TEXT_BYTES]);

/* Of a single one; "open" for ACCESS_OPEN. Static storage. */
const char *access_scope_name(enum access_scope scope);
