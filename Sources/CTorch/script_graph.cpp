// SPDX-License-Identifier: Apache-2.0
// The operators of a traced module as text.
#include <torch/csrc/jit/ir/constants.h>

#include <iomanip>
#include <limits>
#include <sstream>

#include "script.hpp"

using namespace ctorch;
namespace prim = torch::jit::prim;
namespace attr = torch::jit::attr;

namespace {

class GraphText {
 public:
  explicit GraphText(const torch::jit::Graph &graph) : graph_(graph) {
    text_ << std::setprecision(std::numeric_limits<double>::max_digits10);
  }

  std::string run() {
    TORCH_CHECK(graph_.inputs().size() == 2 && graph_.outputs().size() == 1, "it is not of one input and one output");
    text_ << "{\"input\":" << graph_.inputs()[1]->unique() << ",\"output\":" << graph_.outputs()[0]->unique()
          << ",\"operations\":[";
    bool first = true;
    for (const auto *node : graph_.nodes()) {
      if (is_folded(node)) continue;
      if (!first) text_ << ',';
      first = false;
      operation(node);
    }
    text_ << "]}";
    return text_.str();
  }

 private:
  /// Whether the node stands in the arguments of others.
  static bool is_folded(const torch::jit::Node *node) {
    return node->kind() == prim::Constant || node->kind() == prim::GetAttr || node->kind() == prim::ListConstruct;
  }

  void operation(const torch::jit::Node *node) {
    TORCH_CHECK(node->blocks().empty(), "it has branches or loops");
    text_ << "{\"name\":";
    quote(node->kind().toQualString());
    text_ << ",\"arguments\":[";
    list(node->inputs());
    text_ << "],\"results\":[";
    bool first = true;
    for (const auto *value : node->outputs()) {
      text_ << (first ? "" : ",") << "{\"id\":" << value->unique() << ",\"shape\":[";
      first = false;
      const auto type = value->type()->cast<c10::TensorType>();
      const auto sizes = type == nullptr ? std::nullopt : type->sizes().concrete_sizes();
      if (sizes) join(*sizes, [&](int64_t size) { text_ << size; });
      text_ << "]}";
    }
    text_ << "]}";
  }

  void list(at::ArrayRef<const torch::jit::Value *> values) {
    join(values, [&](const torch::jit::Value *value) { argument(value); });
  }

  void argument(const torch::jit::Value *value) {
    const auto *const node = value->node();
    if (node->kind() == prim::ListConstruct) {
      text_ << "{\"list\":[";
      list(node->inputs());
      text_ << "]}";
    } else if (node->kind() == prim::GetAttr) {
      text_ << "{\"tensor\":";
      quote(path(value));
      text_ << '}';
    } else if (node->kind() == prim::Constant) {
      constant(torch::jit::toIValue(value).value());
    } else {
      text_ << "{\"value\":" << value->unique() << '}';
    }
  }

  void constant(const c10::IValue &value) {
    if (value.isNone()) {
      text_ << "{}";
    } else if (value.isBool()) {
      text_ << "{\"truth\":" << (value.toBool() ? "true" : "false") << '}';
    } else if (value.isInt()) {
      text_ << "{\"integer\":" << value.toInt() << '}';
    } else if (value.isDouble()) {
      text_ << "{\"real\":" << value.toDouble() << '}';
    } else if (value.isIntList()) {
      text_ << "{\"list\":[";
      join(value.toIntVector(), [&](int64_t item) { text_ << "{\"integer\":" << item << '}'; });
      text_ << "]}";
    } else {
      // Devices and the like: what an operator with them is, no other runtime needs to know.
      text_ << "{\"text\":";
      quote(value.tagKind());
      text_ << '}';
    }
  }

  std::string path(const torch::jit::Value *value) const {
    if (value == graph_.inputs()[0]) return "";
    const auto parent = path(value->node()->input());
    const auto name = value->node()->s(attr::name);
    return parent.empty() ? name : parent + "." + name;
  }

  void quote(const std::string &text) { text_ << std::quoted(text); }

  template <class Items, class Body>
  void join(const Items &items, const Body &body) {
    bool first = true;
    for (const auto &item : items) {
      if (!first) text_ << ',';
      first = false;
      body(item);
    }
  }

  const torch::jit::Graph &graph_;
  std::ostringstream text_;
};

}  // namespace

extern "C" ct_error *ct_script_graph(const char **out, ct_script *script) {
  return guarded([&] {
    const auto graph = script->module.get_method("forward").graph();
    script->graph = GraphText(*graph).run();
    *out = script->graph.c_str();
  });
}
