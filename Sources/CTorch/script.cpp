// SPDX-License-Identifier: Apache-2.0
// TorchScript modules: loading, running, copying and saving them.
#include "script.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/jit/serialization/export.h>

#include <mutex>
#include <sstream>

using namespace ctorch;

namespace {

const ct_script_pass kEvaluation{false, false, -1, false, false};

torch::jit::ExtraFilesMap texts_in(const char *path) {
  caffe2::serialize::PyTorchStreamReader reader{std::string(path)};
  torch::jit::ExtraFilesMap texts;
  const std::string folder = "extra/";
  for (const auto &name : reader.getAllRecords()) {
    if (name.compare(0, folder.size(), folder) == 0) texts[name.substr(folder.size())] = "";
  }
  return texts;
}

/// FNV-1a over evenly chosen values.
uint64_t hash_of(const at::Tensor &x, uint64_t hash) {
  const int64_t step = std::max<int64_t>(1, x.numel() / 4096);
  const auto chosen = x.detach().reshape({-1}).slice(0, 0, x.numel(), step).to(at::kCPU, at::kFloat).contiguous();
  const auto *const bytes = reinterpret_cast<const unsigned char *>(elements<float>(chosen));
  for (size_t i = 0; i < chosen.nbytes(); i++) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

/// What dropout draws follows from the images and the weights alone: a run that goes on draws as one without a break.
void seed_dropout(const ct_script &script, const at::Tensor &images) {
  uint64_t hash = hash_of(images, 0xcbf29ce484222325);
  for (const auto &entry : script.entries) {
    if (entry.is_parameter && script.head.count(entry.name) > 0) hash = hash_of(entry.tensor, hash);
  }
  auto generator = at::globalContext().defaultGenerator(images.device());
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(hash);
}

}  // namespace

void ct_script::list_entries() {
  entries.clear();
  counters.clear();
  std::set<const c10::TensorImpl *> met;
  const auto add = [&](const std::string &name, const at::Tensor &tensor, bool is_parameter) {
    if (!met.insert(tensor.unsafeGetTensorImpl()).second) return;
    entries.push_back({name, is_parameter, tensor, tensor.requires_grad()});
  };
  for (const auto &it : module.named_parameters()) add(it.name, it.value, true);
  for (const auto &it : module.named_buffers()) add(it.name, it.value, false);
  std::unordered_map<std::string, at::Tensor> named;
  for (const auto &entry : entries) named[entry.name] = entry.tensor;
  const std::string mean = "running_mean";
  for (const auto &[name, tensor] : named) {
    if (name.size() < mean.size() || name.compare(name.size() - mean.size(), mean.size(), mean) != 0) continue;
    const auto counter = named.find(name.substr(0, name.size() - mean.size()) + "num_batches_tracked");
    if (counter != named.end()) counters.push_back({tensor, counter->second});
  }
}

ScriptPass ct_script::run(const at::Tensor &images, const ct_script_pass &settings, c10::IValue &output) const {
  ScriptPass pass;
  pass.settings = settings;
  // A program may count batches by itself, whatever the pass does with the statistics.
  std::vector<at::Tensor> before;
  for (const auto &counter : counters) before.push_back(counter.count.clone());
  if (settings.trains && program->drops) seed_dropout(*this, images);
  {
    const HalfScope half(settings.half, images.device().type());
    output = program->run(module, images, pass);
  }
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < counters.size(); i++) {
    const auto moved = pass.moved.find(counters[i].mean.unsafeGetTensorImpl());
    counters[i].count.copy_(before[i].add(moved == pass.moved.end() ? 0 : moved->second));
  }
  return pass;
}

extern "C" {

ct_error *ct_script_load(ct_script **out, const char *path, int32_t device_kind, int32_t device_index) {
  return guarded([&] {
    const auto device = device_kind == 0 ? at::Device(at::kCPU)
                                         : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device_index));
    auto script = std::make_unique<ct_script>();
    script->texts = texts_in(path);
    const auto units = std::make_shared<torch::jit::CompilationUnit>();
    script->module = torch::jit::import_ir_module(units, path, device, script->texts);
    const at::NoGradGuard no_grad;
    const auto widen = [](at::Tensor tensor) {
      if (tensor.is_floating_point() && tensor.scalar_type() != at::kFloat) tensor.set_data(tensor.to(at::kFloat));
    };
    for (const auto &it : script->module.named_parameters()) widen(it.value);
    for (const auto &it : script->module.named_buffers()) widen(it.value);
    script->list_entries();
    TORCH_CHECK(!script->entries.empty() && script->entries[0].is_parameter,
                "it has no parameters: freezing or tracing a function makes weights constants");
    script->program = std::make_shared<ScriptProgram>(script->module, ScriptProgram::Marks());
    *out = script.release();
    handle_created();
  });
}

ct_error *ct_script_copy(ct_script **out, const ct_script *script) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    auto copy = std::make_unique<ct_script>();
    copy->module = script->module.deepcopy();
    copy->program = script->program;
    copy->texts = script->texts;
    copy->head = script->head;
    copy->list_entries();
    TORCH_CHECK(copy->entries.size() == script->entries.size(), "a copy of the module differs from it");
    for (size_t i = 0; i < copy->entries.size(); i++) copy->entries[i].learns = script->entries[i].learns;
    *out = copy.release();
    handle_created();
  });
}

void ct_script_free(ct_script *script) {
  if (script == nullptr) return;
  delete script;
  handle_destroyed();
}

ct_error *ct_script_count(size_t *out, const ct_script *script) {
  return guarded([&] { *out = script->entries.size(); });
}

ct_error *ct_script_tensor(ct_tensor **out, ct_script_entry *entry, const ct_script *script, size_t index) {
  return guarded([&] {
    const auto &found = script->entries.at(index);
    *entry = {found.name.c_str(), found.is_parameter, script->program->normalisations.count(found.name) > 0,
              script->head.count(found.name) > 0};
    *out = wrap(found.tensor);
  });
}

ct_error *ct_script_has_statistics(bool *out, const ct_script *script) {
  return guarded([&] { *out = script->program->has_statistics; });
}

ct_error *ct_script_name_features(ct_script *script, const char *module) {
  return guarded([&] {
    ScriptProgram::Marks marks;
    marks.module = module;
    script->program = std::make_shared<ScriptProgram>(script->module, marks);
  });
}

ct_error *ct_script_study(const char **features_of, ct_script *script, const ct_tensor *images) {
  return guarded([&] {
    const at::AutoGradMode records(true);
    for (auto &entry : script->entries) {
      if (entry.is_parameter) entry.tensor.set_requires_grad(true);
    }
    c10::IValue output;
    const auto pass = script->run(unwrap(images), kEvaluation, output);
    at::Tensor features;
    const auto scores = scores_of(output, features);
    script->head = head_of(scores, script->module, script->program->normalisations);
    *features_of = nullptr;
    if (features.defined() || !pass.features.isNone()) return;
    const ScriptEntry *widest = nullptr;
    for (const auto &entry : script->entries) {
      if (script->head.count(entry.name) == 0 || entry.tensor.dim() < 2) continue;
      if (widest == nullptr || entry.tensor.size(1) >= widest->tensor.size(1)) widest = &entry;
    }
    TORCH_CHECK(widest != nullptr, "its scores come from no convolution that could be found");
    ScriptProgram::Marks marks;
    marks.input_of = widest->name;
    script->program = std::make_shared<ScriptProgram>(script->module, marks);
    script->features_of = widest->name;
    *features_of = script->features_of.c_str();
  });
}

ct_error *ct_script_maps(const char **out, ct_script *script, const ct_tensor *images) {
  return guarded([&] {
    const at::NoGradGuard no_grad;
    ScriptProgram::Marks marks;
    marks.all = true;
    const ScriptProgram program(script->module, marks);
    ScriptPass pass;
    pass.settings = kEvaluation;
    program.run(script->module, unwrap(images), pass);
    std::ostringstream text;
    for (const auto &[number, value] : pass.seen) {
      const auto map = map_in(value);
      if (map.defined()) text << program.called.at(static_cast<size_t>(number)) << ' ' << map.sizes() << '\n';
    }
    script->maps = text.str();
    *out = script->maps.c_str();
  });
}

ct_error *ct_script_forward(ct_tensor **scores, ct_tensor **features, ct_script *script, const ct_tensor *images,
                            ct_script_pass settings) {
  return guarded([&] {
    c10::IValue output;
    const auto pass = script->run(unwrap(images), settings, output);
    at::Tensor own;
    const auto found = scores_of(output, own);
    if (!pass.features.isNone()) {
      own = map_in(pass.features);
      TORCH_CHECK(own.defined(), "the place of the features gave no map [N, D, h, w]");
    }
    // A module may give one tensor as both.
    *features = own.defined() ? wrap(own.to(at::kFloat)) : nullptr;
    *scores = wrap(found.to(at::kFloat));
  });
}

ct_error *ct_script_text(const char **out, const ct_script *script, const char *name) {
  return guarded([&] {
    const auto found = script->texts.find(name);
    *out = found == script->texts.end() ? nullptr : found->second.c_str();
  });
}

ct_error *ct_script_save(const ct_script *script, const char *name, const char *text, ct_archive_sink sink,
                         void *context) {
  return guarded([&] {
    auto texts = script->texts;
    texts[name] = text;
    std::vector<bool> now;
    for (const auto &entry : script->entries) {
      now.push_back(entry.tensor.requires_grad());
      entry.tensor.set_requires_grad(entry.learns);
    }
    bool failed = false;
    // libtorch's writer finishes in its destructor, where a failure would end the process.
    const auto write = [&](const void *bytes, size_t count) {
      if (!failed && sink(context, bytes, count) != 0) failed = true;
      return count;
    };
    const auto restore = [&] {
      for (size_t i = 0; i < now.size(); i++) script->entries[i].tensor.set_requires_grad(now[i]);
    };
    try {
      torch::jit::ExportModule(script->module, write, texts);
    } catch (...) {
      restore();
      throw;
    }
    restore();
    TORCH_CHECK(!failed, "the file could not be written");
  });
}

}  // extern "C"
