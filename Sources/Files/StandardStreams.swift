// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
  @preconcurrency import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// Standard output, where results go, and standard error, where messages about the work go.
public enum StandardStreams {
  /// Makes failing writes errors that the program sees, and nothing worse; the first thing that it does.
  ///
  /// A pipe whose reader has gone would end the program by a signal. A descriptor that is closed would be given to the
  /// next file that is opened, and messages would be written into that.
  public static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    // Nothing can be written to standard output that was closed: that is told in the end.
    let modes = [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    for (descriptor, mode) in modes where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // It takes the lowest number that is free, which is this one.
      _ = open("/dev/null", mode)
    }
  }

  /// Writes a message to standard error. What cannot be written is left out: no message may end the work that it is
  /// about.
  public static func message(_ text: String) { _ = writeAll(of: text, to: STDERR_FILENO, patience: 1) }

  /// Writes all of a text to an open descriptor.
  ///
  /// - Parameters:
  ///   - text: written as UTF-8.
  ///   - descriptor: open for writing.
  ///   - patience: how many seconds a descriptor that does not block may take no byte.
  /// - Returns: why not all of it was written; nil where it was.
  public static func writeAll(of text: String, to descriptor: Int32, patience: Int32) -> String? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wanted, 1, 1000 * patience) > 0 else { return "nobody reads it" }
      } else if errno != EINTR {
        return String(cString: strerror(errno))
      }
    }
    return nil
  }

  /// How what was printed to standard output ended there.
  public enum Outcome: Equatable, Sendable {
    /// All of it was written.
    case written
    /// Whoever read it has stopped reading, as `head` does.
    case unread
    /// Some of it could not be written, for this reason.
    case failed(String)
  }

  /// Brings what was printed to where standard output leads.
  public static func flushOutput() -> Outcome {
    let code: Int32? = fflush(stdout) == 0 ? nil : errno
    guard code != nil || ferror(stdout) != 0 else { return .written }
    var state = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    let isUnread = poll(&state, 1, 0) > 0 && Int32(state.revents) & POLLERR != 0
    if code == EPIPE || isUnread { return .unread }
    // An earlier write, whose number is forgotten, may have failed where the last one did not.
    return .failed(code.map { String(cString: strerror($0)) } ?? "a part of it could not be written")
  }
}
