// SPDX-License-Identifier: Apache-2.0

import Files

/// A file that could not be read while a sample was made from it.
public struct UnreadableFile: Error, Equatable, Sendable {
  /// The file.
  public let path: String
  /// Why it could not be read.
  public let problem: Problem

  /// A file and why it cannot be read.
  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The result of reading a file.
  ///
  /// - Throws: `UnreadableFile` in place of each `Problem` of the reading.
  public static func marking<Result>(_ path: String, _ read: () throws -> Result) throws -> Result {
    do { return try read() } catch let problem as Problem {
      throw UnreadableFile(path: path, problem: problem)
    }
  }

  /// The result of a body whose unreadable files are errors like others.
  ///
  /// - Throws: the `Problem` in place of each `UnreadableFile`.
  static func unmarking<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let file as UnreadableFile { throw file.problem }
  }
}

/// A sample that is made of the next items where those before it cannot be read.
public struct ReadableSample<Sample: Sendable>: Sendable {
  /// Nil where too many items could not be read.
  public let sample: Sample?
  /// The files that could not be read on the way to the sample, each once, in the order they were tried.
  public let unreadable: [UnreadableFile]
}

extension BatchLoader {
  /// A loader that replaces the samples of unreadable files.
  ///
  /// Where the maker throws `UnreadableFile`, it is asked for the item that follows in the epoch's order, and
  /// so on; the generator stays the sample's own. The batches thus depend on the order, the maker and which
  /// files are unreadable alone, and nothing is remembered between samples. Other errors stay errors.
  /// - `most`: a sample that met more unreadable files than that is given up.
  public convenience init<Made>(
    _ order: BatchOrder, workers: Int, queueDepth: Int = 2, replacing most: Int,
    maker: @escaping BatchLoader<Made>.Maker
  ) where Sample == ReadableSample<Made> {
    self.init(order: order, workers: workers, queueDepth: queueDepth) { request, generator in
      var unreadable: [UnreadableFile] = []
      var request = request
      // The last attempt is at the first item again, since a maker may choose another for the first attempt.
      while request.attempt <= order.count, unreadable.count <= most {
        do {
          return ReadableSample(sample: try maker(request, &generator), unreadable: unreadable)
        } catch let file as UnreadableFile {
          if !unreadable.contains(where: { $0.path == file.path }) { unreadable.append(file) }
          request = order.replacement(of: request)
        }
      }
      return ReadableSample(sample: nil, unreadable: unreadable)
    }
  }
}
