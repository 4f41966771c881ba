/* free_addresses.h: addresses on loopback for programs that must be told theirs before they start.
 */
#pragma once

#include <stddef.h>

#include "http/http_message.h"

enum { FREE_PORT_MIN = 10240, FREE_PORT_MAX = 32000 };

/* So many, that nobody listens on now. Of ports that the kernel gives to nobody who does not name
 * them (from 32768 on it does), so that no connection and no other listener takes one meanwhile. */
void free_addresses_choose(char (*addresses)[HTTP_ADDRESS_BYTES_MAX], size_t count);
