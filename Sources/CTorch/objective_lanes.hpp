// SPDX-License-Identifier: Apache-2.0
// Vectors of LANES floats and their elementary functions. Included once for each set of instructions, inside a
// namespace of its own: hence no include guard.

using Floats = float __attribute__((vector_size(4 * LANES)));
using Ints = int32_t __attribute__((vector_size(4 * LANES)));
using Doubles = double __attribute__((vector_size(8 * LANES)));

inline Floats all(float value) { return Floats{} + value; }
inline Floats load(const float *from) { return *reinterpret_cast<const Floats *>(from); }
inline Ints load(const int32_t *from) { return *reinterpret_cast<const Ints *>(from); }
inline void store(float *to, Floats value) { *reinterpret_cast<Floats *>(to) = value; }
inline Floats larger(Floats x, Floats y) { return x > y ? x : y; }
inline Floats smaller(Floats x, Floats y) { return x < y ? x : y; }

/// The sum of the lanes, in their order.
inline double total(const Doubles &x) {
  double sum = 0;
  for (int i = 0; i < LANES; i++) sum += x[i];
  return sum;
}

/// e^x for x <= 0, within 2 units in the last place. Below e^-64 it is 0: products of such numbers would be
/// subnormal, which are slow, and no sum of probabilities shows them.
inline Floats exponential(Floats x) {
  // Adding 1.5 * 2^23 rounds to whole numbers and leaves them in the low bits.
  const Floats shifted = x * 1.44269504f + 12582912.0f;
  const Floats whole = shifted - 12582912.0f;
  const Floats rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  Floats series = rest * 1.381446490995586e-3f + 8.368780836462975e-3f;
  series = series * rest + 4.166839271783829e-2f;
  series = series * rest + 0.1666651964187622f;
  series = series * rest + 0.4999999403953552f;
  const Floats fraction = series * (rest * rest) + rest + 1.0f;
  const Floats scaled = (Floats)((Ints)fraction + ((Ints)shifted << 23));
  return x < -64.0f ? all(0) : scaled;
}

/// The natural logarithm of a normal number, within 2 units in the last place; of NaN it is any number.
inline Floats logarithm(Floats x) {
  const int32_t root_of_half = 0x3f3504f3;
  const Ints offset = (Ints)x - root_of_half;
  const Floats exponent = __builtin_convertvector(offset >> 23, Floats);
  const Floats f = (Floats)((offset & 0x7fffff) + root_of_half) - 1.0f;
  Floats series = f * 8.70036780834198e-2f - 0.14267489314079285f;
  series = series * f + 0.1491478979587555f;
  series = series * f - 0.1657758504152298f;
  series = series * f + 0.19963061809539795f;
  series = series * f - 0.2500133812427521f;
  series = series * f + 0.3333390951156616f;
  const Floats square = f * f;
  const Floats small = (series * f - 0.5f) * square + exponent * -2.12194440e-4f;
  return small + f + exponent * 0.693359375f;
}
