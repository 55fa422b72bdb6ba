// SPDX-License-Identifier: Apache-2.0
// The winning class of each pixel: scores are interpolated a few columns at a time and compared at once.
//
// A row of the maps is stretched along its length once for all the rows of pixels that lie next to it; what is
// left for a pixel is a weighted sum of two such rows and a comparison, which vectorise.
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <algorithm>
#include <array>
#include <vector>

#include "boundary.hpp"
#include "interpolation.hpp"

using namespace ctorch;

namespace {

/// Columns that are compared at once, and those that are stretched at once: whole tiles.
constexpr int64_t tile = 128, span = 1024;

struct Map {
  at::Tensor values;
  int64_t height, width;
  Axis rows, columns;
};

/// A row of a map for each class, stretched to `count` columns from `first` on: [C, span].
[[gnu::always_inline]] inline void stretch(const Map &map, int64_t classes, int64_t row, int64_t first, int64_t count,
                                           float *out) {
  const float *line = elements<float>(map.values) + row * map.width;
  const int32_t *const low = map.columns.low.data() + first, *const high = map.columns.high.data() + first;
  const float *const low_share = map.columns.low_share.data() + first;
  const float *const high_share = map.columns.high_share.data() + first;
  for (int64_t c = 0; c < classes; c++, line += map.height * map.width, out += span) {
    // One by one: gathering instructions are slower than this.
#pragma clang loop vectorize(disable) unroll_count(4)
    for (int64_t i = 0; i < count; i++) out[i] = line[low[i]] * low_share[i] + line[high[i]] * high_share[i];
  }
}

/// What a row of pixels takes from a map: [C, span] twice.
struct Rows {
  const float *low, *high;
  float low_share, high_share;
};

struct Winners {
  std::array<float, tile> sums;
  std::array<int32_t, tile> classes;
};

// A whole tile from a column on: what lies past the picture's edge is compared too and not used.
[[gnu::always_inline]] inline void compare(const Rows *rows, size_t maps, int64_t classes, int64_t column,
                                           Winners &winners) {
  std::array<float, tile> sums;
  for (int64_t c = 0; c < classes; c++) {
    for (size_t m = 0; m < maps; m++) {
      const float *const low = rows[m].low + c * span + column, *const high = rows[m].high + c * span + column;
      const float low_share = rows[m].low_share, high_share = rows[m].high_share;
      if (m == 0) {
        for (int64_t i = 0; i < tile; i++) sums[i] = low[i] * low_share + high[i] * high_share;
      } else {
        for (int64_t i = 0; i < tile; i++) sums[i] += low[i] * low_share + high[i] * high_share;
      }
    }
    if (c == 0) {
      winners.sums = sums;
      winners.classes.fill(0);
      continue;
    }
    for (int64_t i = 0; i < tile; i++) {
      const bool wins = sums[i] > winners.sums[i];
      winners.sums[i] = wins ? sums[i] : winners.sums[i];
      winners.classes[i] = wins ? static_cast<int32_t>(c) : winners.classes[i];
    }
  }
}

struct Kernels {
  void (*stretch)(const Map &map, int64_t classes, int64_t row, int64_t first, int64_t count, float *out);
  void (*compare)(const Rows *rows, size_t maps, int64_t classes, int64_t column, Winners &winners);
};

#define KERNELS(name, target)                                                                                    \
  target void stretch_##name(const Map &map, int64_t classes, int64_t row, int64_t first, int64_t count,         \
                             float *out) {                                                                       \
    stretch(map, classes, row, first, count, out);                                                               \
  }                                                                                                              \
  target void compare_##name(const Rows *rows, size_t maps, int64_t classes, int64_t column, Winners &winners) { \
    compare(rows, maps, classes, column, winners);                                                               \
  }                                                                                                              \
  constexpr Kernels name{stretch_##name, compare_##name};

KERNELS(portable, )

#if defined(__x86_64__) && defined(__clang__)
KERNELS(avx2, __attribute__((target("avx2,fma"))))
KERNELS(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))))

const Kernels &chosen_kernels() {
  const auto name = at::get_cpu_capability();
  if (name == "AVX512") return avx512;
  return name == "AVX2" ? avx2 : portable;
}
#else
const Kernels &chosen_kernels() { return portable; }
#endif

struct Output {
  uint8_t *classes;
  float *sums;
  int64_t width;
};

/// Some columns of a run of rows.
struct Block {
  int64_t first_row, end_row, first_column, columns;
};

/// Compares the classes of a block, with room for two stretched rows of each map.
class Comparison {
 public:
  Comparison(const std::vector<Map> &maps, int64_t classes)
      : maps(maps), classes(classes), scratch(maps.size() * 2 * classes * span), rows(maps.size()) {}

  void run(const Block &block, const Output &out, const Kernels &kernels) {
    held.assign(2 * maps.size(), -1);
    for (int64_t y = block.first_row; y < block.end_row; y++) {
      for (size_t m = 0; m < maps.size(); m++) {
        const auto &places = maps[m].rows;
        const float *const low = row(m, places.low[y], places.high[y], block, kernels);
        const float *const high = row(m, places.high[y], places.low[y], block, kernels);
        rows[m] = {low, high, places.low_share[y], places.high_share[y]};
      }
      for (int64_t column = 0; column < block.columns; column += tile) {
        kernels.compare(rows.data(), maps.size(), classes, column, winners);
        store(std::min(tile, block.columns - column), y * out.width + block.first_column + column, out);
      }
    }
  }

 private:
  /// A stretched row, which stays where it is while it is needed; `kept` is the other one that is.
  const float *row(size_t m, int64_t wanted, int64_t kept, const Block &block, const Kernels &kernels) {
    for (size_t slot = 2 * m; slot < 2 * m + 2; slot++) {
      if (held[slot] == wanted) return scratch.data() + slot * classes * span;
    }
    const size_t slot = held[2 * m] == kept ? 2 * m + 1 : 2 * m;
    held[slot] = wanted;
    float *const to = scratch.data() + slot * classes * span;
    kernels.stretch(maps[m], classes, wanted, block.first_column, block.columns, to);
    return to;
  }

  void store(int64_t count, int64_t at, const Output &out) const {
    std::copy_n(winners.sums.begin(), count, out.sums + at);
    for (int64_t i = 0; i < count; i++) out.classes[at + i] = static_cast<uint8_t>(winners.classes[i]);
  }

  const std::vector<Map> &maps;
  const int64_t classes;
  std::vector<float> scratch;
  std::vector<int64_t> held;  // the row in each slot, two for each map
  std::vector<Rows> rows;
  Winners winners;
};

std::vector<Map> checked(const ct_tensor *const *handles, size_t count, int64_t height, int64_t width, bool corners) {
  TORCH_CHECK(count > 0, "no map to compare");
  TORCH_CHECK(height > 0 && width > 0, "no pixels to compare at");
  const int64_t classes = unwrap(handles[0]).dim() == 4 ? unwrap(handles[0]).size(1) : 0;
  TORCH_CHECK(classes >= 1 && classes <= 256, "expected maps of 1 to 256 classes, got ", unwrap(handles[0]).sizes());
  std::vector<Map> maps;
  for (size_t i = 0; i < count; i++) {
    const auto &map = unwrap(handles[i]);
    TORCH_CHECK(map.dim() == 4 && map.size(0) == 1 && map.size(1) == classes && map.numel() > 0,
                "expected a map [1, ", classes, ", h, w], got ", map.sizes());
    TORCH_CHECK(map.scalar_type() == at::kFloat && map.is_cpu(), "expected float32 on the CPU");
    const int64_t h = map.size(2), w = map.size(3);
    maps.push_back({map.contiguous(), h, w, axis_of(h, height, corners, height),
                    axis_of(w, width, corners, width)});
  }
  return maps;
}

}  // namespace

ct_error *ct_winning_classes(ct_tensor **classes, ct_tensor **sums, const ct_tensor *const *maps, size_t count,
                             int64_t height, int64_t width, bool align_corners) {
  return guarded([&] {
    const auto prepared = checked(maps, count, height, width, align_corners);
    const int64_t class_count = prepared[0].values.size(1);
    auto best = at::empty({height, width}, at::kByte);
    auto largest = at::empty({height, width}, at::kFloat);
    const Output out{best.mutable_data_ptr<uint8_t>(), largest.mutable_data_ptr<float>(), width};
    const Kernels &kernels = chosen_kernels();
    at::parallel_for(0, height, 16, [&](int64_t first, int64_t end) {
      Comparison comparison(prepared, class_count);
      for (int64_t column = 0; column < width; column += span) {
        comparison.run({first, end, column, std::min(span, width - column)}, out, kernels);
      }
    });
    auto *const winning = wrap(std::move(best));
    *sums = wrap(std::move(largest));
    *classes = winning;
  });
}
