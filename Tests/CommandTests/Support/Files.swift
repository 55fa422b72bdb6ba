// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation
import TestSupport
import Testing

/// The relative paths of everything in a folder, sorted; nil where there is no such folder.
func listing(_ folder: String) -> [String]? {
  guard FileManager.default.fileExists(atPath: folder) else { return nil }
  return FileManager.default.subpaths(atPath: folder)?.sorted()
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

/// A fixture of another test target.
func fixture(_ name: String, of target: String) -> String {
  let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  return tests.appendingPathComponent("\(target)/Fixtures/\(name)").path
}

/// A JSON object.
func json(_ path: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: bytes(path)) as? [String: Any])
}

/// The objects of a file with one on each line.
func jsonLines(_ path: String) throws -> [[String: Any]] {
  try text(path).split(separator: "\n").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
}

/// A setting of a run's config.yaml by its whole name: `schedule.steps`.
func setting(_ name: String, of run: String) throws -> String {
  try #require(try ConfigFile.read("\(run)/config.yaml").first { $0.name == name }).value
}

private let kept = Guarded<[ScratchFolder]>([])

extension ScratchFolder {
  /// A folder for a static value: as those are never released, it is removed when the tests end.
  static func keptToTheEnd() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let isFirst = kept.withLock { folders in
      folders.append(folder)
      return folders.count == 1
    }
    if isFirst {
      atexit {
        kept.withLock { folders in
          for folder in folders { try? FileManager.default.removeItem(at: folder.url) }
        }
      }
    }
    return folder
  }

  /// Makes a folder with copies of files, under the names given.
  func folder(_ name: String, _ copies: [(from: String, name: String)] = []) throws -> String {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    for copy in copies {
      try FileManager.default.copyItem(atPath: copy.from, toPath: path("\(name)/\(copy.name)"))
    }
    return path(name)
  }

  /// Copies of the sample's images, the third of which is a JPEG that ends half-way.
  func damagedImages(_ sample: Sample) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: sample.images).sorted()
    let images = try folder("damaged", names.map { ("\(sample.images)/\($0)", $0) })
    try FileManager.default.removeItem(atPath: "\(images)/\(names[2])")
    let whole = try bytes(fixture("pictures/baseline.jpg", of: "ImagingTests"))
    let name = names[2].replacingOccurrences(of: ".png", with: ".jpg")
    _ = try file("damaged/\(name)", Array(whole.prefix(whole.count / 2)))
    return images
  }

  /// No file that was being written is left anywhere here.
  func expectNothingPartial(sourceLocation: SourceLocation = #_sourceLocation) {
    let partial = (listing(url.path) ?? []).filter { $0.contains(".partial") }
    #expect(partial == [], sourceLocation: sourceLocation)
  }
}
