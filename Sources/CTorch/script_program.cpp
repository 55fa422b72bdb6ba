// SPDX-License-Identifier: Apache-2.0
// Rewrites a TorchScript module's program: calls become what they call, and modes become the pass's.
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/remove_expands.h>

#include "script.hpp"

namespace ctorch {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
namespace prim = torch::jit::prim;
namespace attr = torch::jit::attr;

namespace {

constexpr int64_t kFeatures = -1;

bool is_one_of(const Node *node, std::initializer_list<const char *> names) {
  const auto name = node->kind().toQualString();
  return std::any_of(names.begin(), names.end(), [&](const char *it) { return std::strcmp(it, name) == 0; });
}

bool is_dropout(const Node *node) {
  return is_one_of(node, {"aten::dropout", "aten::dropout_", "aten::feature_dropout", "aten::feature_dropout_",
                          "aten::alpha_dropout", "aten::alpha_dropout_", "aten::feature_alpha_dropout",
                          "aten::feature_alpha_dropout_"});
}

bool is_weighted(const Node *node) {
  return is_one_of(node, {"aten::conv2d", "aten::_convolution", "aten::convolution", "aten::conv_transpose2d",
                          "aten::linear"});
}

/// Where a normalisation has its weight; its bias follows.
size_t weight_place(const Node *node) {
  if (is_one_of(node, {"aten::batch_norm", "aten::instance_norm", "aten::native_group_norm"})) return 1;
  if (is_one_of(node, {"aten::layer_norm", "aten::group_norm", "aten::native_layer_norm"})) return 2;
  return 0;
}

std::vector<Node *> nodes_of(Block *block) { return {block->nodes().begin(), block->nodes().end()}; }

}  // namespace

ScriptProgram::ScriptProgram(const torch::jit::Module &module, const Marks &marks) {
  const auto method = module.find_method("forward");
  TORCH_CHECK(method.has_value(), "the module has no forward");
  const auto &arguments = method->function().getSchema().arguments();
  TORCH_CHECK(arguments.size() >= 2, "forward takes no images");
  for (size_t i = 2; i < arguments.size(); i++) {
    TORCH_CHECK(arguments[i].default_value().has_value(), "forward wants \"", arguments[i].name(),
                "\" beside the images");
    defaults_.push_back(*arguments[i].default_value());
  }
  graph_ = method->graph()->copy();
  for (bool again = true; again;) {
    again = false;
    inline_calls(graph_->block(), marks, again);
  }
  TORCH_CHECK(marks.module.empty() || std::find(called.begin(), called.end(), marks.module) != called.end(),
              "it calls no inner module of the name ", marks.module);
  bool is_marked = marks.input_of.empty();
  rewrite(graph_->block(), marks.input_of, is_marked);
  TORCH_CHECK(is_marked, "no layer of its program has the weight ", marks.input_of);
  torch::jit::RemoveExpands(graph_);
  code_ = torch::jit::Code(graph_, "forward");
}

c10::IValue ScriptProgram::run(const torch::jit::Module &module, const at::Tensor &images, ScriptPass &pass) const {
  torch::jit::Stack stack{module._ivalue(), images};
  stack.insert(stack.end(), defaults_.begin(), defaults_.end());
  const ScriptPass::Scope scope(&pass);
  torch::jit::InterpreterState(code_).run(stack);
  TORCH_CHECK(stack.size() == 1, "forward gave ", stack.size(), " values");
  return std::move(stack.back());
}

/// The name of a submodule or tensor; nothing for what is not read off the module.
std::optional<std::string> ScriptProgram::path(const Value *value) const {
  if (value == graph_->inputs()[0]) return "";
  if (value->node()->kind() != prim::GetAttr) return std::nullopt;
  const auto parent = path(value->node()->input());
  if (!parent) return std::nullopt;
  const auto name = value->node()->s(attr::name);
  return parent->empty() ? name : *parent + "." + name;
}

void ScriptProgram::mark(Node *before, Value *value, int64_t number) {
  const torch::jit::WithInsertPoint place(before);
  auto *const written = graph_->insertConstant(number);
  graph_->insertNode(graph_->create(c10::Symbol::fromQualString("iapc::mark"), {value, written}, 0));
}

void ScriptProgram::inline_calls(Block *block, const Marks &marks, bool &again) {
  for (auto *node : nodes_of(block)) {
    for (auto *inner : node->blocks()) inline_calls(inner, marks, again);
    torch::jit::GraphFunction *callee = nullptr;
    if (node->kind() == prim::CallFunction) {
      const auto type = node->input(0)->type()->expect<c10::FunctionType>();
      callee = torch::jit::tryToGraphFunction(*type->function());
      if (callee != nullptr && callee->name() == "_verify_batch_size") {
        // Python's layers refuse a single value a channel, which has a way out here.
        const torch::jit::WithInsertPoint place(node);
        node->output()->replaceAllUsesWith(graph_->insertConstant(c10::IValue()));
        node->destroy();
        continue;
      }
      if (callee != nullptr) node->removeInput(0);
    } else if (node->kind() == prim::CallMethod) {
      const auto type = node->input(0)->type()->cast<c10::ClassType>();
      TORCH_CHECK(type != nullptr, "it calls an inner module through an interface");
      callee = torch::jit::tryToGraphFunction(type->getMethod(node->s(attr::name)));
      const auto name = path(node->input(0));
      if (name && !name->empty() && node->s(attr::name) == "forward" && node->outputs().size() == 1) {
        if (marks.all) mark(node->next(), node->output(), static_cast<int64_t>(called.size()));
        if (*name == marks.module) mark(node->next(), node->output(), kFeatures);
        called.push_back(*name);
      }
    }
    if (callee == nullptr) continue;
    torch::jit::inlineCallTo(node, callee, callee->graph().get());
    again = true;
  }
}

void ScriptProgram::rewrite(Block *block, const std::string &input_of, bool &is_marked) {
  const auto trains = c10::Symbol::fromQualString("iapc::trains");
  const auto asks_pass = [&](Node *before) {
    const torch::jit::WithInsertPoint place(before);
    auto *const node = graph_->insertNode(graph_->create(trains, 1));
    node->output()->setType(c10::BoolType::get());
    return node->output();
  };
  for (auto *node : nodes_of(block)) {
    for (auto *inner : node->blocks()) rewrite(inner, input_of, is_marked);
    if (const size_t place = weight_place(node); place > 0) {
      for (const size_t i : {place, place + 1}) {
        if (const auto name = path(node->input(i))) normalisations.insert(*name);
      }
    }
    if (!is_marked && is_weighted(node) && path(node->input(1)) == input_of) {
      mark(node, node->input(0), kFeatures);
      is_marked = true;
    }
    if (is_dropout(node)) {
      drops = true;
      node->replaceInput(2, asks_pass(node));
    } else if (node->kind() == prim::GetAttr && node->s(attr::name) == "training") {
      node->output()->replaceAllUsesWith(asks_pass(node));
      node->destroy();
    } else if (node->kind() == torch::jit::aten::batch_norm) {
      has_statistics = true;
      const torch::jit::WithInsertPoint place(node);
      const auto in = node->inputs();
      auto *const own = graph_->insertNode(graph_->create(
          c10::Symbol::fromQualString("iapc::batch_norm"), {in[0], in[1], in[2], in[3], in[4], in[6], in[7]}, 1));
      node->output()->replaceAllUsesWith(own->output());
      node->destroy();
    }
  }
}

}  // namespace ctorch
