// SPDX-License-Identifier: Apache-2.0
// Making a TorchScript module of what a network of the library computes.
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "script.hpp"

using namespace ctorch;

namespace {

constexpr const char *kClass = "__torch__.iapc.Network";

/// Modules inside of modules, as the points in the names of their tensors have them.
class ModuleTree {
 public:
  ModuleTree() : units_(std::make_shared<torch::jit::CompilationUnit>()) { modules_.emplace("", made()); }

  const torch::jit::Module &root() const { return modules_.at(""); }

  void add(const ct_script_part &part) {
    const std::string path = part.name;
    const auto point = path.rfind('.');
    auto &parent = module(point == std::string::npos ? "" : path.substr(0, point));
    const auto name = point == std::string::npos ? path : path.substr(point + 1);
    if (part.is_parameter) {
      parent.register_parameter(name, unwrap(part.tensor), false);
    } else {
      parent.register_buffer(name, unwrap(part.tensor));
    }
  }

 private:
  torch::jit::Module made() const {
    torch::jit::Module module(c10::QualifiedName(kClass), units_, true);
    module.register_attribute("training", c10::BoolType::get(), false);
    return module;
  }

  torch::jit::Module &module(const std::string &path) {
    if (const auto found = modules_.find(path); found != modules_.end()) return found->second;
    const auto point = path.rfind('.');
    auto &parent = module(point == std::string::npos ? "" : path.substr(0, point));
    const auto inner = made();
    parent.register_module(point == std::string::npos ? path : path.substr(point + 1), inner);
    return modules_.emplace(path, inner).first->second;
  }

  std::shared_ptr<torch::jit::CompilationUnit> units_;
  std::unordered_map<std::string, torch::jit::Module> modules_;
};

/// What a chain of attributes holds.
c10::IValue held(const torch::jit::Value *value, const torch::jit::Module &module) {
  const auto *const node = value->node();
  if (node->kind() != torch::jit::prim::GetAttr) return module._ivalue();
  return held(node->input(), module).toObjectRef().getAttr(node->s(torch::jit::attr::name));
}

/// Takes out conversions of a tensor of the module into the type that it has: layers convert what maps of other types
/// would need, and who reads the program looks for its weights where they are used.
void drop_conversions(torch::jit::Graph &graph, const torch::jit::Module &module) {
  for (auto *node : graph.nodes()) {
    if (node->kind() != torch::jit::aten::to || node->input(0)->node()->kind() != torch::jit::prim::GetAttr) continue;
    const auto type = node->output()->type()->cast<c10::TensorType>();
    const auto own = held(node->input(0), module);
    if (type == nullptr || !own.isTensor() || type->scalarType() != own.toTensor().scalar_type()) continue;
    node->output()->replaceAllUsesWith(node->input(0));
  }
}

std::shared_ptr<torch::jit::Graph> recorded(torch::jit::Module &module, const at::Tensor &images,
                                            ct_script_body body, void *context) {
  const auto run = [&](const torch::jit::Stack &inputs) -> torch::jit::Stack {
    return {unwrap(body(context, wrap(inputs.at(0).toTensor())))};
  };
  const auto no_name = [](const at::Tensor &) { return std::string(); };
  const auto [state, outputs] = torch::jit::tracer::trace({images}, run, no_name, true, false, &module, {"images"});
  drop_conversions(*state->graph, module);
  torch::jit::EliminateDeadCode(state->graph);
  return state->graph;
}

}  // namespace

extern "C" ct_error *ct_script_trace(ct_script **out, const ct_script_part *parts, size_t count,
                                     const ct_tensor *images, ct_script_body body, void *context) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    ModuleTree tree;
    for (size_t i = 0; i < count; i++) tree.add(parts[i]);
    auto module = tree.root();
    const auto graph = recorded(module, unwrap(images), body, context);
    const c10::QualifiedName name(*module.type()->name(), "forward");
    module.type()->addMethod(module._ivalue()->compilation_unit()->create_function(name, graph));
    auto script = std::make_unique<ct_script>();
    script->module = module;
    script->list_entries();
    script->program = std::make_shared<ScriptProgram>(script->module, ScriptProgram::Marks());
    *out = script.release();
    handle_created();
  });
}
