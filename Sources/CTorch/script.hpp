// SPDX-License-Identifier: Apache-2.0
// What a TorchScript module runs as.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/csrc/jit/serialization/import.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "boundary.hpp"
#include "ctorch_script.h"

namespace ctorch {

/// A forward pass under way in this thread: what the operators of a rewritten program ask and tell.
struct ScriptPass {
  ct_script_pass settings{};
  /// What the marked place gave.
  c10::IValue features;
  /// What each inner module gave, by the mark's number; only where the program marks all.
  std::vector<std::pair<int64_t, c10::IValue>> seen;
  /// Stored means that moved, by how often.
  std::unordered_map<const c10::TensorImpl *, int64_t> moved;

  static ScriptPass *current();
  /// Makes a pass the thread's own while it lives.
  class Scope {
   public:
    explicit Scope(ScriptPass *pass);
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;
    ~Scope();

   private:
    ScriptPass *before_;
  };
};

/// A module's `forward` without calls, in which normalisation by batches and dropout ask the pass what to do.
class ScriptProgram {
 public:
  /// Which places of the program tell what they have.
  struct Marks {
    /// An inner module whose output is kept.
    std::string module;
    /// The layer with this weight, whose input is kept.
    std::string input_of;
    /// Whether every inner module tells its output.
    bool all = false;
  };

  /// Throws where the module cannot be run, and where a mark has no place.
  ScriptProgram(const torch::jit::Module &module, const Marks &marks);

  /// The module's output.
  c10::IValue run(const torch::jit::Module &module, const at::Tensor &images, ScriptPass &pass) const;

  /// Parameters that scale or shift a normalisation.
  std::set<std::string> normalisations;
  bool has_statistics = false;
  bool drops = false;
  /// The inner modules that are called, by their marks' numbers.
  std::vector<std::string> called;

 private:
  void inline_calls(torch::jit::Block *block, const Marks &marks, bool &again);
  void rewrite(torch::jit::Block *block, const std::string &input_of, bool &is_marked);
  void mark(torch::jit::Node *before, torch::jit::Value *value, int64_t number);
  std::optional<std::string> path(const torch::jit::Value *value) const;

  std::shared_ptr<torch::jit::Graph> graph_;
  torch::jit::Code code_;
  std::vector<c10::IValue> defaults_;
};

/// Lets convolutions and products compute in bfloat16 while it lives.
class HalfScope {
 public:
  HalfScope(bool on, at::DeviceType device)
      : on_(on), device_(device), was_(at::autocast::is_autocast_enabled(device)) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  HalfScope(const HalfScope &) = delete;
  HalfScope &operator=(const HalfScope &) = delete;
  ~HalfScope() {
    if (!on_) return;
    at::autocast::set_autocast_enabled(device_, was_);
    at::autocast::clear_cache();
  }

 private:
  bool on_;
  at::DeviceType device_;
  bool was_;
};

/// The last map [N, D, h, w] among some values; undefined where there is none.
at::Tensor map_in(const c10::IValue &value);

/// Scores, and features where the output has some: a tensor, several, or a dictionary with "out" or "logits".
at::Tensor scores_of(const c10::IValue &output, at::Tensor &features);

/// The parameters of the weighted layers that scores come from, by their graph of gradients.
std::set<std::string> head_of(const at::Tensor &scores, const torch::jit::Module &module,
                              const std::set<std::string> &normalisations);

/// A tensor of a module.
struct ScriptEntry {
  std::string name;
  bool is_parameter;
  at::Tensor tensor;
  /// As the file has it.
  bool learns;
};

/// Batches that a layer counts, with the stored mean that moves with them.
struct ScriptCounter {
  at::Tensor mean, count;
};

}  // namespace ctorch

struct ct_script {
  torch::jit::Module module;
  std::shared_ptr<const ctorch::ScriptProgram> program;
  torch::jit::ExtraFilesMap texts;
  std::set<std::string> head;
  std::vector<ctorch::ScriptEntry> entries;
  std::vector<ctorch::ScriptCounter> counters;
  /// What was asked for last.
  std::string maps, features_of, graph;

  void list_entries();
  ctorch::ScriptPass run(const at::Tensor &images, const ct_script_pass &settings, c10::IValue &output) const;
};
