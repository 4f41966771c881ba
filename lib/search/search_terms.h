/* search_terms.h: a text cut into the terms under which it is found.
 *
 * Terms are folded: compatibility forms taken apart, accents dropped, case folded (by
 * utf8proc), and the letters that have no such form by a table (ø as o, ł as l, æ as ae). A term is
 * a run of letters and digits; an apostrophe within is dropped ("ocean's" as "oceans"), "&" and "+"
 * are "and". What is joined by other punctuation is also one term ("spider-man" as "spider", "man"
 * and "spiderman"; "M*A*S*H" as "mash"). Numbers of parts have both their forms ("ii" and "2"). */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum {
    SEARCH_TERM_BYTES_MAX = 48, /* the rest is cut off, at a letter */
    SEARCH_TERMS_MAX = 64,      /* of one text, aliases included; the rest is left out */
};

struct search_term {
    struct text text; /* UTF-8 */
    bool alias;       /* another form of terms that are there too */
};

struct search_terms {
    struct search_term *terms; /* in the order of the text; an alias behind what it stands for */
    size_t count;
    bool open_end; /* the text ends within a term, which may go on */
};

/* Valid in the arena. Bytes that are not UTF-8 part terms.
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status search_terms_cut(struct arena *arena, struct text text,
                                      struct search_terms *ret_terms);

/* Whether it is an article of one of the languages that titles are in ("the", "les", "der"): it is
 * looked for, and need not be found. */
bool search_term_is_article(struct text term);
