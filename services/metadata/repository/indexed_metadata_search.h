/* indexed_metadata_search.h: search by an index in memory (lib/search) that follows a repository.
 *
 * At start everything is listed into one segment; from then on the repository's changes are
 * followed: woken by this process' own writes, and each second for those of others. What has
 * changed is in a second, small segment, which is made anew, while the first keeps a mark for what
 * it has too much; when the second has outgrown its share, both become one. All of that is work of
 * one thread of its own; questions are answered on their callers' threads from the segments of the
 * moment, which are handed out by count of their holders, and wait for nothing.
 *
 * Memory: some 140 bytes a film, twice while segments are made one, and the entries of one page. */
#pragma once

#include "metadata/repository/metadata_repository.h"
#include "metadata/repository/metadata_search.h"

struct indexed_metadata_search;
struct log;
struct telemetry_page;

enum {
    INDEXED_SEARCH_DOCUMENTS_MAX = 1 << 24,       /* what comes beyond is not found, and logged */
    INDEXED_SEARCH_PAGE = 500,                    /* entries listed at once */
    INDEXED_SEARCH_CHANGES_MAX = 1000,            /* read at once */
    INDEXED_SEARCH_GATHERED_MAX = 1 << 18,        /* taken in at once … */
    INDEXED_SEARCH_GATHERED_BYTES_MAX = 64 << 20, /* … and of these, their texts */
    INDEXED_SEARCH_DELTA_MIN = 1000,              /* documents of the small segment: at least */
    INDEXED_SEARCH_DELTA_MAX = 32 * 1024,         /* and at most */
    INDEXED_SEARCH_DELTA_SHARE = 16,              /* between: the large one's, by this */
    INDEXED_SEARCH_LOOK_MS = 1000,                /* for the changes of others */
    INDEXED_SEARCH_PAUSE_MS = 20,            /* between two changes of the index, at least … */
    INDEXED_SEARCH_PAUSE_MS_MAX = 10 * 1000, /* … and at most */
    INDEXED_SEARCH_TIMEOUT_MS = 30 * 1000,   /* of one question to the repository */
};

/* In the open hook. The repository and the log are borrowed until it is destroyed.
 * STATUS_RESOURCE_EXHAUSTED: no memory or thread. */
MUST_USE enum status indexed_metadata_search_create(struct call *call,
                                                    struct metadata_repository repository,
                                                    const struct log *log,
                                                    struct indexed_metadata_search **ret_search);

/* The port; borrowed. */
struct metadata_search indexed_metadata_search_port(struct indexed_metadata_search *search);

/* In a fiber of the loop that it follows changes on, from now on. STATUS_RESOURCE_EXHAUSTED: no
 * fiber. */
MUST_USE enum status indexed_metadata_search_start(struct indexed_metadata_search *search);

/* In a fiber of the same loop, when nobody asks or notes changes any more: ends it, and waits for
 * that: as long as making a segment takes. */
void indexed_metadata_search_stop(struct indexed_metadata_search *search);

/* Stopped, or never started. NULL is accepted. */
void indexed_metadata_search_destroy(struct indexed_metadata_search *search);

/* A telemetry source: documents, rebuilds, questions and how long they took. */
void indexed_metadata_search_write_metrics(void *search, struct telemetry_page *page);
