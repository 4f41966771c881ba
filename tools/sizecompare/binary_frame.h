/* binary_frame.h: whether every length in a binary document lies inside it.
 *
 * Walked before the libraries' own decoders, which trust what they read. thrift c_glib 0.17 waits
 * for ever on a memory buffer that ends early (its read gives 0, which read_all takes for
 * progress), frees a pointer it never set when it skips a cut string, and allocates any length.
 * avro-c 1.11 leaks a string that ends early, allocates any length, and for -1 writes in front of
 * its buffer. A document that passes has no unknown fields and nothing behind its end. The texts
 * themselves are not looked at. */
#pragma once

#include "base/status.h"
#include "base/text.h"
#include "sizecompare/sample_document.h"

/* The binary protocol (Thrift specification, "Thrift Binary protocol encoding").
 * STATUS_INVALID_ARGUMENT: not a document of this shape. STATUS_RESOURCE_EXHAUSTED: over
 * SAMPLE_ENTRIES_MAX. */
MUST_USE enum status thrift_frame_check(struct text bytes, enum sample_shape shape);

/* The binary encoding (Avro 1.11 specification, "Binary Encoding"). Statuses as above. */
MUST_USE enum status avro_frame_check(struct text bytes, enum sample_shape shape);
