// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Foundation

extension RunSection {
  /// What the run was made of: versions, hashes and every setting.
  var provenance: HTML {
    let settings = AdaptationSettings.table.values(of: run.settings)
    return """
      \(table("Made of", facts))
      <details><summary>All \(settings.count) settings</summary>
      \(table("config.yaml", settings.map { ($0.name, $0.value) }))</details>
      """
  }

  private var facts: [(String, String)] {
    let manifest = run.manifest
    return [
      ("iapc", manifest.versions.iapc), ("libtorch", manifest.versions.libtorch),
      ("network", "\(manifest.weights.network) (\(manifest.weights.variant)), \(manifest.weights.classes)"),
      ("weights", manifest.weights.file ?? "fresh"), ("their SHA-256", manifest.weights.sha256 ?? "–"),
      ("images", "\(manifest.images.count), from \(manifest.images.source)"),
      ("their SHA-256", manifest.images.sha256), ("seed", String(manifest.seed)),
      ("device", "\(manifest.device), \(manifest.threads) threads, \(manifest.processor)"),
      ("begun", manifest.started.formatted(.iso8601)), ("command", manifest.command.joined(separator: " ")),
    ]
  }

  private func table(_ caption: String, _ rows: [(String, String)]) -> HTML {
    let rows = rows.map { name, value -> HTML in
      "<tr><th scope=\"row\">\(name)</th><td>\(value)</td></tr>"
    }
    return """
      <table class="facts"><caption>\(caption)</caption><tbody>
      \(rows)
      </tbody></table>
      """
  }
}
