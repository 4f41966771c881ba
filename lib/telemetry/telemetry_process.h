/* telemetry_process.h: the metrics of a process that Prometheus's own client libraries give
 * (process_start_time_seconds, process_cpu_seconds_total, process_resident_memory_bytes,
 * process_open_fds, process_max_fds), read when the page is asked for. What cannot be read is left
 * out. */
#pragma once

struct telemetry_page;

/* Now, in seconds since 1970. */
double telemetry_process_start(void);

/* A source for telemetry_add_source(); start_seconds: a double, borrowed. */
void telemetry_process_write(void *start_seconds, struct telemetry_page *page);
