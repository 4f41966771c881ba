/* up_sample.h: the sample catalogue and the sample events, put into a new installation once. */
#pragma once

#include "marquee/session.h"

/* Unless <data>/sample-loaded says that these very samples were: puts the catalogue to the metadata
 * service, appends the events to the local log, and writes that file. Doing it again gives the same
 * aggregates, since the events carry their time. event_log: the folder; ends in NUL.
 * STATUS_CANCELLED: the session is being stopped. Any other failure: it is not there, or not all of
 * it; the session call's error says why. */
MUST_USE enum status up_sample_load(struct session *session, struct text data,
                                    struct text event_log);
