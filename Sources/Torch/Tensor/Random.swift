// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// A seeded source of random tensors: libtorch's Mersenne Twister for the CPU.
public final class TensorGenerator {
  private let raw: OpaquePointer

  /// A generator that draws the same tensors from the same seed.
  public init(seed: UInt64) {
    var result: OpaquePointer?
    must("generator") { ct_generator_make(&result, seed) }
    guard let result else { fatalError("no generator was made") }
    raw = result
  }

  deinit {
    ct_generator_free(raw)
  }

  /// Uniform in [low, high), float32 on the CPU.
  public func uniform(_ shape: [Int], from low: Double = 0, to high: Double = 1) -> Tensor {
    let unit = must("rand") { out in lend { raw in shape.lend64 { ct_rand(out, $0, $1, raw) } } }
    return unit * (high - low) + low
  }

  /// Normal with mean 0, float32 on the CPU.
  public func normal(_ shape: [Int], deviation: Double = 1) -> Tensor {
    must("randn") { out in lend { raw in shape.lend64 { ct_randn(out, $0, $1, raw) } } } * deviation
  }

  /// Everything the sequence depends on, to be stored and given back.
  public var state: Tensor {
    get { must("generatorState") { out in lend { ct_generator_state(out, $0) } } }
    set {
      must("setGeneratorState", newValue) {
        lend { raw in newValue.handle.lend { ct_generator_set_state(raw, $0) } }
      }
    }
  }

  /// Lends the C pointer; the generator outlives the call.
  private func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(raw) }
  }
}
