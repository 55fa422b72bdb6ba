// SPDX-License-Identifier: Apache-2.0
// What the fused objective hands to its kernels, which are built once for each set of vector instructions.
#pragma once

#include <cstdint>
#include <vector>

#include "ctorch_objective.h"
#include "interpolation.hpp"

namespace ctorch {

/// Pixels of a row that are worked on together, for all classes: the buffers of a strip stay in the fastest cache.
constexpr int64_t strip = 64;

/// Whether other neighbours begin at this pixel.
inline bool starts(const Axis &axis, int64_t pixel) { return pixel == 0 || axis.low[pixel] != axis.low[pixel - 1]; }

/// A map [N, C, height, width] that is upsampled, strip by strip.
struct Grid {
  const float *values;
  int64_t height, width;
  Axis rows, columns;
};

/// A class for each position of a grid [N, height, width], brought to the pixels by nearest neighbour.
struct NearestClasses {
  std::vector<uint8_t> classes;
  int64_t height, width;
  /// The position of each pixel.
  std::vector<int32_t> rows, columns;
};

/// Gradients of a grid: `above` collects from the pixels below each of its rows, `below` from those above it, so
/// that no two tiles write to one place.
struct GridGradient {
  float *above, *below;
};

/// The pixels of one image between the same two rows of a grid.
struct Tile {
  int64_t image, first, end;
};

/// Size of the batch at the labels' size.
struct Extent {
  int64_t images, classes, height, width;
};

/// Stands for no stray label: 255 is never one.
constexpr int64_t no_stray = 255;

/// Sums over the pixels of a tile.
struct TileSums {
  double trusted = 0, agreed = 0, nearest = 0, mutual = 0, entropy = 0;
  /// A label that is neither a class nor ignored.
  int64_t stray = no_stray;
};

/// The terms of the logits. Factors are what the gradient of each pixel's loss is multiplied by.
struct LogitsPass {
  Extent extent;
  const Grid *logits, *judge;
  const uint8_t *narrow_labels;
  const int64_t *wide_labels;
  const float *class_weights;
  const NearestClasses *nearest;
  ct_trust trust;
  float trusted_factor, agreed_factor, nearest_factor, entropy_factor;
  bool needs_entropy, entropy_where_agreed;
  GridGradient gradient;
  /// The class of the largest logit [N, H, W]; NULL where nobody asks.
  uint8_t *largest;
};

/// The term of the similarities.
struct SimilaritiesPass {
  Extent extent;
  const Grid *similarities;
  const uint8_t *largest;
  float factor;
  GridGradient gradient;
};

/// The kernels, built for one set of instructions.
struct ObjectiveKernels {
  void (*logits)(const LogitsPass &, const Tile &, float *scratch, TileSums &);
  void (*similarities)(const SimilaritiesPass &, const Tile &, float *scratch, TileSums &);
};

/// Floats of scratch memory that a kernel needs, aligned to 64 bytes.
constexpr int64_t scratch_floats(int64_t classes) { return 8 * classes * strip; }

/// The kernels for the instructions that libtorch chose on this machine.
const ObjectiveKernels &objective_kernels();

}  // namespace ctorch
