#include "metadata/repository/metadata_title_key.h"

#include "search/search_terms.h"
#include "search/search_title.h"

/* "ii" stands before its other form, "2". */
static bool is_digits(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.length > 0;
}

/* One word that is an article. */
static bool is_article(struct arena *arena, struct text text, bool *ret_is)
{
    struct search_terms terms;
    if (search_terms_cut(arena, text, &terms) != STATUS_OK) {
        return false;
    }
    *ret_is = terms.count == 1 && search_term_is_article(terms.terms[0].text);
    return true;
}

static size_t find_last(struct text text, char byte)
{
    for (size_t i = text.length; i > 0; i--) {
        if (text.data[i - 1] == byte) {
            return i - 1;
        }
    }
    return text.length;
}

/* "Matrix, The" without its article. false: no room. */
static bool drop_article_behind(struct arena *arena, struct text *title)
{
    size_t comma = find_last(*title, ',');
    bool is = false;
    if (comma == title->length || comma == 0) {
        return true;
    }
    if (!is_article(arena, text_slice(*title, comma + 1, title->length), &is)) {
        return false;
    }
    *title = is ? text_slice(*title, 0, comma) : *title;
    return true;
}

/* "L'Avventura": the apostrophe, or U+2019, would make one word of both. */
static void drop_elision(struct text *title)
{
    static const struct text elisions[] = {TEXT_INIT("l'"), TEXT_INIT("L'"),
                                           TEXT_INIT("l\xe2\x80\x99"), TEXT_INIT("L\xe2\x80\x99")};
    for (size_t i = 0; i < ARRAY_LENGTH(elisions); i++) {
        if (text_starts_with(*title, elisions[i]) && title->length > elisions[i].length) {
            *title = text_slice(*title, elisions[i].length, title->length);
            return;
        }
    }
}

/* What the term is in a key; data NULL: it is no part of one. */
static struct text term_of(const struct search_terms *terms, size_t place)
{
    const struct search_term *term = &terms->terms[place];
    bool has_digits = place + 1 < terms->count && terms->terms[place + 1].alias &&
                      is_digits(terms->terms[place + 1].text) && !is_digits(term->text);
    if (term->alias) {
        return (struct text){NULL, 0};
    }
    return has_digits ? terms->terms[place + 1].text : term->text;
}

static enum status join(struct arena *arena, const struct search_terms *terms, size_t from,
                        struct text *ret_key)
{
    char *key = arena_alloc(arena, terms->count * (SEARCH_TERM_BYTES_MAX + 1) + 1);
    size_t length = 0;
    if (key == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = from; i < terms->count; i++) {
        struct text term = term_of(terms, i);
        if (term.data == NULL) {
            continue;
        }
        if (length > 0) {
            key[length++] = ' ';
        }
        memcpy(key + length, term.data, term.length);
        length += term.length;
    }
    *ret_key = text_of_bytes(key, length);
    return STATUS_OK;
}

static enum status fold(struct arena *arena, struct text title, struct text *ret_key)
{
    struct search_terms terms;
    struct text rest = text_trim(title);
    if (!drop_article_behind(arena, &rest)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    drop_elision(&rest);
    enum status status = search_terms_cut(arena, rest, &terms);
    if (status != STATUS_OK) {
        return status;
    }
    if (terms.count == 0) {
        *ret_key = arena_format(arena, " %.*s", TEXT_ARGUMENTS(title));
        return ret_key->data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    }
    bool has_article = terms.count > 1 && search_term_is_article(terms.terms[0].text);
    return join(arena, &terms, has_article ? 1 : 0, ret_key);
}

enum status metadata_title_key(struct arena *arena, struct text title,
                               struct metadata_title_key *ret_key)
{
    struct metadata_title_key key;
    struct text shorter = search_title_main(title);
    enum status status = fold(arena, shorter, &key.key);
    key.whole = key.key;
    if (status == STATUS_OK && !text_equal(shorter, text_trim(title))) {
        status = fold(arena, title, &key.whole);
    }
    if (status == STATUS_OK) {
        *ret_key = key;
    }
    return status;
}
