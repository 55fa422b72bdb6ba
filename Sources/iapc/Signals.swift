// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// SIGINT and SIGTERM as a question asked between steps, so that nothing is cut in the middle.
enum Signals {
  private static let received = Atomic<Int32>(0)

  /// From now on the two signals are only noted; a second one ends the process at once.
  static func watch() {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&wanted, number)
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
    // Whoever started the program may have blocked them, as threads of Dispatch do.
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
  }

  static var current: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
