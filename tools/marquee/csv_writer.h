/* csv_writer.h: a field of comma-separated values (RFC 4180), as csv_reader.h reads it. */
#pragma once

#include <stdio.h>

#include "base/text.h"

/* In quotes where it must be. Failures are the file's, to be asked for at its end. */
void csv_write_field(FILE *file, struct text field);
