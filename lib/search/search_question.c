/* From what was typed to ranked documents. */
#include "search/search_segment_private.h"
#include "search/search_terms.h"

/* Where asking stands: the best so far, best first. */
struct ranking {
    struct search_result *results;
    size_t limit;
    size_t count;
};

static bool ranks_before(struct search_result a, struct search_result b)
{
    return a.score > b.score || (a.score == b.score && a.document < b.document);
}

/* A document that is there already keeps the better of its scores. */
static void rank(struct ranking *ranking, struct search_result result)
{
    size_t at = ranking->count;
    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->results[i].document == result.document) {
            if (!ranks_before(result, ranking->results[i])) {
                return;
            }
            at = i;
            break;
        }
    }
    if (at == ranking->count) {
        if (at == ranking->limit) {
            at--;
            if (!ranks_before(result, ranking->results[at])) {
                return;
            }
        } else {
            ranking->count++;
        }
    }
    for (; at > 0 && ranks_before(result, ranking->results[at - 1]); at--) {
        ranking->results[at] = ranking->results[at - 1];
    }
    ranking->results[at] = result;
}

static int32_t year_of(struct text term)
{
    uint64_t year;
    if (term.length == 4 && text_to_u64(term, &year) && year >= SEARCH_YEAR_MIN &&
        year <= SEARCH_YEAR_MAX) {
        return (int32_t)year;
    }
    return 0;
}

static void look_up(const struct search_segment *segment, struct search_wanted *wanted)
{
    wanted->first_term = search_first_term(segment, wanted->text);
    wanted->end_term = search_end_of_prefix(segment, wanted->text);
    wanted->exact = wanted->first_term < segment->term_count &&
                            text_equal(search_term_text(segment, wanted->first_term), wanted->text)
                        ? wanted->first_term
                        : UINT32_MAX;
}

static void add_wanted(const struct search_segment *segment, struct search_asked *asked,
                       struct text text)
{
    if (asked->count < SEARCH_QUESTION_TERMS_MAX) {
        struct search_wanted *wanted = &asked->terms[asked->count++];
        *wanted = (struct search_wanted){
            .text = text, .year = year_of(text), .article = search_term_is_article(text)};
        look_up(segment, wanted);
    }
}

/* Articles are optional where anything else is asked for. */
static void relax_articles(struct search_asked *asked)
{
    size_t others = 0;
    for (size_t i = 0; i < asked->count; i++) {
        others += !asked->terms[i].article;
    }
    for (size_t i = 0; i < asked->count && others > 0; i++) {
        asked->terms[i].optional = asked->terms[i].article;
    }
}

/* The rarest of the terms that must be found. NULL: one of them is nowhere. */
static const struct search_wanted *find_rarest(const struct search_segment *segment,
                                               const struct search_asked *asked)
{
    const struct search_wanted *rarest = NULL;
    size_t least = 0;
    for (size_t i = 0; i < asked->count; i++) {
        const struct search_wanted *wanted = &asked->terms[i];
        size_t cost = wanted->optional ? 0 : search_wanted_cost(segment, wanted);
        if (wanted->optional) {
            continue;
        }
        if (cost == 0) {
            return NULL;
        }
        if (rarest == NULL || cost < least) {
            rarest = wanted;
            least = cost;
        }
    }
    return rarest;
}

static bool is_dead(const uint64_t *dead, uint32_t document)
{
    return dead != NULL && (dead[document / 64] >> document % 64 & 1) != 0;
}

static void ask(const struct search_segment *segment, struct arena *arena,
                const struct search_question *question, const struct search_asked *asked,
                struct ranking *ranking)
{
    const struct search_wanted *rarest = find_rarest(segment, asked);
    if (rarest == NULL) {
        return;
    }
    struct search_candidates candidates = search_candidates_of(segment, arena, rarest);
    size_t matches = 0;
    for (size_t i = 0; i < candidates.count && i < SEARCH_SCAN_MAX && matches < SEARCH_MATCHES_MAX;
         i++) {
        uint32_t document = candidates.documents[i];
        float score = search_score(segment, asked, document);
        if (score >= 0 && !is_dead(question->dead, document)) {
            matches++;
            rank(ranking, (struct search_result){.document = document, .score = score});
        }
    }
}

static void ask_misspelt(const struct search_segment *segment, struct arena *arena,
                         const struct search_question *question, struct search_asked *asked,
                         struct ranking *ranking)
{
    for (size_t i = 0; i < asked->count; i++) {
        struct search_wanted *wanted = &asked->terms[i];
        wanted->misspelt_count =
            search_misspelt_terms(segment, arena, wanted->text, wanted->open, &wanted->misspelt);
    }
    ask(segment, arena, question, asked, ranking);
}

/* "spider man" for what is written "Spiderman": each two neighbours as one. */
static void ask_joined(const struct search_segment *segment, struct arena *arena,
                       const struct search_question *question, const struct search_asked *asked,
                       struct ranking *ranking)
{
    for (size_t pair = 0; pair + 1 < asked->count; pair++) {
        struct search_asked joined = {.count = 0};
        for (size_t i = 0; i < asked->count; i++) {
            struct text text = asked->terms[i].text;
            if (i == pair) {
                text = arena_format(arena, "%.*s%.*s", TEXT_ARGUMENTS(text),
                                    TEXT_ARGUMENTS(asked->terms[i + 1].text));
                i++;
            }
            if (text.data == NULL) {
                return; /* no room */
            }
            add_wanted(segment, &joined, text);
            joined.terms[joined.count - 1].open = asked->terms[i].open;
        }
        relax_articles(&joined);
        ask(segment, arena, question, &joined, ranking);
    }
}

size_t search_segment_ask(const struct search_segment *segment, struct arena *arena,
                          const struct search_question *question, struct search_result *results)
{
    struct search_terms terms;
    struct search_asked asked = {.count = 0};
    struct ranking ranking = {.results = results, .limit = question->limit};
    CHECK(question->limit <= SEARCH_RESULTS_MAX);
    if (question->limit == 0 || segment->count == 0 ||
        search_terms_cut(arena, question->text, &terms) != STATUS_OK) {
        return 0;
    }
    for (size_t i = 0; i < terms.count; i++) {
        if (!terms.terms[i].alias) {
            add_wanted(segment, &asked, terms.terms[i].text);
        }
    }
    if (asked.count == 0) {
        return 0;
    }
    asked.terms[asked.count - 1].open = terms.open_end;
    relax_articles(&asked);
    ask(segment, arena, question, &asked, &ranking);
    size_t enough = ranking.limit < SEARCH_RESULTS_ENOUGH ? ranking.limit : SEARCH_RESULTS_ENOUGH;
    if (ranking.count < enough) {
        ask_joined(segment, arena, question, &asked, &ranking);
    }
    if (ranking.count < enough) {
        ask_misspelt(segment, arena, question, &asked, &ranking);
    }
    return ranking.count;
}
