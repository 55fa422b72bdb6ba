// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import TestSupport
import Testing

/// Labels in which every pixel is ignored: there is no score, which is another thing than a score of 0.
@Suite("Labels without a class")
struct NoScoreTests {
  let sample: Sample
  private let why = "no pixel of the 5 label files has a class, all are ignored in camvid11"

  init() throws { sample = try Sample.make() }

  /// Label files of the sample's images that hold nothing but 255.
  private func ignored(in folder: ScratchFolder) throws -> String {
    let labels = try folder.folder("ignored")
    for name in try FileManager.default.contentsOfDirectory(atPath: sample.labels) {
      let size = try ImageFile.readSize("\(sample.labels)/\(name)")
      try LabelMap(size: size, pixels: [UInt8](repeating: 255, count: size.area)).writePNG(
        to: "\(labels)/\(name)")
    }
    return labels
  }

  @Test("evaluate writes a dash and null, and a line that says why; --from shows the same")
  func evaluate() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("score.json")
      let outcome = try done([
        "evaluate", "--weights", sample.weights, "--images", sample.images, "--labels",
        try ignored(in: folder),
        "--label-space", "camvid11", "--size", "64x48", "--json", file,
      ])
      let mean = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("mIoU") })
      #expect(mean.split(separator: " ") == ["mIoU", "-", "(5", "images)"])
      #expect(outcome.output.contains(why))
      #expect(try json(file)["mIoU"] is NSNull)
      let again = try done(["evaluate", "--from", file])
      #expect(again.output.contains(why) && again.output.contains(mean))
    }
  }

  @Test("evaluate --predictions and class sets have no score either")
  func maps() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("score.json")
      let outcome = try done([
        "evaluate", "--predictions", sample.labels, "--classes", "cityscapes19", "--labels",
        try ignored(in: folder), "--label-space", "cityscapes19", "--class-set", "cityscapes19", "--json",
        file,
      ])
      #expect(outcome.output.contains("all are ignored in cityscapes19"))
      #expect(!outcome.output.contains("0.00"))
      let sets = try #require(try json(file)["class_sets"] as? [[String: Any]])
      #expect(sets.count == 1 && sets.allSatisfy { $0["mIoU"] is NSNull })
    }
  }

  @Test("select tells it once, with null for every candidate")
  func select() throws {
    try withTemporaryFolder { folder in
      let file = folder.path("select.json")
      let outcome = try done([
        "select", sample.weights, "\(sample.run)/adapted.pth", "--network", "espnet", "--classes", "camvid11",
        "--images", sample.images, "--labels", try ignored(in: folder), "--label-space", "camvid11", "--size",
        "64x48", "--json", file,
      ])
      #expect(outcome.errors.components(separatedBy: why).count == 2, "\(outcome.errors)")
      let candidates = try #require(try json(file)["candidates"] as? [[String: Any]])
      #expect(candidates.count == 2 && candidates.allSatisfy { $0["mIoU"] is NSNull })
    }
  }

  @Test("train goes on, and its evaluations.jsonl holds null")
  func train() throws {
    try withTemporaryFolder { folder in
      let run = folder.path("run")
      let outcome = try done([
        "train", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11", "--size",
        "64x48", "--crop", "32x24", "--batch", "2", "--steps", "2", "--validation-images", sample.images,
        "--validation-labels", try ignored(in: folder), "--set", "validation.every=1", "--output", run,
      ])
      #expect(
        outcome.errors.contains(why) && outcome.errors.contains("mIoU - at step 1"), "\(outcome.errors)")
      #expect(try jsonLines("\(run)/evaluations.jsonl").allSatisfy { $0["mIoU"] is NSNull })
    }
  }

  @Test("report says so in the place of a score")
  func report() throws {
    try withTemporaryFolder { folder in
      let page = folder.path("report.html")
      try done([
        "report", sample.run, "--images", sample.images, "--labels", try ignored(in: folder), "--label-space",
        "camvid11", "--output", page,
      ])
      #expect(try text(page).contains("mIoU –: no score: \(why)"))
    }
  }
}
