#include "metadata/controller/metadata_matching.h"

#include "base/arena.h"

/* A way to match, in the order in which they are tried. */
struct step {
    enum metadata_lookup_kind kind;
    enum metadata_match_how how;
    size_t value; /* the offset of its text in a query */
    int32_t years_off;
};

static const struct step steps[] = {
    {METADATA_LOOKUP_IMDB_ID, METADATA_MATCHED_BY_IMDB_ID, offsetof(struct metadata_query, imdb_id),
     0},
    {METADATA_LOOKUP_TMDB_ID, METADATA_MATCHED_BY_TMDB_ID, offsetof(struct metadata_query, tmdb_id),
     0},
    {METADATA_LOOKUP_ID, METADATA_MATCHED_BY_ID, offsetof(struct metadata_query, id), 0},
    {METADATA_LOOKUP_TITLE, METADATA_MATCHED_BY_TITLE_AND_YEAR,
     offsetof(struct metadata_query, title), 0},
    {METADATA_LOOKUP_TITLE, METADATA_MATCHED_BY_TITLE_AND_NEAR_YEAR,
     offsetof(struct metadata_query, title), 1},
};

/* The queries of one step. */
struct round {
    struct metadata_lookup *lookups;
    size_t *places; /* of their queries */
    struct metadata_candidates *found;
    size_t count;
};

static struct text value_of(const struct metadata_query *query, const struct step *step)
{
    return *(const struct text *)(const void *)((const char *)query + step->value);
}

static void gather(struct round *round, const struct step *step,
                   const struct metadata_query *queries, const struct metadata_matched *matched,
                   size_t count)
{
    round->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct text value = value_of(&queries[i], step);
        bool has_year = step->kind != METADATA_LOOKUP_TITLE || queries[i].year != 0;
        if (matched[i].how != METADATA_NOT_MATCHED || value.length == 0 || !has_year) {
            continue;
        }
        round->places[round->count] = i;
        round->lookups[round->count++] =
            (struct metadata_lookup){.value = value,
                                     .year_from = queries[i].year - step->years_off,
                                     .year_to = queries[i].year + step->years_off};
    }
}

static bool are_known_to_differ(struct text a, struct text b)
{
    return a.length > 0 && b.length > 0 && !text_equal(a, b);
}

/* Titles alone are not believed where ids say otherwise. */
static bool is_possible(const struct metadata_query *query, const struct step *step,
                        const struct metadata_candidate *candidate)
{
    return step->kind != METADATA_LOOKUP_TITLE ||
           (!are_known_to_differ(query->imdb_id, candidate->imdb_id) &&
            !are_known_to_differ(query->tmdb_id, candidate->tmdb_id));
}

static void decide(const struct metadata_query *query, const struct step *step,
                   const struct metadata_candidates *found, struct metadata_matched *matched)
{
    struct text whole = TEXT("");
    size_t wholes = 0;
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct metadata_candidate *candidate = &found->candidates[i];
        if (!is_possible(query, step, candidate)) {
            continue;
        }
        matched->candidates[count++] = candidate->id;
        whole = candidate->has_whole_title ? candidate->id : whole;
        wholes += candidate->has_whole_title;
    }
    if (count == 0 && !found->more) {
        return;
    }
    if (!found->more && (count == 1 || wholes == 1)) {
        matched->how = step->how;
        matched->id = count == 1 ? matched->candidates[0] : whole;
    } else {
        matched->how = METADATA_MATCH_AMBIGUOUS;
        matched->candidate_count = count;
    }
}

static enum status validate(struct call *call, const struct metadata_query *query, size_t place)
{
    const struct {
        const char *name;
        struct text text;
        size_t bytes_max;
    } texts[] = {
        {"IMDb id", query->imdb_id, METADATA_EXTERNAL_ID_BYTES_MAX},
        {"TMDB id", query->tmdb_id, METADATA_EXTERNAL_ID_BYTES_MAX},
        {"movie id", query->id, METADATA_ID_BYTES_MAX},
        {"title", query->title, METADATA_TITLE_BYTES_MAX},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (texts[i].text.length > texts[i].bytes_max || !text_is_clean(texts[i].text)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "query %zu: the %s is over %zu bytes, not UTF-8 or has a NUL in it",
                             place, texts[i].name, texts[i].bytes_max);
        }
    }
    if (query->year != 0 && (query->year < METADATA_YEAR_MIN || query->year > METADATA_YEAR_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "query %zu: year is not 0 or %d to %d",
                         place, METADATA_YEAR_MIN, METADATA_YEAR_MAX);
    }
    return STATUS_OK;
}

static enum status validate_all(struct call *call, const struct metadata_query *queries,
                                size_t count)
{
    enum status status = STATUS_OK;
    if (count > METADATA_BATCH_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d queries at once",
                         METADATA_BATCH_MAX);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = validate(call, &queries[i], i);
    }
    return status;
}

static enum status take_step(struct metadata_controller *self, struct call *call,
                             const struct step *step, const struct metadata_query *queries,
                             struct round *round, struct metadata_matched *matched)
{
    if (round->count == 0) {
        return STATUS_OK;
    }
    enum status status = self->repository.ops->find(self->repository.state, call, step->kind,
                                                    round->lookups, round->count, round->found);
    for (size_t i = 0; i < round->count && status == STATUS_OK; i++) {
        size_t place = round->places[i];
        decide(&queries[place], step, &round->found[i], &matched[place]);
    }
    return status;
}

enum status metadata_controller_match(struct metadata_controller *self, struct call *call,
                                      const struct metadata_query *queries, size_t count,
                                      struct metadata_matched **ret_matched)
{
    enum status status = validate_all(call, queries, count);
    if (status != STATUS_OK) {
        return status;
    }
    struct round round = {
        .lookups = arena_calloc(call->arena, count + 1, sizeof(*round.lookups)),
        .places = arena_calloc(call->arena, count + 1, sizeof(*round.places)),
        .found = arena_calloc(call->arena, count + 1, sizeof(*round.found)),
    };
    struct metadata_matched *matched = arena_calloc(call->arena, count + 1, sizeof(*matched));
    if (round.lookups == NULL || round.places == NULL || round.found == NULL || matched == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(steps) && status == STATUS_OK; i++) {
        gather(&round, &steps[i], queries, matched, count);
        status = take_step(self, call, &steps[i], queries, &round, matched);
    }
    if (status == STATUS_OK) {
        *ret_matched = matched;
    }
    return status;
}
