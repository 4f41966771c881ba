/* socket_address.h: socket addresses as text. */
#pragma once

#include <sys/socket.h>

#include "http/http_message.h"

/* "127.0.0.1:8081", "[::1]:8081"; "" for another family. */
void socket_address_format(const struct sockaddr_storage *address,
                           char text[static HTTP_ADDRESS_BYTES_MAX]);

/* A numeric host; "localhost" counts as 127.0.0.1. false: a name. */
MUST_USE bool socket_address_parse(struct text host, uint16_t port,
                                   struct sockaddr_storage *ret_address, socklen_t *ret_length);

/* Whether it is a numeric address that stands for every interface: "0.0.0.0", "::". */
MUST_USE bool socket_address_is_any(struct text host);

/* Whether it is a numeric address, or "localhost", that only this machine reaches: 127.0.0.0/8,
 * ::1.
 */
MUST_USE bool socket_address_is_loopback(struct text host);

/* The numeric host, without port or brackets, of the interface by which a numeric `host` is
 * reached: what peers there can reach this machine at. No packet is sent. false: a name, or there
 * is no way to it. */
MUST_USE bool socket_address_toward(struct text host, char ret_own[static HTTP_ADDRESS_BYTES_MAX]);
