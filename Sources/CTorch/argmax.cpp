// SPDX-License-Identifier: Apache-2.0
// The winning class of each pixel: scores are interpolated in tiles of a few columns and compared at once.
//
// A row of the maps is stretched along its length once for all the rows of pixels that lie next to it; what is
// left for a pixel is a weighted sum of two such rows and a comparison, which vectorise.
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "boundary.hpp"

using namespace ctorch;

namespace {

constexpr int64_t tile = 128;

/// The two points of a map between which a pixel lies, and their shares, along one axis.
struct Place {
  int64_t low, high;
  float low_share, high_share;
};

// As libtorch computes it, in float with a fused multiplication and addition.
std::vector<Place> places(int64_t points, int64_t pixels, bool align_corners) {
  const auto count = [](int64_t n) { return static_cast<float>(n); };
  const float corners = pixels > 1 ? count(points - 1) / count(pixels - 1) : 0;
  const float scale = align_corners ? corners : count(points) / count(pixels);
  std::vector<Place> places;
  for (int64_t pixel = 0; pixel < pixels; pixel++) {
    const float corner = scale * count(pixel), centre = std::fma(scale, count(pixel) + 0.5f, -0.5f);
    const float exact = points == pixels ? count(pixel) : align_corners ? corner : std::max(centre, 0.0f);
    const auto low = std::min(static_cast<int64_t>(exact), points - 1);
    const int64_t high = std::min(low + 1, points - 1);
    const float share = high == low ? 0 : std::clamp(exact - count(low), 0.0f, 1.0f);
    places.push_back({low, high, 1 - share, share});
  }
  return places;
}

struct Map {
  at::Tensor values;
  int64_t height, width;
  std::vector<Place> rows, columns;
};

/// A row of a map, stretched to the tile's columns, for each class: [C, tile].
void stretch(const Map &map, int64_t classes, int64_t row, int64_t first, int64_t count, float *out) {
  const float *line = map.values.const_data_ptr<float>() + row * map.width;
  const Place *const columns = map.columns.data() + first;
  for (int64_t c = 0; c < classes; c++, line += map.height * map.width, out += tile) {
    for (int64_t i = 0; i < count; i++) {
      out[i] = line[columns[i].low] * columns[i].low_share + line[columns[i].high] * columns[i].high_share;
    }
  }
}

/// The two stretched rows of a map that a row of pixels lies between. A row stays where it is while it is needed.
struct StretchedRows {
  std::array<int64_t, 2> held{-1, -1};
  std::array<float *, 2> scratch{};

  const float *row(const Map &map, int64_t classes, int64_t wanted, int64_t kept, int64_t first, int64_t count) {
    for (int slot = 0; slot < 2; slot++) {
      if (held[slot] == wanted) return scratch[slot];
    }
    const int slot = held[0] == kept ? 1 : 0;
    stretch(map, classes, wanted, first, count, scratch[slot]);
    held[slot] = wanted;
    return scratch[slot];
  }
};

/// What a row of pixels of one tile takes from a map: [C, tile] twice.
struct Rows {
  const float *low, *high;
  float low_share, high_share;
};

struct Winners {
  std::array<float, tile> sums;
  std::array<int32_t, tile> classes;
};

// Always whole tiles: what lies past the picture's edge is compared too and not used.
[[gnu::always_inline]] inline void compare(const Rows *rows, size_t maps, int64_t classes, Winners &winners) {
  std::array<float, tile> sums;
  for (int64_t c = 0; c < classes; c++) {
    for (size_t m = 0; m < maps; m++) {
      const float *const low = rows[m].low + c * tile, *const high = rows[m].high + c * tile;
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

using Compare = void (*)(const Rows *, size_t, int64_t, Winners &);

void compare_portable(const Rows *rows, size_t maps, int64_t classes, Winners &winners) {
  compare(rows, maps, classes, winners);
}

#if defined(__x86_64__) && defined(__clang__)
__attribute__((target("avx2,fma"))) void compare_avx2(
    const Rows *rows, size_t maps, int64_t classes, Winners &winners) {
  compare(rows, maps, classes, winners);
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))) void compare_avx512(
    const Rows *rows, size_t maps, int64_t classes, Winners &winners) {
  compare(rows, maps, classes, winners);
}

Compare chosen_compare() {
  const auto name = at::get_cpu_capability();
  if (name == "AVX512") return compare_avx512;
  return name == "AVX2" ? compare_avx2 : compare_portable;
}
#else
Compare chosen_compare() { return compare_portable; }
#endif

struct Output {
  uint8_t *classes;
  float *sums;
  int64_t width;
};

/// A tile's columns of a run of rows.
struct Block {
  int64_t first_row, end_row, first_column, columns;
};

class Comparison {
 public:
  Comparison(const std::vector<Map> &maps, int64_t classes)
      : maps(maps), classes(classes), scratch(maps.size() * 2 * classes * tile), rows(maps.size()) {}

  void run(const Block &block, const Output &out, Compare compare) {
    std::vector<StretchedRows> stretched(maps.size());
    for (size_t m = 0; m < maps.size(); m++) {
      for (size_t slot = 0; slot < 2; slot++) {
        stretched[m].scratch[slot] = scratch.data() + (2 * m + slot) * classes * tile;
      }
    }
    for (int64_t y = block.first_row; y < block.end_row; y++) {
      for (size_t m = 0; m < maps.size(); m++) {
        const Place &place = maps[m].rows[y];
        const auto row = [&](int64_t wanted, int64_t kept) {
          return stretched[m].row(maps[m], classes, wanted, kept, block.first_column, block.columns);
        };
        const float *const low = row(place.low, place.high);
        rows[m] = {low, row(place.high, place.low), place.low_share, place.high_share};
      }
      compare(rows.data(), maps.size(), classes, winners);
      const int64_t to = y * out.width + block.first_column;
      std::copy_n(winners.sums.begin(), block.columns, out.sums + to);
      for (int64_t i = 0; i < block.columns; i++) out.classes[to + i] = static_cast<uint8_t>(winners.classes[i]);
    }
  }

 private:
  const std::vector<Map> &maps;
  const int64_t classes;
  std::vector<float> scratch;
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
    maps.push_back({map.contiguous(), h, w, places(h, height, corners), places(w, width, corners)});
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
    const Compare compare = chosen_compare();
    at::parallel_for(0, height, 16, [&](int64_t first, int64_t end) {
      Comparison comparison(prepared, class_count);
      for (int64_t column = 0; column < width; column += tile) {
        comparison.run({first, end, column, std::min(tile, width - column)}, out, compare);
      }
    });
    auto *const winning = wrap(std::move(best));
    *sums = wrap(std::move(largest));
    *classes = winning;
  });
}
