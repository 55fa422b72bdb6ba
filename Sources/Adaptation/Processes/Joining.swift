// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Synchronization

extension Peers {
  /// Meets the other processes of the job, as `init` does. It tells for whom it waits and until when, and one signal
  /// ends it.
  ///
  /// - `observer`: hears of a wait, and can end it.
  /// - Throws: a `Problem` that says who did not come; `Interruption` where the user ended it.
  public static func join(
    _ place: ProcessPlace, joinSeconds: Double, peerSeconds: Double, observer: RunObserver
  ) throws -> Peers {
    let joining = Joining()
    // Calls that wait for a machine cannot be cut short: they are left to a thread, which ends with the program.
    Thread.detachNewThread {
      joining.end(
        Result {
          try Peers(
            place, joinSeconds: joinSeconds, peerSeconds: peerSeconds, awaiting: joining.waits(for:))
        })
    }
    let started = ContinuousClock.now
    let until = Date() + joinSeconds
    // Those that one program starts come after each other, and there is nothing to mend.
    let patience = place.isLaunched ? 10.0 : 1
    var told: ContinuousClock.Instant?
    while true {
      if let result = joining.result { return try result.get() }
      try observer.checkStop()
      let now = ContinuousClock.now
      if let awaited = joining.awaited,
        (now - (told ?? started)).seconds > (told == nil ? patience : repeated)
      {
        told = now
        observer.note(waiting(place, for: awaited, until: until))
      }
      guard (now - started).seconds < joinSeconds + grace else {
        throw Problem(
          "cannot join the job's processes", at: place.meeting,
          because: "\(joining.awaited ?? "it") did not answer in \(Int(joinSeconds + grace)) s",
          remedy: "see whether the machines reach each other" + place.alone)
      }
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  /// Seconds from one note to the next.
  private static let repeated = 60.0
  /// Seconds beside those in which all must have come, for them to connect.
  private static let grace = 30.0

  private static func waiting(_ place: ProcessPlace, for awaited: String, until: Date) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "HH:mm:ss"
    let who =
      place.isLaunched
      ? "" : "; this is rank \(place.rank), as the environment says: unset \(place.variables) to run it alone"
    return
      "waiting for \(awaited) at \(place.meeting), until \(format.string(from: until)) (--join-timeout)\(who)"
  }
}

/// How far a thread that joins the others is.
private final class Joining: Sendable {
  private let state = Mutex<(awaited: String?, result: Result<Peers, any Error>?)>((nil, nil))

  var awaited: String? { state.withLock { $0.awaited } }
  var result: Result<Peers, any Error>? { state.withLock { $0.result } }

  func waits(for name: String) { state.withLock { $0.awaited = name } }
  func end(_ result: Result<Peers, any Error>) { state.withLock { $0.result = result } }
}
