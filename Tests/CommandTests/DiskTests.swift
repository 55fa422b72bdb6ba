// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A file system of few bytes; only root can mount one.
private final class SmallDisk {
  struct NotMounted: Error {}

  let folder: ScratchFolder
  var path: String { folder.path("disk") }

  init(mebibytes: Int) throws {
    folder = try ScratchFolder()
    _ = try folder.folder("disk")
    guard
      try SmallDisk.run("mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", folder.path("disk")])
    else {
      throw NotMounted()
    }
  }

  deinit { _ = try? SmallDisk.run("umount", [folder.path("disk")]) }

  func grow(mebibytes: Int) throws {
    #expect(try SmallDisk.run("mount", ["-o", "remount,size=\(mebibytes)m", path]))
  }

  /// Takes all the room there is.
  func fill() throws {
    let path = path + "/filler"
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: path))
    var size = 1 << 16
    while size >= 1 {
      do { try file.write(contentsOf: Data(count: size)) } catch { size /= 2 }
    }
    try file.close()
  }

  static let isPossible = getuid() == 0 && (try? SmallDisk(mebibytes: 1)) != nil

  private static func run(_ name: String, _ arguments: [String]) throws -> Bool {
    guard let program = systemProgram(name) else { return false }
    return try Command(arguments, program: program).outcome().status == 0
  }
}

/// Where a tmpfs cannot be mounted these are skipped.
@Suite(.enabled(if: SmallDisk.isPossible, "needs root and tmpfs")) struct DiskTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  @Test(
    "adapt on a disk that fills up leaves whole files only, and goes on when there is room"
  )
  func adaptRunsFull() throws {
    let disk = try SmallDisk(mebibytes: 1)
    let run = "\(disk.path)/run"
    let outcome = try iapc(sample.adapt(to: run, "--steps", "2"))
    #expect(outcome.status == 1 && outcome.output == "")
    let errors = outcome.errorLines.filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1 && outcome.errorLines.last == errors.first)
    #expect(errors.first?.contains("No space left on device") == true)
    #expect(listing(run) == ["checkpoints", "config.yaml", "manifest.json", "metrics.jsonl"])
    try disk.grow(mebibytes: 16)
    try done(["adapt", "--resume", run])
    #expect(exists("\(run)/adapted.safetensors") && exists("\(run)/adapted.pth"))
    #expect(try jsonLines("\(run)/metrics.jsonl").count == 2)
  }

  @Test("adapt on a disk that is full already leaves nothing")
  func adaptOnFull() throws {
    let disk = try SmallDisk(mebibytes: 1)
    try disk.fill()
    let outcome = try iapc(sample.adapt(to: "\(disk.path)/run", "--steps", "2"))
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.last?.hasPrefix("error: ") == true, "\(outcome.errors)")
    #expect(listing(disk.path) == ["filler"])
  }

  @Test("predict and pseudo-label on a full disk leave nothing", arguments: ["predict", "pseudo-label"])
  func predictOnFull(_ command: String) throws {
    let disk = try SmallDisk(mebibytes: 1)
    try disk.fill()
    let arguments = [command, "--weights", sample.weights, "--images", sample.images]
    try expectError(arguments + ["--output", "\(disk.path)/labelled"], saying: "No space left on device")
    #expect(listing(disk.path) == ["filler"])
  }

  @Test("evaluate cannot leave half a result file")
  func evaluateOnFull() throws {
    let disk = try SmallDisk(mebibytes: 1)
    try disk.fill()
    let outcome = try iapc(
      "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels", sample.labels, "--json",
      "\(disk.path)/out.json")
    #expect(outcome.status == 1 && outcome.errorLines.last?.contains("No space left on device") == true)
    #expect(listing(disk.path) == ["filler"])
  }
}
