// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Report
import Segmentation
import TestSupport
import Testing

@Suite("A report of a run", .serialized)
struct RunReportTests {
  private let folder: ScratchFolder
  private let time = Date(timeIntervalSince1970: 1_700_000_000)

  init() throws { folder = try ScratchFolder() }

  /// A finished run of two steps over five images, the names of which have to be escaped.
  private func run(_ name: String, _ change: (inout AdaptationSettings) -> Void = { _ in }) throws
    -> RunFolder
  {
    try FileManager.default.createDirectory(atPath: folder.path("images"), withIntermediateDirectories: true)
    for i in 0..<5 {
      var image = RGBImage(size: PixelSize(width: 48, height: 32))
      for place in image.pixels.indices { image.pixels[place] = UInt8((place * (i + 3)) % 251) }
      try image.writePNG(to: folder.path("images/a<\(i)>&\"'.png"))
    }
    let network = ESPNet(.init(p: 1, q: 1, outputs: 11), classCount: 11, seed: 4)
    try NetworkFile.save(network, classes: .camvid11, to: folder.path("source.safetensors"))
    var settings = AdaptationSettings()
    settings.apply(.paper)
    settings.weightsFile = folder.path("source.safetensors")
    settings.target.images = folder.path("images")
    settings.output = folder.path(name)
    (settings.size, settings.crop) = (PixelSize(width: 48, height: 32), PixelSize(width: 24, height: 16))
    (settings.batch, settings.steps, settings.device, settings.threads) = (2, 2, "cpu", 1)
    change(&settings)
    try AdaptationRun(settings, cache: folder.path("cache"), command: ["iapc", "<adapt>"]).run(
      .new(overwrite: false))
    return RunFolder(settings.output)
  }

  private func page(_ runs: RunFolder..., request: ReportRequest = .init()) throws -> String {
    try RunReport(of: runs.map(\.path), request).html(at: time)
  }

  @Test("is the same for the same run, but for its time")
  func same() throws {
    let run = try run("run")
    let first = try page(run)
    #expect(try page(run) == first)
    let later = try RunReport(of: [run.path]).html(at: time + 60)
    #expect(later != first)
    let stamp = /<time>[^<]*<\/time>/
    #expect(later.replacing(stamp, with: "") == first.replacing(stamp, with: ""))
  }

  @Test("escapes names of files and words of commands")
  func escaped() throws {
    let html = try page(run("a<b>&\"c'"))
    #expect(html.contains("a&lt;b&gt;&amp;&quot;c&#39;"))
    #expect(html.contains("a&lt;0&gt;&amp;&quot;&#39;"))
    #expect(html.contains("iapc &lt;adapt&gt;"))
    for raw in ["a<b", "a<0", "<adapt>", "&\"'"] { #expect(!html.contains(raw), "\(raw)") }
  }

  @Test("holds all it needs, fetches nothing, and tells every picture in words")
  func selfContained() throws {
    let html = try page(run("run"))
    #expect(!html.contains("http://") && !html.contains("https://"))
    let sources = html.matches(of: /(?:src|href)="([^"]{0,12})/).map { String($0.output.1) }
    #expect(sources.count > 5)
    #expect(sources.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") })
    let pictures = html.matches(of: /<img [^>]*>/).map { String($0.output) }
    #expect(pictures.count > 5)
    #expect(pictures.allSatisfy { $0.contains(/\ alt="[^"]{8,}"/) })
    #expect(
      html.matches(of: /<svg [^>]*>/).allSatisfy { $0.output.contains(/role="img" aria-label="[^"]{8,}"/) })
    let sliders = html.matches(of: /<input type="range"[^>]* id="([^"]+)"/).map { String($0.output.1) }
    #expect(sliders.count == 6)
    for id in sliders { #expect(html.contains("for=\"\(id)\""), "\(id)") }
  }

  @Test("marks the step that the criteria put first, and warns of classes that vanished")
  func suggested() throws {
    let run = try run("run")
    let lines = [
      #"{"step": 0, "im": 0.9, "histogram": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "vanished": [], "seconds": 1}"#,
      #"{"step": 1, "im": 0.5, "histogram": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "vanished": [], "seconds": 1}"#,
      #"""
      {"step": 2, "im": 0.7, "histogram": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], "vanished": ["po<le"], "seconds": 1}
      """#,
    ]
    #expect(try page(run).contains("computed no label-free criteria"))
    try AtomicFile.write(lines.joined(separator: "\n"), to: run.selection)
    let html = try page(run)
    #expect(html.contains("information maximisation (im): 0.9 at step 0, 0.7 at step 2"))
    #expect(html.contains(">suggested</text>") && html.contains("marks step 1, which"))
    #expect(html.contains("those of step 2."))
    #expect(html.contains("po&lt;le"))
    #expect(html.contains("at step 0 sky 100.0 %") && html.contains("at step 2 building 100.0 %"))
  }

  @Test("says what it leaves out where the source weights are gone or have changed, and shows the rest")
  func withoutSource() throws {
    let run = try run("run")
    let network = ESPNet(.init(p: 1, q: 1, outputs: 11), classCount: 11, seed: 5)
    try FileManager.default.moveItem(
      atPath: folder.path("source.safetensors"), toPath: folder.path("moved.safetensors"))
    var request = ReportRequest()
    request.weights = folder.path("moved.safetensors")
    #expect(try page(run, request: request).contains("<img"))
    try NetworkFile.save(network, classes: .camvid11, to: folder.path("source.safetensors"))
    #expect(try page(run).contains("these are not the weights that the run began with"))
    try FileManager.default.removeItem(atPath: folder.path("source.safetensors"))
    let html = try page(run)
    #expect(html.contains("No comparison of before and after: ") && html.contains("there is no such file"))
    #expect(html.contains("total loss") && !html.contains("<img"))
  }

  @Test("of several runs has them side by side, with what differs between their settings")
  func several() throws {
    let (one, two) = (try run("one"), try run("two") { $0.learningRate = 0.5 })
    let html = try page(one, two)
    #expect(html.matches(of: /<article\ /).count == 2)
    #expect(
      html.contains(/<th scope="row">optimizer.learning_rate<\/th><td>0.0001<\/td>\n?<td>0.5<\/td>/))
    #expect(!html.contains("<th scope=\"row\">optimizer.momentum</th><td>0.9</td>\n<td>0.9</td>"))
    #expect(Set(html.matches(of: /\ id="([^"]+)"/).map(\.output.1)).count == html.matches(of: /\ id="/).count)
  }

  @Test("is refused for a folder that is no run of adapt")
  func noRun() throws {
    for path in [folder.url.path, folder.path("nowhere")] {
      #expect { try RunReport(of: [path]) } throws: {
        ($0 as? Problem)?.description.contains("cannot report the run") == true
      }
    }
  }
}
