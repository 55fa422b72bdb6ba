// SPDX-License-Identifier: Apache-2.0

import Adaptation

/// Several runs in one table, a column each.
struct Comparison {
  let sections: [RunSection]

  var html: HTML {
    guard sections.count > 1 else { return "" }
    let heads = sections.map { section -> HTML in
      "<th scope=\"col\"><a href=\"#\(section.id)\">\(section.run.name)</a></th>"
    }
    let rows =
      [
        row("mIoU before (%)") { $0.findings.found?.scores?.before.meanIoU.map(points) },
        row("mIoU after (%)") { $0.findings.found?.scores?.after.meanIoU.map(points) },
        row("entropy after (nats)") { $0.findings.found.map { short($0.after.meanEntropy) } },
        row("same when mirrored after") { $0.findings.found.map { percent($0.after.mirrorAgreement) } },
        row("classes seen after") { $0.findings.found.map { String($0.after.seenClasses) } },
        row("steps") { $0.run.metrics.last.map { String($0.step) } },
        row("last loss") { $0.run.metrics.last?.numbers["total"].map(short) },
        row("profile") { $0.run.settings.profile.rawValue },
      ] + differingSettings
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="The runs side by side">
      <table class="compared"><caption>The runs side by side, with the settings in which they differ</caption>
      <thead><tr><th scope="col">run</th>\(heads)</tr></thead><tbody>
      \(rows)
      </tbody></table></div>
      """
  }

  private func row(_ name: String, _ value: (RunSection) -> String?) -> HTML {
    let values = sections.map(value)
    guard values.contains(where: { $0 != nil }) else { return "" }
    let cells = values.map { value -> HTML in "<td>\(value ?? "–")</td>" }
    return "<tr><th scope=\"row\">\(name)</th>\(cells)</tr>"
  }

  private var differingSettings: [HTML] {
    let all = sections.map { AdaptationSettings.table.values(of: $0.run.settings) }
    let names = all.joined().reduce(into: [String]()) { if !$0.contains($1.name) { $0.append($1.name) } }
    return names.compactMap { name in
      // Not every method has every setting.
      let values = all.map { run in run.first { $0.name == name }?.value ?? "–" }
      guard Set(values).count > 1, name != "runtime.output", name != "profile", name != "schedule.steps"
      else { return nil }
      let cells = values.map { value -> HTML in "<td>\(value)</td>" }
      return "<tr><th scope=\"row\">\(name)</th>\(cells)</tr>"
    }
  }
}
