/* visit.h: any bytes, said to a server by a client that then leaves: the server must answer or hang
 * up, and keep nothing. For fuzz targets. */
#pragma once

#include "base/buffer.h"
#include "http/http_server.h"

enum { VISIT_HEARD_BYTES_MAX = 1 << 20 };

/* Says the bytes in three pieces, cut at both places (in order, within the bytes), with a few turns
 * of the loop after each. *heard gets what the server says, as much as fits; NULL: nobody asks. */
void visit_server(const struct http_server_options *options, struct text bytes,
                  const size_t cuts[static 2], struct buffer *heard);
