/* stream_window.h: votes counted in tumbling windows of event time, for one partition of a log.
 *
 * A window of `size_ms` begins at a multiple of it (since 1970). The watermark is the latest time
 * that any event so far has shown, where an event's time counts no later than the time at which it
 * was appended: a clock that is ahead closes nothing. A window is closed, with its result, when the
 * watermark has passed its end by `lateness_ms`; what comes for it afterwards is late and is not
 * counted. All this follows from the records in their order and from nothing else: the same records
 * give the same results, whoever counts them, and however often.
 *
 * Within a window an event id of a provider counts once. One thread at a time. */
#pragma once

#include "base/call.h"
#include "rating/model/rating.h"

struct stream_windows;

enum { STREAM_WINDOWS_OPEN_MAX = 1 << 20 }; /* counts that are open, and as many ids */

struct stream_vote {
    int64_t offset;
    int64_t time_ms;     /* the event's */
    int64_t appended_ms; /* the record's */
    struct record_key record;
    struct text provider;
    struct text event_id; /* empty: none, so that it counts whatever else came */
    int32_t hundredths;
};

/* Of one record in one window. */
struct stream_window_result {
    struct record_key record; /* its id is borrowed until the next call */
    int64_t start_ms;
    int64_t end_ms; /* the first that is outside */
    uint64_t count;
    uint64_t sum_hundredths;
};

/* size_ms: at least 1. watermark_ms: INT64_MIN for a new partition, or where it was. NULL: no
 * memory. */
struct stream_windows *stream_windows_create(int64_t size_ms, int64_t lateness_ms,
                                             int64_t watermark_ms);
void stream_windows_destroy(struct stream_windows *windows);

enum stream_window_outcome { STREAM_COUNTED, STREAM_LATE, STREAM_COUNTED_BEFORE };

/* Moves the watermark and counts the vote. After each, stream_windows_close() is asked until it has
 * no more. STATUS_RESOURCE_EXHAUSTED: STREAM_WINDOWS_OPEN_MAX. */
MUST_USE enum status stream_windows_add(struct stream_windows *windows, struct call *call,
                                        const struct stream_vote *vote,
                                        enum stream_window_outcome *ret_outcome);

/* Closes one count that is due, the earliest first. false: none is. */
MUST_USE bool stream_windows_close(struct stream_windows *windows,
                                   struct stream_window_result *ret_result);

/* The offset of the first vote that is in an open window, or `otherwise` if none is open: reading
 * again from there, with the watermark as it is now, makes the open windows anew as they are. */
int64_t stream_windows_first_offset(const struct stream_windows *windows, int64_t otherwise);

int64_t stream_windows_watermark_ms(const struct stream_windows *windows);

/* How many counts are open. */
size_t stream_windows_open(const struct stream_windows *windows);
