#include <utf8proc.h>

#include "search/search_terms.h"

enum { FOLDED_MAX = 32 /* code points that one letter becomes */ };

struct cutter {
    struct search_terms *terms;
    struct arena *arena;
    char term[SEARCH_TERM_BYTES_MAX];
    size_t length;
    bool full; /* the term is cut: no later letter of it counts */
    char compound[SEARCH_TERM_BYTES_MAX];
    size_t compound_length;
    size_t parts; /* of the compound */
    bool failed;
};

static const struct {
    int32_t letter;
    const char *folded;
} without_decomposition[] = {
    {0x00e6, "ae"}, {0x00f0, "d"}, {0x00f8, "o"},  {0x00fe, "th"}, {0x0111, "d"},
    {0x0131, "i"},  {0x0142, "l"}, {0x0153, "oe"}, {0x01e5, "g"},  {0x0127, "h"},
};

/* The numbers of parts, as titles have them. */
static const struct {
    struct text roman;
    struct text digit;
} part_numbers[] = {
    {TEXT_INIT("ii"), TEXT_INIT("2")},  {TEXT_INIT("iii"), TEXT_INIT("3")},
    {TEXT_INIT("iv"), TEXT_INIT("4")},  {TEXT_INIT("vi"), TEXT_INIT("6")},
    {TEXT_INIT("vii"), TEXT_INIT("7")}, {TEXT_INIT("viii"), TEXT_INIT("8")},
    {TEXT_INIT("ix"), TEXT_INIT("9")},
};

static const struct text articles[] = {
    TEXT_INIT("a"),   TEXT_INIT("an"),  TEXT_INIT("das"), TEXT_INIT("der"), TEXT_INIT("die"),
    TEXT_INIT("el"),  TEXT_INIT("gli"), TEXT_INIT("il"),  TEXT_INIT("l"),   TEXT_INIT("la"),
    TEXT_INIT("las"), TEXT_INIT("le"),  TEXT_INIT("les"), TEXT_INIT("lo"),  TEXT_INIT("los"),
    TEXT_INIT("the"), TEXT_INIT("un"),  TEXT_INIT("una"), TEXT_INIT("une"),
};

bool search_term_is_article(struct text term)
{
    for (size_t i = 0; i < ARRAY_LENGTH(articles); i++) {
        if (text_equal(term, articles[i])) {
            return true;
        }
    }
    return false;
}

static void add_term(struct cutter *cutter, struct text term, bool alias)
{
    struct search_terms *terms = cutter->terms;
    if (terms->count == SEARCH_TERMS_MAX) {
        return;
    }
    struct text kept = arena_copy(cutter->arena, term);
    if (kept.data == NULL) {
        cutter->failed = true;
        return;
    }
    terms->terms[terms->count++] = (struct search_term){.text = kept, .alias = alias};
}

static void add_part_number(struct cutter *cutter, struct text term)
{
    for (size_t i = 0; i < ARRAY_LENGTH(part_numbers); i++) {
        if (text_equal(term, part_numbers[i].roman)) {
            add_term(cutter, part_numbers[i].digit, true);
        } else if (text_equal(term, part_numbers[i].digit)) {
            add_term(cutter, part_numbers[i].roman, true);
        }
    }
}

static void end_term(struct cutter *cutter)
{
    if (cutter->length == 0) {
        return;
    }
    struct text term = text_of_bytes(cutter->term, cutter->length);
    add_term(cutter, term, false);
    add_part_number(cutter, term);
    if (cutter->compound_length + term.length <= sizeof(cutter->compound)) {
        memcpy(cutter->compound + cutter->compound_length, term.data, term.length);
        cutter->compound_length += term.length;
        cutter->parts++;
    }
    cutter->length = 0;
    cutter->full = false;
}

static void end_compound(struct cutter *cutter)
{
    end_term(cutter);
    if (cutter->parts > 1) {
        add_term(cutter, text_of_bytes(cutter->compound, cutter->compound_length), true);
    }
    cutter->compound_length = 0;
    cutter->parts = 0;
}

static void add_bytes(struct cutter *cutter, const char *bytes, size_t length)
{
    if (cutter->full || cutter->length + length > sizeof(cutter->term)) {
        cutter->full = true;
        return;
    }
    memcpy(cutter->term + cutter->length, bytes, length);
    cutter->length += length;
}

static void add_letter(struct cutter *cutter, int32_t letter)
{
    for (size_t i = 0; i < ARRAY_LENGTH(without_decomposition); i++) {
        if (letter == without_decomposition[i].letter) {
            add_bytes(cutter, without_decomposition[i].folded,
                      strlen(without_decomposition[i].folded));
            return;
        }
    }
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t length = utf8proc_encode_char(letter, bytes);
    add_bytes(cutter, (const char *)bytes, (size_t)length);
}

static bool is_letter(utf8proc_category_t category)
{
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

static bool is_mark(utf8proc_category_t category)
{
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

static bool is_space(int32_t letter, utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_ZS || letter < ' ';
}

/* ' and its typographic forms. */
static bool is_apostrophe(int32_t letter)
{
    return letter == '\'' || letter == '`' || letter == 0x00b4 || letter == 0x02bc ||
           letter == 0x2018 || letter == 0x2019;
}

static void take_folded(struct cutter *cutter, int32_t letter)
{
    utf8proc_category_t category = utf8proc_category(letter);
    if (is_letter(category)) {
        add_letter(cutter, letter);
    } else if (is_space(letter, category)) {
        end_compound(cutter);
    } else if (letter == '&' || letter == '+') {
        end_compound(cutter);
        add_term(cutter, TEXT("and"), false);
    } else if (!is_mark(category) && !is_apostrophe(letter)) {
        end_term(cutter);
    }
}

/* One character of the text; returns its length. */
static size_t take(struct cutter *cutter, struct text rest)
{
    utf8proc_int32_t letter;
    utf8proc_int32_t folded[FOLDED_MAX];
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)rest.data,
                                               (utf8proc_ssize_t)rest.length, &letter);
    if (length <= 0) {
        end_compound(cutter);
        return 1;
    }
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        letter, folded, FOLDED_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
    if (count > FOLDED_MAX) {
        count = FOLDED_MAX;
    }
    if (count > 1 && utf8proc_category(letter) == UTF8PROC_CATEGORY_NO) {
        end_term(cutter); /* "8½" is 8 and 1/2, not 81/2 */
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        take_folded(cutter, folded[i]);
    }
    return (size_t)length;
}

enum status search_terms_cut(struct arena *arena, struct text text, struct search_terms *ret_terms)
{
    struct search_terms terms = {.terms =
                                     arena_calloc(arena, SEARCH_TERMS_MAX, sizeof(*terms.terms))};
    struct cutter cutter = {.terms = &terms, .arena = arena};
    if (terms.terms == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t at = 0; at < text.length;) {
        at += take(&cutter, text_slice(text, at, text.length));
    }
    terms.open_end = cutter.length > 0;
    end_compound(&cutter);
    if (cutter.failed) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_terms = terms;
    return STATUS_OK;
}
