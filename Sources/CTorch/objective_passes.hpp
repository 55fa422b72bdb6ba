// SPDX-License-Identifier: Apache-2.0
// The passes over the pixels of a tile. Included once for each set of instructions, after objective_strips.hpp and
// inside the same namespace: hence no include guard.

/// Sums over the pixels, a lane each.
struct LaneSums {
  Doubles trusted{}, agreed{}, nearest{}, mutual{}, entropy{};
};

inline void add_loss(Floats loss, Floats present, Doubles &sum) {
  sum += __builtin_convertvector(present != 0.0f ? loss : all(0), Doubles);
}

/// The trust in the labels of a vector's pixels. `column` holds LANES floats a class.
inline Floats trust_in(ct_trust trust, const Strip &judge, const Shares &of, int64_t v, int64_t classes,
                       float *column) {
  if (trust == CT_TRUST_ALIKE) return all(1);
  Floats first = all(-std::numeric_limits<float>::infinity()), second = first, sum = all(0);
  for (int64_t c = 0; c < classes; c++) {
    const Floats z = value(judge, of, c * strip + v);
    store(column + c * LANES, z);
    second = larger(second, smaller(first, z));
    first = larger(first, z);
    sum += z;
  }
  // Comparisons lose what is not a number; a sum keeps it.
  first += sum * 0.0f;
  if (trust == CT_TRUST_LOGITS) return 1.0f - second / first;
  if (trust == CT_TRUST_PROBABILITIES) return 1.0f - exponential(second - first);
  Floats scale = all(0);
  for (int64_t c = 0; c < classes; c++) scale += exponential(load(column + c * LANES) - first);
  return trust == CT_TRUST_FIRST ? 1.0f / scale : 1.0f - exponential(second - first) / scale;
}

/// Probabilities of a vector's pixels, before they are divided by their sum, from `column`'s values.
///
/// Writes them to `column`, gives their sum and its logarithm with the largest value put back.
inline Floats exponentials(float *column, int64_t classes, Floats largest, Floats &log_sum) {
  Floats sum = all(0);
  for (int64_t c = 0; c < classes; c++) {
    const Floats e = exponential(load(column + c * LANES) - largest);
    store(column + c * LANES, e);
    sum += e;
  }
  // The difference is 0, or keeps what is not a number.
  log_sum = largest + logarithm(sum) + (sum - sum);
  return sum;
}

/// One vector of pixels in the pass over the logits.
struct Vector {
  const LogitsPass &pass;
  const Strip &strip;
  const Shares &shares;
  int64_t at;
  /// LANES floats a class, each.
  float *column, *steepness;
  Ints label, nearest;
};

/// Adds the gradient of cross-entropies, `labelled` and `near` times those with either class.
inline void add_plain_gradient(const Vector &x, Floats scale, Floats labelled, Floats near) {
  for (int32_t c = 0; c < x.pass.extent.classes; c++) {
    const Floats pulled = (x.label == c ? labelled : all(0)) + (x.nearest == c ? near : all(0));
    const Floats gradient = load(x.column + c * LANES) * scale * (labelled + near) - pulled;
    add_gradient(x.strip, x.shares, c * strip + x.at, gradient);
  }
}

/// The same with the entropy's times `factor`; the entropy is given back.
///
/// With t = log(p + e) + p / (p + e), its derivative by the logits is -p (t - sum p t).
inline Floats add_entropy_gradient(const Vector &x, Floats scale, Floats labelled, Floats near, Floats factor) {
  const int32_t classes = x.pass.extent.classes;
  Floats entropy = all(0), mean = all(0);
  for (int32_t c = 0; c < classes; c++) {
    const Floats p = load(x.column + c * LANES) * scale, raised = p + 1e-5f, log = logarithm(raised);
    const Floats t = log + p / raised;
    entropy -= p * log;
    mean += p * t;
    store(x.column + c * LANES, p);
    store(x.steepness + c * LANES, t);
  }
  const Floats common = labelled + near + factor * mean;
  for (int32_t c = 0; c < classes; c++) {
    const Floats pulled = (x.label == c ? labelled : all(0)) + (x.nearest == c ? near : all(0));
    const Floats gradient = load(x.column + c * LANES) * (common - factor * load(x.steepness + c * LANES)) - pulled;
    add_gradient(x.strip, x.shares, c * strip + x.at, gradient);
  }
  return entropy;
}

/// Losses and gradients of one vector of pixels.
inline void logits_vector(const Vector &x, const Pixels &pixels, Floats trust, LaneSums &sums, int32_t *largest) {
  const auto &pass = x.pass;
  const int32_t classes = pass.extent.classes;
  Floats most = all(-std::numeric_limits<float>::infinity()), of_label = all(0), of_nearest = all(0);
  Ints place{};
  for (int32_t c = 0; c < classes; c++) {
    const Floats z = value(x.strip, x.shares, c * strip + x.at);
    store(x.column + c * LANES, z);
    place = z > most ? Ints{} + c : place;
    most = larger(z, most);
    of_label = x.label == c ? z : of_label;
    of_nearest = x.nearest == c ? z : of_nearest;
  }
  *reinterpret_cast<Ints *>(largest + x.at) = place;
  Floats log_sum;
  const Floats scale = 1.0f / exponentials(x.column, classes, most, log_sum);
  const Floats present = load(pixels.present + x.at), weight = load(pixels.weight + x.at);
  const Floats supervised = weight * (log_sum - of_label), agrees = x.label == x.nearest ? all(1) : all(0);
  add_loss(supervised * trust, present, sums.trusted);
  add_loss(supervised * agrees, present, sums.agreed);
  add_loss(log_sum - of_nearest, present, sums.nearest);
  const Floats labelled = weight * (pass.trusted_factor * trust + pass.agreed_factor * agrees);
  const Floats near = all(pass.nearest_factor);
  if (pass.needs_entropy) {
    const Floats agreed = x.label == place ? all(1) : all(0), counts = pass.entropy_where_agreed ? agreed : all(1);
    const Floats entropy = add_entropy_gradient(x, scale, labelled, near, counts * pass.entropy_factor);
    add_loss(entropy * counts, present, sums.entropy);
  } else {
    add_plain_gradient(x, scale, labelled, near);
  }
}

inline void add(TileSums &to, const LaneSums &sums) {
  to.trusted += total(sums.trusted);
  to.agreed += total(sums.agreed);
  to.nearest += total(sums.nearest);
  to.mutual += total(sums.mutual);
  to.entropy += total(sums.entropy);
}

/// Losses and gradients of a row of a strip's pixels. The classes of the largest logits go to `largest`.
inline void logits_row(const LogitsPass &pass, const Strip &own, const Strip &judge, int64_t row, int64_t count,
                       const Pixels &pixels, float *column, int32_t *largest, LaneSums &sums) {
  const int64_t classes = pass.extent.classes;
  const Shares of = shares(pass.logits->rows, row);
  for (int64_t v = 0; v < count; v += LANES) {
    Floats trust = all(1);
    if (pass.judge != nullptr) {
      trust = trust_in(pass.trust, judge, shares(pass.judge->rows, row), v, classes, column);
    }
    const Vector x{pass, own, of, v, column, column + classes * LANES, load(pixels.label + v),
                   load(pixels.nearest + v)};
    logits_vector(x, pixels, trust, sums, largest);
  }
}

inline void logits_tile(const LogitsPass &pass, const Tile &tile, float *scratch, TileSums &out) {
  const auto &extent = pass.extent;
  const int64_t block = extent.classes * strip;
  const Strip own{scratch, scratch + block, scratch + 2 * block, scratch + 3 * block};
  const Strip judge{scratch + 4 * block, scratch + 5 * block, nullptr, nullptr};
  alignas(64) int32_t largest[strip];
  Pixels pixels;
  LaneSums sums;
  for (int64_t first = 0; first < extent.width; first += strip) {
    const int64_t count = std::min(strip, extent.width - first);
    clear(pixels, count);
    expand(*pass.logits, extent, tile.image, tile.first, first, own);
    std::fill(own.low_gradient, own.low_gradient + 2 * block, 0.0f);
    for (int64_t row = tile.first; row < tile.end; row++) {
      if (pass.judge != nullptr && (row == tile.first || starts(pass.judge->rows, row))) {
        expand(*pass.judge, extent, tile.image, row, first, judge);
      }
      read(pass, tile.image, row, first, count, pixels, out.stray);
      logits_row(pass, own, judge, row, count, pixels, scratch + 6 * block, largest, sums);
      if (pass.largest == nullptr) continue;
      uint8_t *const to = pass.largest + (tile.image * extent.height + row) * extent.width + first;
      for (int64_t i = 0; i < count; i++) to[i] = static_cast<uint8_t>(largest[i]);
    }
    collect(*pass.logits, extent, tile, first, count, own, pass.gradient);
  }
  add(out, sums);
}

/// Losses and gradients of a row of a strip's pixels, whose labels are the classes of the largest logits.
inline void similarities_row(const SimilaritiesPass &pass, const Strip &own, int64_t row, int64_t count,
                             const Pixels &pixels, float *column, LaneSums &sums) {
  const int32_t classes = pass.extent.classes;
  const Shares of = shares(pass.similarities->rows, row);
  for (int64_t v = 0; v < count; v += LANES) {
    const Ints label = load(pixels.label + v);
    Floats most = all(-std::numeric_limits<float>::infinity()), of_label = all(0), log_sum;
    for (int32_t c = 0; c < classes; c++) {
      const Floats u = value(own, of, c * strip + v);
      store(column + c * LANES, u);
      most = larger(u, most);
      of_label = label == c ? u : of_label;
    }
    const Floats scale = pass.factor / exponentials(column, classes, most, log_sum);
    add_loss(log_sum - of_label, load(pixels.present + v), sums.mutual);
    for (int32_t c = 0; c < classes; c++) {
      const Floats pulled = label == c ? all(pass.factor) : all(0);
      add_gradient(own, of, c * strip + v, load(column + c * LANES) * scale - pulled);
    }
  }
}

inline void similarities_tile(const SimilaritiesPass &pass, const Tile &tile, float *scratch, TileSums &out) {
  const auto &extent = pass.extent;
  const int64_t block = extent.classes * strip;
  const Strip own{scratch, scratch + block, scratch + 2 * block, scratch + 3 * block};
  Pixels pixels;
  LaneSums sums;
  for (int64_t first = 0; first < extent.width; first += strip) {
    const int64_t count = std::min(strip, extent.width - first);
    clear(pixels, count);
    expand(*pass.similarities, extent, tile.image, tile.first, first, own);
    std::fill(own.low_gradient, own.low_gradient + 2 * block, 0.0f);
    for (int64_t row = tile.first; row < tile.end; row++) {
      const uint8_t *const from = pass.largest + (tile.image * extent.height + row) * extent.width + first;
      std::copy(from, from + count, pixels.label);
      similarities_row(pass, own, row, count, pixels, scratch + 4 * block, sums);
    }
    collect(*pass.similarities, extent, tile, first, count, own, pass.gradient);
  }
  add(out, sums);
}

const ObjectiveKernels kernels{logits_tile, similarities_tile};
