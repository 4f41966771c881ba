/* metrics_page.h: single values out of Prometheus's text form, as far as our own pages use it. */
#pragma once

#include "base/text.h"

/* The sum of a family's samples, whatever their labels. false: the page has none. */
bool metrics_page_sum(struct text page, const char *family, double *ret_sum);

/* The largest of them. */
bool metrics_page_max(struct text page, const char *family, double *ret_max);
