// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Files
import Foundation
import Torch

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert weights between .pth and .safetensors.",
    discussion: """
      Example:
        iapc convert old.pth new.safetensors

      Reads .pth of any PyTorch, unwrapped from `state_dict` and the like, and runs
      none of the code in it. What it writes opens with torch.load(...,
      weights_only=True).
      """)

  @Argument(help: "The weights to read.") var input: String
  @Argument(help: "The file to write; its ending names the format.") var output: String
  @Flag(help: "Replace the output where it is there already.") var overwrite = false

  func run() throws {
    let checkpoint = try CheckpointFile.read(input)
    guard overwrite || !FileManager.default.fileExists(atPath: output) else {
      throw Problem(
        "the output is there already", at: output, because: "it would be replaced",
        remedy: "name another file, or say --overwrite")
    }
    try CheckpointFile.write(checkpoint, to: output)
    print("wrote \(checkpoint.tensors.count) entries: \(output)")
  }
}
