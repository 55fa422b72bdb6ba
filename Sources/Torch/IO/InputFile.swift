// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A file opened for reading at any offset, whose errors are told as Problems about a checkpoint.
final class InputFile {
  let path: String
  let size: Int
  private let handle: UnsafeMutablePointer<FILE>

  /// - Throws: `Problem` where the path is missing, a directory, empty or not readable.
  init(_ path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw unreadable(path, "there is no such file", "check the path")
    }
    guard !isDirectory.boolValue else {
      throw unreadable(path, "it is a directory, a checkpoint is one file", "name the file inside it")
    }
    let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    guard kind == .typeRegular || kind == .typeSymbolicLink || kind == nil else {
      throw unreadable(
        path, "it is a device or a pipe, a checkpoint is a regular file", "name a regular file")
    }
    guard let handle = fopen(path, "rb") else {
      throw unreadable(path, String(cString: strerror(errno)), "check the file's permissions")
    }
    fseeko(handle, 0, SEEK_END)
    let size = Int(ftello(handle))
    guard size > 0 else {
      fclose(handle)
      throw unreadable(path, "the file is empty", "fetch or save it again")
    }
    self.path = path
    self.size = size
    self.handle = handle
  }

  deinit { fclose(handle) }

  /// The bytes from `offset`; fewer than `count` only at the end of the file.
  func read(at offset: Int, count: Int) -> [UInt8] {
    let wanted = min(count, max(0, size - offset))
    guard wanted > 0, fseeko(handle, off_t(offset), SEEK_SET) == 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
      done = fread(buffer.baseAddress, 1, wanted, handle)
    }
  }
}

/// The Problem every reader of this folder throws.
func unreadable(_ path: String, _ why: String, _ remedy: String) -> Problem {
  Problem("cannot read the checkpoint", at: path, because: why, remedy: remedy)
}

/// The Problem of a file that ends too early or contradicts itself.
func damaged(_ path: String, _ why: String) -> Problem {
  unreadable(path, "the file is damaged or incomplete: \(why)", "fetch or save it again")
}
