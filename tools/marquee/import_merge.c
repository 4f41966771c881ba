#include "marquee/import_merge.h"

static void take_text(struct text *known, struct text source)
{
    *known = source.length > 0 ? source : *known;
}

/* The source's, then those of others that stand. */
static enum status merge_scores(struct arena *arena, const struct metadata *source,
                                struct metadata *merged)
{
    const struct metadata known = *merged;
    if (source->external_score_count == 0) {
        return STATUS_OK;
    }
    struct external_score *scores =
        arena_calloc(arena, METADATA_EXTERNAL_SCORES_MAX, sizeof(*scores));
    if (scores == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t count = 0;
    for (size_t i = 0; i < known.external_score_count; i++) {
        const struct external_score *score = &known.external_scores[i];
        const struct external_score *newer = metadata_external_score(source, score->source);
        scores[count++] = newer != NULL ? *newer : *score;
    }
    for (size_t i = 0; i < source->external_score_count; i++) {
        const struct external_score *score = &source->external_scores[i];
        if (metadata_external_score(&known, score->source) == NULL &&
            count < METADATA_EXTERNAL_SCORES_MAX) {
            scores[count++] = *score;
        }
    }
    merged->external_scores = scores;
    merged->external_score_count = count;
    return STATUS_OK;
}

enum status import_merge(struct arena *arena, const struct metadata *known,
                         const struct metadata *source, struct metadata *ret_merged)
{
    struct metadata merged = *known;
    take_text(&merged.title, source->title);
    take_text(&merged.description, source->description);
    take_text(&merged.director, source->director);
    take_text(&merged.imdb_id, source->imdb_id);
    take_text(&merged.tmdb_id, source->tmdb_id);
    merged.year = source->year != 0 ? source->year : known->year;
    if (source->genre_count > 0) {
        merged.genres = source->genres;
        merged.genre_count = source->genre_count;
    }
    if (source->popularity > known->popularity) {
        merged.popularity = source->popularity;
    }
    enum status status = merge_scores(arena, source, &merged);
    if (status == STATUS_OK) {
        *ret_merged = merged;
    }
    return status;
}
