/* registry_metrics.h: what the registry counts of itself; part of what main.c composes. */
#pragma once

struct telemetry_page;

/* A source of telemetry; controller: the struct registry_controller, whose loop writes the page. */
void registry_metrics_write(void *controller, struct telemetry_page *page);
