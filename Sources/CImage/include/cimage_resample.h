// SPDX-License-Identifier: Apache-2.0
// Weighted sums of pixels along one axis of an RGB picture, rounded to 8 bits.
#ifndef CIMAGE_RESAMPLE_H
#define CIMAGE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bits after the point of a weight.
enum { CI_WEIGHT_BITS = 22 };

// One pass: result i is the sum over `taps` pixels from starts[i] - first on, each times its weight.
typedef struct ci_resampling {
  const intptr_t *starts;
  const int32_t *weights;  // `taps` for each result
  size_t taps;
  size_t count;   // results
  intptr_t first;
} ci_resampling;

// Along the rows. in: `rows` rows of `columns` RGB pixels, `pitch` bytes apart. out: r->count pixels a row.
// Answers 0 where memory runs out.
int ci_resample_along(
    const uint8_t *in, size_t pitch, size_t rows, size_t columns, const ci_resampling *r, uint8_t *out);

// Down the columns. in: rows of row_bytes bytes, `pitch` bytes apart. out: r->count rows.
void ci_resample_down(
    const uint8_t *in, size_t pitch, size_t row_bytes, const ci_resampling *r, uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif
