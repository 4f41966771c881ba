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
