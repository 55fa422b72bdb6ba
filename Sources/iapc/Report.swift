// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Report

struct Report: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a page about a run of `adapt`, or about several side by side.",
    discussion: """
      Examples:
        iapc report runs/a
        iapc report runs/a --images val/ --labels valannot/ --label-space camvid11
        iapc report runs/a runs/b --output compared.html

      One HTML file, which needs no network and no other file: what changed, class by
      class; the terms of the loss and the label-free criteria over the steps;
      images with a slider between before and after; where the method trusts the
      source network, and where prototypes agree with it; settings, versions and
      hashes. `adapt` leaves one in its run folder, of a few of its own images.

      With labels the page also has the scores before and after, the worst and the
      best images, and the confusion matrix. Images are put to both networks at the
      run's own size, and scored as by `iapc evaluate --size` of it.

      What a run no longer has is left out, and the page says so: the source weights
      (then name them with --weights) and images may have moved, and older runs
      logged less.
      """)

  @Argument(help: ArgumentHelp("The run folders.", valueName: "run"), completion: .directory)
  var runs: [String]
  @Option(
    help: ArgumentHelp(
      "The page. (default: report.html in the run's folder; for several runs in the working folder)",
      valueName: "file.html"), completion: .file(extensions: ["html"]))
  var output: String?
  @Option(
    help: ArgumentHelp("Where the source weights are now. (default: where they were)", valueName: "file"),
    completion: .weights)
  var weights: String?
  @OptionGroup var images: ImageOptions
  @OptionGroup var labels: LabelOptions
  @Option(help: "How many images are shown of a run, 1 to 40.")
  var pictures = ReportRequest().pictures
  @Option(help: "Threads of the computation. (default: all cores)")
  var threads: Int?
  @OptionGroup var events: EventOptions

  func validate() throws {
    guard (1...40).contains(pictures) else {
      throw ValidationError("--pictures must be in 1 to 40, got \(pictures).")
    }
    guard labels.labelSpace == nil || labels.labels != nil || images.dataset != nil else {
      throw ValidationError("--label-space says what --labels holds: give both.")
    }
  }

  func run() throws {
    Signals.watch()
    _ = try MachineOptions.parse(threads.map { ["--threads", String($0)] } ?? []).apply()
    let path = output ?? (runs.count == 1 ? RunFolder(runs[0]).report : "report.html")
    try checkOutputFile(output)
    var request = ReportRequest()
    request.source = images.source(labels)
    request.weights = weights
    request.pictures = pictures
    try RunReport(of: runs, request, observer: ProgressDisplay().observer).write(to: path)
    EventLog.leave(["report": path])
    print("report: \(path)")
  }
}
