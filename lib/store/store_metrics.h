/* store_metrics.h: what a store's writer has done, as metrics. */
#pragma once

#include "store/group_commit.h"

struct telemetry_page;

/* A telemetry source (telemetry_add_source()); group: a struct group_commit, which outlives the
 * telemetry's pages. Writes marquee_store_commits_total, the jobs in them as a histogram
 * (marquee_store_commit_jobs), the time they took, and what did not come to be. */
void store_metrics_write(void *group, struct telemetry_page *page);
