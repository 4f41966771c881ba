#include "search/search_forms.h"

enum { FORMS = SEARCH_FORMS_MAX + 1 };

/* A row is one thing; an empty text is no form. */
static const struct text rows[][FORMS] = {
    {TEXT_INIT("1"), TEXT_INIT("i"), TEXT_INIT("one")},
    {TEXT_INIT("2"), TEXT_INIT("ii"), TEXT_INIT("two")},
    {TEXT_INIT("3"), TEXT_INIT("iii"), TEXT_INIT("three")},
    {TEXT_INIT("4"), TEXT_INIT("iv"), TEXT_INIT("four")},
    {TEXT_INIT("5"), TEXT_INIT("v"), TEXT_INIT("five")},
    {TEXT_INIT("6"), TEXT_INIT("vi"), TEXT_INIT("six")},
    {TEXT_INIT("7"), TEXT_INIT("vii"), TEXT_INIT("seven")},
    {TEXT_INIT("8"), TEXT_INIT("viii"), TEXT_INIT("eight")},
    {TEXT_INIT("9"), TEXT_INIT("ix"), TEXT_INIT("nine")},
    {TEXT_INIT("10"), TEXT_INIT("x"), TEXT_INIT("ten")},
    {TEXT_INIT("11"), TEXT_INIT("xi"), TEXT_INIT("eleven")},
    {TEXT_INIT("12"), TEXT_INIT("xii"), TEXT_INIT("twelve")},
    {TEXT_INIT("13"), TEXT_INIT("xiii"), TEXT_INIT("thirteen")},
    {TEXT_INIT("14"), TEXT_INIT("xiv"), TEXT_INIT("fourteen")},
    {TEXT_INIT("15"), TEXT_INIT("xv"), TEXT_INIT("fifteen")},
    {TEXT_INIT("16"), TEXT_INIT("xvi"), TEXT_INIT("sixteen")},
    {TEXT_INIT("17"), TEXT_INIT("xvii"), TEXT_INIT("seventeen")},
    {TEXT_INIT("18"), TEXT_INIT("xviii"), TEXT_INIT("eighteen")},
    {TEXT_INIT("19"), TEXT_INIT("xix"), TEXT_INIT("nineteen")},
    {TEXT_INIT("20"), TEXT_INIT("xx"), TEXT_INIT("twenty")},
    {TEXT_INIT("30"), TEXT_INIT("thirty")},
    {TEXT_INIT("40"), TEXT_INIT("forty")},
    {TEXT_INIT("50"), TEXT_INIT("fifty")},
    {TEXT_INIT("60"), TEXT_INIT("sixty")},
    {TEXT_INIT("70"), TEXT_INIT("seventy")},
    {TEXT_INIT("80"), TEXT_INIT("eighty")},
    {TEXT_INIT("90"), TEXT_INIT("ninety")},
    {TEXT_INIT("doctor"), TEXT_INIT("dr")},
    {TEXT_INIT("mister"), TEXT_INIT("mr")},
    {TEXT_INIT("part"), TEXT_INIT("pt")},
    {TEXT_INIT("saint"), TEXT_INIT("st")},
    {TEXT_INIT("street"), TEXT_INIT("st")},
    {TEXT_INIT("versus"), TEXT_INIT("vs")},
    {TEXT_INIT("volume"), TEXT_INIT("vol")},
};

static size_t find_in_row(const struct text row[static FORMS], struct text term)
{
    size_t place = 0;
    while (place < FORMS && !text_equal(row[place], term)) {
        place++;
    }
    return place;
}

size_t search_forms_of(struct text term, struct text ret_forms[static SEARCH_FORMS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(rows) && term.length > 0; i++) {
        size_t own = find_in_row(rows[i], term);
        for (size_t place = 0; place < FORMS && own < FORMS && count < SEARCH_FORMS_MAX; place++) {
            if (place != own && rows[i][place].length > 0) {
                ret_forms[count++] = rows[i][place];
            }
        }
    }
    return count;
}
