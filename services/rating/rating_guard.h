/* rating_guard.h: the guard against bursts of votes, as the options say: for main.c, for the
 * process that holds every service, and for `marquee up`, which hands the options on. */
#pragma once

#include "process/process.h"
#include "rating/model/rating_burst.h"

#define RATING_GUARD_OPTIONS                                                                       \
    {.name = "burst-guard",                                                                        \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "off|quarantine",                                                                 \
     .default_value = "off",                                                                       \
     .help = "hold the votes of a burst on one record until they are reviewed"},                   \
        {.name = "burst-window",                                                                   \
         .kind = CONFIG_DURATION,                                                                  \
         .argument = "TIME",                                                                       \
         .default_value = "10m",                                                                   \
         .minimum = 1000,                                                                          \
         .maximum = RATING_BURST_WINDOW_MS_MAX,                                                    \
         .help = "in which votes are counted, by the time that they were cast"},                   \
        {.name = "burst-floor",                                                                    \
         .kind = CONFIG_INTEGER,                                                                   \
         .argument = "COUNT",                                                                      \
         .default_value = "200",                                                                   \
         .minimum = 1,                                                                             \
         .maximum = RATING_BURST_FLOOR_MAX,                                                        \
         .help = "votes on a record within a window that are never a burst"},                      \
    {                                                                                              \
        .name = "burst-multiple", .kind = CONFIG_INTEGER, .argument = "COUNT",                     \
        .default_value = "10", .minimum = 1, .maximum = RATING_BURST_MULTIPLE_MAX,                 \
        .help = "nor are so many times what the 24 windows before had"                             \
    }

/* In the open hook; adds a telemetry source. *ret_burst is the caller's, to be destroyed after all
 * who use it; NULL with --burst-guard off. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status rating_guard_open(struct process *process, struct call *call,
                                       struct rating_burst **ret_burst);
