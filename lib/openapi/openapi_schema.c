/* Messages as JSON Schema (2020-12), in the JSON form that json/proto_json.h writes and reads. */
#include "openapi/openapi_components.h"

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name
#define LABEL_REPEATED GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED

/* A number that was put into a string. */
#define NUMERAL "^-?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?$"
#define INT32_RANGE "\"minimum\":-2147483648,\"maximum\":2147483647"
#define UINT32_RANGE "\"minimum\":0,\"maximum\":4294967295"
#define INT64_RANGE "\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807"
#define UINT64_RANGE "\"minimum\":0,\"maximum\":18446744073709551615"

/* How a scalar is written, and what is taken for it: types, and what else is said of them. */
struct scalar {
    const char *output;
    const char *input_types; /* "null" may follow */
    const char *input;
};

static const struct scalar real = {
    "\"type\":\"number\",\"format\":\"double\"", "\"number\",\"string\"",
    "\"pattern\":\"^(NaN|-?Infinity|-?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?)$\""};
static const struct scalar signed_32 = {
    "\"type\":\"integer\",\"format\":\"int32\"," INT32_RANGE, "\"integer\",\"string\"",
    "\"format\":\"int32\"," INT32_RANGE ",\"pattern\":\"" NUMERAL "\""};
static const struct scalar unsigned_32 = {"\"type\":\"integer\"," UINT32_RANGE,
                                          "\"integer\",\"string\"",
                                          UINT32_RANGE ",\"pattern\":\"" NUMERAL "\""};
static const struct scalar signed_64 = {
    "\"type\":\"string\",\"format\":\"int64\",\"pattern\":\"^-?[0-9]{1,19}$\"",
    "\"string\",\"integer\"", "\"format\":\"int64\"," INT64_RANGE ",\"pattern\":\"" NUMERAL "\""};
static const struct scalar unsigned_64 = {
    "\"type\":\"string\",\"format\":\"uint64\",\"pattern\":\"^[0-9]{1,20}$\"",
    "\"string\",\"integer\"", "\"format\":\"uint64\"," UINT64_RANGE ",\"pattern\":\"" NUMERAL "\""};
static const struct scalar boolean = {"\"type\":\"boolean\"", "\"boolean\"", ""};
static const struct scalar string = {"\"type\":\"string\"", "\"string\"", ""};
static const struct scalar bytes = {
    "\"type\":\"string\",\"contentEncoding\":\"base64\"", "\"string\"",
    "\"contentEncoding\":\"base64\",\"pattern\":\"^[A-Za-z0-9+/_-]*={0,2}$\""};
static const struct scalar null_value = {"\"type\":\"null\"", "\"null\",\"string\",\"integer\"",
                                         ""};

static const struct scalar *scalar_of(Google__Protobuf__FieldDescriptorProto__Type type)
{
    switch (type) {
    case TYPE(DOUBLE):
    case TYPE(FLOAT):
        return &real;
    case TYPE(INT32):
    case TYPE(SINT32):
    case TYPE(SFIXED32):
        return &signed_32;
    case TYPE(UINT32):
    case TYPE(FIXED32):
        return &unsigned_32;
    case TYPE(INT64):
    case TYPE(SINT64):
    case TYPE(SFIXED64):
        return &signed_64;
    case TYPE(UINT64):
    case TYPE(FIXED64):
        return &unsigned_64;
    case TYPE(BOOL):
        return &boolean;
    case TYPE(STRING):
        return &string;
    case TYPE(BYTES):
        return &bytes;
    case TYPE(ENUM):
    case TYPE(GROUP):
    case TYPE(MESSAGE):
    case _GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE_IS_INT_SIZE:
    default:
        return NULL;
    }
}

/* types: as JSON has them, with commas between. */
static void write_type(struct openapi *openapi, const char *types, bool is_nullable)
{
    bool is_list = is_nullable || strchr(types, ',') != NULL;
    struct text type = arena_format(openapi->arena, "%s%s%s%s", is_list ? "[" : "", types,
                                    is_nullable ? ",\"null\"" : "", is_list ? "]" : "");
    json_write_name(&openapi->json, TEXT("type"));
    json_write_raw(&openapi->json, type.data != NULL ? type : TEXT("\"\""));
}

static void write_scalar(struct openapi *openapi, const struct scalar *scalar,
                         enum openapi_flavour flavour, bool is_nullable)
{
    openapi_open_schema(openapi);
    if (flavour == OPENAPI_OUTPUT) {
        openapi_write_members(openapi, scalar->output);
    } else {
        write_type(openapi, scalar->input_types, is_nullable && scalar != &null_value);
        openapi_write_members(openapi, scalar->input);
    }
    json_close_object(&openapi->json);
}

/* The forms of google/protobuf's types, as a scalar or a whole schema. */
static const struct {
    struct text name;
    const struct scalar *scalar;
    const char *type;   /* as JSON has it; NULL: anything */
    const char *schema; /* what else is said, as members */
} well_known[] = {
    {TEXT_INIT("Any"), NULL, "\"object\"",
     "\"required\":[\"@type\"],\"properties\":{\"@type\":{\"type\":\"string\"}}"},
    {TEXT_INIT("BoolValue"), &boolean, NULL, NULL},
    {TEXT_INIT("BytesValue"), &bytes, NULL, NULL},
    {TEXT_INIT("DoubleValue"), &real, NULL, NULL},
    {TEXT_INIT("Duration"), NULL, "\"string\"",
     "\"pattern\":\"^-?[0-9]{1,12}(\\\\.[0-9]{1,9})?s$\""},
    {TEXT_INIT("Empty"), NULL, "\"object\"", ""},
    {TEXT_INIT("FieldMask"), NULL, "\"string\"", ""},
    {TEXT_INIT("FloatValue"), &real, NULL, NULL},
    {TEXT_INIT("Int32Value"), &signed_32, NULL, NULL},
    {TEXT_INIT("Int64Value"), &signed_64, NULL, NULL},
    {TEXT_INIT("ListValue"), NULL, "\"array\"", ""},
    {TEXT_INIT("NullValue"), &null_value, NULL, NULL},
    {TEXT_INIT("StringValue"), &string, NULL, NULL},
    {TEXT_INIT("Struct"), NULL, "\"object\"", ""},
    {TEXT_INIT("Timestamp"), NULL, "\"string\"", "\"format\":\"date-time\""},
    {TEXT_INIT("UInt32Value"), &unsigned_32, NULL, NULL},
    {TEXT_INIT("UInt64Value"), &unsigned_64, NULL, NULL},
    {TEXT_INIT("Value"), NULL, NULL, ""},
};

/* ARRAY_LENGTH(well_known): none. */
static size_t find_well_known(struct text full_name)
{
    struct text name =
        text_slice(full_name, text_starts_with(full_name, TEXT(".")) ? 1 : 0, full_name.length);
    struct text package = TEXT("google.protobuf.");
    size_t found = 0;
    name = text_starts_with(name, package) ? text_slice(name, package.length, name.length)
                                           : (struct text){NULL, 0};
    while (found < ARRAY_LENGTH(well_known) && !text_equal(well_known[found].name, name)) {
        found++;
    }
    return found;
}

/* Types that JSON writes in forms of their own, where they stand. false: it is none of them.
 * is_nullable: null stands for a field that is not set. */
static bool write_well_known(struct openapi *openapi, struct text full_name,
                             enum openapi_flavour flavour, bool is_nullable)
{
    size_t index = find_well_known(full_name);
    if (index == ARRAY_LENGTH(well_known)) {
        return false;
    }
    if (well_known[index].scalar != NULL) {
        write_scalar(openapi, well_known[index].scalar, flavour, is_nullable);
        return true;
    }
    openapi_open_schema(openapi);
    if (well_known[index].type != NULL) {
        write_type(openapi, well_known[index].type, is_nullable && flavour == OPENAPI_INPUT);
    }
    openapi_write_members(openapi, well_known[index].schema);
    json_close_object(&openapi->json);
    return true;
}

/* One value of the field, as it stands alone or in a list. */
static void write_value(struct openapi *openapi,
                        const Google__Protobuf__FieldDescriptorProto *field,
                        enum openapi_flavour flavour, bool is_nullable)
{
    struct text type_name = proto_text(field->type_name);
    const struct scalar *scalar = scalar_of(field->type);
    if (scalar != NULL) {
        write_scalar(openapi, scalar, flavour, is_nullable);
        return;
    }
    if (write_well_known(openapi, type_name, flavour, is_nullable)) {
        return;
    }
    if (flavour == OPENAPI_OUTPUT || !is_nullable) {
        openapi_write_reference(openapi, type_name, flavour);
        return;
    }
    openapi_open_schema(openapi);
    json_write_name(&openapi->json, TEXT("anyOf"));
    json_open_array(&openapi->json);
    openapi_write_reference(openapi, type_name, flavour);
    json_write_raw(&openapi->json, TEXT("{\"type\":\"null\"}"));
    json_close_array(&openapi->json);
    json_close_object(&openapi->json);
}

/* The message of a map's entries; NULL: the field is no map. */
static const Google__Protobuf__DescriptorProto *
map_entry(struct openapi *openapi, const Google__Protobuf__FieldDescriptorProto *field)
{
    const struct openapi_symbol *symbol =
        field->has_type_name && field->label == LABEL_REPEATED
            ? openapi_find(&openapi->descriptors, proto_text(field->type_name))
            : NULL;
    bool is_map = symbol != NULL && symbol->message != NULL && symbol->message->options != NULL &&
                  symbol->message->options->map_entry && symbol->message->n_field == 2;
    return is_map ? symbol->message : NULL;
}

static void write_map(struct openapi *openapi, const Google__Protobuf__DescriptorProto *entry,
                      enum openapi_flavour flavour)
{
    const Google__Protobuf__FieldDescriptorProto *key = entry->field[0];
    openapi_open_schema(openapi);
    write_type(openapi, "\"object\"", flavour == OPENAPI_INPUT);
    if (key->type == TYPE(BOOL)) {
        json_write_name(&openapi->json, TEXT("propertyNames"));
        json_write_raw(&openapi->json, TEXT("{\"enum\":[\"true\",\"false\"]}"));
    } else if (key->type != TYPE(STRING)) {
        json_write_name(&openapi->json, TEXT("propertyNames"));
        json_write_raw(&openapi->json, TEXT("{\"pattern\":\"^-?[0-9]+$\"}"));
    }
    json_write_name(&openapi->json, TEXT("additionalProperties"));
    write_value(openapi, entry->field[1], flavour, false);
    json_close_object(&openapi->json);
}

static void write_field(struct openapi *openapi,
                        const Google__Protobuf__FieldDescriptorProto *field,
                        enum openapi_flavour flavour)
{
    const Google__Protobuf__DescriptorProto *entry = map_entry(openapi, field);
    if (entry != NULL) {
        write_map(openapi, entry, flavour);
    } else if (field->label == LABEL_REPEATED) {
        openapi_open_schema(openapi);
        write_type(openapi, "\"array\"", flavour == OPENAPI_INPUT);
        json_write_name(&openapi->json, TEXT("items"));
        write_value(openapi, field, flavour, false);
        json_close_object(&openapi->json);
    } else {
        write_value(openapi, field, flavour, true);
    }
}

/* A field's comment stands in its schema, which JSON Schema 2020-12 allows beside "$ref" too. */
static void write_described_field(struct openapi *openapi, const struct openapi_symbol *symbol,
                                  size_t index, enum openapi_flavour flavour)
{
    const Google__Protobuf__FieldDescriptorProto *field = symbol->message->field[index];
    json_write_name(&openapi->json,
                    field->has_json_name ? proto_text(field->json_name) : proto_text(field->name));
    openapi->description = openapi_comment(openapi->arena, symbol, OPENAPI_MESSAGE_FIELD, index);
    write_field(openapi, field, flavour);
}

/* Of the fields of a oneof only one may be given. */
static void write_oneofs(struct openapi *openapi, const Google__Protobuf__DescriptorProto *message)
{
    bool any = false;
    for (size_t i = 0; i < message->n_field; i++) {
        const Google__Protobuf__FieldDescriptorProto *first = message->field[i];
        for (size_t j = i + 1; first->has_oneof_index && j < message->n_field; j++) {
            const Google__Protobuf__FieldDescriptorProto *second = message->field[j];
            if (!second->has_oneof_index || second->oneof_index != first->oneof_index) {
                continue;
            }
            if (!any) {
                json_write_name(&openapi->json, TEXT("allOf"));
                json_open_array(&openapi->json);
                any = true;
            }
            struct text pair =
                arena_format(openapi->arena, "{\"not\":{\"required\":[\"%.*s\",\"%.*s\"]}}",
                             TEXT_ARGUMENTS(proto_text(first->json_name)),
                             TEXT_ARGUMENTS(proto_text(second->json_name)));
            json_write_raw(&openapi->json, pair.data != NULL ? pair : TEXT("{}"));
        }
    }
    if (any) {
        json_close_array(&openapi->json);
    }
}

static void write_message(struct openapi *openapi, const struct openapi_symbol *symbol,
                          enum openapi_flavour flavour)
{
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "type", TEXT("object"));
    openapi_member_text(openapi, "description",
                        openapi_comment(openapi->arena, symbol, OPENAPI_ITSELF, 0));
    if (symbol->message->n_field > 0) {
        json_write_name(&openapi->json, TEXT("properties"));
        json_open_object(&openapi->json);
        for (size_t i = 0; i < symbol->message->n_field; i++) {
            write_described_field(openapi, symbol, i, flavour);
        }
        json_close_object(&openapi->json);
    }
    if (flavour == OPENAPI_INPUT) {
        write_oneofs(openapi, symbol->message);
    }
    json_close_object(&openapi->json);
}

/* The enum's comment, and a line for each value that has one. */
static struct text describe_enum(struct openapi *openapi, const struct openapi_symbol *symbol)
{
    struct text words = openapi_comment(openapi->arena, symbol, OPENAPI_ITSELF, 0);
    for (size_t i = 0; i < symbol->enumeration->n_value; i++) {
        struct text comment = openapi_comment(openapi->arena, symbol, OPENAPI_ENUM_VALUE, i);
        if (comment.length > 0) {
            words = arena_format(openapi->arena, "%.*s%s- `%.*s`: %.*s", TEXT_ARGUMENTS(words),
                                 words.length > 0 ? "\n" : "",
                                 TEXT_ARGUMENTS(proto_text(symbol->enumeration->value[i]->name)),
                                 TEXT_ARGUMENTS(comment));
        }
    }
    return words;
}

static void write_enum(struct openapi *openapi, const struct openapi_symbol *symbol,
                       enum openapi_flavour flavour)
{
    json_open_object(&openapi->json);
    openapi_member_text(openapi, "description", describe_enum(openapi, symbol));
    if (flavour == OPENAPI_INPUT) {
        json_write_name(&openapi->json, TEXT("anyOf"));
        json_open_array(&openapi->json);
        json_write_raw(&openapi->json, TEXT("{\"type\":\"integer\"," INT32_RANGE "}"));
        json_open_object(&openapi->json);
    }
    json_member_string(&openapi->json, "type", TEXT("string"));
    json_write_name(&openapi->json, TEXT("enum"));
    json_open_array(&openapi->json);
    for (size_t i = 0; i < symbol->enumeration->n_value; i++) {
        json_write_string(&openapi->json, proto_text(symbol->enumeration->value[i]->name));
    }
    json_close_array(&openapi->json);
    if (flavour == OPENAPI_INPUT) {
        json_close_object(&openapi->json);
        json_close_array(&openapi->json);
    }
    json_close_object(&openapi->json);
}

void openapi_write_schema(struct openapi *openapi, const struct openapi_symbol *symbol,
                          enum openapi_flavour flavour)
{
    if (symbol->message != NULL) {
        write_message(openapi, symbol, flavour);
    } else if (symbol->enumeration != NULL) {
        write_enum(openapi, symbol, flavour);
    } else {
        openapi->status = STATUS_INVALID_ARGUMENT; /* a service is no type */
        json_write_null(&openapi->json);
    }
}
