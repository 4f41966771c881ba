/* review.h: what users say of a record in words, and that they like it.
 *
 * There is one review per user and record: who writes another replaces it. Its text is plain text
 * of any language, never markup: it is kept byte for byte, and whoever shows it escapes it for
 * where it is shown. Ids are UTF-8 without NUL. Owns nothing. */
#pragma once

#include "rating/model/rating.h"

enum {
    REVIEW_TEXT_CHARACTERS_MAX = 10 * 1000,
    REVIEW_TEXT_BYTES_MAX = REVIEW_TEXT_CHARACTERS_MAX * 4, /* each of UTF-8's longest */
    REVIEW_PAGE_SIZE_DEFAULT = 20,
    REVIEW_PAGE_SIZE_MAX = 100,
    /* Of the reviews of one page, by review_bytes(): so that it is within what a gRPC client takes
     * (4 MiB), in JSON too unless most of it must be escaped. */
    REVIEW_REPLY_BYTES_MAX = 2 * 1024 * 1024,
};

/* Who says it of what: the key of a review, and that of a like. */
struct review_key {
    struct record_key record;
    struct text user;
};

struct review {
    struct review_key key;
    struct text text; /* 1 to REVIEW_TEXT_CHARACTERS_MAX characters */
    bool spoiler;     /* it tells how the story ends */
    int64_t created_ms;
    int64_t edited_ms; /* when its words were last changed; 0: never */
    uint64_t like_count;
    bool liked; /* by the user that asks; told in lists of a record alone */
};

/* Which reviews of a record come first. */
enum review_order {
    REVIEW_ORDER_NEWEST,
    REVIEW_ORDER_MOST_LIKED, /* of equal counts the newest */
};

/* A list of reviews. */
struct review_query {
    struct record_key record;
    enum review_order order;
    struct text viewer; /* who asks, for `liked`; empty: nobody */
};

/* That a user likes a review. Owns nothing. */
struct review_like {
    struct review_key review;
    struct text user;
    int64_t time_ms;
};

struct like {
    struct review_key key;
    int64_t time_ms;
};

/* What there is of a record, and of one user in it. */
struct review_reactions {
    uint64_t like_count;
    uint64_t review_count;
    bool liked;    /* by the user that was asked for */
    bool reviewed; /* by that user */
};

/* STATUS_INVALID_ARGUMENT: an id is empty or too long; the call's error says which. */
MUST_USE enum status review_key_validate(struct call *call, const struct review_key *key);

/* The same, and for a text that is not UTF-8, has no or too many characters, is all spaces and line
 * feeds, or has a control character (U+0000 to U+001F, U+007F to U+009F) other than line feed.
 * Carriage return and tab are such: texts from Windows have their line ends made line feeds by
 * whoever takes them in. */
MUST_USE enum status review_validate(struct call *call, const struct review *review);

/* The same for the keys of a like. Nobody likes a review of their own. */
MUST_USE enum status review_like_validate(struct call *call, const struct review_like *like);

/* "newest", "likes"; empty is the first. STATUS_INVALID_ARGUMENT: any other. */
MUST_USE enum status review_order_parse(struct call *call, struct text name,
                                        enum review_order *ret_order);

/* The key of what a request names. Texts are borrowed. STATUS_INVALID_ARGUMENT: an unknown record
 * type. */
MUST_USE enum status review_key_from_texts(struct call *call, struct text record_type,
                                           struct text record_id, struct text user_id,
                                           struct review_key *ret_key);

/* As many bytes as it takes in a message, or a few more. */
size_t review_bytes(const struct review *review);

/* Copies with every text in the arena. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status review_copy(struct arena *arena, const struct review *review,
                                 struct review *ret_copy);
MUST_USE enum status like_copy(struct arena *arena, const struct like *like, struct like *ret_copy);
