// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging

/// What a run will need: memory, disk and time, from what its steps were measured to cost.
package struct Plan: Sendable {
  /// The run in numbers.
  package struct Work: Sendable {
    /// Steps that are left.
    package var steps: Int
    package var batch: Int
    package var crop: PixelSize
    /// What a crop's sides are multiples of.
    package var multiple: Int
    /// Bytes of a pixel of the batch in the loader, and bytes that its workers need beside.
    package var queuePixel, workers: Int
    package var passes: [Pass]
    /// Steps from one checkpoint to the next.
    package var checkpointEvery = 0
    /// How many processes share each batch and each pass, and how many of them this machine has.
    package var processes = (all: 1, here: 1)

    /// The samples of a batch that one process has, at most.
    package func own(_ batch: Int) -> Int { (batch + processes.all - 1) / processes.all }

    /// What a step takes.
    func stepSeconds(_ cost: StepCost) -> Double { cost.seconds.at(own(batch) * crop.area) }

    package init(
      steps: Int, batch: Int, crop: PixelSize, multiple: Int, queuePixel: Int = 0, workers: Int = 0,
      passes: [Pass] = []
    ) {
      (self.steps, self.batch, self.crop, self.multiple) = (steps, batch, crop, multiple)
      (self.queuePixel, self.workers, self.passes) = (queuePixel, workers, passes)
    }
  }

  /// Work without gradients before, between or after the steps.
  package struct Pass: Sendable {
    package let name: String
    /// Pixels that the network sees over the whole run, and at once.
    package let pixels, atOnce: Int
    /// Bytes of scores and label maps beside the network's own.
    package let scores: Int
    /// Whether all that the steps need is there too.
    package let besideSteps: Bool
    /// What makes it smaller, as an imperative clause.
    package let remedy: String
  }

  /// Files that a run writes under a path.
  package struct Output: Sendable {
    package let path: String
    /// Bytes beyond those that are there already.
    package let bytes: Int
    /// Where they will not fit.
    package let remedy: String

    package init(path: String, bytes: Int, remedy: String) {
      (self.path, self.bytes, self.remedy) = (path, bytes, remedy)
    }
  }

  package let work: Work
  package let cost: StepCost
  package let files: [Output]

  package init(_ work: Work, _ cost: StepCost, files: [Output] = []) {
    (self.work, self.cost, self.files) = (work, cost, files)
  }

  // MARK: Time and memory

  /// Seconds of computing: steps, and passes before, between and after them.
  package var seconds: Double {
    let passes = work.passes.reduce(0) { $0 + $1.pixels }
    return Double(work.steps) * work.stepSeconds(cost)
      + Double(passes) / Double(work.processes.all) * cost.passSeconds
  }

  /// Bytes that the run takes beyond those of its network, which is loaded, in all its processes on this machine.
  package var memory: Int { largest(work.batch, work.crop).bytes }

  /// Bytes of the steps, a checkpoint's copy of the state included, for a batch and a crop.
  package func steps(_ batch: Int, _ crop: PixelSize) -> Int {
    let pixels = work.own(batch) * crop.area
    let tensors = Double(cost.kept) + Plan.heap * (cost.memory.at(pixels) - Double(cost.kept))
    let state = Double(cost.kept + cost.checkpoint)
    return work.processes.here
      * (bounded(max(tensors, state)) + Plan.libraries + work.queuePixel * pixels + work.workers
        - cost.network)
  }

  /// The part of the run that needs most.
  private func largest(_ batch: Int, _ crop: PixelSize) -> (bytes: Int, pass: Pass?) {
    var found: (bytes: Int, pass: Pass?) = (steps(batch, crop), nil)
    for pass in work.passes {
      let kept = pass.besideSteps ? cost.kept - cost.network : 0
      let bytes =
        work.processes.here
        * (kept + bounded(Plan.heap * (cost.passMemory * Double(pass.atOnce) + Double(pass.scores)))
          + Plan.libraries)
      if bytes > found.bytes { found = (bytes, pass) }
    }
    return found
  }

  /// What the heap and oneDNN's scratch memory hold for a byte of tensors that comes and goes.
  private static let heap = 1.3
  /// What libraries take when they first compute.
  private static let libraries = 50 << 20

  // MARK: Against what is free

  /// Estimates are that uncertain: a run is refused only where more than this over the free memory is needed.
  private static let margin = 1.1
  /// From this share of what is free on, the user is warned.
  private static let near = 0.8

  /// One line: steps, time, checkpoints, memory and disk.
  package func line(_ free: Resources) -> String {
    var text = "plan: \(work.steps) steps, about \(timeText(seconds)); "
    if work.checkpointEvery > 0, work.steps > 0 {
      let between = timeText(Double(work.checkpointEvery) * work.stepSeconds(cost))
      text += "a checkpoint every \(work.checkpointEvery) steps, about \(between); "
    }
    text += "memory about \(bytesText(memory))" + together
    if let free = free.memory() { text += " of \(bytesText(free)) free" }
    if let largest = onDisks(free).max(by: { $0.bytes - $0.free < $1.bytes - $1.free }) {
      text += "; disk about \(bytesText(largest.bytes)) of \(bytesText(largest.free)) free"
    }
    return text
  }

  /// What will not fit, or hardly: the second is true where the run should not begin.
  package func shortages(_ resources: Resources) -> [(problem: Problem, isCertain: Bool)] {
    var found: [(problem: Problem, isCertain: Bool)] = []
    if let free = resources.memory(), Double(memory) > Plan.near * Double(free) {
      found.append((memoryProblem(free), Double(memory) > Plan.margin * Double(free)))
    }
    for disk in onDisks(resources) where Double(disk.bytes) > Plan.near * Double(disk.free) {
      let problem = Problem(
        "the run does not fit on the disk", at: disk.path,
        because: "it writes about \(bytesText(disk.bytes)), \(bytesText(disk.free)) are free",
        remedy: "\(disk.remedy), or go on with --set runtime.plan=warn")
      found.append((problem, disk.bytes > disk.free))
    }
    return found
  }

  /// The files by the disks they lie on; the largest of a disk gives its path and remedy.
  private func onDisks(_ resources: Resources) -> [(path: String, bytes: Int, free: Int, remedy: String)] {
    let placed = files.compactMap { file in resources.disk(file.path).map { (file, $0) } }
    return Dictionary(grouping: placed) { $0.1.number }.values.compactMap { group in
      group.max { $0.0.bytes < $1.0.bytes }.map { largest in
        (
          largest.0.path, group.reduce(0) { $0 + $1.0.bytes }, largest.1.free, largest.0.remedy
        )
      }
    }.sorted { $0.path < $1.path }
  }

  private func memoryProblem(_ free: Int) -> Problem {
    let most = largest(work.batch, work.crop)
    let place = most.pass?.name ?? "--batch \(work.batch), --crop \(work.crop)"
    let what = most.pass == nil ? "the steps need" : "they need"
    let advice = most.pass?.remedy ?? smaller(free)
    return Problem(
      "the run does not fit in memory", at: place,
      because: "\(what) about \(bytesText(most.bytes))\(together), \(bytesText(free)) are free",
      remedy: "\(advice), or go on with --set runtime.plan=warn")
  }

  private var together: String {
    work.processes.here > 1 ? " (\(work.processes.here) processes here)" : ""
  }

  /// The largest batch and the largest crop that fit, with what they would need.
  private func smaller(_ free: Int) -> String {
    let room = Int(Plan.near * Double(free))
    var advice: [String] = []
    if let batch = largestBatch(room) {
      advice.append("--batch \(batch) would need about \(bytesText(steps(batch, work.crop)))")
    }
    for (batch, option) in [(work.batch, ""), (1, "--batch 1 ")] where advice.count < 2 {
      guard let crop = smallerCrops.first(where: { steps(batch, $0) <= room }) else { continue }
      advice.append("\(option)--crop \(crop) would need about \(bytesText(steps(batch, crop)))")
      break
    }
    return advice.isEmpty
      ? "choose a smaller network or free memory: the networks alone take \(bytesText(cost.kept))"
      : advice.joined(separator: ", ")
  }

  /// The largest batch below that of the run that fits; nil where not one image does.
  private func largestBatch(_ room: Int) -> Int? {
    // More images never take less, so the rest is halved until one number is left.
    var (fits, fitsNot) = (0, work.batch)
    while fitsNot - fits > 1 {
      let middle = (fits + fitsNot) / 2
      if steps(middle, work.crop) <= room { fits = middle } else { fitsNot = middle }
    }
    return fits > 0 ? fits : nil
  }

  private var smallerCrops: [PixelSize] {
    func length(_ side: Int, _ eighths: Int) -> Int {
      max(1, side * eighths / 8 / work.multiple) * work.multiple
    }
    return [6, 5, 4, 3, 2].map { eighths in
      PixelSize(width: length(work.crop.width, eighths), height: length(work.crop.height, eighths))
    }
  }
}

/// A number as a whole one; what no machine has, however many of it are added up, is all the same.
func bounded(_ number: Double) -> Int { Int(min(1e15, number)) }

// MARK: Numbers in words

/// Bytes as people read them: "0.9 GiB", "35 MiB".
public func bytesText(_ bytes: Int) -> String {
  let gibibytes = Double(bytes) / Double(1 << 30)
  return gibibytes >= 0.1
    ? String(format: "%.1f GiB", gibibytes) : String(format: "%.0f MiB", Double(bytes) / Double(1 << 20))
}

/// A duration as people read it: "40 s", "8 min", "3.5 h".
func timeText(_ seconds: Double) -> String {
  if seconds < 100 { return String(format: "%.0f s", seconds.rounded(.up)) }
  return seconds < 6000
    ? String(format: "%.0f min", seconds / 60) : String(format: "%.1f h", seconds / 3600)
}
