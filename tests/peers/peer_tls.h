/* peer_tls.h: TLS of the programs that foreign ones are run against. */
#pragma once

#include "http/tls.h"

/* A context; what cannot be had ends the program with a line that says so. */
struct tls_context *peer_tls(const struct tls_options *options);
