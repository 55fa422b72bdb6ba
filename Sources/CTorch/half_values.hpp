// SPDX-License-Identifier: Apache-2.0
// Floats and the bits of bfloat16 alike. Included once for each set of instructions, inside a namespace of its own: hence
// no include guard.

inline float value(float x) { return x; }
inline float value(uint16_t x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x) << 16); }

inline void put(float *to, float x) { *to = x; }
/// To the nearest bfloat16, ties to even; NaN stays NaN.
inline void put(uint16_t *to, float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *to = static_cast<uint16_t>(x != x ? 0x7fc0u : rounded);
}
