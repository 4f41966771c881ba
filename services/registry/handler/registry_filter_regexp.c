#include "registry/handler/registry_filter_regexp.h"

struct translation {
    struct call *call;
    struct text source;
    size_t at;
    struct buffer *target;
    bool fits;
    size_t depth;                                  /* of groups */
    bool multiline[REGISTRY_REGEXP_DEPTH_MAX + 1]; /* by depth: what "$" means */
    bool can_repeat;                               /* what came before can be repeated */
    bool was_repeated;                             /* and was */
    size_t repetition;                             /* where the repetition before began */
};

static void emit(struct translation *translation, struct text text)
{
    translation->fits = translation->fits && buffer_append(translation->target, text);
}

/* The source from there up to where the translation is, or after it. */
static struct text since(const struct translation *translation, size_t start)
{
    return text_slice(translation->source, start, translation->at);
}

static void emit_since(struct translation *translation, size_t start)
{
    emit(translation, since(translation, start));
}

static char peek(const struct translation *translation, size_t ahead)
{
    size_t at = translation->at + ahead;
    return at < translation->source.length ? translation->source.data[at] : '\0';
}

static enum status fail(struct translation *translation, const char *reason, struct text part)
{
    return call_fail(translation->call, STATUS_INVALID_ARGUMENT, "error parsing regexp: %s: `%.*s`",
                     reason, TEXT_ARGUMENTS(part));
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_octal_digit(char byte)
{
    return byte >= '0' && byte <= '7';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_hexadecimal_digit(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_one_of(char byte, const char *bytes)
{
    return byte != '\0' && strchr(bytes, byte) != NULL;
}

/* "\123", up to three digits. */
static void translate_octal(struct translation *translation)
{
    unsigned value = 0;
    for (size_t i = 0; i < 3 && is_octal_digit(peek(translation, 0)); i++) {
        value = value * 8 + (unsigned)(peek(translation, 0) - '0');
        translation->at++;
    }
    translation->fits = translation->fits && buffer_format(translation->target, "\\x{%x}", value);
}

/* Letters that mean the same to both, outside and inside brackets. */
static bool is_common_escape(const struct translation *translation, bool in_class)
{
    char letter = peek(translation, 0);
    if (letter == 'x') {
        return peek(translation, 1) == '{' || (is_hexadecimal_digit(peek(translation, 1)) &&
                                               is_hexadecimal_digit(peek(translation, 2)));
    }
    return is_one_of(letter, "adDfnrtwWpP") || (!in_class && is_one_of(letter, "AbBz"));
}

/* At a backslash. */
static enum status translate_escape(struct translation *translation, bool in_class)
{
    size_t start = translation->at++;
    char letter = peek(translation, 0);
    bool is_octal =
        letter == '0' || (is_octal_digit(letter) && is_octal_digit(peek(translation, 1)));
    if (translation->at == translation->source.length) {
        return fail(translation, "trailing backslash at end of expression", TEXT(""));
    }
    if (is_octal) {
        translate_octal(translation);
        return STATUS_OK;
    }
    bool is_common = is_common_escape(translation, in_class);
    translation->at++;
    if (is_common || (!is_letter(letter) && !is_digit(letter) && (unsigned char)letter < 0x80)) {
        emit_since(translation, start);
    } else if (letter == 's') { /* PCRE2's has the vertical tab too */
        emit(translation, in_class ? TEXT("\\t\\n\\f\\r ") : TEXT("[\\t\\n\\f\\r ]"));
    } else if (letter == 'S') {
        emit(translation, in_class ? TEXT("\\S\\x0b") : TEXT("[^\\t\\n\\f\\r ]"));
    } else if (letter == 'v') {
        emit(translation, TEXT("\\x0b"));
    } else {
        return fail(translation, "invalid escape sequence", since(translation, start));
    }
    return STATUS_OK;
}

/* At "\Q": all up to "\E" stands for itself. */
static void translate_quotation(struct translation *translation)
{
    size_t start = translation->at;
    translation->at += 2;
    while (translation->at < translation->source.length) {
        if (peek(translation, 0) == '\\' && peek(translation, 1) == 'E') {
            translation->at += 2;
            emit_since(translation, start);
            return;
        }
        translation->at++;
    }
    emit_since(translation, start);
    emit(translation, TEXT("\\E")); /* ours follows */
}

/* At "[:": a name up to ":]"; false: there is none. */
static bool translate_named_class(struct translation *translation)
{
    size_t end = translation->at + 2;
    size_t start = translation->at;
    const struct text source = translation->source;
    while (end < source.length && (is_letter(source.data[end]) || source.data[end] == '^')) {
        end++;
    }
    if (!text_starts_with(text_slice(source, end, source.length), TEXT(":]"))) {
        return false;
    }
    translation->at = end + 2;
    emit_since(translation, start);
    return true;
}

/* At "[". */
static enum status translate_class(struct translation *translation)
{
    size_t start = translation->at++;
    if (peek(translation, 0) == '^') {
        translation->at++;
    }
    emit_since(translation, start);
    bool is_first = true;
    while (translation->at < translation->source.length) {
        char byte = peek(translation, 0);
        if (byte == ']' && !is_first) {
            translation->at++;
            emit(translation, TEXT("]"));
            return STATUS_OK;
        }
        is_first = false;
        if (byte == '\\') {
            enum status status = translate_escape(translation, true);
            if (status != STATUS_OK) {
                return status;
            }
        } else if (byte != '[' || peek(translation, 1) != ':' ||
                   !translate_named_class(translation)) {
            /* PCRE2 gives a meaning to some brackets in brackets. */
            emit(translation, byte == '[' || byte == ']' ? TEXT("\\") : TEXT(""));
            translation->at++;
            emit_since(translation, translation->at - 1);
        }
    }
    return fail(translation, "missing closing ]",
                text_slice(translation->source, start, translation->source.length));
}

static enum status open_group(struct translation *translation)
{
    if (translation->depth == REGISTRY_REGEXP_DEPTH_MAX) {
        return fail(translation, "expression nests too deeply", translation->source);
    }
    bool multiline = translation->multiline[translation->depth];
    translation->multiline[++translation->depth] = multiline;
    return STATUS_OK;
}

/* Over the flags of a group; what they say of "m" is *multiline afterwards. */
static void take_flags(struct translation *translation, bool *multiline)
{
    bool value = true;
    while (is_one_of(peek(translation, 0), "imsU-")) {
        char flag = peek(translation, 0);
        value = value && flag != '-';
        *multiline = flag == 'm' ? value : *multiline;
        translation->at++;
    }
}

/* At "(?": a name, or flags that both know. */
static enum status translate_group_kind(struct translation *translation, size_t start)
{
    translation->at++;
    bool is_named =
        peek(translation, 0) == '<' || (peek(translation, 0) == 'P' && peek(translation, 1) == '<');
    if (is_named && !is_one_of(peek(translation, peek(translation, 0) == 'P' ? 2 : 1), "=!")) {
        size_t end = text_find(translation->source, translation->at, '>');
        translation->at = end;
        emit(translation, TEXT("(?:")); /* nobody asks for what the group matched */
        translation->at += end < translation->source.length ? 1 : 0;
        return end < translation->source.length
                   ? open_group(translation)
                   : fail(translation, "invalid named capture", since(translation, start));
    }
    bool multiline = translation->multiline[translation->depth];
    take_flags(translation, &multiline);
    char end = peek(translation, 0);
    translation->at += translation->at < translation->source.length ? 1 : 0;
    if (end != ':' && end != ')') {
        return fail(translation, "invalid or unsupported Perl syntax", since(translation, start));
    }
    emit_since(translation, start);
    enum status status = end == ':' ? open_group(translation) : STATUS_OK;
    translation->multiline[translation->depth] = multiline;
    return status;
}

/* At "(". */
static enum status translate_group(struct translation *translation)
{
    size_t start = translation->at++;
    translation->can_repeat = false;
    translation->was_repeated = false;
    if (peek(translation, 0) == '?') {
        return translate_group_kind(translation, start);
    }
    emit(translation, TEXT("(?:"));
    return open_group(translation);
}

static enum status close_group(struct translation *translation)
{
    if (translation->depth == 0) {
        return fail(translation, "unexpected )", translation->source);
    }
    translation->depth--;
    translation->at++;
    translation->can_repeat = true;
    translation->was_repeated = false;
    emit(translation, TEXT(")"));
    return STATUS_OK;
}

static bool take_count(struct translation *translation, size_t *ret_count)
{
    size_t start = translation->at;
    *ret_count = 0;
    while (is_digit(peek(translation, 0))) {
        if (*ret_count <= REGISTRY_REGEXP_REPEAT_MAX) {
            *ret_count = *ret_count * 10 + (size_t)(peek(translation, 0) - '0');
        }
        translation->at++;
    }
    return translation->at > start;
}

/* Goes over "{n}", "{n,}" or "{n,m}"; false, and stays, when it is none. */
static bool take_counts(struct translation *translation, bool *ret_valid)
{
    size_t start = translation->at++;
    size_t least;
    size_t most;
    bool is_repetition = take_count(translation, &least);
    most = least;
    if (is_repetition && peek(translation, 0) == ',') {
        translation->at++;
        if (!take_count(translation, &most)) {
            most = least;
        }
    }
    if (!is_repetition || peek(translation, 0) != '}') {
        translation->at = start;
        return false;
    }
    translation->at++;
    *ret_valid = least <= most && most <= REGISTRY_REGEXP_REPEAT_MAX;
    return true;
}

/* At "*", "+", "?" or a repetition in braces. */
static enum status translate_repetition(struct translation *translation, size_t start, bool valid)
{
    if (!valid) {
        return fail(translation, "invalid repeat count", since(translation, start));
    }
    if (peek(translation, 0) == '?') {
        translation->at++;
    }
    if (!translation->can_repeat) {
        return fail(translation, "missing argument to repetition operator",
                    since(translation, start));
    }
    if (translation->was_repeated) {
        return fail(translation, "invalid nested repetition operator",
                    since(translation, translation->repetition));
    }
    translation->was_repeated = true;
    translation->repetition = start;
    emit_since(translation, start);
    return STATUS_OK;
}

static enum status translate_one(struct translation *translation)
{
    size_t start = translation->at;
    char byte = peek(translation, 0);
    bool valid = true;
    if (byte == '(') {
        return translate_group(translation);
    }
    if (byte == ')') {
        return close_group(translation);
    }
    if (byte == '{' && take_counts(translation, &valid)) {
        return translate_repetition(translation, start, valid);
    }
    if (is_one_of(byte, "*+?")) {
        translation->at++;
        return translate_repetition(translation, start, true);
    }
    translation->can_repeat = byte != '|';
    translation->was_repeated = false;
    if (byte == '[') {
        return translate_class(translation);
    }
    if (byte == '\\' && peek(translation, 1) == 'Q') {
        translate_quotation(translation);
        return STATUS_OK;
    }
    if (byte == '\\') {
        return translate_escape(translation, false);
    }
    translation->at++;
    if (byte == '$' && !translation->multiline[translation->depth]) {
        emit(translation, TEXT("\\z")); /* PCRE2's "$" is also before a newline at the end */
    } else {
        emit_since(translation, start);
    }
    return STATUS_OK;
}

enum status registry_regexp_translate(struct call *call, struct text source, struct buffer *target)
{
    struct translation translation = {
        .call = call, .source = source, .target = target, .fits = true};
    while (translation.at < source.length) {
        enum status status = translate_one(&translation);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (translation.depth > 0) {
        return fail(&translation, "missing closing )", source);
    }
    if (!translation.fits) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a regular expression is too long");
    }
    return STATUS_OK;
}
