// SPDX-License-Identifier: Apache-2.0

extension RunSettings {
  /// The settings that may be others when a run goes on than when it began: no step's result depends on them.
  ///
  /// Places are among them, because the contents of the files there are compared.
  public static var free: Set<String> {
    [
      "network.weights", "network.backbone", "data.images", "data.labels", "data.root", "data.max_unreadable",
      "schedule.steps", "validation.images", "validation.labels", "validation.root", "selection.every",
      "selection.collapse_alarm", "selection.collapse_kl", "checkpoint.every", "checkpoint.keep",
      "runtime.output", "runtime.device", "runtime.threads", "runtime.workers", "runtime.overlap",
      "runtime.plan", "runtime.on_nan", "runtime.max_skipped",
    ]
  }

  /// The first setting that decides results and has another value than before.
  ///
  /// - `before`: values under the names of settings; a name that is not there had no value to compare.
  /// - `now`: the values of these settings as the table writes them.
  public static func change(
    from before: [String: String], to now: [(name: String, value: String)]
  ) -> (name: String, old: String, new: String)? {
    for (name, new) in now where !free.contains(name) {
      if let old = before[name], old != new { return (name, old, new) }
    }
    return nil
  }
}
