/* log_position.h: the place of an event in the event log, as it is typed: "2:17". */
#pragma once

#include "marquee/session.h"
#include "rating.pb-c.h"

/* For the table of a command that reads votes. */
#define LOG_POSITION_OPTION                                                                        \
    {                                                                                              \
        .name = "after", .kind = CONFIG_TEXT, .argument = "PARTITION:OFFSET",                      \
        .help = "answer only when this event of the log has been applied"                          \
    }

/* What --after says, for a request; valid as long as the session; NULL: it was not given.
 * STATUS_INVALID_ARGUMENT: no such place. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status log_position_read(struct session *session, LogPosition **ret_position);
