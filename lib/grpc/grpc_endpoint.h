/* grpc_endpoint.h: an instance of a service, as a channel is told of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct grpc_endpoint {
    struct text address; /* "host:port" */
    /* It gets so many times the calls of one with 1. 0 counts as 1: who is to get none is left out
     * of the list. */
    uint16_t weight;
    bool is_near; /* in the client's own zone */
};
