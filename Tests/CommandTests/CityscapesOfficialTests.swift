// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// A Python with the official scripts of Cityscapes, where there is one.
private let python: String? = {
  let own = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
  guard let own else { return nil }
  let outcome = try? Command(["-c", "import pyquaternion, cityscapesscripts.evaluation"], program: own)
    .outcome()
  return outcome?.status == 0 ? own : nil
}()

@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch and cityscapesscripts"))
struct CityscapesOfficialTests {
  /// Patches of random ids, so that classes overlap in every way.
  private func map(_ ids: [UInt8], like other: LabelMap? = nil, seed: UInt64) -> LabelMap {
    var generator = SeededGenerator(seed: seed)
    var map = other ?? LabelMap(size: PixelSize(width: 96, height: 64), filledWith: ids[0])
    for _ in 0..<60 {
      let (x, y) = (Int(generator.next() % 90), Int(generator.next() % 58))
      let id = ids[Int(generator.next() % UInt64(ids.count))]
      for row in y..<min(64, y + 9) {
        for column in x..<min(96, x + 13) { map.pixels[row * 96 + column] = id }
      }
    }
    return map
  }

  /// Labels of three images in two cities, with ignored ids, and predictions that share a part with them. The
  /// train, id 31, occurs in neither; predictions hold ids that are not scored, too.
  private func example(_ folder: ScratchFolder) throws {
    let ids = (UInt8(0)...33).filter { $0 != 31 }
    for (index, place) in [
      "aachen/aachen_000000_000019", "aachen/aachen_000001_000019", "ulm/ulm_000000_000019",
    ]
    .enumerated() {
      let label = map(ids, seed: UInt64(index))
      let guess = map(ids, like: label, seed: UInt64(100 + index))
      let truth = folder.path("data/gtFine/val/\(place)_gtFine_labelIds.png")
      let name = place.split(separator: "/")[1]
      for (path, pixels) in [(truth, label), (folder.path("maps/\(name)_leftImg8bit.png"), guess)] {
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try pixels.writePNG(to: path)
      }
    }
  }

  @Test("evaluate gives the confusion matrix and the IoUs of the official script, exactly")
  func official() throws {
    try withTemporaryFolder { folder in
      try example(folder)
      let script = Fixtures.repository.appendingPathComponent("Reference/cityscapes_official.py").path
      let outcome = try Command(
        [
          script, "--dataset", folder.path("data"), "--results", folder.path("maps"), "--json",
          folder.path("official.json"),
        ], program: python
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      try done([
        "evaluate", "--predictions", folder.path("maps"), "--labels", folder.path("data/gtFine/val"),
        "--label-space", "cityscapesIds", "--json", folder.path("ours.json"),
      ])
      // The official file says NaN where a class occurs nowhere, which JSON does not know.
      let text = try text(folder.path("official.json")).replacingOccurrences(of: "NaN", with: "null")
      let official = try json(try folder.file("plain.json", Array(text.utf8)))
      let ours = try json(folder.path("ours.json"))
      #expect(ours["confusion"] as? [[Int]] == official["confusion"] as? [[Int]])
      #expect(ours["unmapped"] as? [Int] == official["unmapped"] as? [Int])
      let classes = try #require(ours["classes"] as? [[String: Any]])
      #expect(classes.compactMap { $0["name"] as? String } == official["classes"] as? [String])
      let ious = try #require(official["ious"] as? [Any])
      #expect(classes.map { $0["iou"] as? Double } == ious.map { $0 as? Double })
      #expect(ious.filter { $0 is NSNull }.count == 1)
      #expect(ours["mIoU"] as? Double == official["mean"] as? Double)
    }
  }
}
