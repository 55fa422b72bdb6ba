// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// Counts the bytes of the tensors that a piece of work makes and frees, in libtorch's own allocators.
///
/// What libraries below libtorch take for themselves (oneDNN's scratch memory) is not counted.
public final class MemoryCounter {
  private let raw: OpaquePointer

  private init() {
    var result: OpaquePointer?
    must("memoryCounter") { ct_memory_counter_start(&result) }
    guard let result else { fatalError("no memory counter was made") }
    raw = result
  }

  /// Counts while `body` runs, which keeps none of its tensors and frees none made before.
  public static func count<Result>(_ body: (MemoryCounter) throws -> Result) rethrows -> Result {
    let counter = MemoryCounter()
    defer { ct_memory_counter_stop(counter.raw) }
    return try body(counter)
  }

  /// The most bytes held at once since the start, or since this was last asked.
  public func takePeak() -> Int { Int(ct_memory_counter_take_peak(raw)) }
}
