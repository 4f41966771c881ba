#include "rating/rating_scores.h"

#include "rating/repository/indexed_rating_ranking.h"

static enum status read_mean(struct call *call, const struct config *config,
                             struct indexed_rating_ranking_options *options)
{
    struct text mean = config_text(config, "score-mean");
    options->has_mean = mean.length > 0;
    if (options->has_mean && (!text_to_double(mean, &options->mean) || options->mean < 0 ||
                              options->mean > RANK_POINTS_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "--score-mean: '%.*s' is not a number of points from 0 to 10",
                         TEXT_ARGUMENTS(mean));
    }
    return STATUS_OK;
}

enum status rating_scores_open(struct process *process, struct call *call,
                               struct rating_repository repository,
                               struct indexed_rating_ranking **ret_ranking,
                               struct rating_ranking *ret_port)
{
    const struct config *config = process_config(process);
    struct indexed_rating_ranking *ranking;
    struct indexed_rating_ranking_options options = {
        .repository = repository,
        .log = process_log(process),
        .minimum_votes = (double)config_integer(config, "score-minimum-votes"),
    };
    enum status status = read_mean(call, config, &options);
    if (status == STATUS_OK) {
        status = indexed_rating_ranking_create(call, &options, &ranking);
    }
    if (status != STATUS_OK) {
        return status;
    }
    telemetry_add_source(process_telemetry(process), indexed_rating_ranking_write_metrics, ranking);
    *ret_ranking = ranking;
    *ret_port = indexed_rating_ranking_port(ranking);
    return STATUS_OK;
}
