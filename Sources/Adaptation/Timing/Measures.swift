// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// The median of some measured times, and how far they spread, in seconds.
public struct TimeSpread: Encodable, Equatable, Sendable {
  /// The middle one, or the mean of the two in the middle.
  public let median: Double
  /// The shortest.
  public let min: Double
  /// The longest.
  public let max: Double

  /// - `times`: at least one.
  public init(_ times: [Double]) {
    let sorted = times.sorted()
    guard let first = sorted.first, let last = sorted.last else { fatalError("no time was measured") }
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    (min, max) = (first, last)
  }
}

/// Bytes of memory that this process holds and held.
public enum ProcessMemory {
  /// The most that it ever held, or held since `forgetPeak()`.
  public static var peak: Int {
    // The system's own record, for getrusage() of a new process begins with what its parent held.
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = Int(line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "")
    {
      return kibibytes * 1024
    }
    var usage = rusage()
    // RUSAGE_SELF, which is no Int32 everywhere.
    getrusage(0, &usage)
    #if canImport(Darwin)
      return Int(usage.ru_maxrss)
    #else
      return Int(usage.ru_maxrss) * 1024
    #endif
  }

  /// Lets the peak begin at what is held now, where the system can: on Linux. Freed memory is given back first.
  public static func forgetPeak() {
    Machine.giveBackFreedMemory()
    try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
  }
}

/// Floating-point operations a second.
public enum Arithmetic {
  /// What large matrix products reach on a device: the best of a few. Libraries rarely come closer to a processor's
  /// limit.
  ///
  /// The products grow only as long as one takes a fraction of a second: bfloat16 takes minutes on a processor that
  /// has no instructions for the type.
  public static func peak(_ type: DType, on device: Device) throws -> Double {
    let generator = TensorGenerator(seed: 1)
    var best = 0.0
    for side in [256, 512, 1024, 2048] {
      let (a, b) = (
        generator.normal([side, side]).to(type, on: device),
        generator.normal([side, side]).to(type, on: device)
      )
      var shortest = Double.infinity
      for _ in 0..<4 {
        let started = ContinuousClock.now
        let product = a.matmul(b)
        try device.synchronize()
        shortest = withExtendedLifetime(product) { min(shortest, (ContinuousClock.now - started).seconds) }
        if shortest > 0.25 { break }
      }
      best = max(best, 2 * Double(side * side * side) / shortest)
      if shortest > 0.25 { break }
    }
    return best
  }
}
