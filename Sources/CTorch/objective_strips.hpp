// SPDX-License-Identifier: Apache-2.0
// Strips of grids and of pixels. Included once for each set of instructions, after objective_lanes.hpp and inside the
// same namespace: hence no include guard. Buffers of a strip are [C][strip].

/// A strip of a grid: the two rows that its pixels lie between, resampled to the pixels' columns, and the
/// gradients of these.
struct Strip {
  float *low, *high, *low_gradient, *high_gradient;
};

/// What each neighbouring row gives to a row of pixels.
struct Shares {
  Floats low, high;
};

inline Shares shares(const Axis &rows, int64_t row) {
  return {all(rows.low_share[row]), all(rows.high_share[row])};
}

/// The values at the pixels of a vector, of the class whose part of the strip begins at `at`.
inline Floats value(const Strip &s, const Shares &of, int64_t at) {
  return of.low * load(s.low + at) + of.high * load(s.high + at);
}

inline void add_gradient(const Strip &s, const Shares &of, int64_t at, Floats gradient) {
  store(s.low_gradient + at, load(s.low_gradient + at) + of.low * gradient);
  store(s.high_gradient + at, load(s.high_gradient + at) + of.high * gradient);
}

/// Resamples a row of the grid to the columns of a strip, all classes.
inline void expand(const Grid &grid, const Extent &extent, int64_t image, int64_t row, int64_t first,
                   float *__restrict out) {
  const int32_t *__restrict low = grid.columns.low.data() + first, *__restrict high = grid.columns.high.data() + first;
  const float *__restrict low_share = grid.columns.low_share.data() + first;
  const float *__restrict high_share = grid.columns.high_share.data() + first;
  for (int64_t c = 0; c < extent.classes; c++) {
    const float *__restrict from = grid.values + ((image * extent.classes + c) * grid.height + row) * grid.width;
    for (int64_t i = 0; i < strip; i++) {
      out[c * strip + i] = low_share[i] * from[low[i]] + high_share[i] * from[high[i]];
    }
  }
}

/// Resamples both rows of the grid that a row of pixels lies between.
inline void expand(const Grid &grid, const Extent &extent, int64_t image, int64_t pixel_row, int64_t first,
                   const Strip &strip) {
  expand(grid, extent, image, grid.rows.low[pixel_row], first, strip.low);
  expand(grid, extent, image, grid.rows.high[pixel_row], first, strip.high);
}

/// The transpose of `expand`: adds the gradients of a strip's columns to a row of the grid.
inline void collect(const Grid &grid, const Extent &extent, int64_t image, int64_t row, int64_t first, int64_t count,
                    const float *gradient, float *out) {
  const auto *low = grid.columns.low.data() + first, *high = grid.columns.high.data() + first;
  const auto *low_share = grid.columns.low_share.data() + first, *high_share = grid.columns.high_share.data() + first;
  for (int64_t c = 0; c < extent.classes; c++) {
    const float *from = gradient + c * strip;
    float *to = out + ((image * extent.classes + c) * grid.height + row) * grid.width;
    for (int64_t i = 0; i < count;) {
      const int32_t l = low[i], h = high[i];
      float low_sum = 0, high_sum = 0;
      for (; i < count && low[i] == l; i++) {
        low_sum += low_share[i] * from[i];
        high_sum += high_share[i] * from[i];
      }
      to[l] += low_sum;
      to[h] += high_sum;
    }
  }
}

/// Adds the gradients of a tile's strip to the two rows of the grid that it lies between.
inline void collect(const Grid &grid, const Extent &extent, const Tile &tile, int64_t first, int64_t count,
                    const Strip &strip, const GridGradient &gradient) {
  const int64_t low = grid.rows.low[tile.first], high = grid.rows.high[tile.first];
  collect(grid, extent, tile.image, low, first, count, strip.low_gradient, gradient.above);
  // The last row has none below it, and the tile above it writes there.
  if (high != low) collect(grid, extent, tile.image, high, first, count, strip.high_gradient, gradient.below);
}

/// No class is either, and they differ, so that pixels without both do not agree.
constexpr int32_t no_label = -1, no_class = -2;

/// The pixels of a strip in one row.
struct Pixels {
  alignas(64) int32_t label[strip], nearest[strip];
  /// The weight of the label's class, 0 where it is ignored; 1 for a pixel, 0 for what lies beyond the last one.
  alignas(64) float weight[strip], present[strip];
};

/// Reads a row's labels; one that is neither a class nor ignored goes to `stray`.
template <class Label>
inline void read_labels(const Label *labels, const LogitsPass &pass, int64_t count, Pixels &out, int64_t &stray) {
  for (int64_t i = 0; i < count; i++) {
    const auto label = static_cast<int64_t>(labels[i]);
    const bool known = label >= 0 && label < pass.extent.classes;
    if (!known && label != 255) stray = label;
    out.label[i] = known ? static_cast<int32_t>(label) : no_label;
    out.weight[i] = known ? pass.class_weights[label] : 0;
  }
}

/// Reads what is known of a row of pixels.
inline void read(const LogitsPass &pass, int64_t image, int64_t row, int64_t first, int64_t count, Pixels &out,
                 int64_t &stray) {
  const int64_t at = (image * pass.extent.height + row) * pass.extent.width + first;
  if (pass.wide_labels != nullptr) {
    read_labels(pass.wide_labels + at, pass, count, out, stray);
  } else {
    read_labels(pass.narrow_labels + at, pass, count, out, stray);
  }
  if (const auto *near = pass.nearest) {
    const auto *classes = near->classes.data() + (image * near->height + near->rows[row]) * near->width;
    for (int64_t i = 0; i < count; i++) out.nearest[i] = classes[near->columns[first + i]];
  }
}

/// Pixels of which nothing is known yet, the first `count` of them present.
inline void clear(Pixels &pixels, int64_t count) {
  for (int64_t i = 0; i < strip; i++) {
    pixels.label[i] = no_label;
    pixels.nearest[i] = no_class;
    pixels.weight[i] = 0;
    pixels.present[i] = i < count ? 1 : 0;
  }
}
