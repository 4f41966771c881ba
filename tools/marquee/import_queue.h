/* import_queue.h: an import handed to workers by the event log (marquee import --queue). */
#pragma once

#include "marquee/session.h"

struct event_log;

/* Of the topic of jobs: so many workers take jobs at once. */
enum { IMPORT_QUEUE_PARTITIONS = 16 };

/* Makes the topic of jobs if it is not there. Statuses as event_log_create_topic(). */
MUST_USE enum status import_queue_create(struct event_log *log, struct call *call);

/* Cuts the MovieLens set in the directory into jobs and appends them to the log; prints the
 * import's name and how many there are. The table has EVENT_LOG_OPTIONS, `provider`, `job-rows`
 * and `name`. In a fiber. */
MUST_USE enum status import_queue_run(struct session *session, struct text directory);
