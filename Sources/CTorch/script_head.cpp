// SPDX-License-Identifier: Apache-2.0
// Which parameters make the scores, as the graph of their gradients has it.
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <deque>
#include <unordered_set>

#include "script.hpp"

namespace ctorch {

namespace {

using torch::autograd::Node;

struct Leaf {
  std::string name;
  int64_t rank;
};

using Leaves = std::unordered_map<const Node *, Leaf>;
/// One way of owning in libtorch 2.11, another in 2.13.
using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor &>()));

/// The parameter that an edge leads to, if need be by way of views of it.
const Leaf *leaf_at(const torch::autograd::Edge &edge, const Leaves &leaves) {
  const Node *node = edge.function.get();
  for (int steps = 0; node != nullptr && steps < 4; steps++) {
    if (const auto found = leaves.find(node); found != leaves.end()) return &found->second;
    const auto &next = node->next_edges();
    if (next.size() != 1) return nullptr;
    const auto name = node->name();
    const bool is_view = name.find("TBackward") == 0 || name.find("Transpose") == 0 || name.find("View") == 0 ||
                         name.find("Permute") == 0 || name.find("Unsqueeze") == 0 || name.find("ToCopy") == 0;
    if (!is_view) return nullptr;
    node = next[0].function.get();
  }
  return nullptr;
}

}  // namespace

std::set<std::string> head_of(const at::Tensor &scores, const torch::jit::Module &module,
                              const std::set<std::string> &normalisations) {
  Leaves leaves;
  std::vector<Accumulator> accumulators;
  for (const auto &entry : module.named_parameters()) {
    if (!entry.value.requires_grad()) continue;
    accumulators.push_back(torch::autograd::impl::grad_accumulator(entry.value));
    leaves.try_emplace(accumulators.back().get(), Leaf{entry.name, entry.value.dim()});
  }
  std::set<std::string> head;
  std::deque<Node *> open;
  std::unordered_set<const Node *> met;
  const auto visit = [&](Node *node) {
    if (node != nullptr && met.insert(node).second) open.push_back(node);
  };
  visit(scores.grad_fn().get());
  while (!open.empty()) {
    auto *const node = open.front();
    open.pop_front();
    bool is_weighted = false;
    for (const auto &edge : node->next_edges()) {
      const auto *const leaf = leaf_at(edge, leaves);
      if (leaf == nullptr || normalisations.count(leaf->name) > 0) continue;
      head.insert(leaf->name);
      is_weighted = is_weighted || leaf->rank > 1;
    }
    if (is_weighted) continue;
    for (const auto &edge : node->next_edges()) visit(edge.function.get());
  }
  return head;
}

}  // namespace ctorch
