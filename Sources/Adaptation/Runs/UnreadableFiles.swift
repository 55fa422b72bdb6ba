// SPDX-License-Identifier: Apache-2.0

import Files
import Segmentation

/// Counts the files that turn out unreadable while a run makes its batches; tells each once, and ends the run
/// where they become too many.
///
/// Files count with the batch that they should have been in, so the count does not depend on what workers
/// prepare ahead. A run that goes on counts from 0: that its files are what they were has just been checked.
final class UnreadableFiles {
  /// The most that the run bears.
  let most: Int
  private let observer: RunObserver
  private var paths: Set<String> = []

  init(most: Int, observer: RunObserver) {
    self.most = most
    self.observer = observer
  }

  /// The samples of a batch.
  ///
  /// - Throws: a `Problem` that names the first file that is one too many, and for a batch in which no file
  ///   was left to take a sample from.
  func samples<Sample>(of batch: [ReadableSample<Sample>]) throws -> [Sample] {
    try batch.map { made in
      for file in made.unreadable where paths.insert(file.path).inserted {
        guard paths.count <= most else {
          throw ended(by: file, because: "\(paths.count) different files, data.max_unreadable allows \(most)")
        }
        observer.note("another file is taken in the place of an unreadable one: \(file.problem)")
      }
      if let sample = made.sample { return sample }
      guard let last = made.unreadable.last else { fatalError("a sample is missing without a reason") }
      throw ended(by: last, because: "none of the files can be read")
    }
  }

  private func ended(by file: UnreadableFile, because count: String) -> Problem {
    Problem(
      "too many files became unreadable during the run", at: file.path,
      because: "\(count); of this one: \(file.problem.why)",
      remedy: "restore the files, then go on with --resume, or leave them out of a new run")
  }
}
