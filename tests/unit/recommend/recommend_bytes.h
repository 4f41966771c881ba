/* recommend_bytes.h: snapshots in memory, for the tests of them. */
#pragma once

#include "base/buffer.h"
#include "recommend/recommend_snapshot.h"

/* To the end of the buffer, up to its maximum. */
struct recommend_sink recommend_bytes_to(struct buffer *buffer);

/* From the text, of which it leaves what was not read. */
struct recommend_source recommend_bytes_from(struct text *rest);
