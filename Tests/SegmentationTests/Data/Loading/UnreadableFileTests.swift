// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Batches with unreadable files")
struct UnreadableFileTests {
  private struct Made: Equatable, Sendable {
    let index: Int
    let position: Int
    let random: UInt64
  }

  private func loader(
    _ bad: Set<Int>, workers: Int, most: Int = 10, part: Range<Int>? = nil
  ) -> BatchLoader<ReadableSample<Made>> {
    let order = BatchOrder(count: 10, batchSize: 4, seed: 7, part: part)
    return BatchLoader(order, workers: workers, replacing: most) { request, generator in
      if request.position % 3 == 0 { Thread.sleep(forTimeInterval: 0.0005) }
      guard !bad.contains(request.index) else { throw unreadable(request.index) }
      return Made(index: request.index, position: request.position, random: generator.next())
    }
  }

  private func take(
    _ batches: Int, of loader: BatchLoader<ReadableSample<Made>>
  ) throws -> [(sample: Made?, bad: [String])] {
    try (0..<batches).flatMap { _ in
      try loader.next().map { ($0.sample, $0.unreadable.map(\.path)) }
    }
  }

  @Test("are the same for any number of workers, and from any batch on", arguments: [0, 1, 3])
  func workers(_ workers: Int) throws {
    let bad: Set = [2, 5, 6]
    let whole = try take(10, of: loader(bad, workers: 0))
    let found = try take(10, of: loader(bad, workers: workers))
    #expect(found.map(\.sample) == whole.map(\.sample) && found.map(\.bad) == whole.map(\.bad))
    let rest = try take(6, of: loader(bad, workers: workers).startingAt(4))
    #expect(rest.map(\.sample) == Array(whole.map(\.sample)[16...]))
    #expect(rest.map(\.bad) == Array(whole.map(\.bad)[16...]))
    let part = try take(10, of: loader(bad, workers: workers, part: 1..<2))
    #expect(part.map(\.sample) == stride(from: 1, to: 40, by: 4).map { whole[$0].sample })
  }

  @Test("take no other items than those that the order names for the first batches")
  func named() throws {
    let order = BatchOrder(count: 10, batchSize: 4, seed: 7)
    let plain = try take(1, of: loader([], workers: 0)).map { try #require($0.sample).index }
    #expect(order.items(ofFirst: 1, spare: 0) == plain.sorted())
    let named = order.items(ofFirst: 1, spare: 2)
    #expect(named.count == 6)
    // The worst: the last item of the batch and the next are unreadable.
    let next = order.items(ofEpoch: 0)[4]
    for bad: Set in [[plain[0], plain[1]], [plain[3], next]] {
      let taken = try take(1, of: loader(bad, workers: 0, most: 2)).map { try #require($0.sample).index }
      #expect(Set(named).isSuperset(of: taken))
    }
    for (batches, spare) in [(2, 2), (3, 0), (1, 6), (Int.max, 0), (0, 10)] {
      #expect(order.items(ofFirst: batches, spare: spare) == Array(0..<10))
    }
    #expect(order.items(ofFirst: 0, spare: 0).isEmpty)
  }

  @Test("have the item that follows in the epoch in an unreadable one's place, all else as it was")
  func replaced() throws {
    let bad: Set = [2, 5]
    let plain = try take(10, of: loader([], workers: 0)).map { try #require($0.sample) }
    for (place, made) in try take(10, of: loader(bad, workers: 0)).enumerated() {
      let sample = try #require(made.sample)
      let epoch = plain[10 * (place / 10)..<10 * (place / 10) + 10].map(\.index)
      let tried = (0..<10).map { epoch[(place % 10 + $0) % 10] }
      let passed = tried.prefix { bad.contains($0) }
      #expect(sample.index == tried[passed.count] && made.bad == passed.map { "\($0)" })
      #expect(sample.position == place && sample.random == plain[place].random)
    }
  }

  @Test("give a sample up that meets more of them than allowed, or nothing else")
  func givenUp() throws {
    for most in [0, 3] {
      let made = try take(1, of: loader(Set(0..<10), workers: 1, most: most))
      #expect(made.allSatisfy { $0.sample == nil && Set($0.bad).count == most + 1 })
      #expect(made.allSatisfy { $0.bad.count == most + 1 })
    }
    let none = try take(1, of: loader(Set(0..<10), workers: 1, most: 20))
    #expect(none.allSatisfy { $0.sample == nil && $0.bad.count == 10 })
    // One item left is enough.
    let one = try take(3, of: loader(Set(1..<10), workers: 1, most: 9))
    #expect(one.allSatisfy { $0.sample?.index == 0 })
  }

  @Test("of target images name their files and leave no file open; a missing pseudo-label stays an error")
  func targetImages() throws {
    let folder = ScratchFolder()
    let image = RGBImage(size: pixelSize(12, 8), filledWith: 9, 8, 7)
    for name in ["a", "b", "c", "d"] { try image.writePNG(to: folder.at("\(name).png")) }
    let images = try ImageList(folder: folder.path)
    let bytes = try FileBytes.read(folder.at("b.png"))
    try Data(bytes.dropLast(20)).write(to: URL(fileURLWithPath: folder.at("b.png")))
    try FileManager.default.removeItem(atPath: folder.at("d.png"))
    let label = LabelMap(size: image.size, filledWith: 1)
    let settings = try TargetViewSettings(size: pixelSize(12, 8), crop: pixelSize(6, 4))
    func batch(_ names: [String]) throws -> [ReadableSample<TargetViews>] {
      let table = PseudoLabelTable(Dictionary(uniqueKeysWithValues: names.map { ($0, label) }))
      let maker = TargetViewMaker(images: images, pseudoLabels: table, settings: settings)
      let loader = maker.loader(BatchOrder(count: 4, batchSize: 8, seed: 3), workers: 2, replacing: 5)
      // Workers read ahead: files are closed for certain when they have ended.
      defer { loader.stop() }
      return try loader.next()
    }
    let made = try batch(["a", "b", "c", "d"])
    #expect(Set(made.map { $0.sample?.path }) == [folder.at("a.png"), folder.at("c.png")])
    let problems = Set(made.flatMap(\.unreadable).map { "\($0.problem)" })
    #expect(problems.count == 2 && problems.contains { $0.contains("b.png") && $0.contains("truncated") })
    #expect(problems.contains { $0.contains("d.png") && $0.contains("no such file") })
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in open {
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
      #expect(target?.contains((folder.path as NSString).lastPathComponent) != true)
    }
    #expect(problem { _ = try batch(["a", "b", "d"]) }?.place == "c")
  }

  @Test("of labelled images pass over an unreadable image or label; a label that does not fit stays an error")
  func labelledImages() throws {
    let folder = ScratchFolder()
    try folder.touch("i/x", "l/x")
    let size = pixelSize(12, 8)
    for name in ["a", "b", "c", "d"] {
      try RGBImage(size: size, filledWith: 9, 8, 7).writePNG(to: folder.at("i/\(name).png"))
      try LabelMap(size: size, filledWith: 3).writePNG(to: folder.at("l/\(name).png"))
    }
    let data = try LabelledImages(
      images: ImageList(folder: folder.at("i")), labelFolder: folder.at("l"), space: .camvid11)
    let sampling = try RareClassSampling(try data.classStatistics(), temperature: 0.01)
    try Data("short".utf8).write(to: URL(fileURLWithPath: folder.at("i/b.png")))
    try Data().write(to: URL(fileURLWithPath: folder.at("l/c.png")))
    let views = try SupervisedViews(crop: pixelSize(6, 4), scaleRange: 1...1)
    func batch(_ workers: Int, _ sampling: RareClassSampling? = nil) throws -> [ReadableSample<
      SupervisedSample
    >] {
      try data.loader(
        views, BatchOrder(count: 4, batchSize: 16, seed: 3), workers: workers, replacing: 2,
        rareClasses: sampling
      ).next()
    }
    for sampling in [nil, sampling] {
      let made = try batch(0, sampling)
      #expect(Set(made.map { $0.sample?.path }) == [folder.at("i/a.png"), folder.at("i/d.png")])
      #expect(Set(made.flatMap(\.unreadable).map(\.path)) == [folder.at("i/b.png"), folder.at("l/c.png")])
      #expect(try batch(3, sampling).map(\.sample) == made.map(\.sample))
    }
    #expect(problem { _ = try data.read(2) }?.place == folder.at("l/c.png"))
    try LabelMap(size: pixelSize(6, 4), filledWith: 3).writePNG(to: folder.at("l/d.png"))
    #expect(problem { _ = try batch(1) }?.what == "the label has another size than its image")
  }
}

private func unreadable(_ index: Int) -> UnreadableFile {
  UnreadableFile(
    path: "\(index)", problem: Problem("cannot read", at: "\(index)", because: "a test", remedy: "none"))
}
