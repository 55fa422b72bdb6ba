// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("The plan before a run")
struct PlanTests {
  /// A machine with so much free, in MiB, on one disk.
  private func machine(memory: Int = 1 << 20, disk: Int = 1 << 20) -> Resources {
    Resources(memory: { memory << 20 }, disk: { _ in Resources.Disk(number: 1, free: disk << 20) })
  }

  private let cost = StepCost(
    network: 10 << 20, kept: 40 << 20, memory: .init(fixed: 50 * 1_048_576, slope: 1024),
    seconds: .init(fixed: 0.1, slope: 1e-6), passMemory: 256, passSeconds: 1e-7, checkpoint: 30 << 20)

  private func plan(batch: Int, _ width: Int, _ height: Int) -> Plan {
    Plan(
      Plan.Work(steps: 600, batch: batch, crop: PixelSize(width: width, height: height), multiple: 8), cost,
      files: [
        Plan.Output(path: "runs/a", bytes: 300 << 20, remedy: "set checkpoint.keep=1"),
        Plan.Output(path: "cache", bytes: 100 << 20, remedy: "choose another cache"),
      ])
  }

  @Test("One line tells steps, time, memory and disk")
  func line() {
    let text = plan(batch: 4, 640, 480).line(machine(memory: 20 << 10, disk: 300 << 10))
    #expect(
      text == "plan: 600 steps, about 13 min; memory about 1.6 GiB of 20.0 GiB free; "
        + "disk about 0.4 GiB of 300.0 GiB free")
  }

  @Test("The line tells how often the state is saved, and how much work lies between")
  func checkpoints() {
    var work = plan(batch: 4, 640, 480).work
    work.checkpointEvery = 150
    let text = Plan(work, cost).line(machine(memory: 20 << 10))
    #expect(
      text.hasPrefix("plan: 600 steps, about 13 min; a checkpoint every 150 steps, about 3 min; memory"))
  }

  @Test("What would do is found at once, however many images were asked for")
  func largeBatch() throws {
    let began = ContinuousClock.now
    let found = plan(batch: 1 << 40, 640, 480).shortages(machine(memory: 1300))
    #expect(try #require(found.first).problem.remedy.hasPrefix("--batch 2 would need about 0.9 GiB"))
    #expect(ContinuousClock.now - began < .seconds(1))
  }

  @Test("Processes share the batch and the passes, and those of this machine its memory")
  func processes() {
    let alone = plan(batch: 2, 640, 480)
    var work = plan(batch: 8, 640, 480).work
    work.processes = (all: 4, here: 2)
    let shared = Plan(work, cost)
    #expect(shared.memory == 2 * alone.memory && shared.seconds == alone.seconds)
    let line = shared.line(machine(memory: 20 << 10))
    #expect(line.contains("(2 processes here) of 20.0 GiB free"), "\(line)")
    // One more sample in one process's part is as much as one in each.
    work.batch = 7
    #expect(Plan(work, cost).memory == shared.memory)
  }

  @Test("Too little memory is told with the batch and the crop that would do")
  func memoryAdvice() throws {
    // 93 MiB and 390 a sample: 1.3 times the tensors that come and go, and 50 MiB of libraries.
    let found = plan(batch: 4, 640, 480).shortages(machine(memory: 1300))
    #expect(found.count == 1 && found[0].isCertain)
    let remedy = "--batch 2 would need about 0.9 GiB, --crop 480x360 would need about 0.9 GiB"
    #expect(
      found[0].problem.description == "the run does not fit in memory (--batch 4, --crop 640x480): the steps "
        + "need about 1.6 GiB, 1.3 GiB are free; \(remedy), or go on with --set runtime.plan=warn")
  }

  @Test(
    "A run is refused above 1.1 times the free memory and warned of from 0.8 times on",
    arguments: [(2100, 0, false), (2000, 1, false), (1510, 1, false), (1490, 1, true)])
  func margins(memory: Int, count: Int, isCertain: Bool) {
    let found = plan(batch: 4, 640, 480).shortages(machine(memory: memory))
    #expect(found.count == count)
    #expect((found.first?.isCertain ?? false) == isCertain)
  }

  @Test("Files on one disk are added up")
  func diskAdvice() {
    let found = plan(batch: 1, 64, 64).shortages(machine(disk: 350))
    #expect(
      found.map(\.problem.description) == [
        "the run does not fit on the disk (runs/a): it writes about 0.4 GiB, 0.3 GiB are free; "
          + "set checkpoint.keep=1, or go on with --set runtime.plan=warn"
      ])
    #expect(found.map(\.isCertain) == [true])
    #expect(plan(batch: 1, 64, 64).shortages(machine(disk: 600)).isEmpty)
  }

  @Test(
    "Small steps tell the memory of large ones within a tenth",
    arguments: [(160, 128, 2), (256, 192, 3)])
  func memoryOfSteps(width: Int, height: Int, batch: Int) throws {
    let network = ESPNet(.init(outputs: 11), classCount: 11, seed: 4)
    let settings = AdaptationSettings(profile: .paper)
    let crop = PixelSize(width: width, height: height)
    // Small enough that nothing near the size itself is measured.
    let cost = try StepCost.measure(crop: PixelSize(width: 64, height: 64)) { try settings.probe(network) }
    let peak = MemoryCounter.count { counter in
      let method = settings.makeMethod(network.copy())
      let shape = [batch, 3, height, width]
      func step() {
        let labels = Tensor.zeros([batch, height, width], dtype: .int64)
        _ = method.step(
          TargetBatch(
            images: .ones(shape), scaled: .ones(shape), augmented: .ones(shape), pseudoLabels: labels),
          learningRate: 0)
      }
      step()
      _ = counter.takePeak()
      step()
      return counter.takePeak()
    }
    let estimate = cost.memory.at(batch * crop.area)
    #expect(estimate > 0.9 * Double(peak) && estimate < 1.1 * Double(peak), "\(estimate) of \(peak)")
    #expect(cost.kept > 4 * cost.network - 65536 && cost.kept < 5 * cost.network)
  }

  @Test("The disk's estimate is what checkpoints take")
  func checkpointBytes() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("a") { ($0.checkpointEvery, $0.checkpointKeep) = (1, 3) }
    let network = try NetworkFile.load(fixtures.settings.weightsFile).network
    let cost = try StepCost.measure(crop: PixelSize(width: 24, height: 16)) {
      try fixtures.settings.probe(network)
    }
    let sizes = try contents(run.checkpoints).map { try bytes("\(run.checkpoints)/\($0)").count }
    #expect(sizes.count == 3)
    for size in sizes { #expect(abs(Double(cost.checkpoint) / Double(size) - 1) < 0.05, "\(size)") }
  }

  @Test("The plan changes no byte of a run")
  func bytesOfRun() throws {
    let fixtures = try RunFixtures()
    var notes: [String] = []
    var observer = RunObserver()
    observer.note = { notes.append($0) }
    let with = try fixtures.run("with", observer: observer) { $0.steps = 3 }
    #expect(notes.filter { $0.hasPrefix("plan: 3 steps, about ") }.count == 1)
    notes = []
    let without = try fixtures.run("without", observer: observer) { ($0.steps, $0.plan) = (3, .off) }
    #expect(!notes.contains { $0.hasPrefix("plan:") })
    #expect(try bytes(with.adaptedSafetensors) == bytes(without.adaptedSafetensors))

    let training = try TrainingFixtures()
    let trained = try training.train("with", observer: observer) { $0.steps = 3 }
    #expect(notes.filter { $0.hasPrefix("plan: 3 steps, about ") }.count == 1)
    let plain = try training.train("without") { ($0.steps, $0.plan) = (3, .off) }
    #expect(try bytes(trained.weights("last").safetensors) == bytes(plain.weights("last").safetensors))
  }

  @Test("A refused run makes nothing, and runtime.plan=warn goes on")
  func refusal() throws {
    let fixtures = try RunFixtures()
    var settings = fixtures.settings
    settings.output = fixtures.folder.path("refused")
    for small in [machine(memory: 0), machine(memory: 30), machine(disk: 0)] {
      let run = AdaptationRun(settings, cache: fixtures.cache)
      run.resources = small
      let problem = #expect(throws: Problem.self) { try run.run(.new(overwrite: false)) }
      #expect(problem?.what.hasPrefix("the run does not fit") == true)
    }
    #expect(!FileManager.default.fileExists(atPath: settings.output))
    #expect(!FileManager.default.fileExists(atPath: fixtures.cache))
    settings.plan = .warn
    var notes: [String] = []
    var observer = RunObserver()
    observer.note = { notes.append($0) }
    let run = AdaptationRun(settings, cache: fixtures.cache, observer: observer)
    run.resources = machine(memory: 30)
    try run.run(.new(overwrite: false))
    #expect(notes.contains { $0.hasPrefix("plan: the run does not fit in memory") })

    let training = try TrainingFixtures()
    var trained = training.settings
    trained.output = training.folder.path("refused")
    var trainer = SourceTrainer(trained)
    trainer.resources = machine(disk: 0)
    #expect(throws: Problem.self) { try trainer.run(.new(overwrite: false)) }
    #expect(!FileManager.default.fileExists(atPath: trained.output))
  }

  @Test("Half as many checkpoints need less room, and a run that goes on needs no more than is missing")
  func diskOfResumedRun() throws {
    let fixtures = try RunFixtures()
    let run = try fixtures.run("a") { ($0.steps, $0.checkpointEvery) = (4, 1) }
    // What is written again lies there: next to nothing is needed.
    var settings = fixtures.settings
    (settings.output, settings.checkpointEvery, settings.steps) = (run.path, 1, 5)
    let again = AdaptationRun(settings, cache: fixtures.cache)
    let size = try bytes("\(run.checkpoints)/\(contents(run.checkpoints)[0])").count
    again.resources = Resources(
      memory: { 1 << 40 }, disk: { _ in Resources.Disk(number: 1, free: size + 65536) })
    try again.run(.resume)
    let fresh = AdaptationRun(settings, cache: fixtures.folder.path("other-cache"))
    fresh.resources = again.resources
    try fresh.run(.new(overwrite: true))
  }

  @Test("This machine's free memory and disk can be told")
  func thisMachine() throws {
    let resources = Resources.ofThisMachine
    let memory = try #require(resources.memory())
    #expect(memory > 1 << 20 && memory <= Int(ProcessInfo.processInfo.physicalMemory))
    let folder = try ScratchFolder()
    let here = try #require(resources.disk(folder.path("")))
    #expect(here.free > 0)
    #expect(resources.disk(folder.path("not/there/yet"))?.number == here.number)
  }
}
