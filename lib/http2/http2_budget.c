#include "http2/http2_budget.h"

#include "base/clock.h"

struct limit {
    int64_t burst;
    int64_t price_ns; /* the time in which one more is earned */
};

static const struct limit limits[HTTP2_COSTS] = {
    [HTTP2_COST_STRIKE] = {HTTP2_STRIKES_MAX, CLOCK_NS_PER_S / HTTP2_STRIKES_A_SECOND},
    [HTTP2_COST_CONTROL] = {HTTP2_CONTROLS_MAX, CLOCK_NS_PER_S / HTTP2_CONTROLS_A_SECOND},
    [HTTP2_COST_RESET] = {HTTP2_RESETS_MAX, CLOCK_NS_PER_S / HTTP2_RESETS_A_SECOND},
};

bool http2_budget_take(struct http2_budget *budget, enum http2_cost cost, int64_t now_ns)
{
    const struct limit *limit = &limits[cost];
    int64_t *spent_until_ns = &budget->spent_until_ns[cost];
    if (*spent_until_ns < now_ns) {
        *spent_until_ns = now_ns;
    }
    if (*spent_until_ns - now_ns > (limit->burst - 1) * limit->price_ns) {
        return false;
    }
    *spent_until_ns += limit->price_ns;
    return true;
}

void http2_budget_give(struct http2_budget *budget, enum http2_cost cost, unsigned count)
{
    int64_t given_ns = (int64_t)count * limits[cost].price_ns;
    int64_t *spent_until_ns = &budget->spent_until_ns[cost];
    *spent_until_ns = *spent_until_ns > given_ns ? *spent_until_ns - given_ns : 0;
}
