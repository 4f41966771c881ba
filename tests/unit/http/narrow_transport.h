/* narrow_transport.h: a transport that lets little through at a time, and may spoil a byte. */
#pragma once

#include "http/http_transport.h"

struct loop;

struct narrow_options {
    size_t step;      /* bytes that are received at once; 0: as they come */
    size_t spoil_at;  /* the byte received that is changed, counted from 1; 0: none */
    size_t write_max; /* bytes that a write takes, then only after a turn; 0: all */
};

/* Over `inner`, which is consumed. */
struct http_transport *narrow_transport(struct loop *loop, struct http_transport *inner,
                                        const struct narrow_options *options);
