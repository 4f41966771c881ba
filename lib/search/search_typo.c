/* Terms that are one edit away from what was typed.
 *
 * A term, and each form of it with one letter left out, is kept by hash (symmetric deletion, as
 * SymSpell has it, of the first SEARCH_VARIANT_LETTERS letters): what is one edit away has one of
 * these in common with what was typed. What is found so is then compared letter by letter. */
#include <stdlib.h>

#include "base/random.h"
#include "search/search_segment_private.h"

enum { LETTERS_MAX = 48, EDITS_MAX = 2 };

/* A term by its letters. */
struct letters {
    uint32_t letters[LETTERS_MAX];
    size_t count;
};

static void spell(struct text term, struct letters *ret_letters)
{
    ret_letters->count = 0;
    for (size_t i = 0; i < term.length; i++) {
        unsigned char byte = (unsigned char)term.data[i];
        bool goes_on = (byte & 0xc0) == 0x80 && ret_letters->count > 0;
        if (goes_on) {
            uint32_t *last = &ret_letters->letters[ret_letters->count - 1];
            *last = *last << 8 | byte;
        } else if (ret_letters->count < LETTERS_MAX) {
            ret_letters->letters[ret_letters->count++] = byte;
        } else {
            return;
        }
    }
}

/* Of the letters, but one. Titles are an outsider's to choose, and terms that have a hash in common
 * are looked at one by one: it is multilinear (strongly universal; Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014), which is nearly as fast as one that can be aimed at. */
static uint32_t hash_without(const uint64_t secrets[static SEARCH_VARIANT_LETTERS + 1],
                             const struct letters *word, size_t count, size_t left_out)
{
    size_t secret = 0;
    uint64_t hash = secrets[secret++];
    for (size_t i = 0; i < count; i++) {
        if (i != left_out) {
            hash += secrets[secret++] * word->letters[i];
        }
    }
    return (uint32_t)(hash >> 32);
}

/* The first letters as they are, and each without one. Returns how many. */
static size_t list_variants(const struct search_segment *segment, const struct letters *word,
                            uint32_t hashes[static SEARCH_VARIANT_LETTERS + 1])
{
    size_t count = word->count < SEARCH_VARIANT_LETTERS ? word->count : SEARCH_VARIANT_LETTERS;
    hashes[0] = hash_without(segment->variant_secrets, word, count, count);
    for (size_t i = 0; i < count; i++) {
        hashes[i + 1] = hash_without(segment->variant_secrets, word, count, i);
    }
    return count + 1;
}

static int compare_variants(const void *left, const void *right)
{
    const struct search_variant *a = left;
    const struct search_variant *b = right;
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->term < b->term ? -1 : a->term > b->term;
}

bool search_segment_list_variants(struct search_segment *segment)
{
    size_t room = (size_t)segment->term_count * (SEARCH_VARIANT_LETTERS + 1);
    struct search_variant *variants = malloc((room + 1) * sizeof(*variants));
    if (variants == NULL) {
        return false;
    }
    size_t count = 0;
    random_secret(segment->variant_secrets, sizeof(segment->variant_secrets));
    for (uint32_t term = 0; term < segment->term_count; term++) {
        struct letters word;
        uint32_t hashes[SEARCH_VARIANT_LETTERS + 1];
        spell(search_term_text(segment, term), &word);
        if (word.count + 1 < SEARCH_TYPO_LETTERS_MIN) {
            continue;
        }
        size_t hash_count = list_variants(segment, &word, hashes);
        for (size_t i = 0; i < hash_count; i++) {
            variants[count++] = (struct search_variant){.hash = hashes[i], .term = term};
        }
    }
    qsort(variants, count, sizeof(*variants), compare_variants);
    segment->variants = variants;
    segment->variant_count = count;
    return true;
}

/* Whether the term and what was typed are the same from these letters on: as far as was typed,
 * where `open`. */
static bool is_rest(const struct letters *typed, size_t from, const struct letters *term,
                    size_t term_from, bool open)
{
    if (from > typed->count || term_from > term->count) {
        return false;
    }
    size_t rest = typed->count - from;
    size_t term_rest = term->count - term_from;
    return (open ? term_rest >= rest : term_rest == rest) &&
           memcmp(typed->letters + from, term->letters + term_from,
                  rest * sizeof(typed->letters[0])) == 0;
}

/* Whether one edit makes of the typed word the term, or, where `open`, the start of it: then the
 * last letter is none that was typed wrong, as everything begins with the others. */
static bool is_one_edit(const struct letters *typed, const struct letters *term, bool open)
{
    size_t same = 0;
    while (same < typed->count && same < term->count &&
           typed->letters[same] == term->letters[same]) {
        same++;
    }
    if (open && same + 1 >= typed->count) {
        return is_one_edit(typed, term, false);
    }
    bool swapped = same + 1 < typed->count && same + 1 < term->count &&
                   typed->letters[same] == term->letters[same + 1] &&
                   typed->letters[same + 1] == term->letters[same];
    return is_rest(typed, same + 1, term, same + 1, open) || /* another letter */
           is_rest(typed, same, term, same + 1, open) ||     /* one missing */
           is_rest(typed, same + 1, term, same, open) ||     /* one too many */
           (swapped && is_rest(typed, same + 2, term, same + 2, open));
}

/* How many edits make of the typed word the term, or, where `open`, a start of it; more than
 * EDITS_MAX are not told apart. Swapped neighbours are one edit (optimal string alignment). */
static size_t count_edits(const struct letters *typed, const struct letters *term, bool open)
{
    uint8_t rows[3][LETTERS_MAX + 1];
    size_t least = EDITS_MAX + 1;
    if (typed->count > term->count + EDITS_MAX ||
        (!open && term->count > typed->count + EDITS_MAX)) {
        return least;
    }
    for (size_t j = 0; j <= term->count; j++) {
        rows[0][j] = (uint8_t)j;
    }
    for (size_t i = 1; i <= typed->count; i++) {
        uint8_t *row = rows[i % 3];
        const uint8_t *before = rows[(i - 1) % 3];
        const uint8_t *before_that = rows[(i + 1) % 3];
        least = row[0] = (uint8_t)i;
        for (size_t j = 1; j <= term->count; j++) {
            bool same = typed->letters[i - 1] == term->letters[j - 1];
            bool swapped = i > 1 && j > 1 && typed->letters[i - 1] == term->letters[j - 2] &&
                           typed->letters[i - 2] == term->letters[j - 1];
            size_t edits = before[j - 1] + !same;
            edits = before[j] + 1U < edits ? before[j] + 1U : edits;
            edits = row[j - 1] + 1U < edits ? row[j - 1] + 1U : edits;
            edits = swapped && before_that[j - 2] + 1U < edits ? before_that[j - 2] + 1U : edits;
            row[j] = (uint8_t)edits;
            least = edits < least ? edits : least;
        }
        if (least > EDITS_MAX) {
            return least;
        }
    }
    return open ? least : rows[typed->count % 3][term->count];
}

static bool is_near(const struct letters *typed, const struct letters *term,
                    const struct search_misspelling *misspelling)
{
    if (misspelling->edits == 1) {
        return is_one_edit(typed, term, misspelling->open);
    }
    return count_edits(typed, term, misspelling->open) <= EDITS_MAX;
}

struct found {
    uint32_t *terms;
    size_t count;
};

/* In their order, each once. */
static void add_found(struct found *found, uint32_t term)
{
    size_t at = found->count;
    while (at > 0 && found->terms[at - 1] >= term) {
        at--;
        if (found->terms[at] == term) {
            return;
        }
    }
    if (found->count == SEARCH_TYPOS_MAX) {
        return;
    }
    memmove(found->terms + at + 1, found->terms + at, (found->count - at) * sizeof(*found->terms));
    found->terms[at] = term;
    found->count++;
}

static size_t first_variant(const struct search_segment *segment, uint32_t hash)
{
    size_t low = 0;
    size_t high = segment->variant_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segment->variants[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void find_by_hash(const struct search_segment *segment, const struct letters *typed,
                         const struct search_misspelling *misspelling, uint32_t hash,
                         struct found *found)
{
    for (size_t i = first_variant(segment, hash);
         i < segment->variant_count && segment->variants[i].hash == hash; i++) {
        struct letters term;
        spell(search_term_text(segment, segment->variants[i].term), &term);
        if (is_near(typed, &term, misspelling)) {
            add_found(found, segment->variants[i].term);
        }
    }
}

size_t search_misspelt_terms(const struct search_segment *segment, struct arena *arena,
                             const struct search_misspelling *misspelling,
                             const uint32_t **ret_terms)
{
    struct letters typed;
    uint32_t hashes[SEARCH_VARIANT_LETTERS + 1];
    struct found found = {.terms = arena_calloc(arena, SEARCH_TYPOS_MAX, sizeof(*found.terms))};
    *ret_terms = found.terms;
    spell(misspelling->text, &typed);
    if (found.terms == NULL || typed.count < misspelling->letters_min) {
        return 0;
    }
    size_t count = list_variants(segment, &typed, hashes);
    for (size_t i = 0; i < count; i++) {
        find_by_hash(segment, &typed, misspelling, hashes[i], &found);
    }
    return found.count;
}
