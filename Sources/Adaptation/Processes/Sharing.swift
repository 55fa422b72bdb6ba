// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Segmentation
import Torch

/// What processes pass on to each other besides tensors.
extension Peers {
  /// Runs calls of the group; where they fail, so has the job.
  func exchange<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as TorchError {
      try check()
      throw error
    }
  }

  /// Whether something holds in all processes.
  func all(_ holds: Bool) throws -> Bool {
    let count = group.sum([holds ? 1 : 0])[0]
    try check()
    return Int(count) == self.count
  }

  /// Everybody's files, in the order of the ranks.
  func gathered(_ files: [[UInt8]]) throws -> [[[UInt8]]] {
    let lengths = try exchange { try group.gather(Array(JSONEncoder().encode(files.map(\.count)))) }
    let contents = try exchange { try group.gather(Array(files.joined())) }
    return try zip(lengths, contents).map { lengths, bytes in
      var rest = bytes[...]
      return try JSONDecoder().decode([Int].self, from: Data(lengths)).map { length in
        defer { rest = rest.dropFirst(length) }
        return Array(rest.prefix(length))
      }
    }
  }

  /// Everybody's confusion matrix added up.
  func sum(_ matrix: ConfusionMatrix) throws -> ConfusionMatrix {
    let sums = group.sum((matrix.counts + matrix.unmapped).map(Double.init)).map { Int($0) }
    try check()
    let size = matrix.classCount
    let rows = (0..<size).map { Array(sums[$0 * size..<($0 + 1) * size]) }
    guard let total = ConfusionMatrix(rows: rows, unmapped: Array(sums[(size * size)...])) else {
      fatalError("sums of matrices are no matrix")
    }
    return total
  }

  private struct Stored: Codable {
    let progress: [String: String]
    let tensors: [Entry]
  }

  private struct Entry: Codable {
    let name: String
    let type: Int32
    let shape: [Int]
  }

  /// The checkpoint that the first process found, in all of them: the others need not see its files.
  func shared(_ found: (RunProgress, StepLoop.State)?) throws -> (RunProgress, StepLoop.State)? {
    let own = found.map { progress, state in
      Stored(
        progress: progress.metadata,
        tensors: state.map { Entry(name: $0.name, type: $0.tensor.dtype.rawValue, shape: $0.tensor.shape) })
    }
    let told = try exchange {
      try group.broadcast(isFirst ? own.map { Array(try JSONEncoder().encode($0)) } ?? [] : [])
    }
    guard !told.isEmpty else { return nil }
    let stored = try JSONDecoder().decode(Stored.self, from: Data(told))
    guard let progress = RunProgress(stored.progress) else { return nil }
    let state = try stored.tensors.enumerated().map { index, entry in
      guard let type = DType(rawValue: entry.type) else { fatalError("a tensor of no known type was sent") }
      let tensor = found.map { Tensor($0.1[index].tensor) } ?? Tensor.zeros(entry.shape, dtype: type)
      group.broadcast(tensor)
      try check()
      return (name: entry.name, tensor: tensor.stored)
    }
    return (progress, state)
  }
}
