// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What is at a path.
package enum FileKind: Equatable, Sendable {
  /// A folder; `isLink` where a link leads to it. The identity is the same under every name of it.
  case folder(identity: [UInt64], isLink: Bool)
  /// A file, or a link to one.
  case file
  /// A link that leads nowhere.
  case deadLink
  case nothing

  /// Whether there is a folder.
  package var isFolder: Bool { if case .folder = self { true } else { false } }

  /// What is at a path; links are followed.
  package init(at path: String) {
    var status = stat()
    guard PathText.withBytes(of: path, failed: -1, { stat($0, &status) }) == 0 else {
      let isThere = PathText.withBytes(of: path, failed: -1) { lstat($0, &status) } == 0
      self = isThere ? .deadLink : .nothing
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      self = .file
      return
    }
    let identity = [UInt64(truncatingIfNeeded: status.st_dev), UInt64(status.st_ino)]
    _ = PathText.withBytes(of: path, failed: -1) { lstat($0, &status) }
    self = .folder(identity: identity, isLink: status.st_mode & S_IFMT == S_IFLNK)
  }
}

/// The names in a folder.
package enum FolderListing {
  /// The names of everything in a folder, in no order, as `PathText`.
  ///
  /// - Throws: a `Problem` for a folder that cannot be read.
  package static func names(in path: String) throws -> [String] {
    func refuse(_ code: Int32) -> Problem {
      Problem(
        "cannot read the folder", at: path, because: String(cString: strerror(code)),
        remedy: "check that it is there and may be read")
    }
    guard let folder = PathText.withBytes(of: path, failed: nil, { opendir($0) }) else { throw refuse(errno) }
    defer { closedir(folder) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(folder) {
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          Array(
            UnsafeBufferPointer(
              start: $0, count: strlen(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))))
        }
      }
      let name = PathText.text(of: bytes)
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw refuse(errno) }
    return names
  }
}
