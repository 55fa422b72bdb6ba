// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Torch

@Suite("Parameter stores")
struct ParameterStoreTests {
  /// Two layers: five parameters in three names' branches and two buffers.
  private func network(seed: UInt64) -> ParameterStore {
    let store = ParameterStore(seed: seed)
    _ = Convolution(Scope(store) / "body" / 0, 2, 3, kernel: 1, bias: true)
    _ = BatchNorm(Scope(store) / "body" / 1, 3)
    _ = Convolution(Scope(store) / "head", 3, 2, kernel: 1)
    return store
  }

  @Test("names are the scopes' path, in the order of declaration")
  func names() {
    let expected = [
      "body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "body.1.running_mean",
      "body.1.running_var", "head.weight",
    ]
    let store = network(seed: 1)
    #expect(store.entries.map(\.name) == expected)
    #expect(store.buffers.map(\.name) == ["body.1.running_mean", "body.1.running_var"])
    #expect(store.parameters.count == 5)
    #expect(store.parameterCount == 6 + 3 + 3 + 3 + 6)
    #expect(store["head.weight"]?.tensor.shape == [2, 3, 1, 1])
    #expect(store["head"] == nil)
    #expect((Scope(store) / "a" / "b" / 3).path == "a.b.3")
    #expect(Scope(store).path.isEmpty)
  }

  @Test("parameters start as asked, the same from the same seed")
  func starts() {
    let store = ParameterStore(seed: 4)
    let scope = Scope(store)
    assertClose(scope.parameter("constant", [2], .constant(3)), floats([3, 3], 2))
    let uniform = scope.parameter("uniform", [2000], .uniform(0.5))
    #expect(values(uniform.stored).allSatisfy { abs($0) <= 0.5 })
    assertClose((uniform * uniform).mean(), [0.25 / 3], absolute: 0.01)
    let normal = scope.parameter("normal", [2000], .normal(deviation: 2))
    assertClose((normal * normal).mean(), [4], absolute: 0.4)
    let (first, again, other) = (network(seed: 1), network(seed: 1), network(seed: 2))
    #expect(first.state.map(\.tensor) == again.state.map(\.tensor))
    #expect(first["head.weight"]?.tensor.stored != other["head.weight"]?.tensor.stored)
  }

  @Test("only trainable parameters take gradients")
  func trainable() throws {
    let store = ParameterStore()
    let fixed = Scope(store).parameter("fixed", [1], .constant(1), trainable: false)
    let free = Scope(store).parameter("free", [1], .constant(1))
    let buffer = Scope(store).buffer("buffer", .ones([1]))
    #expect(!fixed.requiresGradient && free.requiresGradient && !buffer.requiresGradient)
    #expect(store.trainable.map(\.name) == ["free"])
    (fixed * free * buffer).sum().backward()
    #expect(free.gradient != nil && fixed.gradient == nil)
    store.clearGradients()
    #expect(free.gradient == nil)
  }

  @Test("parameters are stopped and resumed by name, buffers never")
  func setTrainable() {
    let store = network(seed: 1)
    store.setTrainable(false) { $0.hasPrefix("body.") }
    #expect(store.trainable.map(\.name) == ["head.weight"])
    #expect(store["body.0.bias"]?.tensor.requiresGradient == false)
    store.setTrainable(true)
    #expect(store.trainable.count == 5)
    #expect(store["body.0.bias"]?.tensor.requiresGradient == true)
    #expect(store["body.1.running_mean"]?.tensor.requiresGradient == false)
  }

  @Test("a copy takes everything and shares nothing")
  func copying() {
    let (store, other) = (network(seed: 1), network(seed: 2))
    other["body.1.running_mean"]?.tensor.withMemory(of: Float.self) { $0[0] = 7 }
    store.copy(from: other)
    #expect(store.state.map(\.tensor) == other.state.map(\.tensor))
    other["head.weight"]?.tensor.detached().withMemory(of: Float.self) { $0[0] = 7 }
    #expect(store["head.weight"]?.tensor.stored != other["head.weight"]?.tensor.stored)
    #expect(store["head.weight"]?.tensor.requiresGradient == true)
  }

  @Test("following averages the parameters and copies the buffers")
  func following() throws {
    let (teacher, student) = (network(seed: 1), network(seed: 2))
    student["body.1.running_var"]?.tensor.withMemory(of: Float.self) { $0[1] = 7 }
    let before = network(seed: 1)
    teacher.follow(student, keep: 0.75)
    for entry in before.parameters {
      let own = entry.tensor.detached()
      let theirs = try #require(student[entry.name]).tensor.detached()
      let mine = try #require(teacher[entry.name]).tensor
      assertClose(mine, own * 0.75 + theirs * 0.25, relative: 0, absolute: 0, entry.name)
      #expect(mine.requiresGradient)
    }
    assertClose(try #require(teacher["body.1.running_var"]).tensor, floats([1, 7, 1], 3))
    assertClose(
      try #require(student["head.weight"]).tensor, try #require(network(seed: 2)["head.weight"]).tensor)
  }

  @Test("a name that is declared twice ends the process")
  func duplicates() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let scope = Scope(ParameterStore()) / "a"
      _ = scope.parameter("weight", [1], .constant(0))
      _ = scope.buffer("weight", .ones([1]))
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("the network declares a.weight twice"), "\(told)")
  }

  @Test("networks of other entries do not follow each other")
  func strangers() async throws {
    let names = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (first, second) = (ParameterStore(), ParameterStore())
      _ = Scope(first).parameter("a", [1], .constant(0))
      _ = Scope(second).parameter("b", [1], .constant(0))
      first.copy(from: second)
    }
    let told = String(decoding: try #require(names).standardErrorContent, as: UTF8.self)
    #expect(told.contains("the networks differ at a"), "\(told)")
    await #expect(processExitsWith: .failure) {
      let (first, second) = (ParameterStore(), ParameterStore())
      _ = Scope(first).parameter("a", [1], .constant(0))
      first.follow(second, keep: 0.5)
    }
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (first, second) = (ParameterStore(), ParameterStore())
      _ = Scope(first).parameter("a", [2], .constant(0))
      _ = Scope(second).parameter("a", [1], .constant(0))
      first.copy(from: second)
    }
    let shapeText = String(decoding: try #require(shapes).standardErrorContent, as: UTF8.self)
    #expect(shapeText.contains("copyInto: cannot copy shape [1] into [2]"), "\(shapeText)")
  }

  @Test("a sealed network shows nothing and is not copied")
  func sealed() async throws {
    let store = network(seed: 1)
    store.seal()
    #expect(store.isSealed && store.entries.isEmpty && store["head.weight"] == nil)
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (first, second) = (ParameterStore(), ParameterStore())
      second.seal()
      first.copy(from: second)
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.contains("a sealed network cannot be copied or averaged"), "\(told)")
  }
}
