// SPDX-License-Identifier: Apache-2.0

import Files

/// A file opened for reading at any offset, whose errors are told as Problems about a checkpoint.
final class InputFile {
  let path: String
  let size: Int
  private let file: ReadableFile

  /// - Throws: `Problem` where the path is missing, no regular file, empty or not readable.
  init(_ path: String) throws {
    let file = try ReadableFile(path, kind: "checkpoint")
    guard file.byteCount > 0 else {
      file.close()
      throw unreadable(path, "the file is empty", "fetch or save it again")
    }
    self.path = path
    self.file = file
    size = file.byteCount
  }

  deinit { file.close() }

  /// The bytes from `offset`; fewer than `count` only at the end of the file, or where it became shorter.
  ///
  /// - Throws: `Problem` for a failing disk.
  func read(at offset: Int, count: Int) throws -> [UInt8] {
    let wanted = min(count, max(0, size - offset))
    return try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
      done = try file.fill(UnsafeMutableRawBufferPointer(buffer), from: offset)
    }
  }
}

/// The Problem every reader of this folder throws.
func unreadable(_ path: String, _ why: String, _ remedy: String) -> Problem {
  Problem("cannot read the checkpoint", at: path, because: why, remedy: remedy)
}

/// The Problem of a file that ends too early or contradicts itself.
/// What to do about a file that holds a network as an object of Python.
let wholeModuleRemedy =
  "open it in Python and save only the weights: torch.save(model.state_dict(), path); "
  + "a network that iapc does not have comes with its program: torch.jit.script(model.eval()).save(\"net.pt\")"

func damaged(_ path: String, _ why: String) -> Problem {
  unreadable(path, "the file is damaged or incomplete: \(why)", "fetch or save it again")
}
