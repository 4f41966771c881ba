#include "sizecompare/wire_format.h"

const struct wire_format *const wire_formats[WIRE_FORMAT_COUNT] = {
    &jansson_format, &libxml2_format, &libyaml_format,
    &thrift_format,  &avro_format,    &protobuf_format,
};
