#include <math.h>
#include <stdio.h>

#include "rank/rank.h"

enum { HUNDREDTHS_PER_POINT = 100 };

/* The numbers are read back from the version, so that it says them exactly. */
static bool read_numbers(struct text version, struct rank_parameters *ret_parameters)
{
    struct text rest = version;
    uint64_t formula;
    struct rank_parameters parameters = {.formula = RANK_FORMULA};
    bool good = text_to_u64(text_next(&rest, ':'), &formula) && formula == RANK_FORMULA &&
                text_to_double(text_next(&rest, ':'), &parameters.minimum_votes) &&
                text_to_double(rest, &parameters.mean) && parameters.minimum_votes >= 0 &&
                parameters.minimum_votes <= RANK_MINIMUM_VOTES_MAX && parameters.mean >= 0 &&
                parameters.mean <= RANK_POINTS_MAX &&
                text_to_c_string(version, parameters.version, sizeof(parameters.version));
    if (good) {
        *ret_parameters = parameters;
    }
    return good;
}

struct rank_parameters rank_parameters_make(double minimum_votes, double mean)
{
    char version[RANK_VERSION_BYTES_MAX];
    struct rank_parameters parameters;
    CHECK(minimum_votes >= 0 && minimum_votes <= RANK_MINIMUM_VOTES_MAX);
    CHECK(mean >= 0 && mean <= RANK_POINTS_MAX);
    int length =
        snprintf(version, sizeof(version), "%d:%.7g:%.3f", RANK_FORMULA, minimum_votes, mean);
    CHECK(length > 0 && (size_t)length < sizeof(version));
    CHECK(read_numbers(text_of(version), &parameters));
    return parameters;
}

bool rank_parameters_parse(struct text version, struct rank_parameters *ret_parameters)
{
    struct rank_parameters parameters;
    if (!read_numbers(version, &parameters)) {
        return false;
    }
    /* There is one way to write each. */
    struct rank_parameters made = rank_parameters_make(parameters.minimum_votes, parameters.mean);
    if (!rank_parameters_equal(&made, &parameters)) {
        return false;
    }
    *ret_parameters = parameters;
    return true;
}

bool rank_parameters_equal(const struct rank_parameters *a, const struct rank_parameters *b)
{
    return text_equal(text_of(a->version), text_of(b->version));
}

double rank_mean(uint64_t count, uint64_t sum_hundredths)
{
    CHECK(count > 0);
    return (double)sum_hundredths / (double)count / HUNDREDTHS_PER_POINT;
}

double rank_score(const struct rank_parameters *parameters, uint64_t count, uint64_t sum_hundredths)
{
    CHECK(count > 0);
    double votes = (double)count;
    double points = (double)sum_hundredths / HUNDREDTHS_PER_POINT;
    double prior = parameters->minimum_votes * parameters->mean;
    return (points + prior) / (votes + parameters->minimum_votes);
}

bool rank_parameters_moved(const struct rank_parameters *published, struct rank_totals totals,
                           struct rank_parameters *ret_next)
{
    double mean =
        totals.count > 0 ? rank_mean(totals.count, totals.sum_hundredths) : RANK_MEAN_WITHOUT_VOTES;
    if (fabs(mean - published->mean) < RANK_MEAN_STEP) {
        return false;
    }
    *ret_next = rank_parameters_make(published->minimum_votes, mean);
    return true;
}
