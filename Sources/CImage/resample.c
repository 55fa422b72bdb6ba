// SPDX-License-Identifier: Apache-2.0
// The sums of the resampling, in loops of fixed length that vectorise, once for each set of instructions.
#include "cimage_resample.h"

#include <stdlib.h>
#include <string.h>

// Sixteen rows are resampled at once: their bytes at one place are the lanes.
enum { LANES = 16, CHANNELS = 3, STRIP = 64 };

typedef uint8_t lanes __attribute__((vector_size(LANES)));

#define INLINE static inline __attribute__((always_inline))

// Turns 16 rows of 16 bytes into 16 columns.
INLINE void transpose(lanes block[LANES]) {
  for (int round = 0; round < 4; round++) {
    lanes mixed[LANES];
    for (int i = 0; i < LANES / 2; i++) {
      const lanes a = block[i], b = block[i + LANES / 2];
      mixed[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      mixed[2 * i + 1] =
          __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(block, mixed, sizeof mixed);
  }
}

// Sums of n bytes a tap, `pitch` bytes from one tap to the next.
INLINE void sum(
    const uint8_t *in, size_t pitch, const int32_t *weights, size_t taps, uint8_t *out, size_t n) {
  int32_t sums[STRIP];
  for (size_t i = 0; i < n; i++) sums[i] = 1 << (CI_WEIGHT_BITS - 1);
  for (size_t tap = 0; tap < taps; tap++, in += pitch) {
    const int32_t weight = weights[tap];
    for (size_t i = 0; i < n; i++) sums[i] += in[i] * weight;
  }
  for (size_t i = 0; i < n; i++) {
    const int32_t value = sums[i] >> CI_WEIGHT_BITS;
    out[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

typedef struct strip {
  const uint8_t *in;
  uint8_t *out;
  size_t pitch, rows, row_bytes;  // at most LANES rows
} strip;

INLINE void load_columns(const strip *s, lanes *columns) {
  for (size_t at = 0; at < s->row_bytes; at += LANES, columns += LANES) {
    const size_t part = s->row_bytes - at < LANES ? s->row_bytes - at : LANES;
    for (size_t row = 0; row < LANES; row++) {
      const uint8_t *const line = s->in + (row < s->rows ? row : s->rows - 1) * s->pitch + at;
      if (part == LANES) {
        memcpy(&columns[row], line, LANES);
      } else {
        memcpy(&columns[row], line, part);
      }
    }
    transpose(columns);
  }
}

INLINE void store_columns(lanes *columns, size_t count, const strip *s) {
  for (size_t at = 0; at < count; at += LANES, columns += LANES) {
    const size_t part = count - at < LANES ? count - at : LANES;
    transpose(columns);
    for (size_t row = 0; row < s->rows; row++) {
      uint8_t *const line = s->out + row * count + at;
      if (part == LANES) {
        memcpy(line, &columns[row], LANES);
      } else {
        memcpy(line, &columns[row], part);
      }
    }
  }
}

INLINE void along(const strip *s, const ci_resampling *r, lanes *columns, lanes *results) {
  load_columns(s, columns);
  const uint8_t *const bytes = (const uint8_t *)columns;
  for (size_t i = 0; i < r->count; i++) {
    const uint8_t *const in = bytes + (size_t)(r->starts[i] - r->first) * CHANNELS * LANES;
    uint8_t *const out = (uint8_t *)(results + i * CHANNELS);
    sum(in, CHANNELS * LANES, r->weights + i * r->taps, r->taps, out, CHANNELS * LANES);
  }
  store_columns(results, r->count * CHANNELS, s);
}

INLINE void down(const uint8_t *in, size_t pitch, size_t row_bytes, const ci_resampling *r, uint8_t *out) {
  for (size_t i = 0; i < r->count; i++, out += row_bytes) {
    const uint8_t *const rows = in + (size_t)(r->starts[i] - r->first) * pitch;
    const int32_t *const weights = r->weights + i * r->taps;
    size_t at = 0;
    for (; at + STRIP <= row_bytes; at += STRIP) sum(rows + at, pitch, weights, r->taps, out + at, STRIP);
    if (at < row_bytes) sum(rows + at, pitch, weights, r->taps, out + at, row_bytes - at);
  }
}

typedef struct kernels {
  void (*along)(const strip *s, const ci_resampling *r, lanes *columns, lanes *results);
  void (*down)(const uint8_t *in, size_t pitch, size_t row_bytes, const ci_resampling *r, uint8_t *out);
} kernels;

#define KERNELS(name, target) \
  target static void along_##name(const strip *s, const ci_resampling *r, lanes *columns, lanes *results) { \
    along(s, r, columns, results); \
  } \
  target static void down_##name( \
      const uint8_t *in, size_t pitch, size_t row_bytes, const ci_resampling *r, uint8_t *out) { \
    down(in, pitch, row_bytes, r, out); \
  } \
  static const kernels name = {along_##name, down_##name};

KERNELS(portable, )

#if defined(__x86_64__)
KERNELS(avx2, __attribute__((target("avx2"))))
KERNELS(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))))

static const kernels *chosen(void) {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return &avx512;
  }
  return __builtin_cpu_supports("avx2") ? &avx2 : &portable;
}
#else
static const kernels *chosen(void) { return &portable; }
#endif

static size_t padded(size_t bytes) { return (bytes + LANES - 1) / LANES * LANES; }

int ci_resample_along(
    const uint8_t *in, size_t pitch, size_t rows, size_t columns, const ci_resampling *r, uint8_t *out) {
  const size_t from = padded(CHANNELS * columns), to = padded(CHANNELS * r->count);
  lanes *const scratch = aligned_alloc(64, (from + to) * sizeof(lanes));
  if (!scratch) return 0;
  const kernels *const use = chosen();
  for (size_t row = 0; row < rows; row += LANES) {
    const size_t part = rows - row < LANES ? rows - row : LANES;
    const strip s = {in + row * pitch, out + row * CHANNELS * r->count, pitch, part, CHANNELS * columns};
    use->along(&s, r, scratch, scratch + from);
  }
  free(scratch);
  return 1;
}

void ci_resample_down(
    const uint8_t *in, size_t pitch, size_t row_bytes, const ci_resampling *r, uint8_t *out) {
  chosen()->down(in, pitch, row_bytes, r, out);
}
