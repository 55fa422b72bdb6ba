// SPDX-License-Identifier: Apache-2.0
// The fused objective: checks what it is given, lays out tiles, spreads them over threads and sums up.
//
// Every tile has places of its own for what it finds, and these are summed in the order of the tiles: the result
// is the same for every number of threads.
#include "objective.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <thread>

#include "boundary.hpp"

using namespace ctorch;

namespace {

constexpr int64_t most_classes = 255;

// Up to a whole strip, with the corners' centres on each other.
Axis axis(int64_t points, int64_t pixels) {
  return axis_of(points, pixels, true, (pixels + strip - 1) / strip * strip);
}

// As libtorch computes it, in float: the point below pixel * points / pixels.
std::vector<int32_t> nearest_points(int64_t points, int64_t pixels) {
  const float scale = static_cast<float>(points) / static_cast<float>(pixels);
  std::vector<int32_t> places(pixels);
  for (int64_t pixel = 0; pixel < pixels; pixel++) {
    const auto place = static_cast<int64_t>(std::floor(static_cast<float>(pixel) * scale));
    places[pixel] = static_cast<int32_t>(std::min(place, points - 1));
  }
  return places;
}

Grid grid(const at::Tensor &values, const Extent &extent) {
  return {elements<float>(values), values.size(2), values.size(3), axis(values.size(2), extent.height),
          axis(values.size(3), extent.width)};
}

// One for each image and each run of rows of pixels between the same two rows of the grid.
std::vector<Tile> tiles(const Grid &grid, const Extent &extent) {
  std::vector<Tile> tiles;
  for (int64_t image = 0; image < extent.images; image++) {
    for (int64_t row = 0; row < extent.height; row++) {
      if (starts(grid.rows, row)) tiles.push_back({image, row, row});
      tiles.back().end = row + 1;
    }
  }
  return tiles;
}

NearestClasses nearest_classes(const at::Tensor &similarities, const Extent &extent) {
  const int64_t height = similarities.size(2), width = similarities.size(3), points = height * width;
  NearestClasses nearest{std::vector<uint8_t>(extent.images * points), height, width,
                         nearest_points(height, extent.height), nearest_points(width, extent.width)};
  const float *values = elements<float>(similarities);
  std::vector<float> most(points);
  for (int64_t image = 0; image < extent.images; image++) {
    uint8_t *const out = nearest.classes.data() + image * points;
    std::copy(values, values + points, most.begin());
    for (int64_t c = 1; c < extent.classes; c++) {
      const float *const of_class = values + c * points;
      for (int64_t i = 0; i < points; i++) {
        if (of_class[i] > most[i]) {
          most[i] = of_class[i];
          out[i] = static_cast<uint8_t>(c);
        }
      }
    }
    values += extent.classes * points;
  }
  return nearest;
}

// Threads take the next tile when they are done with one: other work on the machine delays none but its own.
template <class Work>
TileSums over(const std::vector<Tile> &tiles, const Extent &extent, Work work) {
  std::vector<TileSums> found(tiles.size());
  std::atomic<size_t> next{0};
  const auto floats = static_cast<size_t>(scratch_floats(extent.classes));
  const auto count = std::min<size_t>(at::get_num_threads(), tiles.size());
  const auto scratch = at::empty({static_cast<int64_t>(count * floats)}, at::kFloat);
  const auto run = [&](size_t thread) {
    float *const mine = scratch.mutable_data_ptr<float>() + thread * floats;
    for (size_t i = next++; i < tiles.size(); i = next++) work(tiles[i], mine, found[i]);
  };
  {
    std::vector<std::jthread> others;
    for (size_t thread = 1; thread < count; thread++) others.emplace_back(run, thread);
    run(0);
  }
  TileSums sums;
  for (const auto &tile : found) {
    sums.trusted += tile.trusted;
    sums.agreed += tile.agreed;
    sums.nearest += tile.nearest;
    sums.mutual += tile.mutual;
    sums.entropy += tile.entropy;
    if (sums.stray == no_stray) sums.stray = tile.stray;
  }
  return sums;
}

struct Gradient {
  at::Tensor above, below;

  explicit Gradient(const at::Tensor &like)
      : above(at::zeros(like.sizes(), at::kFloat)), below(at::zeros(like.sizes(), at::kFloat)) {}
  GridGradient raw() { return {above.mutable_data_ptr<float>(), below.mutable_data_ptr<float>()}; }
  at::Tensor sum() { return above.add_(below); }
};

at::Tensor checked_map(const ct_tensor *handle, const char *name, const Extent &extent) {
  const auto x = unwrap(handle).detach().contiguous();
  TORCH_CHECK(x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.numel() > 0 &&
                  x.size(0) == extent.images && x.size(1) == extent.classes,
              name, " of the objective: expected float32 [", extent.images, ", ", extent.classes,
              ", h, w] on the CPU, found ", x.scalar_type(), " ", x.sizes());
  return x;
}

at::Tensor checked_labels(const ct_tensor *handle) {
  const auto x = unwrap(handle).contiguous();
  TORCH_CHECK(x.device().is_cpu() && (x.scalar_type() == at::kByte || x.scalar_type() == at::kLong) && x.dim() == 3 &&
                  x.numel() > 0,
              "labels of the objective: expected uint8 or int64 [N, H, W] on the CPU, found ", x.scalar_type(), " ",
              x.sizes());
  return x;
}

at::Tensor checked_weights(const ct_tensor *handle) {
  const auto x = unwrap(handle).detach().contiguous();
  TORCH_CHECK(x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 1 && x.numel() <= most_classes,
              "class weights of the objective: expected at most ", most_classes, " float32 on the CPU, found ",
              x.scalar_type(), " ", x.sizes());
  return x;
}

// One evaluation: what it was given, checked, and what comes of it.
struct Evaluation {
  const ct_objective &asked;
  const ct_objective_terms &weights = asked.weights;
  const at::Tensor labels = checked_labels(asked.labels), class_weights = checked_weights(asked.class_weights);
  const Extent extent{labels.size(0), class_weights.numel(), labels.size(1), labels.size(2)};
  const at::Tensor logits = checked_map(asked.logits, "logits", extent);
  const bool needs_similarities = weights.agreed != 0 || weights.nearest != 0 || weights.mutual != 0;
  const at::Tensor similarities =
      needs_similarities ? checked_map(asked.similarities, "similarities", extent) : at::Tensor();
  const double pixels = static_cast<double>(labels.numel());
  // Pixels of the means of the first two terms.
  const double labelled = asked.ignored_in_mean
                              ? pixels
                              : std::max(1.0, static_cast<double>((labels != 255).sum().item<int64_t>()));
  // The class of the largest logit at each pixel.
  const at::Tensor largest = weights.mutual != 0 ? at::empty(labels.sizes(), at::kByte) : at::Tensor();
  ct_objective_terms values{};

  // The terms of the logits, and their gradient.
  at::Tensor evaluate_logits();
  // The term of the similarities, and its gradient; after the logits.
  at::Tensor evaluate_similarities();
};

at::Tensor Evaluation::evaluate_logits() {
  LogitsPass pass{};
  pass.extent = extent;
  const auto own = grid(logits, extent);
  pass.logits = &own;
  if (labels.scalar_type() == at::kLong) pass.wide_labels = elements<int64_t>(labels);
  if (labels.scalar_type() == at::kByte) pass.narrow_labels = elements<uint8_t>(labels);
  pass.class_weights = elements<float>(class_weights);
  at::Tensor judge_logits;
  std::optional<Grid> judge;
  if (asked.trust != CT_TRUST_ALIKE && weights.trusted != 0) {
    judge_logits = checked_map(asked.judge, "the judge's logits", extent);
    judge = grid(judge_logits, extent);
    pass.judge = &*judge;
    pass.trust = asked.trust;
  }
  std::optional<NearestClasses> nearest;
  if (needs_similarities) nearest = nearest_classes(similarities, extent);
  if (nearest) pass.nearest = &*nearest;
  pass.trusted_factor = static_cast<float>(weights.trusted / labelled);
  pass.agreed_factor = static_cast<float>(weights.agreed / labelled);
  pass.nearest_factor = static_cast<float>(weights.nearest / pixels);
  pass.entropy_factor = static_cast<float>(weights.entropy / pixels);
  pass.needs_entropy = weights.entropy != 0;
  pass.entropy_where_agreed = asked.entropy_where_agreed;
  if (largest.defined()) pass.largest = largest.mutable_data_ptr<uint8_t>();
  Gradient gradient(logits);
  pass.gradient = gradient.raw();

  const auto kernel = objective_kernels().logits;
  const auto sums = over(tiles(own, extent), extent, [&](const Tile &tile, float *scratch, TileSums &out) {
    kernel(pass, tile, scratch, out);
  });
  TORCH_CHECK(sums.stray == no_stray, "the label ", sums.stray, " is none of the ", extent.classes, " classes");
  values.trusted = weights.trusted * sums.trusted / labelled;
  values.agreed = weights.agreed * sums.agreed / labelled;
  values.nearest = weights.nearest * sums.nearest / pixels;
  values.entropy = weights.entropy * sums.entropy / pixels;
  return gradient.sum();
}

at::Tensor Evaluation::evaluate_similarities() {
  const auto own = grid(similarities, extent);
  Gradient gradient(similarities);
  const SimilaritiesPass pass{extent, &own, elements<uint8_t>(largest),
                              static_cast<float>(weights.mutual / pixels), gradient.raw()};
  const auto kernel = objective_kernels().similarities;
  const auto sums = over(tiles(own, extent), extent, [&](const Tile &tile, float *scratch, TileSums &out) {
    kernel(pass, tile, scratch, out);
  });
  values.mutual = weights.mutual * sums.mutual / pixels;
  return gradient.sum();
}

}  // namespace

extern "C" ct_error *ct_objective_evaluate(ct_objective_terms *values, ct_tensor **logits_gradient,
                                           ct_tensor **similarities_gradient, const ct_objective *objective) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    Evaluation evaluation{*objective};
    const auto of_logits = evaluation.evaluate_logits();
    at::Tensor of_similarities;
    if (objective->weights.mutual != 0) of_similarities = evaluation.evaluate_similarities();
    *values = evaluation.values;
    *logits_gradient = wrap(of_logits);
    *similarities_gradient = of_similarities.defined() ? wrap(of_similarities) : nullptr;
  });
}
