/* From what was typed to ranked documents. */
#include "search/search_segment_private.h"
#include "search/search_terms.h"

static bool ranks_before(struct search_result a, struct search_result b)
{
    return a.score > b.score || (a.score == b.score && a.document < b.document);
}

/* A document that is there already keeps the better of its scores. */
static void rank(struct search_asking *asking, struct search_result result)
{
    size_t at = asking->count;
    for (size_t i = 0; i < asking->count; i++) {
        if (asking->results[i].document == result.document) {
            if (!ranks_before(result, asking->results[i])) {
                return;
            }
            at = i;
            break;
        }
    }
    if (at == asking->count) {
        if (at == asking->limit) {
            at--;
            if (!ranks_before(result, asking->results[at])) {
                return;
            }
        } else {
            asking->count++;
        }
    }
    for (; at > 0 && ranks_before(result, asking->results[at - 1]); at--) {
        asking->results[at] = asking->results[at - 1];
    }
    asking->results[at] = result;
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

void search_add_wanted(const struct search_segment *segment, struct search_asked *asked,
                       struct text text)
{
    if (asked->count < SEARCH_QUESTION_TERMS_MAX) {
        struct search_wanted *wanted = &asked->terms[asked->count++];
        *wanted = (struct search_wanted){
            .text = text, .year = year_of(text), .article = search_term_is_article(text)};
        look_up(segment, wanted);
    }
}

void search_relax_articles(struct search_asked *asked)
{
    size_t others = 0;
    for (size_t i = 0; i < asked->count; i++) {
        others += !asked->terms[i].article;
    }
    for (size_t i = 0; i < asked->count && others > 0; i++) {
        asked->terms[i].optional = asked->terms[i].article;
    }
}

/* The same terms, in the order in which most documents are soonest seen not to answer: the rarest
 * first, which may be nowhere, and what is optional last. ret_costs: of the former. */
static struct search_asked by_rarity(const struct search_segment *segment,
                                     const struct search_asked *asked,
                                     size_t ret_costs[static SEARCH_QUESTION_TERMS_MAX])
{
    struct search_asked ordered = {.missing_max = asked->missing_max};
    for (size_t i = 0; i < asked->count; i++) {
        const struct search_wanted *wanted = &asked->terms[i];
        size_t cost = wanted->optional ? SIZE_MAX : search_wanted_cost(segment, wanted);
        size_t at = ordered.count++;
        for (; at > 0 && ret_costs[at - 1] > cost; at--) {
            ret_costs[at] = ret_costs[at - 1];
            ordered.terms[at] = ordered.terms[at - 1];
        }
        ret_costs[at] = cost;
        ordered.terms[at] = *wanted;
    }
    return ordered;
}

static bool is_dead(const uint64_t *dead, uint32_t document)
{
    return dead != NULL && (dead[document / 64] >> document % 64 & 1) != 0;
}

static void ask_among(struct search_asking *asking, const struct search_asked *asked,
                      const struct search_candidates *candidates)
{
    size_t matches = 0;
    asking->scan_left -= candidates->count;
    for (size_t i = 0; i < candidates->count && matches < SEARCH_MATCHES_MAX; i++) {
        uint32_t document = candidates->documents[i];
        float score = search_score(asking->segment, asked, document);
        if (score >= 0 && !is_dead(asking->dead, document)) {
            matches++;
            rank(asking, (struct search_result){.document = document, .score = score});
        }
    }
}

/* Those with the term first: of a year there may be more than are ranked. */
static void ask_of(struct search_asking *asking, const struct search_asked *asked,
                   const struct search_wanted *wanted)
{
    struct search_candidates candidates =
        search_candidates_of(asking->segment, asking->arena, wanted, asking->scan_left);
    ask_among(asking, asked, &candidates);
    candidates = search_candidates_of_year(asking->segment, wanted->year, asking->scan_left);
    ask_among(asking, asked, &candidates);
}

/* A document that lacks no more terms than may be missing has one of any so many and one more: of
 * the rarest. Terms that are nowhere are missing everywhere. */
void search_ask(struct search_asking *asking, const struct search_asked *asked)
{
    size_t costs[SEARCH_QUESTION_TERMS_MAX];
    const struct search_asked ordered = by_rarity(asking->segment, asked, costs);
    if (ordered.count > ordered.missing_max && costs[ordered.missing_max] == 0) {
        return;
    }
    for (size_t i = 0; i <= ordered.missing_max && i < ordered.count; i++) {
        if (costs[i] > 0 && costs[i] != SIZE_MAX) {
            ask_of(asking, &ordered, &ordered.terms[i]);
        }
    }
}

/* What is typed, by the terms of one segment. */
static void begin(struct search_asking *asking, const struct search_terms *terms)
{
    struct search_asked *asked = &asking->asked;
    asked->count = 0;
    for (size_t i = 0; i < terms->count && asking->segment->count > 0; i++) {
        if (!terms->terms[i].alias) {
            search_add_wanted(asking->segment, asked, terms->terms[i].text);
        }
    }
    if (asked->count > 0) {
        asked->terms[asked->count - 1].open = terms->open_end;
        search_relax_articles(asked);
        search_ask(asking, asked);
    }
}

void search_parts_ask(struct search_part *parts, size_t part_count, struct arena *arena,
                      const struct search_question *question)
{
    struct search_terms terms;
    struct search_asking askings[SEARCH_PARTS_MAX];
    CHECK(question->limit <= SEARCH_RESULTS_MAX && part_count <= SEARCH_PARTS_MAX);
    bool is_cut =
        question->limit > 0 && search_terms_cut(arena, question->text, &terms) == STATUS_OK;
    for (size_t i = 0; i < part_count; i++) {
        askings[i] = (struct search_asking){.segment = parts[i].segment,
                                            .arena = arena,
                                            .dead = parts[i].dead,
                                            .scan_left = SEARCH_SCAN_MAX,
                                            .results = parts[i].results,
                                            .limit = question->limit};
        if (is_cut) {
            begin(&askings[i], &terms);
        }
    }
    search_ask_otherwise(askings, part_count);
    for (size_t i = 0; i < part_count; i++) {
        parts[i].count = askings[i].count;
    }
}

size_t search_segment_ask(const struct search_segment *segment, struct arena *arena,
                          const struct search_question *question, struct search_result *results)
{
    struct search_part part = {.segment = segment, .dead = question->dead, .results = results};
    search_parts_ask(&part, 1, arena, question);
    return part.count;
}
