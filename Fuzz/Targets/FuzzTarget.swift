// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A reader of files as a function of a file's bytes, for `make fuzz` and the replay of its corpus.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case pickle
  case zip
  case safetensors
  case png
  case jpeg
  case webp
  case tiff
  case bmp
  case config
  case dataset
  case list

  /// Reads a file of these bytes as the commands do, and checks what comes of it.
  ///
  /// - `folder`: where the file is written for readers that take a path; one thread at a time may use it.
  /// - Throws: a `Problem` where the reader refuses the file. Any other error is a finding.
  package func read(_ bytes: [UInt8], in folder: String) throws {
    switch self {
    case .pickle, .zip, .safetensors:
      try readCheckpoint(at: file("input.pth", bytes, in: folder), size: bytes.count)
    case .png: try readPNG(bytes)
    case .jpeg: try readColours(bytes)
    case .webp, .tiff, .bmp: try readColoursAndLabels(bytes)
    case .config: try readConfig(at: file("input.yaml", bytes, in: folder))
    case .dataset: try readDataSet(at: file("input.yaml", bytes, in: folder))
    case .list: try readList(at: file("input.txt", bytes, in: folder), in: folder)
    }
  }

  private func file(_ name: String, _ bytes: [UInt8], in folder: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}

/// What a reader gave although it must not: the finding of a fuzz target.
package struct Broken: Error, CustomStringConvertible {
  package let description: String
}

/// - Throws: `Broken` unless the condition holds.
func expect(_ holds: Bool, _ finding: @autoclosure () -> String) throws {
  guard holds else { throw Broken(description: finding()) }
}

/// Runs all the steps, then throws the first `Problem` that one of them met; another error ends it at once.
func attempt(_ steps: [() throws -> Void]) throws {
  var first: Problem?
  for step in steps {
    do { try step() } catch let problem as Problem { first = first ?? problem }
  }
  if let first { throw first }
}
