// SPDX-License-Identifier: Apache-2.0

extension AdaptationSettings {
  /// The settings of a run of `adapt`, as its manifest has them.
  ///
  /// - Throws: a `Problem` where there is no such manifest.
  public init(ofRun run: RunFolder) throws {
    self.init()
    for (name, value) in try Manifest.read(run.manifest).settings ?? [:] {
      try? Self.table.set(name, to: value, in: &self, at: run.manifest)
    }
  }
}
