/* status_probe.h: how an instance is, by its own words: /readyz and /metrics. */
#pragma once

#include "marquee/registry_view.h"

enum { STATUS_FIGURE_COUNT = 8 };

/* A figure that an instance may have, from its metrics. */
struct status_figure {
    const char *family;
    bool is_max;      /* of several samples, the largest; else their sum */
    const char *name; /* in JSON */
    const char *text; /* for people, behind the value; NULL: in a column of its own */
    bool is_bad;      /* a value above 0 is not well */
    bool is_always;   /* told to people also when it is 0 */
};
extern const struct status_figure status_figures[STATUS_FIGURE_COUNT];

enum { STATUS_FIGURE_MEMORY, STATUS_FIGURE_START, STATUS_FIGURE_REQUESTS };

struct status_probe {
    const struct registry_instance *instance;
    struct registry_view *view;
    struct call call;
    bool is_ready;
    struct text reasons; /* lines of /readyz that begin with FAIL; or why it did not answer */
    bool known[STATUS_FIGURE_COUNT];
    double values[STATUS_FIGURE_COUNT];
};

/* Asks; of --timeout at most. In a fiber of the session's loop; several may run at once. */
void status_probe_run(struct status_probe *probe);

/* Passing, ready, and no figure is bad. */
bool status_probe_is_well(const struct status_probe *probe);
