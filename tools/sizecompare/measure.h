/* measure.h: checks that formats give back what they were given, then times them.
 *
 * Encoding begins with the document's texts and ends with its bytes; decoding begins with the bytes
 * and ends with texts in an arena. Formats take turns within a round, so that a slow moment of the
 * machine falls on all of them, and each time is the median over the rounds. */
#pragma once

#include "base/status.h"
#include "sizecompare/sample_document.h"

struct wire_format;

/* The limits: rounds, formats in one comparison, and bytes of one encoded document. */
enum {
    MEASURE_ROUNDS = 5,
    MEASURE_FORMATS_MAX = 8,
    MEASURE_BYTES_MAX = 64 << 20,
};

struct measure_plan {
    const struct wire_format *const *formats; /* borrowed */
    size_t format_count;                      /* 1 to MEASURE_FORMATS_MAX */
    int64_t iterations;                       /* of each round; 0: as many as fill round_ns */
    int64_t round_ns;
};

struct measurement {
    const struct wire_format *format; /* borrowed, as the plan's */
    size_t bytes;                     /* of the encoded document */
    double encode_ns;                 /* of one document */
    double decode_ns;
};

/* Measures every format of the plan with the document. ret_measurements: format_count of them, in
 * the plan's order, written only on STATUS_OK. reterr_format: on failure, the format that failed.
 * STATUS_DATA_LOSS: the decoded document is another one. Else what the format said. */
MUST_USE enum status measure_document(const struct measure_plan *plan,
                                      const struct sample_document *document,
                                      struct measurement *ret_measurements,
                                      const struct wire_format **reterr_format);
