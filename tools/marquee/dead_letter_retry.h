/* dead_letter_retry.h: dead letters that are tried again, as they are or mended. */
#pragma once

#include "marquee/session.h"

enum { DEAD_LETTER_EVENT_BYTES_MAX = 1024 * 1024 }; /* of a mended event */

/* For the command's table. */
#define DEAD_LETTER_RETRY_OPTIONS                                                                  \
    {.name = "all", .kind = CONFIG_BOOLEAN, .help = "retry all of them"},                          \
        {.name = "event",                                                                          \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "JSON",                                                                       \
         .help = "retry with this event in place of the one that was set aside"},                  \
    {                                                                                              \
        .name = "edit", .kind = CONFIG_TEXT, .argument = "FILE",                                   \
        .help = "the same, with the event that is in this file"                                    \
    }

struct dead_letter_place {
    struct text topic;
    int32_t partition;
    int64_t offset;
};

/* "ratings/3@1207". STATUS_INVALID_ARGUMENT: it is no such thing; the session's error says so. */
MUST_USE enum status dead_letter_place_read(struct session *session, struct text text,
                                            struct dead_letter_place *ret_place);

/* With the event of --event or --edit, if there is one. What fails again is said, and makes the
 * command fail. */
MUST_USE enum status dead_letter_retry(struct session *session,
                                       const struct dead_letter_place *place);

/* Page by page; prints how many were applied and how many stay. */
MUST_USE enum status dead_letter_retry_all(struct session *session);
