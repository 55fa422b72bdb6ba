// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// The files that tests read.
public enum Fixtures {
  /// The folder of the repository.
  public static let repository = testFolder(of: #filePath, under: "Sources").deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folder `shared` beside the repository, with weights and golden runs; nil where there is none.
  public static let shared: URL? = {
    let url = repository.deletingLastPathComponent().appendingPathComponent("shared")
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
    return exists && isDirectory.boolValue ? url : nil
  }()

  /// The path of a file of Fixtures in the folder of the calling test target.
  public static func path(_ name: String, file: String = #filePath) -> String {
    testFolder(of: file, under: "Tests").appendingPathComponent("Fixtures").appendingPathComponent(name).path
  }

  /// The tensors of a safetensors file of Fixtures, by name.
  public static func tensors(_ name: String, file: String = #filePath) throws -> [String: StoredTensor] {
    let checkpoint = try CheckpointFile.read(path(name, file: file))
    return Dictionary(
      checkpoint.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  /// The folder of the target that `file` belongs to, right below the folder named `root`.
  private static func testFolder(of file: String, under root: String) -> URL {
    var url = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    while url.path != "/" && url.deletingLastPathComponent().lastPathComponent != root {
      url.deleteLastPathComponent()
    }
    return url
  }
}
