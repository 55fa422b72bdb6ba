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

  /// Gives back some of the room that `fill` took.
  func free(_ count: Int) throws {
    let file = try #require(FileHandle(forWritingAtPath: path + "/filler"))
    let size = try file.seekToEnd()
    try file.truncate(atOffset: size - UInt64(count))
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
    let refused = try iapc(sample.adapt(to: run, "--steps", "2"))
    #expect(refused.status == 1 && refused.errors.contains("error: the run does not fit on the disk"))
    #expect(!exists(run))
    let outcome = try iapc(sample.adapt(to: run, "--steps", "2", "--set", "runtime.plan=warn"))
    #expect(outcome.status == 1 && outcome.output == "")
    let errors = outcome.errorLines.filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1 && outcome.errorLines.last == errors.first)
    #expect(errors.first?.contains("No space left on device") == true)
    #expect(
      listing(run)?.filter { !$0.hasPrefix("tensorboard/") } == [
        "checkpoints", "config.yaml", "manifest.json", "metrics.jsonl", "tensorboard",
      ])
    try disk.grow(mebibytes: 16)
    try done(["adapt", "--resume", run])
    #expect(exists("\(run)/adapted.safetensors") && exists("\(run)/adapted.pth"))
    #expect(try jsonLines("\(run)/metrics.jsonl").count == 2)
  }

  @Test("adapt that goes on upon a full disk keeps its checkpoint, and ends with the same bytes given room")
  func resumeOnFull() throws {
    let disk = try SmallDisk(mebibytes: 16)
    let (run, whole) = ("\(disk.path)/run", sample.folder.path("whole-\(UUID().uuidString)"))
    try done(
      sample.adapt(
        to: whole, "--steps", "4", "--set", "schedule.warm_up=0", "--set", "schedule.total_steps=100"))
    try done(
      sample.adapt(
        to: run, "--steps", "2", "--set", "schedule.warm_up=0", "--set", "schedule.total_steps=100"))
    let before = try bytes("\(run)/checkpoints/step-000002.safetensors")
    // First not even a line has room, then lines have and a checkpoint has not.
    for room in [0, 256 << 10] {
      try disk.fill()
      if room > 0 { try disk.free(room) }
      let outcome = try iapc("adapt", "--resume", run, "--steps", "4")
      #expect(outcome.status == 1 && outcome.output == "")
      #expect(outcome.errorLines.last?.hasPrefix("error: ") == true, "\(outcome.errors)")
      #expect(outcome.errorLines.last?.contains("No space left on device") == true, "\(outcome.errors)")
      #expect(outcome.errorLines.last?.contains("needed") == true)
      #expect(listing("\(run)/checkpoints") == ["step-000002.safetensors"])
      #expect(try bytes("\(run)/checkpoints/step-000002.safetensors") == before)
      try FileManager.default.removeItem(atPath: disk.path + "/filler")
    }
    try done(["adapt", "--resume", run, "--steps", "4"])
    #expect(try bytes("\(run)/adapted.safetensors") == bytes("\(whole)/adapted.safetensors"))
    #expect(try jsonLines("\(run)/metrics.jsonl").compactMap { $0["step"] as? Int } == [1, 2, 3, 4])
  }

  @Test("adapt on a disk that is full already leaves nothing")
  func adaptOnFull() throws {
    let disk = try SmallDisk(mebibytes: 1)
    try disk.fill()
    let outcome = try iapc(sample.adapt(to: "\(disk.path)/run", "--steps", "2", "--set", "runtime.plan=warn"))
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
