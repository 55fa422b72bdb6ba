// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs a line of the system's shell, in which `"$0" "$@"` is the program with its arguments.
func shell(_ line: String, _ arguments: [String]) throws -> Outcome { try started(line, arguments).outcome() }

/// Starts such a line.
func started(_ line: String, _ arguments: [String]) throws -> Command {
  let program = try #require(Command.binary, "build the iapc executable first, or set IAPC_BINARY")
  return try Command(["-c", line, program] + arguments, program: "/bin/sh")
}

#if os(Linux)
  /// A terminal that nobody looks at any more: what is written to it fails.
  func goneTerminal() throws -> FileHandle {
    let main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK unlocks its other end, TIOCGPTN tells the number of that; C's macros do not reach Swift.
    var (locked, number): (Int32, UInt32) = (0, 0)
    let isOpen = ioctl(main, 0x4004_5431, &locked) == 0 && ioctl(main, 0x8004_5430, &number) == 0
    try #require(main >= 0 && isOpen)
    let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    close(main)
    return FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
  }
#endif
