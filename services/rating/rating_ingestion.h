/* rating_ingestion.h: the event log that the configuration asks for, and the loop that ingests from
 * it: a part of main.c, kept apart for its size. */
#pragma once

#include "eventlog/local_eventlog.h"
#include "process/process.h"
#include "process/process_eventlog.h"
#include "rating/repository/rating_progress.h"

struct local_eventlog;
struct rating_burst;
struct rating_ingestion;

/* The options of ingestion, for the table of main.c. */
#define RATING_INGESTION_OPTIONS                                                                   \
    {.name = "event-log",                                                                          \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "local|kafka|none",                                                               \
     .default_value = "local",                                                                     \
     .help = "where rating events come from"},                                                     \
        PROCESS_EVENTLOG_OPTIONS,                                                                  \
        {.name = "topic",                                                                          \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "ratings",                                                               \
         .help = "the topic of rating events"},                                                    \
        {.name = "consumer-group",                                                                 \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "rating",                                                                \
         .help = "the group in which instances share the topic's partitions"},                     \
        {.name = "session-timeout",                                                                \
         .kind = CONFIG_DURATION,                                                                  \
         .argument = "TIME",                                                                       \
         .default_value = "10s",                                                                   \
         .help = "until others take the partitions of an instance that is stopped or hangs",       \
         .minimum = LOCAL_EVENTLOG_SESSION_MS_MIN,                                                 \
         .maximum = LOCAL_EVENTLOG_SESSION_MS_MAX},                                                \
        {.name = "delivery",                                                                       \
         .kind = CONFIG_CHOICE,                                                                    \
         .argument = "exactly-once|at-least-once|at-most-once",                                    \
         .default_value = "exactly-once",                                                          \
         .help = "what becomes of events when a process dies: each once in effect, some twice, "   \
                 "or some not at all"},                                                            \
        {.name = "move-position",                                                                  \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "PARTITION@FROM-TO;…",                                                        \
         .help = "go on at offset TO in a partition whose stored position is FROM: when that is "  \
                 "outside the log, and what is missing may be missed"},                            \
    {                                                                                              \
        .name = "ingest-batch", .kind = CONFIG_INTEGER, .argument = "COUNT",                       \
        .default_value = "10000", .help = "events applied in one transaction", .minimum = 1,       \
        .maximum = RATING_REPOSITORY_BATCH_MAX                                                     \
    }

/* In the open hook: who waits for what is ingested, here or by another process, from the topic of
 * the options; also with --event-log none. *ret_progress is owned by the caller, who destroys it
 * after ingestion and all loops' calls have ended. */
MUST_USE enum status rating_ingestion_open_progress(struct process *process, struct call *call,
                                                    struct rating_repository repository,
                                                    struct rating_progress **ret_progress);

/* In the start hook of loop 0: starts ingesting, as the options say, on a loop of its own; adds a
 * check and metrics to the process, and tells `progress` of each batch. *ret_ingestion is NULL with
 * --event-log none. The repository's state, `progress` and `burst` (NULL: no vote is held) outlive
 * it. */
MUST_USE enum status rating_ingestion_open(struct process *process, struct call *call,
                                           struct rating_repository repository,
                                           struct rating_progress *progress,
                                           struct rating_burst *burst,
                                           struct rating_ingestion **ret_ingestion);

/* The embedded log that it reads, for others in this process: a directory is opened only once.
 * Borrowed until stop, before which they let go of it. NULL: it reads none, or is NULL. */
struct local_eventlog *rating_ingestion_log(const struct rating_ingestion *ingestion);

/* Ends it: what the store has not answered by then is left to it. NULL is accepted. */
void rating_ingestion_stop(struct rating_ingestion *ingestion);

/* After it was stopped and the repository is closed: until then a write that was left may still be
 * answered, on ingestion's loop. NULL is accepted. */
void rating_ingestion_close(struct rating_ingestion *ingestion);
