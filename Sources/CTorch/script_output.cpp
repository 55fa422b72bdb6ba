// SPDX-License-Identifier: Apache-2.0
// Scores and features among what a TorchScript module gives.
#include "script.hpp"

namespace ctorch {

namespace {

at::Tensor first_of(const c10::IValue *items, size_t count, at::Tensor &features) {
  TORCH_CHECK(count > 0 && items[0].isTensor(), "forward's first value is no tensor");
  if (count > 1 && items[1].isTensor() && items[1].toTensor().dim() == 4) features = items[1].toTensor();
  return items[0].toTensor();
}

}  // namespace

at::Tensor map_in(const c10::IValue &value) {
  if (value.isTensor()) return value.toTensor().dim() == 4 ? value.toTensor() : at::Tensor();
  at::Tensor found;
  const auto look = [&](const c10::IValue &item) {
    if (const auto map = map_in(item); map.defined()) found = map;
  };
  if (value.isTuple()) {
    for (const auto &item : value.toTupleRef().elements()) look(item);
  } else if (value.isList()) {
    for (const c10::IValue item : value.toListRef()) look(item);
  } else if (value.isGenericDict()) {
    for (const auto &item : value.toGenericDict()) look(item.value());
  }
  return found;
}

at::Tensor scores_of(const c10::IValue &output, at::Tensor &features) {
  at::Tensor scores;
  if (output.isTensor()) {
    scores = output.toTensor();
  } else if (output.isTuple()) {
    const auto &items = output.toTupleRef().elements();
    scores = first_of(items.begin(), items.size(), features);
  } else if (output.isTensorList()) {
    const auto items = output.toTensorVector();
    TORCH_CHECK(!items.empty(), "forward gave an empty list");
    scores = items[0];
  } else if (output.isGenericDict()) {
    const auto items = output.toGenericDict();
    for (const char *name : {"out", "logits", "features"}) {
      const auto found = items.find(name);
      if (found == items.end() || !found->value().isTensor()) continue;
      if (std::strcmp(name, "features") == 0) {
        features = found->value().toTensor();
      } else if (!scores.defined()) {
        scores = found->value().toTensor();
      }
    }
    TORCH_CHECK(scores.defined(), "forward gave a dictionary without \"out\" and \"logits\"");
  }
  TORCH_CHECK(scores.defined(), "forward gave ", output.tagKind(), ", expected scores");
  TORCH_CHECK(scores.dim() == 4, "forward gave scores of ", scores.dim(), " axes, expected [N, C, H, W]");
  return scores;
}

}  // namespace ctorch
