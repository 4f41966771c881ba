/* http2_memory.h: the memory of HTTP/2 sessions: freed blocks are kept by size and handed out
 * again, so that a session in its stride asks nothing of the heap. One thread at a time; must
 * outlive the sessions that use it. */
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/status.h"
#include "base/text.h"

struct http2_memory;

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status http2_memory_create(struct http2_memory **ret_memory);

/* Every block must have been freed. NULL is accepted. */
void http2_memory_destroy(struct http2_memory *memory);

/* Gives back what is kept. */
void http2_memory_release(struct http2_memory *memory);

/* What nghttp2 takes; borrowed. */
nghttp2_mem *http2_memory_functions(struct http2_memory *memory);
