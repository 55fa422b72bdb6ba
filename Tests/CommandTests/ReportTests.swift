// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What opens a report in a browser, and checks it there.
private let canBrowse = systemProgram("chromium") != nil && systemProgram("python3") != nil

@Suite struct ReportTests {
  let sample: Sample

  init() throws { sample = try Sample.make() }

  private var labelled: [String] {
    ["--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11"]
  }

  @Test("adapt leaves a report in its run folder, and report writes the same again")
  func left() throws {
    try withTemporaryFolder { folder in
      let again = folder.path("again.html")
      try done(["report", sample.run, "--output", again])
      let stamp = /<time>[^<]*<\/time>/
      let first = try text("\(sample.run)/report.html")
      #expect(try text(again).replacing(stamp, with: "") == first.replacing(stamp, with: ""))
      #expect(first.contains("Without labels nobody can say"))
      #expect(first.contains("keep the source's weights"))
    }
  }

  @Test("With labels its scores are those of evaluate, class by class")
  func scores() throws {
    try withTemporaryFolder { folder in
      let page = folder.path("page.html")
      try done(["report", sample.run, "--output", page] + labelled)
      let html = try text(page)
      var means: [String] = []
      for weights in [sample.weights, "\(sample.run)/adapted.safetensors"] {
        let file = folder.path("scores.json")
        try done(["evaluate", "--weights", weights, "--size", "64x48", "--json", file] + labelled)
        means.append(String(format: "%.2f", 100 * (try #require(json(file)["mIoU"] as? Double))))
        for item in try #require(json(file)["classes"] as? [[String: Any]]) {
          guard let iou = item["iou"] as? Double else { continue }
          #expect(html.contains("<td>\(String(format: "%.2f", 100 * iou))</td>"), "\(item)")
        }
      }
      #expect(html.contains("<span>\(means[0])</span>") && html.contains("<strong>\(means[1])</strong>"))
      #expect(html.contains("worst 1") && html.contains("best 1"))
      #expect(html.contains("Confusion matrix"))
    }
  }

  @Test(
    "In Chromium it shows without an error, from phone to desktop, light and dark, and its sliders move",
    .enabled(if: canBrowse, "needs chromium and python3"))
  func browser() throws {
    try withTemporaryFolder { folder in
      let page = folder.path("page.html")
      try done(["report", sample.run, sample.run, "--output", page] + labelled)
      let script = Fixtures.repository.appendingPathComponent("scripts/check-report.py").path
      let outcome = try Command([script, page], program: systemProgram("python3")).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.matches(of: /\ 0 problems/).count == 6, "\(outcome.output)")
    }
  }

  @Test("Many pictures of several runs stay below 10 MB")
  func size() throws {
    try withTemporaryFolder { folder in
      let page = folder.path("page.html")
      try done(["report"] + Array(repeating: sample.run, count: 4) + ["--pictures", "40", "--output", page])
      #expect(try bytes(page).count < 10_000_000)
      #expect(try text(page).matches(of: /<article\ /).count == 4)
    }
  }

  @Test("What it cannot use is told in one line")
  func problems() throws {
    try expectError(["report", sample.folder.path("source")], saying: "iapc train", "TensorBoard")
    try expectError(["report", sample.images], saying: "cannot report the run")
    try expectError(
      ["report", sample.run, "--output", "/nowhere/page.html"], saying: "its folder does not exist")
    try expectError(["report", sample.run, "--images", "/nowhere"], saying: "cannot find the images")
    try expectError(
      ["report", sample.run, "--images", sample.images, "--labels", "/nowhere"], saying: "/nowhere")
    #expect(try iapc("report", sample.run, "--label-space", "camvid11").status == 64)
  }
}
