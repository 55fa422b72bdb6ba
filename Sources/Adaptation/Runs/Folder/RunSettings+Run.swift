// SPDX-License-Identifier: Apache-2.0

import Foundation

extension RunSettings {
  /// The settings of the run in a folder, as its config.yaml has them; what it lacks is as it was before there was
  /// such a setting. Paths are those of the folder in which the run began, wherever this process is.
  ///
  /// - Throws: a `Problem` where there is no such file, and for a setting that it cannot have.
  public init(ofRun run: RunFolder) throws {
    self = .initial
    let items = try ConfigFile.read(run.config)
    try Self.table.set(items.map { ($0.name, $0.value, "\(run.config), line \($0.line)") }, in: &self)
    guard FileManager.default.fileExists(atPath: run.manifest) else { return }
    for (name, path) in try run.placed(Self.table.values(of: self)) {
      try Self.table.set(name, to: path, in: &self, at: run.config)
    }
  }
}
