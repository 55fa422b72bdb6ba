// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

/// What of a network's parameters is compared among processes: for each the sum of its values and that of their squares.
///
/// Where only some values drift apart, so does their sum, about as far as the values themselves. Machines with other
/// processors round otherwise and may differ a little, for ever.
struct Fingerprint {
  private static let tolerance = 1e-4
  /// Of a value, for parameters that are about 0.
  private static let least = 1e-6

  private let sums: [Double]

  init(_ parameters: [Tensor]) {
    sums = withoutGradients {
      parameters.flatMap { parameter in
        let values = parameter.to(.float64)
        return [values.sum().item, (values * values).sum().item]
      }
    }
  }

  /// Whether both may be of one network: each sum to a part of the parameter's length.
  func agrees(with other: Fingerprint) -> Bool {
    guard sums.count == other.sums.count else { return false }
    return stride(from: 0, to: sums.count, by: 2).allSatisfy { i in
      let (square, length) = (other.sums[i + 1], other.sums[i + 1].squareRoot())
      let bound = Self.tolerance * length + Self.least
      return isNear(sums[i], other.sums[i], bound) && isNear(sums[i + 1], square, 2 * length * bound + bound)
    }
  }

  private func isNear(_ a: Double, _ b: Double, _ bound: Double) -> Bool {
    abs(a - b) <= bound || (!a.isFinite && !b.isFinite)
  }

  var bytes: [UInt8] { sums.withUnsafeBytes { Array($0) } }

  init(bytes: [UInt8]) {
    sums = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }
}

extension Peers {
  /// What all processes' parameters are, by rank.
  func fingerprints(of parameters: [Tensor]) throws -> [Fingerprint] {
    try exchange { try group.gather(Fingerprint(parameters).bytes) }.map(Fingerprint.init(bytes:))
  }

  /// Ends the job unless all processes have the same parameters, which they change alike from step to step.
  ///
  /// - Throws: a `PeerFailure` that names the processes that differ from most others, or from the first.
  func checkReplicas(_ all: [Fingerprint]) throws {
    let followers = all.map { one in all.filter { $0.agrees(with: one) }.count }
    guard let most = followers.max(), most < count, let model = followers.firstIndex(of: most) else { return }
    let departed = all.indices.filter { !all[$0].agrees(with: all[model]) }
    throw PeerFailure(
      Problem(
        "the job's processes no longer have the same weights", at: Self.ranks(departed),
        because: "their sums are not those of rank \(model)",
        remedy: "check the memory of that machine, then go on with --resume"),
      tells: isFirst)
  }
}
