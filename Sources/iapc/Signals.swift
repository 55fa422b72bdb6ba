// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a question asked between steps, so that nothing is cut in the middle.
enum Signals {
  private static let received = Atomic<Int32>(0)

  /// From now on the signals are only noted. A second SIGINT or SIGTERM ends the process at once; SIGHUP, which a
  /// closed terminal may send beside another and more than once, never does.
  static func watch() {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM, SIGHUP] where !(number == SIGHUP && isIgnored(number)) {
      sigaddset(&wanted, number)
      signal(number) { number in
        let before = Signals.received.load(ordering: .relaxed)
        if number == SIGHUP, before != 0 { return }
        if before != 0, before != SIGHUP { _exit(128 + number) }
        Signals.received.store(number, ordering: .relaxed)
      }
    }
    // Whoever started the program may have blocked them, as threads of Dispatch do.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  /// Whether whoever started the program had the signal ignored, as `nohup` does with SIGHUP.
  private static func isIgnored(_ number: Int32) -> Bool {
    let before = signal(number, SIG_IGN)
    signal(number, before)
    return unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  static var current: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
