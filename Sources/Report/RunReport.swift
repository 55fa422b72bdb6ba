// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Segmentation

/// What a report looks at besides the runs' own files.
public struct ReportRequest: Sendable {
  /// The images to look at; empty for the runs' own.
  public var source = DataSource()
  /// Where the runs' source weights are now; nil for where they were.
  public var weights: String?
  /// How many pictures of a run are shown.
  public var pictures = 6

  /// The defaults of `iapc report`.
  public init() {}

  /// Whether true labels are asked for.
  var isLabelled: Bool { source.labels != nil || (source.images == nil && source.dataset != nil) }
}

/// A page about one run of `adapt`, or several side by side: what it did, by whatever is there to tell it.
///
/// One HTML file with everything in it. The same runs give the same page, but for the time it names.
public struct RunReport {
  private let sections: [RunSection]

  /// Reads the runs' files and looks at images with the networks of each, before and after.
  ///
  /// Where images or source weights of a run are no longer there, the page says so in the place of what would
  /// need them; images and labels that are asked for must be there.
  ///
  /// - Throws: `Problem` for a folder that is no run of `adapt`, and for images or labels asked for that
  ///   cannot be used; `Interruption` where the user ends it.
  public init(of runs: [String], _ request: ReportRequest = .init(), observer: RunObserver = .init()) throws {
    let records = try runs.map { try RunRecord($0, weights: request.weights) }
    // Pictures of several runs share the room that one run's have.
    let pictures = max(2, request.pictures / max(1, (records.count + 1) / 2))
    let widest = Self.widest(ofPictures: records.count * pictures)
    sections = try records.enumerated().map { index, run in
      let isAsked = !request.source.isEmpty || request.isLabelled || request.weights != nil
      var source = request.source
      if source.isEmpty {
        source = run.settings.target
        (source.labels, source.labelSpace) = (request.source.labels, request.source.labelSpace)
      }
      func look() throws -> Findings {
        try Findings(
          run, source, labelled: request.isLabelled, shown: pictures, widest: widest, observer)
      }
      let findings: Part<Findings>
      do { findings = .found(try look()) } catch let problem as Problem where !isAsked {
        findings = .leftOut("\(problem.what): \(problem.why)")
      }
      return RunSection(run: run, findings: findings, id: "run-\(index + 1)")
    }
  }

  /// How wide so many pictures may be for the page to stay below 10 MB.
  private static func widest(ofPictures count: Int) -> Int { count > 100 ? 160 : count > 24 ? 320 : 640 }

  /// The page.
  ///
  /// - `time`: when it was made, for the page to name.
  public func html(at time: Date = Date()) -> String {
    let title = sections.count == 1 ? "Adaptation: \(sections[0].run.name)" : "\(sections.count) adaptations"
    // Nothing may be fetched, whatever a name in it says.
    let policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head><meta charset="utf-8"><title>\(title)</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <link rel="icon" href="data:,">
      <style>
      \(reportStyle)
      </style></head>
      <body>
      <header><h1>\(title)</h1>
      \(Comparison(sections: sections).html)</header>
      <main\(sections.count == 1 ? " class=\"one\"" : "" as HTML)>
      \(sections.map(\.html))
      </main>
      <footer class="note">Made by iapc \(iapcVersion), <time>\(time.formatted(.iso8601))</time>.</footer>
      <script>
      \(reportScript)
      </script>
      </body></html>

      """
    return page.markup
  }

  /// Writes the page, whole or not at all.
  public func write(to path: String) throws { try AtomicFile.write(html(), to: path) }
}
