/* import_queue.h: an import handed to workers by the event log (marquee import --queue). */
#pragma once

#include "marquee/session.h"

/* The topic of jobs, where this command makes it, has so many partitions: so many workers take
 * jobs at once. */
enum { IMPORT_QUEUE_PARTITIONS = 16 };

/* Cuts the MovieLens set in the directory into jobs and appends them to the log; prints the
 * import's name and how many there are. The table has STREAM_LOG_OPTIONS, `provider`, `job-rows`
 * and `name`. In a fiber. */
MUST_USE enum status import_queue_run(struct session *session, struct text directory);
