/* The grammar of filters. It tries what Consul's parser (go-bexpr's grammar.peg) tries, in the same
 * order, so that an error names the same place and the same expectations; but it reads nothing
 * twice. */
#include "base/arena.h"
#include "registry/handler/registry_filter_scan.h"

struct filter_parser {
    struct filter_scanner scanner;
    size_t depth;
    size_t term_count;
};

struct operator_words {
    enum filter_operator operator;
    bool spaced; /* spaces around it are needed, else possible */
    bool has_value;
    const char *words[4]; /* up to NULL */
};

/* After a selector, in the order in which they are tried. */
static const struct operator_words selector_operators[] = {
    {FILTER_EQUAL, false, true, {"=="}},
    {FILTER_NOT_EQUAL, false, true, {"!="}},
    {FILTER_IN, true, true, {"contains"}},
    {FILTER_NOT_IN, true, true, {"not", "contains"}},
    {FILTER_MATCHES, true, true, {"matches"}},
    {FILTER_NOT_MATCHES, true, true, {"not", "matches"}},
    {FILTER_EMPTY, true, false, {"is", "empty"}},
    {FILTER_NOT_EMPTY, true, false, {"is", "not", "empty"}},
};

/* After a value. */
static const struct operator_words value_operators[] = {
    {FILTER_IN, true, true, {"in"}},
    {FILTER_NOT_IN, true, true, {"not", "in"}},
};

static struct filter_node *read_or(struct filter_parser *parser);

/* ["any key"] */
static bool read_index(struct filter_scanner *scanner, struct text *ret_part)
{
    size_t start = scanner->at;
    if (!filter_take(scanner, "[")) {
        return false;
    }
    (void)filter_take_spaces(scanner);
    size_t inside = scanner->at;
    if (!filter_read_string(scanner, ret_part)) {
        filter_note_error(scanner, inside, "index", "Invalid index");
        scanner->at = start;
        return false;
    }
    (void)filter_take_spaces(scanner);
    if (!filter_take(scanner, "]")) {
        filter_note_error(scanner, scanner->at, "index", "Unclosed index expression");
        scanner->at = start;
        return false;
    }
    return true;
}

static bool read_part(struct filter_scanner *scanner, struct text *ret_part)
{
    size_t start = scanner->at;
    if (filter_take(scanner, ".")) {
        if (filter_read_identifier(scanner, ret_part)) {
            return true;
        }
        scanner->at = start;
    }
    return read_index(scanner, ret_part);
}

static bool read_selector(struct filter_scanner *scanner, struct filter_term *term)
{
    struct text part;
    term->part_count = 0;
    if (!filter_read_identifier(scanner, &part)) {
        return false;
    }
    do {
        if (term->part_count == REGISTRY_FILTER_SELECTOR_MAX) {
            filter_fail_hard(scanner, STATUS_INVALID_ARGUMENT,
                             "a selector of the filter has too many parts");
            return false;
        }
        term->parts[term->part_count++] = part;
    } while (read_part(scanner, &part));
    return true;
}

static bool read_value(struct filter_scanner *scanner, struct text *ret_value)
{
    struct filter_term word = {.part_count = 0};
    if (read_selector(scanner, &word)) {
        *ret_value = filter_selector_text(scanner->call, &word, word.part_count);
        return true;
    }
    return filter_read_number(scanner, ret_value) || filter_read_string(scanner, ret_value);
}

/* Comparisons. */

static bool read_operator(struct filter_scanner *scanner, const struct operator_words *operator)
{
    size_t start = scanner->at;
    for (size_t i = 0; operator->words[i] != NULL; i++) {
        bool parted = filter_take_spaces(scanner);
        if ((operator->spaced && !parted) || !filter_take(scanner, operator->words[i])) {
            scanner->at = start;
            return false;
        }
    }
    if (operator->has_value && !filter_take_spaces(scanner) && operator->spaced) {
        scanner->at = start;
        return false;
    }
    return true;
}

static const struct operator_words *read_any_operator(struct filter_scanner *scanner,
                                                      const struct operator_words *operators,
                                                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (read_operator(scanner, &operators[i])) {
            return &operators[i];
        }
    }
    return NULL;
}

/* "selector operator value", or "selector operator" */
static bool read_selector_term(struct filter_scanner *scanner, struct filter_term *term)
{
    size_t start = scanner->at;
    if (!read_selector(scanner, term)) {
        return false;
    }
    const struct operator_words *operator=
        read_any_operator(scanner, selector_operators, ARRAY_LENGTH(selector_operators));
    if (operator!= NULL &&(!operator->has_value || read_value(scanner, &term->value))) {
        term->operator= operator->operator;
        term->has_value = operator->has_value;
        return true;
    }
    scanner->at = start;
    return false;
}

/* "value operator selector" */
static bool read_value_term(struct filter_scanner *scanner, struct filter_term *term)
{
    size_t start = scanner->at;
    if (!read_value(scanner, &term->value)) {
        return false;
    }
    const struct operator_words *operator=
        read_any_operator(scanner, value_operators, ARRAY_LENGTH(value_operators));
    if (operator!= NULL && read_selector(scanner, term)) {
        term->operator= operator->operator;
        term->has_value = true;
        return true;
    }
    if (operator!= NULL) {
        filter_note_error(scanner, scanner->at, "match", "Invalid selector");
    }
    scanner->at = start;
    return false;
}

static struct filter_node *make_node(struct filter_parser *parser, enum filter_node_kind kind,
                                     struct filter_node *left, struct filter_node *right)
{
    struct filter_node *node = arena_alloc(parser->scanner.call->arena, sizeof(*node));
    if (node == NULL) {
        filter_fail_hard(&parser->scanner, STATUS_RESOURCE_EXHAUSTED, NULL);
        return NULL;
    }
    *node = (struct filter_node){.kind = kind, .left = left, .right = right};
    return node;
}

static struct filter_node *read_term(struct filter_parser *parser)
{
    struct filter_term *term = arena_calloc(parser->scanner.call->arena, 1, sizeof(*term));
    struct filter_node *node = make_node(parser, FILTER_TERM, NULL, NULL);
    if (node == NULL || term == NULL) {
        filter_fail_hard(&parser->scanner, STATUS_RESOURCE_EXHAUSTED, NULL);
        return NULL;
    }
    node->term = term;
    if (!read_selector_term(&parser->scanner, term) && !read_value_term(&parser->scanner, term)) {
        return NULL;
    }
    if (++parser->term_count > REGISTRY_FILTER_TERMS_MAX) {
        filter_fail_hard(&parser->scanner, STATUS_INVALID_ARGUMENT,
                         "the filter has too many comparisons");
    }
    return node;
}

/* Expressions: NULL, at the place where they began, when there is none. */

static struct filter_node *read_grouping(struct filter_parser *parser)
{
    size_t start = parser->scanner.at;
    if (!filter_take(&parser->scanner, "(")) {
        return read_term(parser);
    }
    (void)filter_take_spaces(&parser->scanner);
    struct filter_node *node = read_or(parser);
    if (node != NULL) {
        (void)filter_take_spaces(&parser->scanner);
        if (filter_take(&parser->scanner, ")")) {
            return node;
        }
        filter_note_error(&parser->scanner, parser->scanner.at, "grouping",
                          "Unmatched parentheses");
    }
    parser->scanner.at = start;
    return NULL;
}

static struct filter_node *read_not(struct filter_parser *parser)
{
    size_t start = parser->scanner.at;
    struct filter_node *node = NULL;
    if (parser->scanner.status != STATUS_OK) {
        return NULL;
    }
    if (++parser->depth > REGISTRY_FILTER_DEPTH_MAX) {
        filter_fail_hard(&parser->scanner, STATUS_INVALID_ARGUMENT,
                         "the filter is nested too deeply");
        return NULL;
    }
    if (filter_take(&parser->scanner, "not") && filter_take_spaces(&parser->scanner)) {
        struct filter_node *operand = read_not(parser);
        node = operand != NULL ? make_node(parser, FILTER_NOT, operand, NULL) : NULL;
    }
    if (node == NULL) {
        parser->scanner.at = start;
        node = read_grouping(parser);
    }
    parser->depth--;
    return node;
}

/* first, and as many as are joined to it by the word */
static struct filter_node *
read_chain(struct filter_parser *parser,
           struct filter_node *(*read_link)(struct filter_parser *parser), const char *word,
           enum filter_node_kind kind)
{
    struct filter_node *node = read_link(parser);
    while (node != NULL) {
        size_t end = parser->scanner.at;
        struct filter_node *next = NULL;
        if (filter_take_spaces(&parser->scanner) && filter_take(&parser->scanner, word) &&
            filter_take_spaces(&parser->scanner)) {
            next = read_link(parser);
        }
        if (next == NULL) {
            parser->scanner.at = end;
            break;
        }
        node = make_node(parser, kind, node, next);
    }
    return node;
}

static struct filter_node *read_and(struct filter_parser *parser)
{
    return read_chain(parser, read_not, "and", FILTER_AND);
}

static struct filter_node *read_or(struct filter_parser *parser)
{
    return read_chain(parser, read_and, "or", FILTER_OR);
}

enum status filter_read(struct call *call, struct text expression, struct filter_node **ret_root)
{
    struct filter_parser parser = {.scanner = {.call = call, .input = expression}};
    if (expression.length > REGISTRY_FILTER_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the filter is longer than %d bytes",
                         REGISTRY_FILTER_BYTES_MAX);
    }
    if (!text_is_clean(expression)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the filter is not UTF-8");
    }
    (void)filter_take_spaces(&parser.scanner);
    struct filter_node *root = read_or(&parser);
    if (root != NULL) {
        (void)filter_take_spaces(&parser.scanner);
    }
    bool whole = root != NULL && filter_take_end(&parser.scanner);
    if (parser.scanner.status != STATUS_OK) {
        return parser.scanner.status;
    }
    if (!whole || parser.scanner.error_count > 0) {
        return filter_fail(&parser.scanner);
    }
    *ret_root = root;
    return STATUS_OK;
}
