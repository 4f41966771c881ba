/* registry_page.h: the registry in a browser, at /ui/: its files lie in services/registry/ui/ and
 * are in the program. They read the interface that everybody else reads, and one answer that is
 * made for them (registry_overview_endpoints.c). */
#pragma once

#include "http/http_operation.h"

extern const struct http_operation registry_page_operations[];
extern const size_t registry_page_operation_count;
