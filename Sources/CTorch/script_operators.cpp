// SPDX-License-Identifier: Apache-2.0
// The operators that a rewritten TorchScript program calls in the place of PyTorch's.
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "group.hpp"
#include "layers.hpp"
#include "script.hpp"

namespace ctorch {

namespace {

thread_local ScriptPass *current_pass = nullptr;

/// What a program does outside of a pass, in a thread that it forked.
const ct_script_pass kEvaluation{false, false, -1, false, false};

const ct_script_pass &settings() {
  return current_pass == nullptr ? kEvaluation : current_pass->settings;
}

/// Normalises as the pass says; a layer without stored statistics always does by the batch's, and one that meets a
/// single value a channel never does.
at::Tensor batch_norm(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &mean,
                      const at::Tensor &variance, double momentum, double epsilon) {
  const auto &pass = settings();
  const bool is_stored = mean.defined() && variance.defined();
  const bool is_single = norm_group() == nullptr && x.dim() > 1 && x.numel() == x.size(1);
  const bool of_batch = !is_stored || (pass.of_batch && !is_single);
  const bool moves = of_batch && is_stored && pass.moves;
  if (pass.share >= 0) momentum = pass.share;
  if (moves && current_pass != nullptr) current_pass->moved[mean.unsafeGetTensorImpl()]++;
  if (of_batch && norm_group() != nullptr && x.dim() == 4) {
    const auto vector = at::TensorOptions(at::kFloat).device(x.device());
    Norm norm{weight.defined() ? weight : at::ones({x.size(1)}, vector),
              bias.defined() ? bias : at::zeros({x.size(1)}, vector)};
    std::tie(norm.running_mean, norm.running_variance) = std::tie(mean, variance);
    std::tie(norm.of_batch, norm.moves) = std::make_pair(of_batch, moves);
    std::tie(norm.momentum, norm.epsilon) = std::make_pair(momentum, epsilon);
    return shared_norm(x, norm);
  }
  const auto stored = [&](const at::Tensor &t) { return of_batch && !moves ? at::Tensor() : t; };
  return at::batch_norm(x, weight, bias, stored(mean), stored(variance), of_batch, momentum, epsilon,
                        /*cudnn_enabled=*/true);
}

at::Tensor tensor(const c10::IValue &value) { return value.isNone() ? at::Tensor() : value.toTensor(); }

using torch::jit::Operator;
using torch::jit::pop;
using torch::jit::Stack;

const torch::jit::RegisterOperators operators({
    Operator(
        "iapc::batch_norm(Tensor x, Tensor? weight, Tensor? bias, Tensor? mean, Tensor? variance, float momentum, "
        "float epsilon) -> Tensor",
        [](Stack &stack) {
          const double epsilon = pop(stack).toDouble(), momentum = pop(stack).toDouble();
          const auto variance = tensor(pop(stack)), mean = tensor(pop(stack)), bias = tensor(pop(stack));
          const auto weight = tensor(pop(stack)), x = tensor(pop(stack));
          stack.emplace_back(batch_norm(x, weight, bias, mean, variance, momentum, epsilon));
        },
        c10::AliasAnalysisKind::CONSERVATIVE),
    Operator(
        "iapc::trains() -> bool", [](Stack &stack) { stack.emplace_back(settings().trains); },
        c10::AliasAnalysisKind::CONSERVATIVE),
    Operator(
        "iapc::mark(Any x, int number) -> ()",
        [](Stack &stack) {
          const int64_t number = pop(stack).toInt();
          auto value = pop(stack);
          if (current_pass == nullptr) return;
          if (number < 0) {
            current_pass->features = std::move(value);
          } else {
            current_pass->seen.emplace_back(number, std::move(value));
          }
        },
        c10::AliasAnalysisKind::CONSERVATIVE),
});

}  // namespace

ScriptPass *ScriptPass::current() { return current_pass; }

ScriptPass::Scope::Scope(ScriptPass *pass) : before_(std::exchange(current_pass, pass)) {}
ScriptPass::Scope::~Scope() { current_pass = before_; }

}  // namespace ctorch
