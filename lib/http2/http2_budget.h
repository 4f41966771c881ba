/* http2_budget.h: what one peer may make us do for nothing: frames that cost us work and bring the
 * peer's requests no further. Each kind has a budget that fills up again with time; who overdraws
 * one is a flood, and its connection ends with ENHANCE_YOUR_CALM.
 *
 * The budgets are far above what clients do: a peer is limited by what it does in vain, not by how
 * often it asks, cancels or pings beside its requests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum http2_cost {
    /* A frame that makes us reset a stream, or that is invalid (CVE-2025-8671). */
    HTTP2_COST_STRIKE,
    /* A frame about the connection: PING, SETTINGS, PRIORITY, GOAWAY, unknown types (CVE-2019-9512,
     * -9513, -9515); an empty DATA that ends nothing (-9518); a WINDOW_UPDATE below
     * HTTP2_WINDOW_STEP_MIN (-9511). */
    HTTP2_COST_CONTROL,
    /* RST_STREAM of the peer (CVE-2023-44487). */
    HTTP2_COST_RESET,
    HTTP2_COSTS,
};

/* That many at once, and so many a second more. */
enum {
    HTTP2_STRIKES_MAX = 1000,
    HTTP2_STRIKES_A_SECOND = 33,
    HTTP2_CONTROLS_MAX = 1000,
    HTTP2_CONTROLS_A_SECOND = 200,
    HTTP2_CONTROLS_A_REQUEST = 4, /* given back by each stream that is opened */
    HTTP2_RESETS_MAX = 2000,
    HTTP2_RESETS_A_SECOND = 500,
    HTTP2_RESETS_A_REPLY = 1, /* given back by each reply that has left whole */
};

/* All zero: full. */
struct http2_budget {
    /* private */
    int64_t spent_until_ns[HTTP2_COSTS]; /* when the budget will be full again */
};

/* Counts one. false: it was one too many. now_ns: on loop_now_ns(). */
MUST_USE bool http2_budget_take(struct http2_budget *budget, enum http2_cost cost, int64_t now_ns);

/* Gives `count` back; a full budget stays full. */
void http2_budget_give(struct http2_budget *budget, enum http2_cost cost, unsigned count);
