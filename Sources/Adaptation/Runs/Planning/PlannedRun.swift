// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// A run about to begin: where it writes, what it goes on from and who is told.
struct PlannedRun {
  let folder: RunFolder
  let start: RunStart
  let observer: RunObserver
  let resources: Resources
  let policy: PlanPolicy
  /// The processes that share the run; nil for a process by itself.
  let peers: Peers?

  /// How many processes share the run, and how many of them this machine has.
  var processes: (all: Int, here: Int) { peers.map { ($0.count, $0.place.localCount) } ?? (1, 1) }

  /// Steps that a run that goes on has done.
  var done: Int {
    guard case .resume = start else { return 0 }
    return folder.storedSteps().first ?? 0
  }

  /// Measures and tells, and refuses what will not fit; makes no file and changes no tensor of the run.
  ///
  /// - `network`: the run's, in memory already.
  /// - `copies`: how often a network's bytes are held between and in steps, for a refusal before measuring.
  /// - Throws: `Problem`; `Interruption` where the user ends it.
  func tell(
    _ network: any Segmenter, copies: Int, crop: PixelSize, _ probe: () throws -> ProbeSubject,
    _ plan: (StepCost) -> Plan
  ) throws {
    guard policy != .off else { return }
    try observer.checkStop()
    let resources =
      onHost(network.store.device) ? resources : Resources(memory: { nil }, disk: resources.disk)
    let least = copies * network.store.byteCount * processes.here
    if let free = resources.memory(), least > free {
      let problem = Problem(
        "the run does not fit in memory", at: network.name,
        because: "its networks alone need about \(bytesText(least)), \(bytesText(free)) are free",
        remedy: "choose a smaller network or free memory")
      if policy == .refuse { throw problem }
      return observer.note("plan: \(problem)")
    }
    let plan = plan(try StepCost.measure(crop: crop, checkStop: observer.checkStop, probe))
    observer.plan(plan)
    observer.note(plan.line(resources))
    for shortage in plan.shortages(resources) {
      if shortage.isCertain, policy == .refuse { throw shortage.problem }
      observer.note("plan: \(shortage.isCertain ? "" : "it may be that ")\(shortage.problem)")
    }
    try observer.checkStop()
  }

  private func onHost(_ device: Device) -> Bool { device == .cpu }

  /// What the run writes into its folder, less what is there and will be replaced.
  ///
  /// - `weights`: how many weights files it leaves.
  /// - `extra`: checkpoints that stay beside the newest `keep`.
  func files(
    _ cost: StepCost, steps: Int, every: Int, keep: Int, weights: Int, extra: Int = 0
  ) -> Plan.Output {
    func bytes(keeping keep: Int) -> Int {
      let written = (steps + every - 1) / every
      // One more than are kept stands there while the newest is written.
      let checkpoints = (min(written - 1, keep) + 1 + extra) * cost.checkpoint
      return checkpoints + weights * cost.network + steps * Self.bytesOfLog - folder.ownBytes
    }
    let wanted = max(0, bytes(keeping: keep))
    let advice = keep > 1 ? "set checkpoint.keep=1 (about \(bytesText(max(0, bytes(keeping: 1))))) or " : ""
    return Plan.Output(path: folder.path, bytes: wanted, remedy: "\(advice)name another --output")
  }

  /// A step's line of `metrics.jsonl`.
  private static let bytesOfLog = 500
}

extension AdaptationSettings {
  /// The plan of a run whose sizes are resolved.
  ///
  /// - `images`: how many, and the size of one.
  /// - `toLabel`: images whose pseudo-labels are not in the cache.
  func runPlan(
    _ cost: StepCost, _ network: any Segmenter, images: (count: Int, size: PixelSize), toLabel: Int,
    cache: String, _ run: PlannedRun
  ) -> Plan {
    guard let size, let crop else { fatalError("sizes were resolved") }
    var passes: [Plan.Pass] = []
    func statistics(after: Bool) {
      passes.append(
        Plan.Pass(
          name: "the normalisation statistics", pixels: images.count * size.area,
          atOnce: (batch + run.processes.all - 1) / run.processes.all * size.area,
          scores: 0, besideSteps: after, remedy: "take a smaller --size or --batch"))
    }
    if network.hasBatchStatistics, initialStatistics == .target { statistics(after: false) }
    if toLabel > 0 {
      let base = Double((pseudoLabels.size ?? size).area)
      let squares = (pseudoLabels.scales ?? pseudoLabels.candidates).map { $0 * $0 }
      let all = base * squares.reduce(0, +) * (pseudoLabels.mirror ? 2 : 1)
      // The sum, what is added to it, and their sum.
      let scores = 3 * 4 * network.classCount * images.size.area
      passes.append(
        Plan.Pass(
          name: "the pseudo-labels", pixels: bounded(Double(toLabel) * all),
          atOnce: Int(base * (squares.max() ?? 1)),
          scores: scores, besideSteps: false,
          remedy: "take smaller images, or a smaller pseudo_labels.size or pseudo_labels.scales"))
    }
    if endsWithStatistics(for: network) { statistics(after: true) }
    if let looks = selectionPass(network, of: images.count, done: run.done) { passes.append(looks) }
    let watches = selectEvery != 0
    let scaled = bounded(min(1e12, Double(size.area) * views.maxScale * views.maxScale))
    var work =
      Plan.Work(
        steps: steps - run.done, batch: batch, crop: crop, multiple: network.sizeMultiple,
        // Three views and a label of each pixel: two batches ahead, one in the making, one in use.
        queuePixel: 4 * (3 * 3 + 1),
        // The decoded image, its resized copies and their colours.
        workers: workers * (6 * images.size.area + 16 * scaled)
          + (watches ? 3 * size.area * min(selection.images ?? 0, images.count) : 0), passes: passes)
    work.processes = run.processes
    work.checkpointEvery = CheckpointInterval(asked: checkpointEvery, steps: steps).planned(
      stepSeconds: work.stepSeconds(cost))
    var files = [
      run.files(
        cost, steps: steps, every: work.checkpointEvery, keep: checkpointKeep,
        weights: network.program == nil ? 2 : 3,
        extra: watches && collapse != .off ? 1 : 0)
    ]
    if toLabel > 0 {
      files.append(
        Plan.Output(
          path: cache, bytes: toLabel * (images.size.area / Self.pixelsOfLabelByte + 1000),
          remedy: "choose another cache folder with IAPC_CACHE"))
    }
    return Plan(work, cost, files: files)
  }

  /// Looks at the network without labels; nil where there are none.
  private func selectionPass(_ network: any Segmenter, of count: Int, done: Int) -> Plan.Pass? {
    guard let size, let every = selectEvery, every > 0, let asked = selection.images else { return nil }
    let images = min(asked, count)
    let looks = (steps + every - 1) / every - done / every + (done == 0 ? 1 : 0)
    let estimates = endsWithStatistics(for: network)
    return Plan.Pass(
      name: "the looks at the network",
      pixels: bounded(
        SelectionSettings.passesOfPoint(estimates) * Double(looks) * Double(images) * Double(size.area)),
      atOnce: (estimates ? min(SelectionSubset.statisticsBatch, images) : 1) * size.area,
      scores: 3 * 4 * network.classCount * size.area, besideSteps: true, remedy: "set selection.every=0")
  }

  /// Pixels of a label map to a byte of its PNG.
  private static let pixelsOfLabelByte = 16
}

extension TrainingSettings {
  /// The plan of a training.
  ///
  /// - `images`: the size of a training image.
  /// - `validation`: how many validation images there are, and the size of one; nil for none.
  func runPlan(
    _ cost: StepCost, _ network: any Segmenter, image: PixelSize,
    validation: (count: Int, size: PixelSize)?, _ run: PlannedRun
  ) -> Plan {
    var passes: [Plan.Pass] = []
    if let validation {
      let scores = (steps + evaluateEvery - 1) / evaluateEvery - run.done / evaluateEvery
      let input = (size ?? validation.size).area
      passes.append(
        Plan.Pass(
          name: "the validation", pixels: bounded(Double(scores) * Double(validation.count) * Double(input)),
          atOnce: input,
          scores: (2 * 4 * network.classCount + 8) * validation.size.area, besideSteps: true,
          remedy: "take smaller validation images"))
    }
    let scaled = bounded(min(1e12, Double((size ?? image).area) * views.maxScale * views.maxScale))
    var work = Plan.Work(
      steps: steps - run.done, batch: batch, crop: crop, multiple: network.sizeMultiple,
      queuePixel: 4 * (3 + 1), workers: workers * (8 * image.area + 8 * scaled), passes: passes)
    work.processes = run.processes
    work.checkpointEvery = CheckpointInterval(asked: checkpointEvery, steps: steps).planned(
      stepSeconds: work.stepSeconds(cost))
    return Plan(
      work, cost,
      files: [
        run.files(
          cost, steps: steps, every: work.checkpointEvery, keep: checkpointKeep,
          weights: validation == nil ? 2 : 4)
      ])
  }
}
