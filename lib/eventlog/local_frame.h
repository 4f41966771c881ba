/* local_frame.h: how the embedded log writes one record down.
 *
 *   checksum     4   CRC-32 of the place (topic id, partition) and all that follows
 *   key bytes    2
 *   header bytes 2   0: none, as in all that was written before there were any
 *   value bytes  4
 *   offset       8
 *   time         8   milliseconds
 *   key, value
 *   headers, each: name bytes 1, value bytes 2, name, value
 *
 * Numbers are little-endian. Frames follow each other without padding. The place is part of the
 * checksum, so that a frame that turns up in another partition is found out. */
#pragma once

#include "eventlog/eventlog.h"

enum {
    LOCAL_FRAME_HEADER_BYTES = 28,
    LOCAL_FRAME_EACH_HEADER_BYTES = 3, /* beside its name and value */
    LOCAL_FRAME_HEADERS_BYTES_MAX =
        EVENTLOG_HEADERS_MAX * LOCAL_FRAME_EACH_HEADER_BYTES + EVENTLOG_HEADERS_BYTES_MAX,
    LOCAL_FRAME_BYTES_MAX = LOCAL_FRAME_HEADER_BYTES + EVENTLOG_KEY_BYTES_MAX +
                            EVENTLOG_VALUE_BYTES_MAX + LOCAL_FRAME_HEADERS_BYTES_MAX,
};

struct local_place {
    uint32_t topic_id;
    int32_t partition;
};

size_t local_frame_bytes(const struct eventlog_message *message);

/* Writes local_frame_bytes(): all but offset and checksum, which local_frame_seal() adds. */
void local_frame_write(char *frame, const struct eventlog_message *message);

/* Sets the offset and the checksum of the frame's `bytes` bytes. */
void local_frame_seal(char *frame, size_t bytes, struct local_place place, int64_t offset);

/* The first frame of `frames`. Key, value, names and values are borrowed from it; the record's
 * headers are `headers`. false: it is cut short, or the checksum is wrong. */
MUST_USE bool local_frame_read(struct text frames, struct local_place place,
                               struct eventlog_header headers[static EVENTLOG_HEADERS_MAX],
                               struct eventlog_record *ret_record, size_t *ret_bytes);

/* Only its offset and length, the checksum not looked at. false: it is cut short. */
MUST_USE bool local_frame_peek(struct text frames, int64_t *ret_offset, size_t *ret_bytes);

/* The newest time of whole frames, checksums not looked at; INT64_MAX where one is cut short. */
int64_t local_frame_newest(struct text frames);
