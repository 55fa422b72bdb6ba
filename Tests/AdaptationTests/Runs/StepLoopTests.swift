// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import TestSupport
import Testing
import Torch

/// The loop of steps over a state of one number, the sum of the batches that were taken.
@Suite("The steps of a run")
struct StepLoopTests {
  /// A run whose step of index i adds i, unless it is one of `bad`.
  private final class Run {
    let folder: RunFolder
    var settings = AdaptationSettings()
    var bad: Set<Int> = []
    /// What is no number in bad steps.
    var loss = Double.nan, gradient = Double.nan
    /// The index at which the batch cannot be read.
    var unreadable: Int?
    /// The step whose checkpoint stays.
    var kept: (Int) -> Int? = { _ in nil }
    private(set) var notes: [String] = []
    private var sum: Float = 0

    init(_ folder: ScratchFolder, _ name: String) throws {
      self.folder = RunFolder(folder.path(name))
      (settings.steps, settings.checkpointEvery, settings.notFinite) = (8, 100, .skip)
      try self.folder.prepare(overwrite: false)
    }

    @discardableResult
    func go(_ start: RunStart = .new(overwrite: false)) throws -> Float {
      sum = 0
      notes = []
      var observer = RunObserver()
      observer.note = { self.notes.append($0) }
      var loop = StepLoop(settings, folder, observer)
      loop.kept = kept
      let done = try loop.restore(start) { stored in
        self.sum = Tensor(stored[0].tensor).scalars(as: Float.self)[0]
        return LoadReport()
      }
      _ = try loop.run(from: done, state: { [("sum", Tensor([self.sum], shape: [1]).stored)] }) { index in
        if index == self.unreadable {
          throw Problem("cannot read the image", at: "a.png", because: "it is gone", remedy: "restore it")
        }
        let isBad = self.bad.contains(index)
        if !isBad { self.sum += Float(index) }
        let report = StepReport(
          total: isBad ? self.loss : 1, terms: [("ce", isBad ? self.loss : 1), ("im", 0)],
          gradientNorm: isBad ? self.gradient : 2, isApplied: !isBad)
        return StepRecord(
          step: index + 1, report: report, learningRate: 0.5, seconds: 0, images: ["img/\(index).png"])
      }
      return sum
    }
  }

  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test("leaves out what cannot be taken, logs it as skipped, and says what and how many")
  func skipped() throws {
    let run = try Run(folder, "run")
    run.bad = [2, 5]
    #expect(try run.go() == 0 + 1 + 3 + 4 + 6 + 7)
    let lines = try objects(run.folder.metrics)
    #expect(lines.map { $0["step"] as? Int } == Array(1...8))
    #expect(lines.map { $0["skipped"] as? Bool == true } == (0..<8).map { [2, 5].contains($0) })
    #expect(lines[0]["gradient_norm"] as? Double == 2 && lines[2]["gradient_norm"] is NSNull)
    #expect(run.notes.first == "skipped step 3, ce, gradient, img/2.png: its loss is no number")
    #expect(run.notes.last == "skipped 2 of 8 steps")
  }

  @Test("end where one cannot be taken, with the state before it saved, and go on where they may be left out")
  func stopped() throws {
    let run = try Run(folder, "run")
    (run.bad, run.settings.notFinite) = ([5], .stop)
    let found = try #require(problem { try run.go() })
    #expect(found.what == "the loss is no longer a number")
    #expect(found.place == "step 6, ce, gradient, img/5.png")
    #expect(found.why == "the last good checkpoint is of step 5")
    #expect(found.remedy.contains("--resume \(run.folder.path) --set runtime.on_nan=skip"))
    #expect(contents(run.folder.checkpoints) == ["step-000005.safetensors"])
    #expect(try objects(run.folder.metrics).count == 5)
    run.settings.notFinite = .skip
    #expect(try run.go(.resume) == 28 - 5)
    #expect(try objects(run.folder.metrics).count == 8)
  }

  @Test("end at a gradient that is no number though the loss is one")
  func gradient() throws {
    let run = try Run(folder, "run")
    (run.bad, run.loss, run.gradient, run.settings.notFinite) = ([0], 3, .infinity, .stop)
    let found = try #require(problem { try run.go() })
    #expect(found.what == "the gradient is no longer a number")
    #expect(found.place == "step 1, gradient, img/0.png" && found.why == "no step before it was good")
  }

  @Test("end after too many skips in a row, which a break does not reset and a step that is taken does")
  func tooMany() throws {
    let run = try Run(folder, "run")
    (run.bad, run.settings.mostSkipped) = ([0, 1, 3, 4, 5], 2)
    let found = try #require(problem { try run.go() })
    #expect(found.place.hasPrefix("step 6,") && found.why.contains("runtime.max_skipped is 2"))
    #expect(found.why.hasSuffix("of step 5") && !found.remedy.contains("runtime.on_nan"))
    #expect(problem { try run.go(.resume) }?.place.hasPrefix("step 6,") == true)
    run.settings.mostSkipped = 3
    #expect(try run.go(.resume) == 2 + 6 + 7)
    #expect(run.notes.last == "skipped 5 of 8 steps")
  }

  @Test("that end for any other reason leave the state before it, too")
  func failed() throws {
    let run = try Run(folder, "run")
    run.unreadable = 3
    #expect(problem { try run.go() }?.place == "a.png")
    #expect(contents(run.folder.checkpoints) == ["step-000003.safetensors"])
    run.unreadable = nil
    #expect(try run.go(.resume) == 28)
  }

  @Test("keep the checkpoint of a step that is to stay beside the newest, due or not", arguments: [1, 100])
  func stays(_ every: Int) throws {
    let run = try Run(folder, "run")
    (run.settings.checkpointEvery, run.settings.checkpointKeep) = (every, 1)
    run.kept = { [0, 0, 2, 2, 2, 5][min($0, 5)] }
    run.settings.steps = 4
    try run.go()
    #expect(contents(run.folder.checkpoints) == ["step-000002.safetensors", "step-000004.safetensors"])
    run.settings.steps = 8
    #expect(try run.go(.resume) == 28)
    #expect(contents(run.folder.checkpoints) == ["step-000005.safetensors", "step-000008.safetensors"])
  }

  // MARK: Lines

  /// A run that was stopped after 5 steps, and the lines of one that never was.
  private func interrupted() throws -> (run: Run, whole: [UInt8]) {
    let whole = try Run(folder, "whole")
    try whole.go()
    let run = try Run(folder, "run")
    run.settings.steps = 5
    try run.go()
    run.settings.steps = 8
    return (run, try bytes(whole.folder.metrics))
  }

  private func write(_ text: some Collection<UInt8>, to run: Run) throws {
    try Data(text).write(to: URL(fileURLWithPath: run.folder.metrics))
  }

  @Test("write the lines of a run without a break after lines of lost work, and after half a line")
  func lines() throws {
    for more in [true, false] {
      let (run, whole) = try interrupted()
      let lines = whole.split(separator: 10, omittingEmptySubsequences: true)
      // A line of another loss: work that was lost need not have been the same.
      let lost = Array(String(decoding: lines[5], as: UTF8.self).replacing("1.0", with: "9.0").utf8)
      try write(
        try bytes(run.folder.metrics) + (more ? lost + [10] + lines[6].prefix(9) : lost.prefix(9)), to: run)
      try run.go(.resume)
      #expect(try bytes(run.folder.metrics) == whole)
      #expect(run.notes == ["resumed after step 5"])
      for name in ["run", "whole"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
    }
  }

  @Test("say so where lines are missing, and keep the numbers of the others")
  func missing() throws {
    let (run, whole) = try interrupted()
    let lines = whole.split(separator: 10)
    try write(Array([lines[0], lines[1].prefix(20), lines[3]].joined(separator: [10])), to: run)
    try run.go(.resume)
    #expect(try objects(run.folder.metrics).map { $0["step"] as? Int } == [1, 4, 6, 7, 8])
    let gap = "lacks 3 of the 5 steps that were done, first step 2: it goes on without them"
    #expect(run.notes.last == "\(run.folder.metrics) \(gap)")
    try FileManager.default.removeItem(atPath: run.folder.metrics)
    try run.go(.resume)
    #expect(run.notes.last?.contains("lacks 8 of the 8 steps") == true)
  }

  @Test("take away what a killed process left half-written, and nothing else")
  func temporaries() throws {
    let (run, _) = try interrupted()
    let mine = [".metrics.jsonl.partial", ".notes.txt.1z.partial", ".config.yaml.1Z.partial", "a.partial"]
    let left = [".metrics.jsonl.1z.partial", ".last.pth.3w5e11264sgsf.partial"]
    for name in mine + left { try write([1], named: name, in: run) }
    try write([1], named: "checkpoints/.step-000006.safetensors.a0.partial", in: run)
    try run.go(.resume)
    #expect(contents(run.folder.path) == (mine + ["checkpoints", "metrics.jsonl", "tensorboard"]).sorted())
    #expect(contents(run.folder.checkpoints) == ["step-000005.safetensors", "step-000008.safetensors"])
    for name in left { try write([1], named: name, in: run) }
    try write([1], named: "config.yaml", in: run)
    try run.folder.prepare(overwrite: true)
    #expect(contents(run.folder.path) == (mine + ["checkpoints"]).sorted())
  }

  private func write(_ bytes: [UInt8], named name: String, in run: Run) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(run.folder.path)/\(name)"))
  }
}
