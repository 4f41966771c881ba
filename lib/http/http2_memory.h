/* http2_memory.h: the memory of HTTP/2 sessions: freed blocks are kept by size and handed out
 * again, so that a session in its stride asks nothing of the heap. One thread at a time; must
 * outlive the sessions that use it. */
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/status.h"
#include "base/text.h"

struct http2_memory;

/* Small blocks put by for when the heap has none: nghttp2 1.52 frees an item twice when it runs out
 * of memory while sending (its queue of streams that have data does not grow). */
enum { HTTP2_MEMORY_RESERVE = 8 };

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status http2_memory_create(struct http2_memory **ret_memory);

/* Every block must have been freed. NULL is accepted. */
void http2_memory_destroy(struct http2_memory *memory);

/* Fills the reserve up again. false: no memory: nothing must be asked of a session now. */
MUST_USE bool http2_memory_reserve(struct http2_memory *memory);

/* Gives back what is kept, but for the reserve. */
void http2_memory_release(struct http2_memory *memory);

/* What nghttp2 takes; borrowed. */
nghttp2_mem *http2_memory_functions(struct http2_memory *memory);
