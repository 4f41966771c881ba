/* grpc_frame.h: messages as they stand in a body: a flag byte, a 4-byte big-endian length, the
 * message (grpc/grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). The parts that a body comes
 * in have nothing to do with where messages begin and end. */
#pragma once

#include "base/buffer.h"
#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum { GRPC_FRAME_PREFIX_BYTES = 5 };

/* Writes a prefix. */
void grpc_frame_prefix(bool compressed, size_t length, char prefix[static GRPC_FRAME_PREFIX_BYTES]);

/* Where parts come from: the next one, borrowed until the next call; empty at the end. */
typedef enum status (*grpc_part_fn)(void *state, struct text *ret_part);

/* Has what is left of the last part grow to `bytes`, as http_read_more(). */
typedef enum status (*grpc_more_fn)(void *state, size_t bytes, struct text *part);

struct grpc_frame_reader {
    size_t message_bytes_max; /* of a message, also when decompressed */
    bool gzip;                /* what a message flagged as compressed is compressed by */
    /* Set by an owner whose parts can grow, and whose last one stays as long as the call; else
     * NULL: messages that span parts are gathered. */
    grpc_more_fn read_more;
    bool message_stays;  /* the last message does: it lies in a part that does: read only */
    bool was_compressed; /* the last message was: read only */
    uint64_t read_bytes; /* of all frames with their prefixes: read only */
    /* private */
    grpc_part_fn read_part;
    void *state;
    struct text part; /* what is left of the last part */
    struct buffer gathered;
    struct buffer inflated;
};

/* Takes no memory until a message spans parts or is compressed. read_part and state: borrowed. */
void grpc_frame_reader_init(struct grpc_frame_reader *reader, size_t message_bytes_max,
                            grpc_part_fn read_part, void *state);
void grpc_frame_reader_deinit(struct grpc_frame_reader *reader);

/* The next message, borrowed until the next read; parks as read_part does. *ret_end: the body has
 * ended where a message could begin, and *ret_message is empty.
 * STATUS_RESOURCE_EXHAUSTED: over the maximum, or no memory. STATUS_INTERNAL: cut short, an unknown
 * flag, compressed although no compression was agreed, not gzip. Else as read_part. After a failure
 * nothing more can be read. */
MUST_USE enum status grpc_frame_read(struct grpc_frame_reader *reader, struct call *call,
                                     struct text *ret_message, bool *ret_end);
