/* movie_summary.h: what all votes on a movie come to, and what weighted scores are made of. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* score = v/(v+m)*R + m/(v+m)*C, as ScoreParameters of api/rating.proto. */
struct movie_score_parameters {
    uint32_t formula;
    double minimum_votes; /* m */
    double mean;          /* C, in points */
    struct text version;  /* empty: they are not known, and no score holds */
};

/* Of a movie with votes. Owns nothing. */
struct movie_summary {
    double mean; /* in points */
    uint32_t count;
    const uint32_t *histogram;
    size_t bin_count;
    double score; /* weighted, in points */
    struct movie_score_parameters parameters;
};
