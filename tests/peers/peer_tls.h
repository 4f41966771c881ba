/* peer_tls.h: TLS of the programs that foreign ones are run against. */
#pragma once

#include "http/tls.h"

/* A context; what cannot be had ends the program with a line that says so. */
struct tls_context *peer_tls(const struct tls_options *options);

/* The same of what would be in the files; empty for none. A server requires certificates when there
 * is an authority. */
struct tls_context *peer_tls_of_texts(enum tls_side side, struct text ca, struct text certificate,
                                      struct text key);
