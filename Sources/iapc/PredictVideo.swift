// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import Torch

extension Predict {
  /// Labels a video frame by frame: one is held at a time.
  func label(video path: String) throws {
    try checkVideoOutput(for: path)
    let reader = try VideoReader(path)
    let loaded = try network.load(machine)
    loaded.network.store.seal()
    let predictor = Predictor(loaded.network, try prediction.resolved().settings)
    try predictor.check()
    let space = try labelSpace.map(LabelSpace.named) ?? loaded.classes
    let mapping = try LabelMapping(from: loaded.classes, to: space)
    let display = ProgressDisplay()
    display.begin("predict", reader.stream.frames ?? 0)
    let began = Date()
    var writer: VideoWriter?
    func label() throws {
      while let frame = try reader.next() {
        let target = try writer ?? VideoWriter(output, size: frame.size, rate: reader.stream.rate)
        writer = target
        try target.append(space.overlay(mapping(predictor.labels(of: frame)), on: frame, opacity: opacity))
        // Where the file tells too few, the count goes on without a total.
        if let total = reader.stream.frames, reader.count >= total { display.expect(0) }
        display.advance(reader.count)
        if let signal = Signals.current { throw Interruption(signal: signal) }
      }
    }
    do {
      try FailedComputation.rescuing { _ in
        guard let writer, (try? writer.finish()) ?? false else { return nil }
        return FailedComputation.Kept("\(writer.count) frames are kept in \(output)")
      } _: {
        try label()
      }
    } catch let problem as Problem {
      guard let writer, try writer.finish() else { throw problem }
      throw Problem(
        problem.what, at: problem.place, because: problem.why,
        remedy: "\(writer.count) frames are kept in \(output); \(problem.remedy)")
    } catch {
      if let writer, try writer.finish() { display.note("kept \(writer.count) frames: \(output)") }
      throw error
    }
    guard let writer else { throw Self.empty(path) }
    try writer.finish()
    display.expect(writer.count)
    display.advance(writer.count)
    let seconds = Date().timeIntervalSince(began)
    let rate = String(format: "%.1f frames/s in %.1f s", Double(writer.count) / seconds, seconds)
    let memory = bytesText(ProcessMemory.peak)
    EventLog.leave(["output": output])
    print("labelled \(writer.count) frames, \(rate), memory \(memory) at most: \(output)")
  }

  private func checkVideoOutput(for video: String) throws {
    try VideoWriter.form(of: output)
    func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    guard real(output) != real(video) else {
      throw Problem(
        "cannot write the video", at: output, because: "it is the one to be read", remedy: "name another file"
      )
    }
    try checkNewFile(output, overwrite: overwrite)
  }

  private static func empty(_ path: String) -> Problem {
    Problem(
      "cannot read the video", at: path, because: "it has no frame",
      remedy: "give a file that FFmpeg can play")
  }
}
