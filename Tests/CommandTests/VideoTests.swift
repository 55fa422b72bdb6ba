// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

private let hasFFmpeg = systemProgram("ffmpeg") != nil && systemProgram("ffprobe") != nil

@Suite(.enabled(if: hasFFmpeg, "install ffmpeg to test predict --video"))
struct VideoTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  /// Runs one of FFmpeg's programs to a good end.
  @discardableResult
  private static func run(_ program: String, _ arguments: String...) throws -> String {
    let path = try #require(systemProgram(program))
    let outcome = try Command(["-v", "error"] + arguments, program: path).outcome()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output
  }

  /// 300 frames as H.264, in which a camera passes drawn streets; made once.
  private static let drive = Result {
    let folder = try ScratchFolder.keptToTheEnd()
    let scenes = folder.path("scenes")
    try done(["data", "streets", "--size", "96x48", "--count", "30", "--no-labels", "--output", scenes])
    // Ten frames a scene; the headers first, so that a file that is cut still says what it held.
    try run(
      "ffmpeg", "-framerate", "3", "-i", "\(scenes)/images/noon_%05d.png", "-vf",
      "fps=30,crop=64:48:2*mod(n\\,10):0", "-frames:v", "300", "-c:v", "libx264", "-g", "12", "-pix_fmt",
      "yuv420p", "-movflags", "+faststart", folder.path("drive.mp4"))
    return folder.path("drive.mp4")
  }

  private func predict(_ video: String, to output: String, _ more: String...) -> [String] {
    ["predict", "--weights", sample.weights, "--video", video, "--output", output] + more
  }

  /// What decoding a whole file gives: `WIDTH,HEIGHT,FORMAT,RATE,FRAMES`.
  private func decoded(_ path: String) throws -> String {
    let entries = "stream=codec_name,width,height,pix_fmt,avg_frame_rate,nb_read_frames"
    let text = try Self.run(
      "ffprobe", "-count_frames", "-show_entries", entries, "-of", "csv=print_section=0", path)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func frames(_ path: String) throws -> Int {
    try #require(try decoded(path).split(separator: ",").last.flatMap { Int($0) })
  }

  @Test("A drive comes back as overlays with every frame at its place and the same rate")
  func drive() throws {
    try withTemporaryFolder { folder in
      let (drive, output) = (try Self.drive.get(), folder.path("labelled.mp4"))
      #expect(try decoded(drive) == "h264,64,48,yuv420p,30/1,300")
      // Clear areas of colour, which H.264 keeps; of a network that knows nothing they would be specks.
      let weights = Fixtures.repository.appendingPathComponent("demo/source.safetensors").path
      let outcome = try done(["predict", "--weights", weights, "--video", drive, "--output", output])
      #expect(try decoded(output) == "h264,64,48,yuv420p,30/1,300")
      #expect(
        outcome.output.contains(/labelled 300 frames, [0-9.]+ frames\/s in [0-9.]+ s, memory [0-9.]+ GiB/))
      folder.expectNothingPartial()
      // Frames that lie apart, as `predict` labels them one by one.
      let select = "select=eq(n\\,0)+eq(n\\,155)+eq(n\\,299)"
      for (video, name) in [(drive, "in"), (output, "out")] {
        _ = try folder.folder(name)
        try Self.run("ffmpeg", "-i", video, "-vf", select, "-vsync", "0", folder.path("\(name)/%d.png"))
      }
      try done([
        "predict", "--weights", weights, "--images", folder.path("in"), "--output",
        folder.path("single"),
      ])
      for first in 1...3 {
        let wanted = try ImageFile.readRGB(folder.path("single/overlays/\(first).png"))
        for second in 1...3 {
          let found = try ImageFile.readRGB(folder.path("out/\(second).png"))
          let sum = zip(wanted.pixels, found.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
          #expect((Double(sum) / Double(wanted.pixels.count) < 8) == (first == second))
        }
      }
    }
  }

  @Test("Odd sizes get a column and a row more, and other forms are read and written")
  func odd() throws {
    try withTemporaryFolder { folder in
      let (input, output) = (folder.path("odd.mkv"), folder.path("labelled.mov"))
      try Self.run(
        "ffmpeg", "-i", Self.drive.get(), "-vf", "format=gbrp,crop=63:47", "-frames:v", "5", "-c:v", "ffv1",
        input)
      try done(predict(input, to: output, "--opacity", "0.7"))
      #expect(try decoded(output) == "h264,64,48,yuv420p,30/1,5")
    }
  }

  @Test("A file that is cut is one error, and what was labelled plays", arguments: ["mp4", "mkv"])
  func cut(_ form: String) throws {
    try withTemporaryFolder { folder in
      try Self.run(
        "ffmpeg", "-i", Self.drive.get(), "-c", "copy", "-movflags", "+faststart",
        folder.path("whole.\(form)"))
      let whole = [UInt8](try bytes(folder.path("whole.\(form)")))
      let cut = try folder.file("cut.\(form)", Array(whole.prefix(whole.count / 2)))
      let output = folder.path("labelled.mp4")
      let outcome = try iapc(predict(cut, to: output))
      #expect(outcome.status == 1 && outcome.exited && outcome.output == "")
      let errors = outcome.errorLines.filter { !$0.hasPrefix("predict ") }
      #expect(errors.count == 1 && errors[0].hasPrefix("error: the video breaks off (\(cut)): "))
      let kept = try frames(output)
      #expect((20..<290).contains(kept))
      #expect(errors.first?.contains("after frame \(kept); \(kept) frames are kept in \(output)") == true)
      folder.expectNothingPartial()
    }
  }

  @Test("What is no video, has a wrong name or is there already is one error, and leaves no file")
  func refused() throws {
    try withTemporaryFolder { folder in
      let (drive, output) = (try Self.drive.get(), folder.path("labelled.mp4"))
      let garbage = try folder.file(
        "garbage.mp4", (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 3) })
      try expectError(predict(garbage, to: output), saying: "cannot read the video", garbage)
      try expectError(predict(folder.path("none.mp4"), to: output), saying: "there is no such file")
      try expectError(predict(folder.url.path, to: output), saying: "it is a folder")
      try expectError(predict(drive, to: folder.path("labelled.avi")), saying: ".mkv", ".mp4")
      try expectError(predict(drive, to: folder.path("no/labelled.mp4")), saying: "its folder does not exist")
      let there = try folder.file("there.mp4", [1, 2, 3])
      try expectError(predict(drive, to: there), saying: "--overwrite")
      try expectError(predict(garbage, to: there, "--overwrite"), saying: "cannot read the video")
      try expectError(predict(there, to: there, "--overwrite"), saying: "it is the one to be read")
      #expect(try bytes(there) == Data([1, 2, 3]))
      #expect(listing(folder.url.path) == ["garbage.mp4", "there.mp4"])
    }
  }

  @Test("Without FFmpeg the error says how to get it")
  func missing() throws {
    try withTemporaryFolder { folder in
      let outcome = try Command(
        predict(try Self.drive.get(), to: folder.path("labelled.mp4")), environment: ["PATH": folder.url.path]
      ).outcome()
      #expect(outcome.status == 1 && outcome.errorLines.count == 1)
      #expect(outcome.errors.contains("apt-get install ffmpeg"))
    }
  }

  @Test("A signal finishes the file", arguments: [SIGINT, SIGTERM])
  func stopped(_ signal: Int32) throws {
    try withTemporaryFolder { folder in
      let output = folder.path("labelled.mp4")
      // Large inputs make it last.
      let command = try Command(predict(try Self.drive.get(), to: output, "--size", "512x384"))
      while command.isRunning, listing(folder.url.path)?.contains(where: { $0.hasSuffix(".partial") }) != true
      {
        usleep(2000)
      }
      command.send(signal)
      let outcome = try command.outcome()
      #expect(outcome.exited && outcome.status == 128 + signal, "\(outcome.errors)")
      let kept = try frames(output)
      #expect((1..<300).contains(kept))
      #expect(outcome.errors.contains("kept \(kept) frames: \(output)"))
      folder.expectNothingPartial()
    }
  }
}
